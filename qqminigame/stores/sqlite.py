"""A store in one SQLite file: shared by all processes of one user on one machine."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError
from qqminigame.stores.base import TIMEOUT_SECONDS, check_texts
from qqminigame.stores.sqlite_connections import Connections

# A lock taken later than now by more than this is from before the clock was set back.
_CLOCK_STEP_SECONDS: Final = 1.0
_KEYS_AT_ONCE: Final = 500
_COUNTED_AT_ONCE: Final = 10_000

_SELECT: Final = (
    "SELECT text FROM texts WHERE key = :key AND (expires_at IS NULL OR expires_at > :now)"
)
_DELETE_IF: Final = (
    "DELETE FROM texts WHERE key = :key AND text = :text"
    " AND (expires_at IS NULL OR expires_at > :now)"
)
_SCAN: Final = (
    "SELECT key, text FROM texts WHERE key >= :start AND key < :end"
    " AND (expires_at IS NULL OR expires_at > :now) ORDER BY key LIMIT :limit"
)
_COUNT: Final = (
    "SELECT count(*), total(expires_at IS NULL OR expires_at > :now), max(key) FROM"
    " (SELECT key, expires_at FROM texts WHERE key >= :start AND key < :end"
    " ORDER BY key LIMIT :limit)"
)
# Expired rows go a few at a time, so that no write takes long.
_CLEAN_TEXTS: Final = (
    "DELETE FROM texts WHERE key IN"
    " (SELECT key FROM texts WHERE expires_at <= ? ORDER BY expires_at LIMIT 20)"
)
_CLEAN_LOCKS: Final = (
    "DELETE FROM locks WHERE name IN"
    " (SELECT name FROM locks WHERE expires_at <= ? ORDER BY expires_at LIMIT 20)"
)


class SQLiteStore:
    """Keeps texts in a file that, by default, only its owner can read.

    It uses SQLite's rollback journal, not the write-ahead log. With the latter, a connection holds
    locks as long as it is open, and a forked child would mistake its parent's locks for its own,
    because SQLite tracks them in memory. With a rollback journal, an idle connection holds no
    locks.

    Tokens and logins may be lost in a power cut, so writes do not wait for the disk; a corrupt file
    is moved aside with a warning. A durable store waits for the disk, and never replaces a corrupt
    file.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        mode: int = 0o600,
        durable: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name the file; it and its folder are created when first needed.

        Args:
            path: The file. It must not be on a network drive.
            mode: The permissions of the file: 0o660 shares it with the folder's group, whose
                members must have write permission for the folder.
            durable: Whether nothing may ever be lost, as for orders.
            clock: Returns the time in Unix seconds.
        """
        self._connections = Connections(path, mode=mode, durable=durable)
        self._clock = clock

    @property
    def path(self) -> Path:
        """The file."""
        return self._connections.path

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return the text of a key; None if there is none, or it has expired."""
        found = self._connections.read(
            _SELECT,
            {"key": key, "now": self._clock()},
            timeout,
        )
        return found[0][0] if found else None

    def get_many(self, keys: Sequence[str], *, timeout: float = TIMEOUT_SECONDS) -> dict[str, str]:
        """Return the texts of those keys that have one."""
        ends = time.monotonic() + timeout
        found: dict[str, str] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            marks = ",".join("?" * len(some))
            found.update(
                self._connections.read(
                    f"SELECT key, text FROM texts WHERE key IN ({marks})"  # noqa: S608 - only question marks
                    " AND (expires_at IS NULL OR expires_at > ?)",
                    [*some, self._clock()],
                    ends - time.monotonic(),
                )
            )
        return found

    def set(
        self,
        key: str,
        text: str,
        ttl_seconds: float | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep a text, for the given seconds or without a limit."""

        def replace(connection: sqlite3.Connection) -> None:
            now = self._clock()
            connection.execute(_CLEAN_TEXTS, (now,))
            expires_at = None if ttl_seconds is None else now + ttl_seconds
            connection.execute(
                "INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", (key, text, expires_at)
            )

        check_texts(key, text)
        self._connections.write(replace, timeout)

    def add(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Keep a text without a time limit if the key has none yet; return whether it had none."""

        def insert(connection: sqlite3.Connection) -> bool:
            now = self._clock()
            connection.execute(_CLEAN_TEXTS, (now,))
            connection.execute("DELETE FROM texts WHERE key = ? AND expires_at <= ?", (key, now))
            added = connection.execute(
                "INSERT OR IGNORE INTO texts VALUES (?, ?, NULL)", (key, text)
            )
            return added.rowcount > 0

        check_texts(key, text)
        return self._connections.write(insert, timeout)

    def replace_if(self, key: str, old: str, new: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Replace a text only if it is still ``old``; return whether it was."""

        def replace(connection: sqlite3.Connection) -> bool:
            replaced = connection.execute(
                "UPDATE texts SET text = :new, expires_at = NULL "
                "WHERE key = :key AND text = :old AND (expires_at IS NULL OR expires_at > :now)",
                {"key": key, "old": old, "new": new, "now": self._clock()},
            )
            return replaced.rowcount > 0

        check_texts(key, new)
        return self._connections.write(replace, timeout)

    def delete_if(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Delete a key only if this is still its text; return whether it was."""

        def delete(connection: sqlite3.Connection) -> bool:
            deleted = connection.execute(
                _DELETE_IF, {"key": key, "text": text, "now": self._clock()}
            )
            return deleted.rowcount > 0

        return self._connections.write(delete, timeout)

    def try_lock(
        self, name: str, lease_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> str | None:
        """Take a lock if it is free, without waiting for its holder."""
        owner = secrets.token_hex(16)

        def take(connection: sqlite3.Connection) -> bool:
            now = self._clock()
            connection.execute(_CLEAN_LOCKS, (now,))
            connection.execute(
                "DELETE FROM locks WHERE name = ? AND (expires_at <= ? OR taken_at > ?)",
                (name, now, now + _CLOCK_STEP_SECONDS),
            )
            taken = connection.execute(
                "INSERT OR IGNORE INTO locks VALUES (?, ?, ?, ?)",
                (name, owner, now, now + lease_seconds),
            )
            return taken.rowcount > 0

        return owner if self._connections.write(take, timeout) else None

    def unlock(self, name: str, owner: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Release a lock, unless somebody else has taken it meanwhile."""
        self._connections.write(
            lambda connection: connection.execute(
                "DELETE FROM locks WHERE name = ? AND owner = ?", (name, owner)
            ),
            timeout,
        )

    def now(self, *, timeout: float = TIMEOUT_SECONDS) -> float:
        """Return the time in Unix seconds by this machine's clock, the only one of the file."""
        return self._clock()

    def scan(
        self,
        prefix: str,
        *,
        cursor: str = "",
        limit: int = 1000,
        timeout: float = TIMEOUT_SECONDS,
    ) -> tuple[list[tuple[str, str]], str]:
        """Return some of the keys that start with ``prefix``, with their texts, in order."""
        found = self._connections.read(
            _SCAN,
            {
                "start": _start_of_range(prefix, cursor),
                "end": _end_of_range(prefix),
                "limit": limit,
                "now": self._clock(),
            },
            timeout,
        )
        return found, found[-1][0] if len(found) == limit else ""

    def count(self, prefix: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many keys start with ``prefix``."""
        ends = time.monotonic() + timeout
        total, cursor = 0, ""
        while True:
            ((rows, alive, last),) = self._connections.read(
                _COUNT,
                {
                    "start": _start_of_range(prefix, cursor),
                    "end": _end_of_range(prefix),
                    "limit": _COUNTED_AT_ONCE,
                    "now": self._clock(),
                },
                ends - time.monotonic(),
            )
            total += int(alive)
            if rows < _COUNTED_AT_ONCE:
                return total
            cursor = last

    def check_durable(self, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Refuse to keep orders where they might be lost.

        Raises:
            ConfigurationError: This store heals a corrupt file by beginning anew.
        """
        if not self._connections.is_durable:
            raise ConfigurationError(messages.MAY_LOSE_ORDERS.of(store=self, path=self.path))


def _start_of_range(prefix: str, cursor: str) -> str:
    """Return the first text to look at: the one that follows the cursor in order, if there is one.

    It is one bound and not two, because SQLite goes straight to one only.
    """
    return f"{cursor}\0" if cursor else prefix


def _end_of_range(prefix: str) -> str | bytes:
    """Return what is greater than every text that starts with the prefix, and less than others.

    SQLite sorts texts by their code points, and bytes behind all texts.
    """
    for place in range(len(prefix) - 1, -1, -1):
        following = ord(prefix[place]) + 1
        if following <= 0x10FFFF:
            following = 0xE000 if 0xD800 <= following <= 0xDFFF else following
            return prefix[:place] + chr(following)
    return b""
