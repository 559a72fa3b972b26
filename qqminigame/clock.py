"""When a call has to be over."""

from collections.abc import Callable


class Deadline:
    """The end of one call, told to every step of it.

    Attributes:
        seconds: How long the whole call may take.
    """

    __slots__ = ("_ends", "_monotonic", "seconds")

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
