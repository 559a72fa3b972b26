"""A store in the memory of one process."""

import contextlib
import heapq
import itertools
import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from attrs import frozen
from cachetools import TLRUCache

from qqminigame import messages
from qqminigame.exceptions import StoreError
from qqminigame.stores.base import TIMEOUT_SECONDS, check_texts

# Logins are what grows with the number of players; everything else is a few texts for each app.
_LOGIN_PREFIX: Final = "login:"


@frozen(eq=False, repr=False)
class _Entry:
    text: str
    expires_at: float


_Cache = TLRUCache[str, _Entry]


class _Content:
    """What one process keeps, and the lock that its threads share."""

    def __init__(self, max_logins: int, clock: Callable[[], float]) -> None:
        def new_cache(size: float) -> _Cache:
            return TLRUCache(size, ttu=lambda _key, entry, _now: entry.expires_at, timer=clock)

        self.lock = threading.Lock()
        self.logins = new_cache(max_logins)
        self.texts = new_cache(math.inf)
        self.locks = new_cache(math.inf)

    def cache(self, key: str) -> _Cache:
        return self.logins if key.startswith(_LOGIN_PREFIX) else self.texts

    def copy_texts(self, other: "_Content") -> None:
        for mine, theirs in ((self.logins, other.logins), (self.texts, other.texts)):
            for key in list(theirs):
                entry = theirs.get(key)
                if entry:
                    mine[key] = entry


class MemoryStore:
    """Keeps everything in this process, until the process ends.

    For a single process, and for tests: several processes with a memory store each fetch access
    tokens of their own, and invalidate each other's.

    A forked child starts with a copy of the texts and with all locks free, because their holders
    are threads of the parent. If another thread was in the middle of an operation during the fork,
    the child starts empty.
    """

    def __init__(
        self, *, max_logins: int = 100_000, clock: Callable[[], float] = time.time
    ) -> None:
        """Create an empty store.

        Args:
            max_logins: How many texts to keep under keys that start with ``login:``. One more, and
                the least recently used of them goes. Other keys are never evicted.
            clock: Returns the time in Unix seconds.
        """
        self._max_logins = max_logins
        self._clock = clock
        self._contents: dict[int, _Content] = {}

    def __repr__(self) -> str:
        return "<MemoryStore>"

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return the text of a key; None if there is none, or it has expired."""
        with self._use(timeout) as content:
            entry = content.cache(key).get(key)
        return entry.text if entry else None

    def get_many(self, keys: Sequence[str], *, timeout: float = TIMEOUT_SECONDS) -> dict[str, str]:
        """Return the texts of those keys that have one."""
        with self._use(timeout) as content:
            found = {key: content.cache(key).get(key) for key in keys}
        return {key: entry.text for key, entry in found.items() if entry}

    def set(
        self,
        key: str,
        text: str,
        ttl_seconds: float | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep a text, for the given seconds or without a limit."""
        check_texts(key, text)
        with self._use(timeout) as content:
            if ttl_seconds is None or ttl_seconds > 0:
                content.cache(key)[key] = self._entry(text, ttl_seconds)
            else:
                content.cache(key).pop(key, None)

    def add(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Keep a text without a time limit if the key has none yet; return whether it had none."""
        check_texts(key, text)
        with self._use(timeout) as content:
            return self._add(content.cache(key), key, text, None)

    def replace_if(self, key: str, old: str, new: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Replace a text only if it is still ``old``; return whether it was."""
        check_texts(key, new)
        with self._use(timeout) as content:
            cache = content.cache(key)
            entry = cache.get(key)
            if entry is None or entry.text != old:
                return False
            cache[key] = self._entry(new, None)
            return True

    def delete_if(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Delete a key only if this is still its text; return whether it was."""
        with self._use(timeout) as content:
            return _delete_if(content.cache(key), key, text)

    def try_lock(
        self, name: str, lease_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> str | None:
        """Take a lock if it is free, without waiting for its holder."""
        owner = secrets.token_hex(16)
        with self._use(timeout) as content:
            return owner if self._add(content.locks, name, owner, lease_seconds) else None

    def unlock(self, name: str, owner: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Release a lock, unless somebody else has taken it meanwhile."""
        with self._use(timeout) as content:
            _delete_if(content.locks, name, owner)

    def now(self, *, timeout: float = TIMEOUT_SECONDS) -> float:
        """Return the time in Unix seconds by this machine's clock."""
        return self._clock()

    def scan(
        self,
        prefix: str,
        *,
        cursor: str = "",
        limit: int = 1000,
        timeout: float = TIMEOUT_SECONDS,
    ) -> tuple[list[tuple[str, str]], str]:
        """Return some of the keys that start with ``prefix``, with their texts."""
        with self._use(timeout) as content:
            keys = (key for key in _keys(content, prefix) if key > cursor)
            page = heapq.nsmallest(limit, keys)
            found = [(key, content.cache(key).get(key)) for key in page]
        texts = [(key, entry.text) for key, entry in found if entry]
        return texts, page[-1] if len(page) == limit else ""

    def count(self, prefix: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many keys start with ``prefix``."""
        with self._use(timeout) as content:
            return sum(1 for _ in _keys(content, prefix))

    @contextlib.contextmanager
    def _use(self, timeout: float) -> Iterator[_Content]:
        """Keep other threads out, which includes a signal handler that comes in between."""
        content = self._contents.get(os.getpid()) or self._adopt()
        if not content.lock.acquire(timeout=max(timeout, 0.0)):
            raise StoreError(messages.MEMORY_IN_USE.of(seconds=timeout))
        try:
            yield content
        finally:
            content.lock.release()

    def _adopt(self) -> _Content:
        """Begin in this process, with what the parent had, unless it was in mid-change."""
        content = _Content(self._max_logins, self._clock)
        others = list(self._contents.items())
        for _, inherited in others:
            if not inherited.lock.locked():
                content.copy_texts(inherited)
        content = self._contents.setdefault(os.getpid(), content)
        for pid, _ in others:
            if pid != os.getpid():
                self._contents.pop(pid, None)
        return content

    def _entry(self, text: str, seconds: float | None) -> _Entry:
        return _Entry(text, math.inf if seconds is None else self._clock() + seconds)

    def _add(self, cache: _Cache, key: str, text: str, seconds: float | None) -> bool:
        if key in cache:
            return False
        cache[key] = self._entry(text, seconds)
        return True


def _keys(content: _Content, prefix: str) -> Iterator[str]:
    keys = itertools.chain(content.logins, content.texts)
    return (key for key in keys if key.startswith(prefix))


def _delete_if(cache: _Cache, key: str, text: str) -> bool:
    entry = cache.get(key)
    if entry is None or entry.text != text:
        return False
    del cache[key]
    return True
