"""A gate before the sandbox: it lets all through, or does what no polite server can."""

import contextlib
import select
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from machine import require

_LINGER_ZERO = struct.pack("ii", 1, 0)
_PIECE = bytes(65536)
_LOCALHOST = "127.0.0.1"
_NAME = "platform.invalid"


def make_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 that nobody has signed; its key is beside it."""
    certificate = folder / "other.pem"
    command = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-days", "1", "-subj", "/CN=other", "-addext", f"subjectAltName=IP:{_LOCALHOST}"]
    files = ["-keyout", str(certificate.with_name("key.pem")), "-out", str(certificate)]
    subprocess.run([require("openssl"), *command, *names, *files], check=True, capture_output=True)
    return certificate


def server_context(certificate: Path) -> ssl.SSLContext:
    """Return the TLS context of a server with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return context


@contextlib.contextmanager
def full_listener(address: str, port: int) -> Iterator[None]:
    """Listen on an address where nobody is ever let in."""
    waiting: list[socket.socket] = []
    with socket.create_server((address, port), backlog=0):
        _fill(address, port, waiting)
        yield
        for connection in waiting:
            connection.close()


def _fill(address: str, port: int, waiting: list[socket.socket]) -> None:
    """Connect until the backlog is full: until two in a row are not let in."""
    left_out = 0
    while left_out < 2 and len(waiting) < 16:
        connection = socket.socket()
        waiting.append(connection)
        connection.setblocking(False)
        connection.connect_ex((address, port))
        left_out = 0 if select.select([], [connection], [], 0.1)[1] else left_out + 1


class Gate:
    """Stands before a server on a port of its own that stays the same whatever happens.

    Attributes:
        port: The port.
        fault: What is done to each new connection instead of letting it through.
        tls: The TLS context new connections are served with.
        hits: How many connections the fault has met.
        bytes_sent: How many bytes a fault has sent.
    """

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = (address.hostname, address.port)
        # Bound but not listening: it keeps the port while nobody listens.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind((_LOCALHOST, 0))
        self.port: int = self._reserved.getsockname()[1]
        self.fault: Callable[[Gate, socket.socket], None] | None = None
        self.tls: ssl.SSLContext | None = None
        self.hits = self.bytes_sent = 0
        self._listener: socket.socket | None = None
        self._waiting: list[socket.socket] = []
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.open()

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._reserved.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def open(self, backlog: int = 128) -> None:
        """Listen; with a backlog of 0, nobody is ever let in."""
        self.shut()
        listener = socket.create_server((_LOCALHOST, self.port), backlog=backlog, reuse_port=True)
        self._listener = listener
        if backlog:
            self._start(self._listen, listener)
        else:
            self._fill()

    def shut(self) -> None:
        """Listen no more: connections are refused. Those there are come to their end."""
        listener, self._listener = self._listener, None
        waiting, self._waiting = self._waiting, []
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for a connection
            listener.close()
        for connection in waiting:
            connection.close()

    def serving(self) -> int:
        """Return how many connections are open."""
        return sum(thread.is_alive() for thread in self._threads) - (self._listener is not None)

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _fill(self) -> None:
        _fill(_LOCALHOST, self.port, self._waiting)

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._start(self._serve, connection, self.fault, self.tls)

    def _serve(
        self,
        connection: socket.socket,
        fault: Callable[["Gate", socket.socket], None] | None,
        tls: ssl.SSLContext | None,
    ) -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.suppress(OSError))
            stack.enter_context(connection)
            connection.settimeout(10)
            if tls is not None:
                connection = stack.enter_context(tls.wrap_socket(connection, server_side=True))
            self._connections.append(connection)
            if fault is None:
                self.relay(connection)
            else:
                self.hits += 1
                fault(self, connection)

    def relay(self, client: socket.socket, *, answers: float = float("inf")) -> None:
        """Carry bytes both ways until one side ends, or so many answers have begun."""
        with socket.create_connection(self._target) as server:
            source = server
            while True:
                before = source
                source = client if _pending(client) else _first_ready(client, server)
                data = source.recv(65536)
                answers -= source is server and before is client
                if not data or (answers < 1 and source is client):
                    return
                (client if source is server else server).sendall(data)


def _pending(connection: socket.socket) -> bool:
    return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0


def _first_ready(*connections: socket.socket) -> socket.socket:
    ready = select.select(connections, [], [], 10)[0]
    if not ready:
        raise TimeoutError
    return ready[0]


def _reset(connection: socket.socket) -> None:
    """Have the connection reset, not closed in good order."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    connection.close()


def _reset_unread(gate: Gate, client: socket.socket) -> None:
    # Without waiting for the first byte, connecting itself may fail, or not.
    client.recv(1, socket.MSG_PEEK)
    _reset(client)


def _reset_kept(gate: Gate, client: socket.socket) -> None:
    """Serve one request, and reset the connection when the next one comes."""
    gate.relay(client, answers=1)
    _reset(client)


def _stream(head: bytes, piece: bytes, seconds: float = 0.0) -> Callable[..., None]:
    """Return what answers with a head, and with the same piece until the client goes away."""

    def answer(gate: Gate, client: socket.socket) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(_PIECE))
        client.recv(65536)
        client.sendall(head)
        while True:
            gate.bytes_sent += client.send(piece)
            time.sleep(seconds)  # the fault: pieces that drip in

    return answer


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_FAULTS: dict[str, Callable[[Gate, socket.socket], None]] = {
    "reset unread": _reset_unread,
    "reset kept": _reset_kept,
    "gigabyte announced": _stream(_OK + b"Content-Length: 1073741824\r\n\r\n", _PIECE),
    "endless body": _stream(_OK + b"Connection: close\r\n\r\n", _PIECE),
    "endless continue": _stream(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
}


class GateFault:
    """One fault of a gate, by its name in the table: to come, on, or over.

    Attributes:
        gate: The gate.
        url: Its address.
    """

    def __init__(self, name: str, gate: Gate, trusted: Path, other: Path) -> None:
        self.gate = gate
        self._name = name
        self._is_on = False
        self._trusted, self._other = server_context(trusted), server_context(other)
        self._find = socket.getaddrinfo
        scheme, host = "http", _LOCALHOST
        if name == "self-signed":
            scheme, gate.tls = "https", self._trusted
        if name == "unknown name":
            host = _NAME
        self.url = f"{scheme}://{host}:{gate.port}"

    def __enter__(self) -> "GateFault":
        socket.getaddrinfo = self._look_up
        return self

    def __exit__(self, *_: object) -> None:
        socket.getaddrinfo = self._find

    def begin(self) -> None:
        """Let it begin, for connections that are opened from now on."""
        self._is_on = True
        match self._name:
            case "refused":
                self.gate.shut()
            case "full backlog":
                self.gate.open(backlog=0)
            case "self-signed":
                self.gate.tls = self._other
            case "unknown name":
                pass
            case name:
                self.gate.fault = _FAULTS[name]

    def end(self) -> None:
        """Let it be over."""
        self._is_on = False
        match self._name:
            case "refused" | "full backlog":
                self.gate.open()
            case "self-signed":
                self.gate.tls = self._trusted
            case _:
                self.gate.fault = None

    def hits(self) -> int | None:
        """Return how many attempts it met; None where that cannot be counted."""
        return self.gate.hits if self._name in _FAULTS else None

    def _look_up(self, host: str, *arguments: object, **named: object) -> object:
        """Find the platform's name, but not while the fault is on."""
        if host == _NAME:
            if self._is_on:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            host = _LOCALHOST
        return self._find(host, *arguments, **named)
