"""Waiting for what happens elsewhere, however busy the machine is."""

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable

# What no wait on a working machine takes; after it, a test has failed.
PATIENCE_SECONDS = 60.0


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: It is not so after a minute.
    """
    ends = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < ends, "what was waited for has not come"
        time.sleep(0.005)


def wait_until_at(threads: Iterable[threading.Thread], *codes: str) -> None:
    """Wait until each of the threads is inside a line of source code that contains one of these."""

    def is_there(thread: threading.Thread) -> bool:
        frame = sys._current_frames().get(thread.ident or 0)
        if frame is None:
            return False  # it has not begun, or has ended
        lines = [each.line or "" for each in traceback.extract_stack(frame)]
        return any(code in line for line in lines for code in codes)

    waiting = list(threads)
    wait_until(lambda: all(map(is_there, waiting)))
