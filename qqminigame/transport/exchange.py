"""One exchange of a request for its answer, known to whatever urllib3 calls on its way."""

import threading
import time
from typing import Final, Self


class Exchange:
    """One exchange, while it is entered: that of this thread.

    Attributes:
        ends: When it has to be over, on the monotonic clock.
        begun: Whether a byte of the request may have gone out.
    """

    __slots__ = ("begun", "ends")

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.begun = False

    def __enter__(self) -> Self:
        _running.exchange = self
        return self

    def __exit__(self, *_: object) -> None:
        _running.exchange = None


class _Running(threading.local):
    exchange: Exchange | None = None


_running: Final = _Running()


def current_exchange() -> Exchange | None:
    """Return the exchange this thread is in."""
    return _running.exchange
