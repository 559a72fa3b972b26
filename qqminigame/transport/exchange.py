"""One exchange of a request for its answer, known to whatever urllib3 calls on its way."""

import time
from contextvars import ContextVar, Token
from typing import Final, Self


class Exchange:
    """One exchange, while it is entered: that of this thread or greenlet.

    Attributes:
        ends: When it has to be over, on the monotonic clock.
        begun: Whether a byte of the request may have gone out.
    """

    __slots__ = ("_outer", "begun", "ends")

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.begun = False

    def __enter__(self) -> Self:
        self._outer: Token[Exchange | None] = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        # Not to none: a signal handler may make a call in the middle of another.
        _current.reset(self._outer)


_current: Final[ContextVar[Exchange | None]] = ContextVar("exchange", default=None)


def current_exchange() -> Exchange | None:
    """Return the exchange this thread or greenlet is in."""
    return _current.get()
