"""How fast rows are sent: as fast as is allowed, and slower where the platform says so."""

import contextlib
import math
import threading
import time
from collections.abc import Callable
from typing import Final

from qqminigame.exceptions import StoreError

# After the platform has slowed a run down, it takes about so long until it is as fast as before.
_RECOVERY_SECONDS: Final = 10.0
# What was under way when the run was slowed down says nothing about the new speed.
_DEAF_SECONDS: Final = 1.0
_SLOWEST: Final = 1.0
_WINDOW_SECONDS: Final = 1.0
_SHORTEST_SECONDS: Final = 0.1


class Pace:
    """Gives out turns, evenly spaced. Any thread may take one.

    A refusal halves the speed; each success then adds a little, so that the speed rises evenly.
    """

    def __init__(
        self,
        per_second: float | None = None,
        *,
        shared: Callable[[float], float] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with the allowed speed.

        Args:
            per_second: How many turns a second at most; None for any number.
            shared: Reserves the next of the turns that all processes share, given the seconds
                between two; returns the seconds until it.
            monotonic: Returns the seconds of a clock that is never set.
        """
        self._most = per_second or math.inf
        self._rate = self._most
        self._rise = 0.0
        self._shared = shared
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next = self._deaf_until = self._since = monotonic()
        self._turns = 0
        self._measured = 0.0

    @property
    def rate(self) -> float:
        """How many turns a second there are at present; infinite where nothing limits them."""
        return self._rate

    def turn(self) -> float:
        """Reserve the next turn; return the seconds until it.

        Raises:
            StoreError: The turns are shared, and the store cannot be used.
        """
        shared = 0.0 if self._shared is None else self._shared(1 / self._most)
        with self._lock:
            now = self._monotonic()
            self._count(now)
            start = max(self._next, now)
            self._next = start + 1 / self._rate
            return max(start - now, shared)

    def succeeded(self) -> None:
        """Take note that a row was stored: a little faster, if the run was slowed down."""
        if self._rate < self._most and self._rise:
            with self._lock:
                self._rate = min(self._most, self._rate + self._rise / self._rate)

    def refused(self) -> None:
        """Take note that the platform has no room: half as fast, for everybody who shares it."""
        with self._lock:
            now = self._monotonic()
            if now < self._deaf_until:
                return
            self._deaf_until = now + _DEAF_SECONDS
            rate = min(self._rate, self._actual(now))
            self._rise = max(self._rise, rate / 2 / _RECOVERY_SECONDS)
            self._rate = max(rate / 2, min(_SLOWEST, self._most))
        if self._shared is not None:
            with contextlib.suppress(StoreError):
                self._shared(_DEAF_SECONDS)

    def _actual(self, now: float) -> float:
        """Return how many turns a second were taken of late."""
        return max(self._measured, self._turns / max(now - self._since, _SHORTEST_SECONDS))

    def _count(self, now: float) -> None:
        seconds = now - self._since
        if seconds >= _WINDOW_SECONDS:
            self._measured, self._turns, self._since = self._turns / seconds, 0, now
        self._turns += 1
