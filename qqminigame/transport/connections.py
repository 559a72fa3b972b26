"""Connections that write a request at once, give up on late answers, and are not used when old.

A read timeout bounds each wait for bytes; a server that sends one byte a second meets it for ever.
Here all waits for an answer together, its head and its body, end when the call does.
"""

import contextlib
import functools
import http.client
import io
import re
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

# A kept connection that was idle for longer is opened anew: the server may be about to close it,
# and would do so just when the next request is on its way. (nginx closes after 60 to 75 s.)
IDLE_SECONDS: Final = 30.0

_KEPT_OPEN: Final = re.compile(r"\btimeout=([0-9]{1,6})\b")

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


class _Connection:
    """What is added to a connection class of urllib3."""

    response_class = _BoundedResponse
    _held: list[bytes] | None = None
    _good_until = 0.0

    def request(self, *arguments: Any, **named: Any) -> None:
        """Send head and body in one piece: in two, each side is woken up once more."""
        self._held = []
        try:
            super().request(*arguments, **named)  # type: ignore[misc]
            pieces, self._held = self._held, None
            self.send(b"".join(pieces))
        finally:
            self._held = None

    def send(self, data: Any) -> None:
        """Send bytes, or hold them back until the request is complete."""
        if self._held is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._held.append(data)

    def getresponse(self) -> Any:
        """Return the answer, and note for how long the connection can be used again."""
        response = super().getresponse()  # type: ignore[misc]
        promise = _KEPT_OPEN.search(response.headers.get("Keep-Alive", ""))
        seconds = min(IDLE_SECONDS, float(promise[1]) - 1.0) if promise else IDLE_SECONDS
        self._good_until = time.monotonic() + seconds
        return response

    @property
    def is_connected(self) -> bool:
        """Say whether the connection is open, and not too old to be trusted."""
        return time.monotonic() < self._good_until and bool(super().is_connected)  # type: ignore[misc]


@functools.cache
def improved(connection_class: type) -> type:
    """Return a class of connections like the given one, with the rules of this room."""
    if issubclass(connection_class, _Connection):
        return connection_class
    return type(connection_class.__name__, (_Connection, connection_class), {})
