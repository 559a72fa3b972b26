"""Signals: each ends a command in order, so that nothing stays locked or half-written."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from qqminigame.cli.exits import Exit

_Handler = Callable[[int, FrameType | None], object]


class StoppedError(BaseException):
    """A signal ended the command. No ``except Exception`` holds it up.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit(self) -> Exit:
        """The exit code, as a shell would report the signal."""
        return Exit(128 + self.number)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let signals that would end the process end the block, with a :class:`StoppedError`."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise StoppedError(number)

    with _handled(stop):
        yield


class Stop:
    """Whether a signal has asked for an end.

    Attributes:
        event: Set by the first signal.
        number: The signal; None before it.
    """

    def __init__(self) -> None:
        self.event: threading.Event = threading.Event()
        self.number: int | None = None

    def raise_if_stopped(self) -> None:
        """Raise StoppedError where a signal came."""
        if self.number is not None:
            raise StoppedError(self.number)


@contextlib.contextmanager
def draining() -> Iterator[Stop]:
    """Let the first signal only ask the block for its end; the second ends it."""
    asked = Stop()

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.number is not None:
            raise StoppedError(number)
        asked.number = number
        asked.event.set()

    with _handled(stop):
        yield asked


@contextlib.contextmanager
def _handled(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # a web framework's command, called by a program: only its main thread has signals
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        numbers.append(signal.SIGHUP)
    before = {
        number: signal.signal(number, handler)
        for number in numbers
        # What started this process may have decided that it is not to be stopped: nohup.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
