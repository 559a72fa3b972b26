"""What a store of access tokens, logins and orders can do."""

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

from qqminigame import messages
from qqminigame.exceptions import StoreError

# What an operation may take where its caller does not say.
TIMEOUT_SECONDS: Final = 5.0


@runtime_checkable
class Store(Protocol):
    """Keeps texts under keys, for all threads and, in most stores, for all processes.

    Every method takes ``timeout``, the seconds after which it has to end, and raises StoreError if
    the store cannot be used within them. No method waits longer, whatever it waits for.
    """

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return the text of a key; None if there is none, or it has expired."""

    def get_many(self, keys: Sequence[str], *, timeout: float = TIMEOUT_SECONDS) -> dict[str, str]:
        """Return the texts of those keys that have one, in few round trips."""

    def set(
        self,
        key: str,
        text: str,
        ttl_seconds: float | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep a text, for the given seconds or without a limit."""

    def add(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Keep a text without a time limit if the key has none yet; return whether it had none."""

    def replace_if(self, key: str, old: str, new: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Replace a text, without a time limit, only if it is ``old``; return whether it was."""

    def delete_if(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Delete a key only if this is still its text; return whether it was."""

    def try_lock(
        self, name: str, lease_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> str | None:
        """Take a lock if it is free, without waiting for its holder.

        It is released after ``lease_seconds`` at the latest, so that a holder that crashed blocks
        nobody.

        Returns:
            The owner to pass to :meth:`unlock`; None if somebody else holds the lock.
        """

    def unlock(self, name: str, owner: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Release a lock, unless somebody else has taken it meanwhile."""

    def now(self, *, timeout: float = TIMEOUT_SECONDS) -> float:
        """Return the time in Unix seconds by the one clock that all users of the store share."""

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
            cursor: Where to continue: what the previous call returned; empty for the start.
            limit: About how many to return at most.
            timeout: The seconds after which this has to end.

        Returns:
            Keys and texts in no particular order, and the cursor for the next call; an empty cursor
            means that there are no more. A key that exists from the first call to the last is
            returned at least once.
        """

    def count(self, prefix: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many keys start with ``prefix``."""


def check_texts(*texts: str) -> None:
    """Refuse texts that no store could return.

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
    """A store that can say whether orders are safe in it."""

    def check_durable(self, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Raise ConfigurationError if data might be lost."""


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

    A store without ``check_durable`` is trusted.

    Args:
        store: The store.
        timeout: The seconds after which this has to end.

    Raises:
        ConfigurationError: Orders might be lost there; the message names the settings to change.
        StoreError: The store cannot be asked.
    """
    if isinstance(store, DurableStore):
        store.check_durable(timeout=timeout)
