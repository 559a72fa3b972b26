"""A platform that only answers, in a process of its own and cheap beside any client.

``python -m benchmarks.server`` says its port in one line of JSON. It counts, and tells the counts
for each line it reads from its standard input; it ends when that input does. So nothing is left
running when a measurement dies, and asking for the counts opens no connection.
"""

import argparse
import asyncio
import base64
import json
import signal
import ssl
import sys
import time
from collections import Counter
from email.utils import formatdate
from typing import Final

# As long as the sandbox's, and like them with some characters that a URL has to escape.
ACCESS_TOKEN: Final = base64.b64encode(bytes(range(64)))
_ANSWERS: Final = {
    b"/api/getToken": (
        b"application/json; charset=utf-8",
        b'{"errcode":0,"errmsg":"","access_token":"%s","expires_in":7200}' % ACCESS_TOKEN,
    ),
    b"/api/openDataContext/set_user_storage": (
        b"application/json; charset=utf-8",
        b'{"errcode":0,"errmsg":"ok"}',
    ),
    b"/v3/user/get_dawanka_info": (
        b"text/html; charset=utf-8",  # as the game hall has it
        b'{"ret":0,"msg":"","score":1280,"level":1,"binding":false,"discount":20,'
        b'"payReturnCount":3}',
    ),
}
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: %s\r\nContent-Type: %s\r\n"
    b"Content-Length: %d\r\nConnection: %s\r\nX-Request-Id: 7f3c9a52e1d84b06\r\n\r\n%s"
)
_UNKNOWN: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length:"


class Answers:
    """The answers, ready to be sent; the date in them is that of the second."""

    def __init__(self) -> None:
        self._second = 0
        self._ready: dict[tuple[bytes, bool], bytes] = {}

    def get(self, path: bytes, *, keep: bool) -> bytes | None:
        """Return the answer of a path; None where there is none."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._ready = {}
        answer = self._ready.get((path, keep))
        if answer is None and path in _ANSWERS:
            kind, body = _ANSWERS[path]
            date = formatdate(now, usegmt=True).encode()
            words = b"keep-alive" if keep else b"close"
            answer = _HEAD % (date, kind, len(body), words, body)
            self._ready[path, keep] = answer
        return answer


class Connection(asyncio.Protocol):
    """One connection: takes requests apart just far enough to know where each ends."""

    def __init__(self, answers: Answers, counts: Counter[str], delay: float) -> None:
        self._delay = delay
        self._answers = answers
        self._counts = counts
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._counts["connections"] += 1

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._waiting = data = self._waiting + data if self._waiting else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end]
            lower = head.lower()
            at = lower.find(_LENGTH)
            length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(data) < end + 4 + length:
                return
            self._waiting = data = data[end + 4 + length :]
            self._answer(head, keep=b"\r\nconnection: close" not in lower)

    def _answer(self, head: bytes, *, keep: bool) -> None:
        path = head.split(b" ", 2)[1].split(b"?", 1)[0]
        answer = self._answers.get(path, keep=keep)
        self._counts[path.decode("latin-1")] += 1
        if self._delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self._delay, self._write, answer, keep)
        else:
            self._write(answer, keep)

    def _write(self, answer: bytes | None, keep: bool) -> None:
        self._transport.write(answer or _UNKNOWN)
        if answer is None or not keep:
            self._transport.close()


async def serve(certificate: str | None, delay: float) -> None:
    """Serve on a free port until the standard input ends."""
    loop = asyncio.get_running_loop()
    counts: Counter[str] = Counter()
    answers = Answers()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await loop.create_server(
        lambda: Connection(answers, counts, delay), "127.0.0.1", 0, ssl=context, backlog=256
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(json.dumps(counts), flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--certificate", help="a PEM file with chain and key; without, no TLS")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    # Ctrl-C is for the run, which closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given = parser.parse_args()
    asyncio.run(serve(given.certificate, given.delay))


if __name__ == "__main__":
    main()
