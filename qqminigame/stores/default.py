"""Where things are kept when the user names no place."""

import itertools
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from qqminigame import messages
from qqminigame.stores.base import TIMEOUT_SECONDS, Store
from qqminigame.stores.memory import MemoryStore
from qqminigame.stores.sqlite import SQLiteStore
from qqminigame.stores.sqlite_file import make_private_folder, user_in_words

_log: Final = logging.getLogger("qqminigame")


def default_store(clock: Callable[[], float]) -> Store:
    """Return the SQLite file in the user's cache folder, or memory where that is not writable."""
    return DefaultStore(_cache_folder() / "cache.db", clock=clock)


def default_order_store(clock: Callable[[], float]) -> Store:
    """Return the SQLite file in the user's state folder.

    It is never in memory: where it cannot be written, the first use raises StoreError.
    """
    return SQLiteStore(_state_folder() / "orders.db", durable=True, clock=clock)


class DefaultStore:
    """A file that all processes of the user share; where it cannot be written, memory.

    Which of them is found out by the first operation, which logs a warning if it is memory.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        """Name the file; nothing is looked at before the first operation.

        Args:
            path: The file.
            clock: Returns the time in Unix seconds.
        """
        self._file = SQLiteStore(path, clock=clock)
        self._memory = MemoryStore(clock=clock)
        self._choice: dict[str, Store] = {}
        self._warnings = itertools.count()

    def __repr__(self) -> str:
        if self._choice.get("") is self._memory:
            return f"memory ({self._file.path.parent} is not writable)"
        return repr(self._file)

    @property
    def place(self) -> Path:
        """Where the file would be; unlike :attr:`path`, this looks at nothing and makes nothing."""
        return self._file.path

    @property
    def path(self) -> Path | None:
        """The file; None where it cannot be written, so that things are kept in memory."""
        return self._file.path if self._store() is self._file else None

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return the text of a key; None if there is none, or it has expired."""
        return self._store().get(key, timeout=timeout)

    def get_many(self, keys: Sequence[str], *, timeout: float = TIMEOUT_SECONDS) -> dict[str, str]:
        """Return the texts of those keys that have one."""
        return self._store().get_many(keys, timeout=timeout)

    def set(
        self,
        key: str,
        text: str,
        ttl_seconds: float | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep a text, for the given seconds or without a limit."""
        self._store().set(key, text, ttl_seconds, timeout=timeout)

    def add(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Keep a text without a time limit if the key has none yet; return whether it had none."""
        return self._store().add(key, text, timeout=timeout)

    def replace_if(self, key: str, old: str, new: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Replace a text only if it is still ``old``; return whether it was."""
        return self._store().replace_if(key, old, new, timeout=timeout)

    def delete_if(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Delete a key only if this is still its text; return whether it was."""
        return self._store().delete_if(key, text, timeout=timeout)

    def try_lock(
        self, name: str, lease_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> str | None:
        """Take a lock if it is free, without waiting for its holder."""
        return self._store().try_lock(name, lease_seconds, timeout=timeout)

    def unlock(self, name: str, owner: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Release a lock, unless somebody else has taken it meanwhile."""
        self._store().unlock(name, owner, timeout=timeout)

    def now(self, *, timeout: float = TIMEOUT_SECONDS) -> float:
        """Return the time in Unix seconds by this machine's clock."""
        return self._file.now(timeout=timeout)

    def scan(
        self,
        prefix: str,
        *,
        cursor: str = "",
        limit: int = 1000,
        timeout: float = TIMEOUT_SECONDS,
    ) -> tuple[list[tuple[str, str]], str]:
        """Return some of the keys that start with ``prefix``, with their texts."""
        return self._store().scan(prefix, cursor=cursor, limit=limit, timeout=timeout)

    def count(self, prefix: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many keys start with ``prefix``."""
        return self._store().count(prefix, timeout=timeout)

    def check_durable(self, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Refuse to keep orders: a cache folder may be emptied at any time."""
        self._file.check_durable(timeout=timeout)

    def _store(self) -> Store:
        return self._choice.get("") or self._choose()

    def _choose(self) -> Store:
        usable = _is_usable(self._file.path.parent)
        # Of threads that come here at once, one decides, and one warns.
        chosen = self._choice.setdefault("", self._file if usable else self._memory)
        if chosen is self._memory and next(self._warnings) == 0:
            _warn(self._file.path.parent)
        return chosen


def _warn(folder: Path) -> None:
    _log.warning(messages.STORE_IN_MEMORY.of(folder=folder, user=user_in_words()))


def _is_usable(folder: Path) -> bool:
    if str(folder).startswith("~"):
        return False
    try:
        make_private_folder(folder)
        return os.access(folder, os.W_OK | os.X_OK) and _is_ours(folder)
    except OSError:
        return False


def _is_ours(folder: Path) -> bool:
    # Under sudo, HOME may still be another user's.
    return not hasattr(os, "geteuid") or folder.stat().st_uid == os.geteuid()


def _cache_folder() -> Path:
    if sys.platform == "win32":
        return _folder(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
    if sys.platform == "darwin":
        return _folder("~/Library/Caches")
    return _folder(os.environ.get("XDG_CACHE_HOME") or "~/.cache")


def _state_folder() -> Path:
    if sys.platform == "win32":
        return _folder(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
    if sys.platform == "darwin":
        return _folder("~/Library/Application Support")
    return _folder(os.environ.get("XDG_STATE_HOME") or "~/.local/state")


def _folder(base: str) -> Path:
    return Path(base) / "qqminigame"
