"""What a store of access tokens, logins and orders can do."""

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

from qqminigame import messages
from qqminigame.exceptions import StoreError

# What an operation may take where its caller does not say.
TIMEOUT_SECONDS: Final = 5.0


@runtime_checkable
class Store(Protocol):
    """Keeps texts under keys, for all threads and, most of them, for all processes.

    Every method takes ``timeout``, the seconds after which it has to be over, and raises StoreError
    where the store cannot be used within them. No method waits longer, whatever it waits for.
    """

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return the text of a key; None where there is none, or it has expired."""

    def get_many(self, keys: Sequence[str], *, timeout: float = TIMEOUT_SECONDS) -> dict[str, str]:
        """Return the texts of those keys that have one, at the price of few round trips."""

    def set(
        self,
        key: str,
        text: str,
        ttl_seconds: float | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep a text, for the given seconds, or for good."""

    def add(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Keep a text for good where the key has none yet; return whether it had none."""

    def replace_if(self, key: str, old: str, new: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Replace a text, kept for good, only where it is still ``old``; return whether it was."""

    def delete_if(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Delete a key only where this is still its text; return whether it was."""

    def try_lock(
        self, name: str, lease_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> str | None:
        """Take a lock if it is free, without waiting for its holder.

        It frees itself after ``lease_seconds``, so that a holder who died holds nobody up.

        Returns:
            What :meth:`unlock` wants to see; None where another holds the lock.
        """

    def unlock(self, name: str, owner: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Free a lock, unless it is another's by now."""

    def now(self, *, timeout: float = TIMEOUT_SECONDS) -> float:
        """Return the time in unix seconds by the one clock that all users of the store share."""

    def scan(
        self,
        prefix: str,
        *,
        cursor: str = "",
        limit: int = 1000,
        timeout: float = TIMEOUT_SECONDS,
    ) -> tuple[list[tuple[str, str]], str]:
        """Return some of the keys that start with ``prefix``, with their texts.

        Args:
            prefix: The start of the keys.
            cursor: Where to go on: what the call before returned; empty for the start.
            limit: About how many to return at most.
            timeout: The seconds after which this has to be over.

        Returns:
            Keys and texts in no particular order, and the cursor of the next call; an empty cursor
            means that there are no more. A key that is there from the first call to the last is
            returned at least once.
        """

    def count(self, prefix: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many keys start with ``prefix``."""


def check_texts(*texts: str) -> None:
    """Refuse texts that no store could give back.

    Raises:
        StoreError: UTF-8 cannot encode one of them; the message does not show it.
    """
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            continue
        raise StoreError(messages.STORE_SURROGATE)


@runtime_checkable
class DurableStore(Protocol):
    """A store that can tell whether orders are safe in it."""

    def check_durable(self, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Raise ConfigurationError where what is kept might be lost."""


@runtime_checkable
class TurnKeeper(Protocol):
    """A store that can space out what all its users do."""

    def next_turn(
        self, name: str, interval_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> float:
        """Reserve the next turn; return the seconds until it.

        Args:
            name: What the turns are for.
            interval_seconds: The time from this turn to the one after it.
            timeout: The seconds after which this has to be over.
        """


def check_durable(store: Store, *, timeout: float = TIMEOUT_SECONDS) -> None:
    """Refuse a store that might lose orders.

    A store of the user's own that has no ``check_durable`` is taken at its word.

    Args:
        store: The store.
        timeout: The seconds after which this has to be over.

    Raises:
        ConfigurationError: Orders might be lost there; the message names the settings to change.
        StoreError: The store cannot be asked.
    """
    if isinstance(store, DurableStore):
        store.check_durable(timeout=timeout)
