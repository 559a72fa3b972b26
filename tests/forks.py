"""Work in forked children, and what came of it."""

import contextlib
import ctypes
import functools
import os
import pickle
import signal
import sys
import traceback
import warnings
from collections.abc import Callable

import pytest


class Child:
    """A forked child that does one thing; ``result`` waits for what came of it."""

    def __init__(self, work: Callable[[], object], fork: Callable[[], int] = os.fork) -> None:
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            # Python 3.12 on warns where there are threads; that is what is tested here.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = fork()
        if self._pid == 0:
            os.close(reader)
            _report(work, writer)
        os.close(writer)
        self._reader = reader

    def result(self) -> object:
        """Return what the work returned; its exception is raised here as an AssertionError."""
        try:
            with contextlib.closing(os.fdopen(self._reader, "rb")) as pipe:
                answer = pipe.read()
            os.waitpid(self._pid, 0)
        except BaseException:  # the test has taken too long
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            raise
        assert answer, "the child died"
        went_well, value = pickle.loads(answer)
        assert went_well, value
        return value


def each_fork(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test with os.fork and with a fork in C, as its argument ``fork``.

    It runs in a process of its own, without the threads of this one. A child that is forked in C
    while another thread claims the interpreter waits for that thread, for ever.
    """

    @functools.wraps(test)
    def run(*arguments: object, **fixtures: object) -> None:
        Child(functools.partial(_run_undisturbed, test, *arguments, **fixtures)).result()

    return pytest.mark.parametrize("fork", [os.fork, _fork_in_c], ids=["os.fork", "in C"])(run)


def _run_undisturbed(test: Callable[..., None], *arguments: object, **fixtures: object) -> None:
    # Threads of the test get the interpreter when another waits for something, and not before.
    sys.setswitchinterval(3600)
    test(*arguments, **fixtures)


def _fork_in_c() -> int:
    """Fork as a server written in C does: no hook of Python's runs."""
    return ctypes.PyDLL(None).fork()


def _report(work: Callable[[], object], writer: int) -> None:
    try:
        answer = (True, work())
    except BaseException:
        answer = (False, traceback.format_exc())
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(pickle.dumps(answer))
    os._exit(0)


def as_user(uid: int, gid: int, work: Callable[[], object]) -> object:
    """Do something in a child that is another user."""

    def change_and_work() -> object:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        return work()

    return Child(change_and_work).result()
