"""A server of scripted answers, each marked with the call it belongs to, over TCP or TLS."""

import contextlib
import json
import re
import socket
import ssl
import threading

from listener import Listener

_PLAYER = re.compile(rb"[?&]js_code=([^& ]+)")


class ConnectionServer(Listener):
    """Answers logins: the openid it answers is the js_code, so that every answer says whose it is.

    What is written for a call is made by the script: a function of the js_code that yields pieces
    of bytes. Each piece is written at once (over TLS: as one record, if it fits), and between two
    pieces the script may wait for something.

    Attributes:
        url: Its address.
        calls: The js_codes asked for, in order, with the number of the connection.
        closed: For each connection, an event that is set when the client has gone.
    """

    def __init__(self, script, context=None):
        self._script = script
        self._context = context
        self.calls = []
        self._open = []
        self._lock = threading.Lock()
        super().__init__()
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://{self.address}"

    def __exit__(self, *error):
        super().__exit__(*error)
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def calls_of(self, js_code):
        """Return how often a player's login was asked for."""
        return sum(asked == js_code for asked, _ in self.calls)

    def serve(self, connection):
        """Answer the calls of a connection."""
        with self._lock:
            self._open.append(connection)
            number = len(self._open)
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.suppress(OSError))
            stack.enter_context(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                connection = stack.enter_context(
                    self._context.wrap_socket(connection, server_side=True)
                )
            rest = b""
            while True:
                head, found, rest = rest.partition(b"\r\n\r\n")
                while not found:
                    if not (more := connection.recv(65536)):
                        return
                    head, found, rest = (head + more).partition(b"\r\n\r\n")
                js_code = _PLAYER.search(head)[1].decode()
                with self._lock:
                    self.calls.append((js_code, number))
                for piece in self._script(js_code):
                    if piece is HANG_UP:
                        return
                    connection.sendall(piece)


HANG_UP = object()  # a piece of a script: closes the connection in good order


def login_body(openid, size=0):
    """Return what the platform answers to a login, filled up with spaces to a size."""
    fields = {"errcode": 0, "errmsg": "", "openid": openid, "session_key": f"key of {openid}"}
    return json.dumps(fields).encode().ljust(size)


def answer(openid, *heads, status="200 OK", version="HTTP/1.1", length=None, size=0):
    """Return a whole answer to a login.

    Args:
        openid: Whose login it is.
        heads: More lines of its head.
        status: Number and words.
        version: The version of HTTP.
        length: What Content-Length says; None for the truth, "" for no such line.
        size: How many bytes head and body have together, at least.
    """
    body = b""
    while True:
        lines = [f"{version} {status}", "Content-Type: application/json", *heads]
        if length != "":
            lines.append(f"Content-Length: {len(body) if length is None else length}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        filled = login_body(openid, size - len(head))
        if len(filled) == len(body):
            return head + body
        body = filled  # and then its length may take another digit


def chunked(openid, *trailers, version="HTTP/1.1", heads=()):
    """Return an answer to a login in chunks, with trailers."""
    body = login_body(openid)
    lines = [f"{version} 200 OK", "Transfer-Encoding: chunked", *heads]
    pieces = [body[:10], body[10:]]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    end = "".join(f"{line}\r\n" for line in trailers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + chunks + f"0\r\n{end}\r\n".encode()


def server_context(authority):
    """Return a TLS context that hands out whole records as they were written."""
    context = authority.server_context("127.0.0.1")
    context.options |= ssl.OP_NO_COMPRESSION
    return context
