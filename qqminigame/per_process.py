"""What each process makes for itself: connections, locks, what it knows of the access token.

A forked child has the parent's objects but none of its threads: a connection would be shared with
the parent, and a lock that one of the parent's threads held would stay locked for ever. Servers
that fork in C run no hook of Python's, so whoever takes such an object compares the process.
"""

import os
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_forks = [0]


def _count_fork() -> None:
    _forks[0] += 1


# The second line: a process may get the number of an ancestor that has ended.
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_count_fork)


class PerProcess(Generic[T]):
    """A value that each process makes when it first needs it.

    Nothing is made before, no lock either, so that a server may replace the threading module's
    locks (as gevent does) between the import and the first call. The values of parent processes
    are kept and never touched: to close them could wait for a lock for ever.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        """Create it without a value.

        Args:
            make: Makes the value.
        """
        self._make: Final = make
        self._values: dict[tuple[int, int], T] = {}
        self._locks: dict[tuple[int, int], threading.RLock] = {}

    def get(self) -> T:
        """Return this process's value."""
        process = os.getpid(), _forks[0]
        if process in self._values:
            return self._values[process]
        # Re-entrant: a signal handler may come to need the value while it is being made.
        with self._locks.setdefault(process, threading.RLock()):
            if process not in self._values:
                self._values[process] = self._make()
            return self._values[process]

    def made(self) -> T | None:
        """Return this process's value if it has one already."""
        return self._values.get((os.getpid(), _forks[0]))
