"""A store in the memory of one process."""

import math
import secrets
import time
from collections.abc import Callable

from attrs import frozen
from cachetools import TLRUCache

from qqminigame.forking import no_fork, renew_in_child


@frozen
class _Entry:
    text: str
    expires_at: float


_Cache = TLRUCache[str, _Entry]


class MemoryStore:
    """Keeps everything in this process, and forgets it with the process.

    An operation holds off forks, so that a child never inherits one half done.

    Two processes that use one of these each fetch an access token of their own, and each fetch
    kills the token of the other: right for a single process and for tests.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        """Create an empty store.

        Args:
            clock: Returns the time in unix seconds.
        """
        self._clock = clock
        self._texts = self._new_cache()
        self._locks = self._new_cache()
        renew_in_child(self)

    def get(self, key: str) -> str | None:
        """Return the text of a key; None where there is none, or its time is over."""
        with no_fork:
            entry = self._texts.get(key)
        return entry.text if entry else None

    def set(self, key: str, text: str, ttl_seconds: float | None = None) -> None:
        """Keep a text, for so many seconds, or for good."""
        with no_fork:
            self._texts[key] = self._entry(text, math.inf if ttl_seconds is None else ttl_seconds)

    def add(self, key: str, text: str) -> bool:
        """Keep a text for good where the key has none yet; say whether it had none."""
        with no_fork:
            if key in self._texts:
                return False
            self._texts[key] = self._entry(text, math.inf)
        return True

    def delete_if(self, key: str, text: str) -> bool:
        """Delete a key only where this is still its text; say whether it was."""
        return self._delete_if(self._texts, key, text)

    def try_lock(self, name: str, lease_seconds: float) -> str | None:
        """Take a lock if it is free, without waiting."""
        owner = secrets.token_hex(16)
        with no_fork:
            if name in self._locks:
                return None
            self._locks[name] = self._entry(owner, lease_seconds)
        return owner

    def unlock(self, name: str, owner: str) -> None:
        """Free a lock, unless it is another's by now."""
        self._delete_if(self._locks, name, owner)

    def after_fork(self) -> None:
        """Free all locks: whoever holds one is a thread of the parent."""
        self._locks = self._new_cache()

    def _delete_if(self, cache: _Cache, key: str, text: str) -> bool:
        with no_fork:
            entry = cache.get(key)
            if entry is None or entry.text != text:
                return False
            del cache[key]
            return True

    def _entry(self, text: str, seconds: float) -> _Entry:
        return _Entry(text, self._clock() + seconds)

    def _new_cache(self) -> _Cache:
        return TLRUCache(
            maxsize=math.inf, ttu=lambda _key, entry, _now: entry.expires_at, timer=self._clock
        )
