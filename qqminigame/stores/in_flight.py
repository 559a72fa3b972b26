"""Which SQLite files are in use this very moment, so that no fork happens in the middle.

SQLite keeps the state of its file locks in the memory of the process. A child that is forked while
another thread is inside SQLite inherits locks of that file which nobody ever frees. So a fork waits
for the operations in progress, which are short because all waiting is done outside them. It waits
no longer than FORK_SECONDS, and a fork made in C (uWSGI) not at all: where such a child inherited
an unfinished operation, it can tell, see :func:`was_torn`.

There is no lock in here: a fork announces itself, an operation announces itself, and each looks for
the other after that.
"""

import functools
import os
import threading
import time
from pathlib import Path
from typing import Final

from qqminigame import messages
from qqminigame.exceptions import StoreError

# How long a fork waits at most for the operations in progress.
FORK_SECONDS: Final = 0.05
_POLL_SECONDS: Final = 0.0005


class _Process:
    """What one process has in progress."""

    def __init__(self, torn: frozenset[Path]) -> None:
        self.operations: dict[object, Path] = {}
        self.forking_threads: set[int] = set()
        self.torn = torn


_processes: Final[dict[int, _Process]] = {}


def was_torn(path: Path) -> bool:
    """Tell whether this process was forked in the middle of an operation on that file."""
    return path in _this_process().torn


class InFlight:
    """Holds off forks while it is entered: an operation, to be entered once.

    It is not a generator, which would take a tenth of the time of a whole look-up.
    """

    __slots__ = ("_ends", "_operations", "_path")

    def __init__(self, path: Path, ends: float) -> None:
        """Hold off nothing yet.

        Args:
            path: The file that is used.
            ends: When waiting for a fork has to be over, by time.monotonic.
        """
        self._path = path
        self._ends = ends
        self._operations: dict[object, Path] = {}

    def __enter__(self) -> None:
        """Announce the operation.

        Raises:
            StoreError: A fork took until the end.
        """
        _watch_forks()
        process = _this_process()
        self._operations = process.operations
        try:
            self._operations[self] = self._path
            while process.forking_threads:
                self._operations.pop(self)
                self._let_fork()
                self._operations[self] = self._path
        except BaseException:
            self._operations.pop(self, None)
            raise

    def __exit__(self, *_: object) -> None:
        """Announce its end."""
        self._operations.pop(self, None)

    def _let_fork(self) -> None:
        if time.monotonic() > self._ends:
            raise StoreError(messages.SQLITE_FORKING.of(path=self._path))
        time.sleep(_POLL_SECONDS)


def _this_process() -> _Process:
    pid = os.getpid()
    found = _processes.get(pid)
    if found is None:
        ancestors = dict(_processes)
        torn = [each.torn | set(each.operations.values()) for each in ancestors.values()]
        found = _processes.setdefault(pid, _Process(frozenset().union(*torn)))
        for ancestor in ancestors.keys() - {pid}:
            _processes.pop(ancestor, None)
    return found


@functools.cache
def _watch_forks() -> None:
    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
        os.register_at_fork(before=_before_fork, after_in_parent=_after_fork)


def _before_fork() -> None:
    process = _this_process()
    process.forking_threads.add(threading.get_ident())
    ends = time.monotonic() + FORK_SECONDS
    while process.operations and time.monotonic() < ends:
        time.sleep(_POLL_SECONDS)


def _after_fork() -> None:
    _this_process().forking_threads.discard(threading.get_ident())
