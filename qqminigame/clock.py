"""Time, pauses and randomness for a session; and the deadline of a call."""

import random
import time
from collections.abc import Callable
from typing import Final

from attrs import frozen


@frozen(kw_only=True)
class Clock:
    """The source of time, pauses and randomness for a session. Only tests replace it.

    Attributes:
        monotonic: Returns the seconds of a clock that is never set.
        sleep: Waits for the given seconds.
        time: Returns the time in Unix seconds.
        random: Returns a random number from 0 to 1.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    time: Callable[[], float] = time.time
    random: Callable[[], float] = random.random


SYSTEM_CLOCK: Final = Clock()


class Deadline:
    """The end of one call, told to every step of it.

    Attributes:
        seconds: How long the whole call may take.
    """

    __slots__ = ("_ends", "_monotonic", "seconds")

    seconds: float

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        """Start now.

        Args:
            seconds: How long the whole call may take.
            monotonic: Returns the seconds of a clock that is never set.
        """
        self.seconds = seconds
        self._monotonic = monotonic
        self._ends = monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left; 0 when the time is up."""
        return max(self._ends - self._monotonic(), 0.0)

    def part(self, seconds: float) -> "Deadline":
        """Return the deadline of a part that may take so long at most, and ends with the whole."""
        return Deadline(min(self.left(), seconds), self._monotonic)
