"""Answers that come in time, or not at all.

A read timeout bounds each wait for bytes; a server that sends one byte a second meets it for ever.
Here all waits for an answer together, its head and its body, end when the call does.
"""

import contextlib
import functools
import http.client
import io
import threading
import time
from collections.abc import Iterator
from typing import Any

# When the call this thread is in has to be over, on the monotonic clock.
_call = threading.local()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound the answers that this thread waits for in the block."""
    _call.ends = time.monotonic() + seconds
    try:
        yield
    finally:
        del _call.ends


class _BoundedReader(io.RawIOBase):
    """Reads what a connection brings, until the call is over."""

    def __init__(self, raw: io.RawIOBase, connection: Any, ends: float) -> None:
        self._raw = raw
        self._connection = connection
        self._patience = connection.gettimeout()
        self._ends = ends

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, waiting no longer than the call may take."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call is over")
        patience = left if self._patience is None else min(left, self._patience)
        self._connection.settimeout(patience)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the connection."""
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """An answer that is read through a bounded reader, where its thread is in a bounded block."""

    def __init__(self, sock: Any, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        ends = getattr(_call, "ends", None)
        if ends is not None:
            self.fp = io.BufferedReader(_BoundedReader(self.fp.detach(), sock, ends))


@functools.cache
def bounded(connection_class: type) -> type:
    """Return a class of connections like the given one, whose answers are bounded."""
    if getattr(connection_class, "response_class", None) is _BoundedResponse:
        return connection_class
    return type(
        connection_class.__name__, (connection_class,), {"response_class": _BoundedResponse}
    )
