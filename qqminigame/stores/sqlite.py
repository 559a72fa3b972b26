"""A store in one SQLite file: shared by all processes of one user on one machine."""

import contextlib
import logging
import os
import secrets
import sqlite3
import stat
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from qqminigame.exceptions import StoreError
from qqminigame.forking import no_fork, watch_forks

T = TypeVar("T")

_log: Final = logging.getLogger("qqminigame")

_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY_SECONDS: Final = 5.0
# A lock taken later than now by more than this is from before the clock was set back.
_CLOCK_STEP_SECONDS: Final = 1.0
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, text TEXT NOT NULL, expires_at REAL)",
    "CREATE TABLE IF NOT EXISTS locks ("
    "name TEXT PRIMARY KEY, owner TEXT NOT NULL, taken_at REAL NOT NULL, expires_at REAL NOT NULL)",
)


class SQLiteStore:
    """Keeps texts in a file that only its owner can read.

    The file is opened for each operation and closed after it: the operations are rare (a process
    looks once a minute), and so nothing is open that a thread or a forked child could share. A fork
    waits for the operation in progress, because SQLite keeps the state of file locks in memory,
    which a child would inherit.
    """

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        """Name the file; it and its folder are created when first needed.

        Args:
            path: The file. It must not lie on a network drive.
            clock: Returns the time in unix seconds.
        """
        self.path = Path(path).expanduser().absolute()
        self._clock = clock
        watch_forks()

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    def get(self, key: str) -> str | None:
        """Return the text of a key; None where there is none, or its time is over."""
        found: tuple[str] | None = self._run(
            lambda connection: connection.execute(
                "SELECT text FROM texts WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)",
                (key, self._clock()),
            ).fetchone()
        )
        return found[0] if found else None

    def set(self, key: str, text: str, ttl_seconds: float | None = None) -> None:
        """Keep a text, for so many seconds, or for good."""

        def replace(connection: sqlite3.Connection) -> None:
            now = self._clock()
            expires_at = None if ttl_seconds is None else now + ttl_seconds
            connection.execute("DELETE FROM texts WHERE expires_at <= ?", (now,))
            connection.execute(
                "INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", (key, text, expires_at)
            )

        self._write(replace)

    def add(self, key: str, text: str) -> bool:
        """Keep a text for good where the key has none yet; say whether it had none."""

        def insert(connection: sqlite3.Connection) -> bool:
            connection.execute("DELETE FROM texts WHERE expires_at <= ?", (self._clock(),))
            added = connection.execute(
                "INSERT OR IGNORE INTO texts VALUES (?, ?, NULL)", (key, text)
            )
            return added.rowcount > 0

        return self._write(insert)

    def delete_if(self, key: str, text: str) -> bool:
        """Delete a key only where this is still its text; say whether it was."""

        def delete(connection: sqlite3.Connection) -> bool:
            deleted = connection.execute(
                "DELETE FROM texts WHERE key = ? AND text = ? "
                "AND (expires_at IS NULL OR expires_at > ?)",
                (key, text, self._clock()),
            )
            return deleted.rowcount > 0

        return self._write(delete)

    def try_lock(self, name: str, lease_seconds: float) -> str | None:
        """Take a lock if it is free, without waiting."""
        owner = secrets.token_hex(16)

        def take(connection: sqlite3.Connection) -> bool:
            now = self._clock()
            connection.execute(
                "DELETE FROM locks WHERE name = ? AND (expires_at <= ? OR taken_at > ?)",
                (name, now, now + _CLOCK_STEP_SECONDS),
            )
            taken = connection.execute(
                "INSERT OR IGNORE INTO locks VALUES (?, ?, ?, ?)",
                (name, owner, now, now + lease_seconds),
            )
            return taken.rowcount > 0

        return owner if self._write(take) else None

    def unlock(self, name: str, owner: str) -> None:
        """Free a lock, unless it is another's by now."""
        self._write(
            lambda connection: connection.execute(
                "DELETE FROM locks WHERE name = ? AND owner = ?", (name, owner)
            )
        )

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work as one transaction, which no other's writing interrupts.

        What it needs of the clock it has to ask inside: before, it may have waited for another.
        """

        def run(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
            return result

        return self._run(run)

    def _run(self, work: Callable[[sqlite3.Connection], T], *, mend: bool = True) -> T:
        # Words leave the except block, not the exception: its frames hold the values.
        file = None
        try:
            with no_fork:
                file = self._file()
                with contextlib.closing(self._open(file)) as connection:
                    return work(connection)
        except (sqlite3.Error, OSError, UnicodeError) as error:
            reason = f"{type(error).__name__}: {error}"
            corrupt = getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT
        if corrupt and mend and file is not None:
            self._move_aside(file.st_ino)
            return self._run(work, mend=False)
        raise StoreError(f"the store {self.path} cannot be used: {reason}")

    def _file(self) -> os.stat_result | None:
        try:
            return self.path.stat()
        except FileNotFoundError:
            return None

    def _open(self, file: os.stat_result | None) -> sqlite3.Connection:
        if file is None:
            make_private_folder(self.path.parent)
            # SQLite would make it as readable as the umask allows; its journal takes after it.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        elif stat.S_ISREG(file.st_mode) and file.st_mode & 0o077:
            self.path.chmod(0o600)
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            for table in _SCHEMA:
                connection.execute(table)
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_aside(self, inode: int) -> None:
        """Move a corrupt file out of the way, unless another process has done so already."""
        aside = self.path.with_name(f"{self.path.name}.corrupt-{secrets.token_hex(4)}")
        try:
            file = self._file()
            if file is None or file.st_ino != inode:
                return
            os.replace(self.path, aside)
        except OSError as error:
            _log.warning("the corrupt store %s could not be moved aside: %s", self.path, error)
            return
        warnings.warn(
            f"the store {self.path} was corrupt; it was moved to {aside} and is begun anew: "
            "access tokens are fetched again, players whose logins it had must log in again",
            RuntimeWarning,
            stacklevel=2,
        )


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it that are missing, for the owner alone."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
