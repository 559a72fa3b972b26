"""A run that ends in order when the process is told to end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_signals(*numbers: int) -> Iterator[threading.Event]:
    """Have SIGINT and SIGTERM stop a run in order: what is under way ends, the rest stays unsent.

    A second signal interrupts at once, as Ctrl-C does. For the main thread only::

        with stop_on_signals() as stop:
            report = load(session, rows, journal="load.db", stop=stop)

    Args:
        *numbers: Other signals instead.

    Raises:
        ValueError: This is not the main thread.
    """
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        # Nobody in this thread waits for the event: that could hold the lock which this takes.
        stop.set()

    chosen = numbers or (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handle) for number in chosen}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
