"""What a store of access tokens and logins can do."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Store(Protocol):
    """Keeps texts under keys, for all threads and, most of them, for all processes.

    Every method raises StoreError where the store is out of reach.
    """

    def get(self, key: str) -> str | None:
        """Return the text of a key; None where there is none, or its time is over."""

    def set(self, key: str, text: str, ttl_seconds: float | None = None) -> None:
        """Keep a text, for so many seconds, or for good."""

    def add(self, key: str, text: str) -> bool:
        """Keep a text for good where the key has none yet; say whether it had none."""

    def delete_if(self, key: str, text: str) -> bool:
        """Delete a key only where this is still its text; say whether it was."""

    def try_lock(self, name: str, lease_seconds: float) -> str | None:
        """Take a lock if it is free, without waiting.

        It frees itself after ``lease_seconds``, so that a holder who died holds nobody up.

        Returns:
            What :meth:`unlock` wants to see; None where another holds the lock.
        """

    def unlock(self, name: str, owner: str) -> None:
        """Free a lock, unless it is another's by now."""
