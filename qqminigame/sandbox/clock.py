"""A clock that runs like the machine's and can be moved."""

import time
from collections.abc import Callable


class Clock:
    """Unix time in seconds, moved away from the machine's by an offset."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Return the sandbox's time, in unix seconds."""
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock on; a negative number moves it back."""
        self._offset += seconds

    def set(self, now: float) -> None:
        """Make it ``now`` (unix seconds) at this moment."""
        self._offset = now - self._source()

    def reset(self) -> None:
        """Show the machine's time again."""
        self._offset = 0.0
