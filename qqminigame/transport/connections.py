"""Connections that know when sending begins, bound their answers, and are not used when old."""

import functools
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import urllib3

from qqminigame.transport.answers import BoundedAnswer
from qqminigame.transport.exchange import current_exchange

# A kept connection that was idle for longer is opened anew: the server may be about to close it,
# and would do so just when the next request is on its way. (nginx closes after 60 to 75 s.)
IDLE_SECONDS: Final = 30.0

_KEPT_OPEN: Final = re.compile(r"\btimeout=([0-9]{1,6})\b")


class _Watched:
    """What is added to a connection class of urllib3.

    Type checkers see no such class here, so each ``super()`` is a thing to ignore for them.
    """

    response_class = BoundedAnswer
    sock: Any
    timeout: Any  # seconds, or None for as long as it takes
    _good_until = 0.0

    def connect(self) -> None:
        """Connect, as long as the exchange may take: waiting for the pool was part of it."""
        self.timeout = self.patience()
        super().connect()  # type: ignore[misc]

    def patience(self) -> Any:
        """Return how many seconds to wait for what comes next."""
        exchange = current_exchange()
        if exchange is None:
            return self.timeout
        left = max(exchange.ends - time.monotonic(), 0.001)
        return left if self.timeout is None else min(self.timeout, left)

    def request(self, *arguments: Any, **named: Any) -> None:
        """Send a request, and note when that begins."""
        self.begin_to_send()
        super().request(*arguments, **named)  # type: ignore[misc]

    def begin_to_send(self) -> None:
        """Connect if need be: what fails before this is done has certainly not sent anything.

        urllib3's own errors do not tell: that of a proxy is the same before the request and after.
        """
        if self.sock is None:
            self.connect()
        self.timeout = self.patience()
        exchange = current_exchange()
        if exchange is not None:
            exchange.begun = True

    def getresponse(self) -> Any:
        """Return the answer, and note for how long the connection can be used again."""
        response = super().getresponse()  # type: ignore[misc]
        self.keep(response.headers)
        return response

    def keep(self, headers: Mapping[str, str]) -> None:
        """Note for how long the connection can be used again."""
        promise = _KEPT_OPEN.search(headers.get("Keep-Alive", ""))
        seconds = min(IDLE_SECONDS, float(promise[1]) - 1.0) if promise else IDLE_SECONDS
        self._good_until = time.monotonic() + seconds

    @property
    def is_connected(self) -> bool:
        """Say whether the connection is open, and not too old to be trusted."""
        return time.monotonic() < self._good_until and bool(super().is_connected)  # type: ignore[misc]


class _Lean(_Watched):
    """A connection for requests whose head is complete: Host, a length, nothing to be encoded.

    A request is written in one piece (in two, each side is woken up once more), and its answer is
    taken from the socket without the bookkeeping that a connection for all purposes needs.
    """

    close: Callable[[], None]

    def request(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **named: Any,
    ) -> None:
        """Send a request."""
        lines = [f"{method} {url} HTTP/1.1\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in (headers or {}).items()]
        lines.append("\r\n")
        data = "".join(lines).encode("latin-1") + (body or b"")
        self.begin_to_send()
        self._asked = method, url
        self.sock.settimeout(self.timeout)
        self.sock.sendall(data)

    def getresponse(self) -> urllib3.HTTPResponse:
        """Return the answer, its body unread."""
        method, url = self._asked
        self.sock.settimeout(self.timeout)
        answer = self.response_class(self.sock, method=method)
        try:
            answer.begin()
        except BaseException:
            answer.close()
            raise
        if answer.will_close:
            self.close()
        headers = urllib3.HTTPHeaderDict(answer.headers.items())
        self.keep(headers)
        return urllib3.HTTPResponse(
            body=answer,
            headers=headers,
            status=answer.status,
            version=answer.version,
            version_string="HTTP/1.1" if answer.version == 11 else "HTTP/1.0",
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            original_response=answer,
            enforce_content_length=True,
            request_method=method,
            request_url=url,
        )


@functools.cache
def watched(connection_class: type) -> type:
    """Return a class of connections like the given one that follows the rules of this room."""
    return _with(_Watched, connection_class)


@functools.cache
def lean(connection_class: type) -> type:
    """Return a watched class for requests that are complete before they are sent."""
    return _with(_Lean, connection_class)


def _with(rules: type[_Watched], connection_class: type) -> type:
    # A pool may be asked for again, and has such a class already.
    if issubclass(connection_class, _Watched):
        return connection_class
    return type(connection_class.__name__, (rules, connection_class), {})
