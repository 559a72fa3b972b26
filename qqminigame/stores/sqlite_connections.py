"""Connections to one SQLite file: kept, one operation at a time on each, and no wait too long."""

import os
import sqlite3
import stat
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeGuard, TypeVar

from attrs import frozen

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.per_process import PerProcess
from qqminigame.stores import sqlite_file
from qqminigame.stores.in_flight import InFlight, was_torn
from qqminigame.stores.sqlite_file import Identity

T = TypeVar("T")

_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# The codes of what permissions, folders and full disks cause; None is an OSError.
_NO_ACCESS: Final = (None, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
# How long to pause where another connection holds the file: the first time, and at most.
_FIRST_PAUSE_SECONDS: Final = 0.001
_LONGEST_PAUSE_SECONDS: Final = 0.02
_IDLE_CONNECTIONS: Final = 16


@frozen(eq=False, repr=False)
class _Opened:
    """A connection, and the file that it is connected to."""

    connection: sqlite3.Connection
    identity: Identity


@frozen(eq=False, repr=False)
class _Failure:
    """What went wrong in one attempt, without the exception, whose frames hold the values."""

    code: int | None
    reason: str


_AT_ONCE: Final = nullcontext()


class Connections:
    """Reads and writes one file.

    A connection serves one operation at a time and is kept for the next. A process uses only those
    that it opened itself; its parent's are neither used nor closed. All waiting for other
    connections happens here and not in SQLite, while nothing is held, not even the connection.

    Attributes:
        path: The file.
        is_durable: Whether nothing may ever be lost.
    """

    def __init__(self, path: str | Path, *, mode: int, durable: bool) -> None:
        """Open nothing yet.

        Args:
            path: The file.
            mode: The permissions that it is to have.
            durable: Whether nothing may ever be lost: then a write waits for the disk, and a file
                that is corrupt or gone is an error and nothing to mend.
        """
        self.path: Final = _resolve(path)
        self.is_durable = durable
        self._mode = mode
        self._seen: Identity | None = None
        self._idle: dict[int, deque[_Opened]] = {}
        self._turns = PerProcess(threading.RLock)
        weakref.finalize(self, _close_all, self._idle)

    def read(self, query: str, values: Any, timeout: float) -> list[Any]:
        """Return the rows that a query finds."""
        return self._run(
            lambda opened, _: opened.connection.execute(query, values).fetchall(),
            timeout,
            # Reading gives up the interpreter's lock at each step; 64 threads that fight for it get
            # a third of the reads done that they do one after the other.
            self._turns.get(),
        )

    def write(self, work: Callable[[sqlite3.Connection], T], timeout: float) -> T:
        """Run work as one transaction, which no other's writing interrupts.

        What it needs of the clock it has to ask inside: before, it may have waited for another.
        It may be run more than once; all but the last time it had no effect.
        """

        def run(opened: _Opened, ends: float) -> T:
            opened.connection.execute("BEGIN IMMEDIATE")
            self._check_place(opened)
            result = work(opened.connection)
            _commit(opened.connection, ends)
            return result

        return self._run(run, timeout)

    def _run(
        self,
        work: Callable[[_Opened, float], T],
        timeout: float,
        turn: AbstractContextManager[object] = _AT_ONCE,
    ) -> T:
        if timeout < 0:
            raise StoreError(messages.SQLITE_NO_TIME.of(path=self.path))
        ends = time.monotonic() + timeout
        pause = _FIRST_PAUSE_SECONDS
        while True:
            file = None
            # Words leave the except block, not the exception: its frames hold the values.
            try:
                with turn, InFlight(self.path, ends):
                    file = sqlite_file.look(self.path)
                    return self._with_connection(file, work, ends)
            except (sqlite3.Error, OSError, UnicodeError) as error:
                failure = _failure_of(error)
            self._recover(failure, file)
            if time.monotonic() + pause > ends:
                raise StoreError(
                    messages.SQLITE_BUSY.of(path=self.path, seconds=timeout, reason=failure.reason)
                )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _recover(self, failure: _Failure, file: os.stat_result | None) -> None:
        """Return where another attempt may succeed.

        Raises:
            StoreError: None will.
            ConfigurationError: The file is not ours.
        """
        if failure.code == sqlite3.SQLITE_BUSY or self._was_replaced(file):
            return
        if file is None or failure.code not in _CORRUPT:
            advice = self._advice() if failure.code in _NO_ACCESS else messages.CHECK_DISK
            raise StoreError(
                messages.SQLITE_UNUSABLE.of(path=self.path, reason=failure.reason, advice=advice)
            )
        if not sqlite_file.says_it_is_ours(self.path):
            raise sqlite_file.not_a_database(self.path)
        if self.is_durable:
            raise StoreError(
                messages.SQLITE_CORRUPT_ORDERS.of(path=self.path, reason=failure.reason)
            )
        try:
            sqlite_file.move_aside(self.path, sqlite_file.identity(file))
        except BlockingIOError:
            return
        except OSError as error:
            problem = f"{type(error).__name__}: {error}"
        else:
            return
        raise StoreError(
            messages.SQLITE_NOT_MOVED.of(path=self.path, reason=failure.reason, problem=problem)
        )

    def _advice(self) -> messages.Text:
        return messages.MAKE_WRITABLE.of(
            user=sqlite_file.user_in_words(),
            folder=self.path.parent,
            argument="orders" if self.is_durable else "store",
            name=self.path.name,
        )

    def _with_connection(
        self, file: os.stat_result | None, work: Callable[[_Opened, float], T], ends: float
    ) -> T:
        idle = self._idle.setdefault(os.getpid(), deque())
        opened = self._take(idle, file)
        try:
            result = work(opened, ends)
        except sqlite3.OperationalError as error:
            if _failure_of(error).code != sqlite3.SQLITE_BUSY:
                opened.connection.close()
                raise
            opened.connection.rollback()
            idle.append(opened)
            raise
        except BaseException:
            opened.connection.close()
            raise
        idle.append(opened)
        if len(idle) > _IDLE_CONNECTIONS:
            idle.popleft().connection.close()
        return result

    def _take(self, idle: deque[_Opened], file: os.stat_result | None) -> _Opened:
        found = sqlite_file.identity(file) if file else None
        if self.is_durable and self._seen and found != self._seen:
            text = messages.SQLITE_REPLACED if found else messages.SQLITE_DELETED
            raise StoreError(text.of(path=self.path))
        while idle:
            opened = idle.pop()
            if opened.identity == found:
                return opened
            opened.connection.close()
        return self._open(file)

    def _open(self, file: os.stat_result | None) -> _Opened:
        if _has_no_home(self.path):
            raise StoreError(
                messages.SQLITE_UNUSABLE.of(
                    path=self.path, reason=messages.NO_HOME, advice=self._advice()
                )
            )
        if was_torn(self.path):
            raise StoreError(messages.SQLITE_TORN.of(path=self.path))
        if self._was_emptied(file):
            sqlite_file.remove_emptied(self.path, file)
            file = None
        if file is None:
            sqlite_file.create(self.path, self._mode)
            file = os.lstat(self.path)
        refusal = None
        try:
            connection = self._connect(file)
        except ConfigurationError as error:
            refusal = error
        else:
            if not self._was_replaced(file):
                self._seen = sqlite_file.identity(file)
                return _Opened(connection, self._seen)
            connection.close()
        if refusal is not None and not self._was_replaced(file):
            raise refusal
        raise OSError("the file was replaced while it was being opened")

    def _connect(self, file: os.stat_result) -> sqlite3.Connection:
        """Connect to a file.

        Raises:
            ConfigurationError: It is not provably ours.
        """
        sqlite_file.check_place(self.path, file, self._mode)
        sqlite_file.check_ours(self.path)
        sqlite_file.check_mode(self.path, file, self._mode)
        return sqlite_file.open_ours(self.path, durable=self.is_durable)

    def _check_place(self, opened: _Opened) -> None:
        """Check, as the only one who may write to a file, that it still has its name.

        A corrupt file is moved aside by whoever has this right to it. Writing to one that was moved
        would leave a journal under the name of the new file, and SQLite would roll it back there.

        Raises:
            OSError: It was moved.
        """
        file = sqlite_file.look(self.path)
        if file is None or sqlite_file.identity(file) != opened.identity:
            opened.connection.execute("ROLLBACK")
            raise OSError("the file was replaced before it could be written")

    def _was_emptied(self, file: os.stat_result | None) -> TypeGuard[os.stat_result]:
        empty = file is not None and stat.S_ISREG(file.st_mode) and file.st_size == 0
        return empty and not self.is_durable and sqlite_file.was_moved_aside(self.path)

    def _was_replaced(self, before: os.stat_result | None) -> bool:
        """Return whether the file is another than before, or waits to be replaced."""
        try:
            now = sqlite_file.look(self.path)
        except OSError:
            return False
        return self._was_emptied(now) or (before and sqlite_file.identity(before)) != (
            now and sqlite_file.identity(now)
        )


def _resolve(path: str | Path) -> Path:
    expanded = Path(os.path.expanduser(path))
    # A user without a home is told so by the first operation.
    return expanded if _has_no_home(expanded) else expanded.absolute()


def _has_no_home(path: Path) -> bool:
    return str(path).startswith("~")


def _failure_of(error: Exception) -> _Failure:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, UnicodeDecodeError | sqlite3.OperationalError) and code is None:
        # Python's own words for a text that is not UTF-8 repeat the text.
        return _Failure(sqlite3.SQLITE_CORRUPT, "a text in it is not UTF-8")
    return _Failure(code and code & 0xFF, f"{type(error).__name__}: {error}")


def _commit(connection: sqlite3.Connection, ends: float) -> None:
    """Commit as soon as those who still read the old state are done; new readers wait."""
    while True:
        try:
            connection.execute("COMMIT")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > ends:
                raise
        time.sleep(_FIRST_PAUSE_SECONDS)


def _close_all(connections: dict[int, deque[_Opened]]) -> None:
    """Close what this process has opened; a parent's connections are left alone."""
    for opened in connections.get(os.getpid(), ()):
        opened.connection.close()
