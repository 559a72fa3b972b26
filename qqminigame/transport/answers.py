"""Answers that come in time, or not at all, and whose ordinary heads are read at once.

A read timeout bounds each wait for bytes; a server that sends one byte a second meets it for ever.
Here all waits for an answer together, its head and its body, end when the exchange does.
"""

import http.client
import io
import re
import time
from typing import Any, Final

from qqminigame.transport.exchange import current_exchange

# A success in its ordinary form: whole, nothing folded, nothing unprintable in a name.
_ORDINARY_HEAD: Final = re.compile(
    rb"HTTP/1\.1 200(?: ([^\r\n\0]*))?\r\n((?:[!-9;-~]+:[^\r\n\0]*\r\n)+)\r\n"
)


class _BoundedReader(io.RawIOBase):
    """Reads what a connection brings, until the exchange is over."""

    def __init__(self, raw: io.RawIOBase, connection: Any, ends: float) -> None:
        self._raw = raw
        self._connection = connection
        self._patience = connection.gettimeout()
        self._ends = ends

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, waiting no longer than the exchange may take."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange is over")
        patience = left if self._patience is None else min(left, self._patience)
        self._connection.settimeout(patience)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the connection."""
        self._raw.close()
        super().close()


class BoundedAnswer(http.client.HTTPResponse):
    """An answer that is bounded where its thread is in an exchange."""

    fp: Any

    def __init__(self, sock: Any, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        exchange = current_exchange()
        if exchange is not None:
            self.fp = io.BufferedReader(_BoundedReader(self.fp.detach(), sock, exchange.ends))

    def begin(self) -> None:
        """Read the head: an ordinary one at once, any other the way of the standard library.

        That way takes each head for an e-mail's, which costs more than the rest of the answer.
        """
        if not self._begin_at_once():
            super().begin()

    def _begin_at_once(self) -> bool:
        """Read an ordinary head; of any other, nothing."""
        head = _ORDINARY_HEAD.match(self.fp.peek())
        if head is None:
            return False
        message, fields = http.client.HTTPMessage(), {}
        lines = head[2].decode("latin-1").split("\r\n")[:-1]
        for line in lines:
            name, _, value = line.partition(":")
            fields[name.lower()] = message[name] = value.lstrip(" \t")
        length = fields.get("content-length", "")
        twice = len(fields) < len(lines)
        if twice or "transfer-encoding" in fields or not re.fullmatch("[0-9]{1,15}", length):
            return False
        self.fp.read(head.end())
        self.version, self.code, self.status = 11, 200, 200
        self.reason = (head[1] or b"").decode("latin-1")
        self.headers = self.msg = message
        self.chunked, self.length = False, int(length)
        self.will_close = "close" in fields.get("connection", "").lower()
        return True
