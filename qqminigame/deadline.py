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
        """Return the seconds left; 0 or less when the time is up."""
        return self._ends - self._monotonic()
