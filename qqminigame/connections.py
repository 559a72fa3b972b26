"""A connection of the standard library's, whose every wait ends with the call.

A read timeout bounds each wait for bytes; a server that sends one byte a second meets it for ever.
Here connecting, sending and all reads of one exchange end together.

Whether a connection is used again is one rule, in :meth:`Connection.keep` and
:meth:`Connection.is_usable`: only after a complete 200, and only if nothing has come since.
"""

import functools
import http.client
import io
import re
import select
import socket
import ssl
import time
import weakref
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import requests
from attrs import field, frozen
from urllib3.util import wait_for_read

# An exchange fails with these. ValueError: another thread closed the connection.
FAILURES: Final = (http.client.HTTPException, OSError, ValueError)

# A connection that was idle for longer is not used again: the server may be about to close it, and
# would do so just when the next request is on its way. (nginx closes after 60 to 75 s.)
_IDLE_SECONDS: Final = 30.0
_KEPT_OPEN: Final = re.compile(r"\btimeout=([0-9]{1,6})\b")
_LENGTH: Final = re.compile("[0-9]{1,18}")
_PIECE_BYTES: Final = 65536
# Each address of a host gets an equal share of the time to connect, but no less than this.
_LEAST_SHARE_SECONDS: Final = 0.5


@frozen(kw_only=True, eq=False, repr=False)
class Route:
    """How to reach one host.

    Attributes:
        host: The host.
        port: Its port.
        tls: What makes the connection a TLS connection; None for plain HTTP.
        proxy: Host and port of the HTTP proxy that tunnels to it; None without one.
        proxy_headers: What the proxy is sent: secret, it may be a password.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    proxy: tuple[str, int] | None = None
    proxy_headers: Mapping[str, str] = field(factory=dict)


class Patience:
    """How long to wait for each step of something, and for all steps together."""

    __slots__ = ("_each", "_ends")

    def __init__(self, each: float, ends: float) -> None:
        """Create it.

        Args:
            each: Seconds for each step.
            ends: When all steps have to be over, on the monotonic clock.
        """
        self._each = each
        self._ends = ends

    def seconds(self) -> float:
        """Return how long the next step may take.

        Raises:
            TimeoutError: The time is up.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return min(left, self._each)


class Connection(http.client.HTTPConnection):
    """A connection that makes one exchange after another, each with an end.

    Attributes:
        route: Where it leads.
        begun: Whether a byte of the request of the exchange may have gone out.
    """

    host: str
    sock: Any
    timeout: float | None

    def __init__(self, route: Route) -> None:
        """Create it; it is opened when first needed."""
        super().__init__(*(route.proxy or (route.host, route.port)))
        if route.proxy is not None:
            self.set_tunnel(route.host, route.port, dict(route.proxy_headers))
        if route.tls is not None:
            self.default_port = http.client.HTTPS_PORT
        self.begun: bool = False
        self.route = route
        self._held_back: list[bytes] | None = None
        self._reader: _Reader | None = None
        self._ending: weakref.finalize[..., Connection] | None = None
        self._poll: Callable[[], object] = bool
        self._patience = Patience(0.0, 0.0)
        self._good_until = 0.0

    def exchange(
        self,
        request: requests.PreparedRequest,
        target: str,
        connecting: Patience,
        answering: Patience,
    ) -> "Answer":
        """Send a request and return its answer, the body unread.

        Args:
            request: The request; its body is bytes, a str or None.
            target: Its path and query.
            connecting: How long to wait for a connection.
            answering: How long to wait for the answer.
        """
        self.begun = False
        if not self.is_usable():
            self.end()
            self._held_back = None
            self._patience = connecting
            self.connect()
        self._patience = answering
        self._held_back = []
        self._put(request, target)
        data, self._held_back = b"".join(self._held_back), None
        cast("_Reader", self._reader).raw.be_patient(answering)
        self.begun = True
        self.send(data)
        return cast("Answer", self.getresponse())

    def _put(self, request: requests.PreparedRequest, target: str) -> None:
        headers = list(request.headers.items())
        names = {name.lower() for name, _ in headers}
        self.putrequest(
            request.method or "GET",
            target,
            skip_host="host" in names,
            skip_accept_encoding="accept-encoding" in names,
        )
        for name, value in headers:
            self.putheader(name, value)
        body = cast("bytes | str | None", request.body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None and "content-length" not in names:
            self.putheader("Content-Length", len(body))
        self.endheaders(body)

    def send(self, data: Any) -> None:
        """Send bytes; those of a request in one piece, for each piece wakes up the server."""
        if self._held_back is None:
            super().send(data)
        else:
            self._held_back.append(data)

    def is_usable(self) -> bool:
        """Return whether the connection is open, not too old, and nothing has come over it."""
        sock = self.sock
        if sock is None or time.monotonic() >= self._good_until:
            return False
        # What TLS has decrypted already does not show on the socket.
        unread = sock.pending() if isinstance(sock, ssl.SSLSocket) else 0
        return not unread and not self._poll()

    def keep(self, answer: "Answer") -> bool:
        """Keep the connection after an answer, or close it; return whether it was kept."""
        if answer.status == 200 and answer.is_whole and not answer.will_close:
            self._good_until = time.monotonic() + _idle_seconds(answer.fields.get("keep-alive"))
            return True
        self.end()
        return False

    def connect(self) -> None:
        """Connect to the first address of the host that answers, and through its proxy."""
        name = self.host
        found = socket.getaddrinfo(name, self.port, type=socket.SOCK_STREAM)
        try:
            self._connect_to_one([str(address[0]) for *_, address in found])
        finally:
            self.host = name
        if self.route.tls is not None:
            self.sock.settimeout(self._patience.seconds())
            self.sock = self.route.tls.wrap_socket(self.sock, server_hostname=self.route.host)
        if self._reader is not None:
            self._reader.raw.close()  # it was for the proxy's answer
        self._reader = _Reader(_Source(self.sock))
        self._poll = _poll(self.sock)
        # A destructor might come after that of the socket, which would complain.
        self._ending = weakref.finalize(self, _end, self.sock, self._reader)
        self._ending.atexit = False

    def end(self) -> None:
        """Close the connection, also for an answer that is still being read.

        After ``close()``, which http.client calls by itself, such an answer still has the socket.
        """
        self.close()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.raw.close()
        if self._ending is not None:
            self._ending()

    def _connect_to_one(self, addresses: list[str]) -> None:
        while addresses:
            self.host = addresses.pop(0)
            seconds = self._patience.seconds()
            self.timeout = max(seconds / (len(addresses) + 1), min(seconds, _LEAST_SHARE_SECONDS))
            try:
                super().connect()
            except OSError:
                self.end()
                if not addresses:
                    raise
            else:
                return

    def response_class(  # type: ignore[override]  # a function makes answers too
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None
    ) -> "Answer":
        """Return the answer to be read from a socket: http.client asks for it."""
        if self._reader is None or self._reader.raw.sock is not sock:
            self._reader = _Reader(_Source(sock))
            self._reader.raw.be_patient(self._patience)
        return Answer(self._reader, debuglevel, method)


def _idle_seconds(promise: str | None) -> float:
    """Return how long a connection may be idle, where the server says so or says nothing."""
    promised = None if promise is None else _KEPT_OPEN.search(promise)
    return _IDLE_SECONDS if promised is None else min(_IDLE_SECONDS, float(promised[1]) - 1.0)


def _poll(sock: socket.socket) -> Callable[[], object]:
    """Return a function that tells whether something has come over a socket."""
    if not hasattr(select, "poll"):  # on Windows
        return functools.partial(wait_for_read, sock, timeout=0.0)
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return functools.partial(poll.poll, 0)


def _end(sock: socket.socket, reader: "_Reader") -> None:
    sock.close()
    reader.raw.close()


class _Source(io.RawIOBase):
    """What a socket brings, while the patience lasts.

    Attributes:
        sock: The socket.
        is_dry: Whether to bring nothing more.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.is_dry = False
        self._patience = Patience(0.0, 0.0)
        self._told = 0.0
        self._raw = sock.makefile("rb", 0)

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, waiting for the first byte as long as the patience lasts."""
        if self.is_dry:
            return None
        self.be_patient(self._patience)
        return self._raw.readinto(buffer)

    def be_patient(self, patience: Patience) -> None:
        """Wait from now on as long as this patience lasts, give or take a hundredth.

        Telling the socket each time would cost as much as reading.
        """
        self._patience = patience
        seconds = patience.seconds()
        if not 0.99 * self._told <= seconds <= self._told:
            self.sock.settimeout(seconds)
            self._told = seconds

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """Reads one answer after another from a socket."""

    raw: _Source

    def makefile(self, _mode: str) -> "_Reader":
        """Return itself: for http.client, this is the socket."""
        return self

    def close(self) -> None:
        """Do nothing: http.client closes what it has read an answer from."""

    def read(self, size: int | None = -1) -> bytes:
        """Read bytes; all there is to come is never asked for, but by a chunk of a negative size.

        Raises:
            http.client.HTTPException: It is asked for.
        """
        if size is None or size < 0:
            raise http.client.HTTPException("a chunk has a negative size")
        return super().read(size)

    def has_more(self) -> bool:
        """Return whether bytes have come that nobody has read."""
        self.raw.is_dry = True
        try:
            return bool(self.peek(1))
        finally:
            self.raw.is_dry = False


class Answer(http.client.HTTPResponse):
    """The head of an answer, and where its body ends.

    Attributes:
        fields: The headers, their names in small letters.
    """

    headers: http.client.HTTPMessage
    msg: http.client.HTTPMessage

    def __init__(self, reader: _Reader, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(reader, debuglevel, method)  # type: ignore[arg-type]  # it has makefile
        self._reader = reader
        self.fields: dict[str, str] = {}

    def begin(self) -> None:
        """Read the head; those before it (102 Processing, 103 Early Hints) are no answers.

        Raises:
            http.client.HTTPException: It is not HTTP, or leaves open where the body ends.
        """
        super().begin()
        while 100 <= self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # begin() expects None
            super().begin()
        lengths = set()
        for mixed, value in self.headers.items():
            name = mixed.lower()
            self.fields[name] = value
            if name in ("content-length", "transfer-encoding"):
                lengths.add(value)
        length = self.fields.get("content-length")
        if len(lengths) > 1 or (
            lengths and not self.chunked and not _LENGTH.fullmatch(length or "")
        ):
            raise http.client.HTTPException("the length of the answer is not clear")

    @property
    def is_whole(self) -> bool:
        """Whether the body was read to its last byte, with nothing behind it."""
        return self.isclosed() and not self.length and not self._reader.has_more()


class Body:
    """The body of an answer, as requests reads it; it gives the connection back at its end.

    Attributes:
        status: The HTTP status.
        reason: What the server calls it.
        headers: The headers.
    """

    def __init__(self, answer: Answer, give_back: Callable[[Answer], object]) -> None:
        """Create it.

        Args:
            answer: The answer.
            give_back: Is called once, when the body has been read, closed or dropped.
        """
        self.status: Final = answer.status
        self.reason: Final = answer.reason
        self.headers: Final = answer.fields
        self._answer = answer
        self._give_back: Callable[[Answer], object] | None = give_back
        packed = answer.fields.get("content-encoding", "").lower() in ("gzip", "x-gzip", "deflate")
        self._unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if packed else None

    def __del__(self) -> None:
        self.close()

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes of the body, unpacked; none at its end.

        Args:
            size: How many at most; None or -1 for all.

        Raises:
            requests.exceptions.ChunkedEncodingError: The body broke off.
            requests.exceptions.ContentDecodingError: It cannot be unpacked.
        """
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_PIECE_BYTES), b""))
        try:
            return self._plain(size) if self._unpack is None else self._unpacked(size)
        except FAILURES:
            failure: requests.RequestException = requests.exceptions.ChunkedEncodingError(
                "the body of the answer broke off"
            )
        except zlib.error:
            failure = requests.exceptions.ContentDecodingError("the body cannot be unpacked")
        self.close()
        raise failure

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the body in pieces of at most so many bytes.

        Raises:
            requests.RequestException: As :meth:`read`.
        """
        if self._unpack is not None:
            yield from iter(lambda: self.read(size), b"")
        while not self._answer.isclosed():
            yield self.read(size)

    def close(self) -> None:
        """Give the connection back; what is left of the body is given up."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back(self._answer)

    def _plain(self, size: int) -> bytes:
        data = self._answer.read(size)
        if self._answer.isclosed() and self._give_back is not None:
            if self._answer.length:
                raise http.client.IncompleteRead(b"", self._answer.length)
            give_back, self._give_back = self._give_back, None
            give_back(self._answer)
        return data

    def _unpacked(self, size: int) -> bytes:
        data, unpack = b"", cast("Any", self._unpack)
        while not data and not unpack.eof:
            packed = unpack.unconsumed_tail or self._plain(size)
            data = unpack.decompress(packed, size)
            if not packed:
                raise http.client.IncompleteRead(b"")
        return data
