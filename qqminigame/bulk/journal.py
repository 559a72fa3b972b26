"""What a run has stored, kept in an SQLite file, so that the next run goes on where it ended.

The file is of one load: one call, one app, one address. It holds a digest for each row that was
stored, and no player, no value and no secret. The process that uses it holds SQLite's lock on it,
which ends with the process, however that ends.
"""

import contextlib
import datetime
import os
import secrets
import socket
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from attrs import frozen

from qqminigame import messages
from qqminigame.bulk.values import Failure, Row
from qqminigame.exceptions import ConfigurationError, QQMiniGameError, StoreError
from qqminigame.messages import Text

# "QQMJ", where SQLite has room for it: https://www.sqlite.org/fileformat.html#application_id
APPLICATION_ID: Final = 0x51514D4A
VERSION: Final = 1
_ROWS_OF_A_COMMIT: Final = 50
_TABLES: Final = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE stored (row INTEGER PRIMARY KEY, digest BLOB NOT NULL, run INTEGER NOT NULL)",
    "CREATE TABLE failed (row INTEGER PRIMARY KEY, digest BLOB NOT NULL)",
    "CREATE TABLE wanted (row INTEGER PRIMARY KEY)",
    # Players of whom a row was sent although later ones were stored: those of earlier runs are sent
    # again.
    "CREATE TABLE again (player INTEGER PRIMARY KEY, row INTEGER NOT NULL, run INTEGER NOT NULL)",
)


class Journal:
    """The rows that were stored. All methods may be called by any thread.

    Attributes:
        is_unfinished: Whether the run before this one did not come to the last row.
    """

    def __init__(self, path: Path | None, load: str) -> None:
        """Open it; it is created where there is none.

        Args:
            path: The file; None for a temporary one, which SQLite deletes with the connection.
            load: Names what is loaded, and where to.

        Raises:
            ConfigurationError: The file is not a journal of this load; it was not changed. Or
                another process uses it.
            StoreError: The file cannot be used.
        """
        self._path = path
        self._lock = threading.Lock()
        self._uncommitted = 0
        try:
            self._connection = _open(path)
            try:
                self._begin(load)
            except BaseException:
                self._connection.close()
                raise
            return
        except (sqlite3.Error, OSError) as error:
            failure = self._failure(error)
        raise failure

    def _begin(self, load: str) -> None:
        facts = dict(self._connection.execute("SELECT name, text FROM facts"))
        if facts.get("load", load) != load:
            raise ConfigurationError(
                messages.JOURNAL_OF_ANOTHER.of(path=self._path, found=facts["load"], wanted=load)
            )
        self.is_unfinished = facts.get("state") == "unfinished"
        self._run = int(facts.get("run", 0)) + 1
        self._write_facts(load=load, state="unfinished", run=str(self._run), **_holder())
        # Whoever finds it in use reads who uses it from the file itself, not from its log.
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if not self.is_unfinished:
            self._connection.execute("DELETE FROM again")
        self._connection.execute("DELETE FROM failed")
        self._connection.execute("DELETE FROM wanted")
        self._only_wanted = False
        self._connection.execute("BEGIN")
        self._highest = self._number("SELECT max(row) FROM stored")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep what was added, and let others use the file."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.execute("COMMIT")
        self._connection.close()

    def expect_failed(self, failures: Iterable[Failure]) -> None:
        """Take note of failures that are not to be sent again, unless the rows have changed."""
        rows = ((each.row, bytes.fromhex(each.digest)) for each in failures)
        self._note("INSERT OR REPLACE INTO failed VALUES (?, ?)", rows)
        self._highest = max(self._highest, self._number("SELECT max(row) FROM failed"))

    def want_only(self, failures: Iterable[Failure]) -> None:
        """Take note that only these rows are to be sent, and what follows of their players."""
        self._note("INSERT OR REPLACE INTO wanted VALUES (?)", ((each.row,) for each in failures))
        self._only_wanted = True

    def sort_out(self, rows: Sequence[Row]) -> tuple[list[Row], int, int]:
        """Tell which of the next rows are to be sent.

        Returns:
            The rows to send; how many were stored before or are not wanted; how many have failed
            before.

        Raises:
            StoreError: The file cannot be read or written.
        """
        with self._guarded():
            if not rows or (rows[0].number > self._highest and not self._only_wanted):
                return list(rows), 0, 0
            known = self._known(rows)
            unsent, skipped, failed = [], 0, 0
            for row in rows:
                if known.is_stored(row):
                    skipped += 1
                elif known.has_failed(row):
                    failed += 1
                else:
                    unsent.append(row)
                    self._note_again(row, known)
            # Before they are sent: what is in the file is never more than what is stored.
            self._commit()
            return unsent, skipped, failed

    def add(self, row: Row) -> None:
        """Take note that a row was stored.

        Raises:
            StoreError: The file cannot be written.
        """
        with self._guarded():
            self._connection.execute(
                "INSERT OR REPLACE INTO stored VALUES (?, ?, ?)",
                (row.number, row.digest(), self._run),
            )
            self._uncommitted += 1
            if self._uncommitted >= _ROWS_OF_A_COMMIT:
                self._commit()

    def commit(self) -> None:
        """Put what was added into the file: a killed process does not lose it then.

        Raises:
            StoreError: The file cannot be written.
        """
        with self._guarded():
            if self._uncommitted:
                self._commit()

    def finish(self) -> None:
        """Take note that the run came to the last row.

        Raises:
            StoreError: The file cannot be written.
        """
        with self._guarded():
            self._write_facts(state="finished")
            self._commit()

    def _known(self, rows: Sequence[Row]) -> "_Known":
        first, last = rows[0].number, rows[-1].number
        players = [row.player() for row in rows]
        marks = ",".join("?" * len(players))
        wanted = self._select("SELECT row FROM wanted WHERE row BETWEEN ? AND ?", first, last)
        return _Known(
            stored=self._select(
                "SELECT row, digest, run FROM stored WHERE row BETWEEN ? AND ?", first, last
            ),
            failed=self._select(
                "SELECT row, digest FROM failed WHERE row BETWEEN ? AND ?", first, last
            ),
            again=self._select(
                f"SELECT player, row, run FROM again WHERE player IN ({marks})",  # noqa: S608 - only question marks
                *players,
            ),
            wanted=wanted if self._only_wanted else None,
        )

    def _select(self, select: str, *values: int) -> dict[int, Any]:
        """Return what was selected, by the first column."""
        found = self._connection.execute(select, values).fetchall()
        return {key: rest for key, *rest in found}

    def _note_again(self, row: Row, known: "_Known") -> None:
        """Have the player's later rows sent again: the last of them is to be stored last."""
        self._connection.execute("DELETE FROM stored WHERE row = ?", (row.number,))
        player = row.player()
        first, _ = known.again.get(player, (row.number, 0))
        known.again[player] = min(first, row.number), self._run
        self._connection.execute(
            "INSERT OR REPLACE INTO again VALUES (?, ?, ?)", (player, *known.again[player])
        )

    def _note(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._guarded():
            self._connection.executemany(statement, rows)
            self._commit()

    def _write_facts(self, **facts: str) -> None:
        self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def _number(self, select: str) -> int:
        ((number,),) = self._connection.execute(select)
        return number or 0

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")
        self._uncommitted = 0

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Let one thread at a time use the connection; say in words what SQLite refuses."""
        try:
            with self._lock:
                yield
            return
        except sqlite3.Error as error:
            failure = self._failure(error)
        raise failure

    def _failure(self, error: Exception) -> QQMiniGameError:
        if isinstance(error, sqlite3.Error) and self._path is not None and _is_busy(error):
            return ConfigurationError(
                messages.JOURNAL_HELD.of(path=self._path, holder=_who_holds(self._path))
            )
        return StoreError(messages.JOURNAL_FAILED.of(path=self._path, reason=error))


@frozen(kw_only=True)
class _Known:
    """What a journal knows of some rows.

    Attributes:
        stored: Digest and run of those that were stored, by row.
        failed: The digests of those that have failed, by row.
        again: For each player the first row that was sent again, and the run that sent it.
        wanted: The rows that are wanted; None for all.
    """

    stored: dict[int, tuple[bytes, int]]
    failed: dict[int, tuple[bytes]]
    again: dict[int, tuple[int, int]]
    wanted: dict[int, tuple[()]] | None

    def is_stored(self, row: Row) -> bool:
        """Return whether a row need not be sent: it was stored as it is, or nobody wants it."""
        first, since = self.again.get(row.player(), (row.number, 0))
        digest, run = self.stored.get(row.number, (b"", 0))
        if first < row.number and run < since:
            return False
        if digest == row.digest():
            return True
        return self.wanted is not None and row.number not in self.wanted

    def has_failed(self, row: Row) -> bool:
        """Return whether this row, as it is, is among the failures already."""
        (digest,) = self.failed.get(row.number, (b"",))
        return digest == row.digest()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        connection = _connect("")
        _make(connection)
        return connection
    if not path.exists():
        _create(path)
    _check_ours(path)
    connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        # A power cut may take the last rows, which are sent again then.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(name, uri=True, timeout=0, isolation_level=None, check_same_thread=False)


def _make(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _create(path: Path) -> None:
    """Create a journal, whole or not at all, unless another process is faster."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with contextlib.closing(_connect(new.absolute().as_uri())) as connection:
            _make(connection)
        _link(new, path)
    finally:
        new.unlink(missing_ok=True)


def _link(new: Path, path: Path) -> None:
    """Give a file its name; a file that has the name already is left alone."""
    try:
        os.link(new, path)
    except FileExistsError:
        return
    except OSError:  # this file system has no hard links
        if not path.exists():
            os.rename(new, path)


def _check_ours(path: Path) -> None:
    """Refuse a file that is not a journal; nothing is locked or written, not even beside it."""
    found = version = 0
    with contextlib.suppress(sqlite3.DatabaseError), _looking_at(path) as connection:
        ((found,),) = connection.execute("PRAGMA application_id")
        ((version,),) = connection.execute("PRAGMA user_version")
    if found != APPLICATION_ID:
        raise ConfigurationError(messages.JOURNAL_NOT_OURS.of(path=path))
    if version > VERSION:
        raise ConfigurationError(messages.JOURNAL_NEWER.of(path=path))


def _looking_at(path: Path) -> "contextlib.closing[sqlite3.Connection]":
    # Through SQLite, for it minds that closing a file gives up all locks of the process on it.
    return contextlib.closing(_connect(f"{path.absolute().as_uri()}?immutable=1"))


def _is_busy(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _holder() -> dict[str, str]:
    since = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    return {"pid": str(os.getpid()), "host": socket.gethostname(), "since": since}


def _who_holds(path: Path) -> Text:
    with contextlib.suppress(sqlite3.Error), _looking_at(path) as connection:
        facts = dict(connection.execute("SELECT name, text FROM facts"))
        if {"pid", "host", "since"} <= facts.keys():
            return messages.JOURNAL_HOLDER.of(
                pid=facts["pid"], host=facts["host"], since=facts["since"]
            )
    return messages.JOURNAL_HOLDER_UNKNOWN
