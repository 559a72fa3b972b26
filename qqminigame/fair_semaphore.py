"""At most so many at once, in the order in which they came."""

import threading
import time
import weakref
from collections import deque
from typing import Final

# A waiter looks this often whether it was not woken up: whoever should have done it may have been
# interrupted by an exception from outside.
_LOOK_SECONDS: Final = 0.25


class Hold:
    """One caller's hold of a :class:`FairSemaphore`, wanted or had."""

    __slots__ = ("__weakref__", "reference", "woken")

    def __init__(self) -> None:
        self.reference: weakref.ref[Hold] | None = None
        self.woken: threading.Event | None = None


class FairSemaphore:
    """Lets at most ``size`` callers in at once; a newcomer never overtakes one that waits.

    An exception can be thrown into a call at any moment: a time limit, Ctrl-C. So nothing is
    handed from one caller to another. A hold counts while it is alive, and whoever loses it gives
    its place back::

        hold = Hold()
        try:
            if semaphore.acquire(hold, seconds):
                ...
        finally:
            semaphore.release(hold)
    """

    def __init__(self, size: int) -> None:
        """Create it with nobody in it."""
        self._size = size
        self._lock = threading.RLock()  # re-entrant: a signal handler may make a call
        self._held: set[weakref.ref[Hold]] = set()
        self._waiting: deque[weakref.ref[Hold]] = deque()

    def acquire(self, hold: Hold, seconds: float) -> bool:
        """Come in, after waiting at most the given seconds for a place; return whether one came."""
        if not self._waiting and self._come_in(hold):
            return True
        ends = time.monotonic() + seconds
        hold.woken = threading.Event()
        self._waiting.append(weakref.ref(hold))
        try:
            while not (self._is_next(hold) and self._come_in(hold)):
                left = ends - time.monotonic()
                if left <= 0:
                    return False
                hold.woken.wait(min(left, _LOOK_SECONDS))
                hold.woken.clear()
            return True
        finally:
            self._leave_queue(hold)

    def release(self, hold: Hold) -> None:
        """Go out; doing so twice, or without having been in, does nothing."""
        if hold.reference is not None:
            self._held.discard(hold.reference)
        if self._waiting:
            self._wake_next()

    def is_crowded(self, others: int) -> bool:
        """Return whether those inside and some others are more than may be in at once."""
        return len(self._held) + others > self._size

    def _come_in(self, hold: Hold) -> bool:
        with self._lock:
            if len(self._held) >= self._size:
                return False
            # What is forgotten without having gone out is out, too.
            hold.reference = weakref.ref(hold, self._held.discard)
            self._held.add(hold.reference)
            return True

    def _is_next(self, hold: Hold) -> bool:
        with self._lock:
            while self._waiting and self._waiting[0]() is None:
                self._waiting.popleft()
            return bool(self._waiting) and self._waiting[0]() is hold

    def _leave_queue(self, hold: Hold) -> None:
        with self._lock:
            for reference in list(self._waiting):
                if reference() in (hold, None):
                    self._waiting.remove(reference)
        self._wake_next()

    def _wake_next(self) -> None:
        with self._lock:
            waiter = self._waiting[0]() if self._waiting else None
        if waiter is not None and waiter.woken is not None:
            waiter.woken.set()
