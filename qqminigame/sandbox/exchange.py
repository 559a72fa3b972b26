"""One request on its connection: run the rules, send bytes politely or otherwise."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from http import HTTPStatus

import attrs
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from qqminigame.sandbox.calls import Call, Endpoint
from qqminigame.sandbox.log import Entry
from qqminigame.sandbox.replies import Reply
from qqminigame.sandbox.world import World

SERVER_NAME = "qqminigame-sandbox"
_LINGER_ZERO = struct.pack("ii", 1, 0)


class AlreadySent(web.StreamResponse):
    """Tells aiohttp that the answer is on the socket, and whether the connection goes on."""

    def __init__(self, *, keep_alive: bool = False) -> None:
        super().__init__()
        self._goes_on = keep_alive

    @property
    def keep_alive(self) -> bool:
        """Whether aiohttp is to wait for another request; if not it closes the connection."""
        return self._goes_on

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send no head."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send no end."""


@attrs.frozen(kw_only=True)
class Exchange:
    """A request that has been read, and the means to answer it."""

    request: web.BaseRequest
    endpoint: Endpoint
    call: Call
    entry: Entry
    world: World

    def run_rules(self) -> Reply:
        """Let the platform's rules decide; their effects are real from here on."""
        self.entry.handled = True
        reply = self.endpoint.answer(self.world, self.call)
        self.entry.warnings = list(self.call.warnings)
        return reply

    def respond(self, reply: Reply) -> web.StreamResponse:
        """Answer as a well-behaved server does."""
        return respond(self.entry, self.dressed(reply))

    def dressed(self, reply: Reply) -> Reply:
        """Add the headers that every reply of this endpoint has, one that a fault makes too."""
        return attrs.evolve(reply, headers={**self.endpoint.dialect.headers, **reply.headers})

    @property
    def transport(self) -> asyncio.Transport:
        """The connection.

        Raises:
            ConnectionResetError: The client has gone away.
        """
        transport = self.request.transport
        if transport is None:
            raise ConnectionResetError
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        return transport

    def reset(self) -> web.StreamResponse:
        """Cut the connection with a TCP RST: no lingering, what is unsent is lost."""
        transport = self.transport
        tcp = transport.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()
        return AlreadySent()


def respond(entry: Entry, reply: Reply) -> web.Response:
    """Note a reply in the log and make aiohttp's response of it."""
    entry.sent(reply)
    return response_of(reply)


def response_of(reply: Reply) -> web.Response:
    """Make aiohttp's response of a reply."""
    headers = {"Content-Type": reply.content_type, "Server": SERVER_NAME, **reply.headers}
    return web.Response(status=reply.status, headers=headers, body=reply.body)


def head_of(
    status: int, headers: Mapping[str, str], *, content_type: str, length: int, close: bool = False
) -> bytes:
    """Write a status line and headers; the given headers stand over the usual ones."""
    given = {name.lower() for name in headers}
    usual = {"Content-Type": content_type, "Server": SERVER_NAME}
    if "transfer-encoding" not in given:
        usual["Content-Length"] = str(length)
    if close:
        usual["Connection"] = "close"
    kept = {name: value for name, value in usual.items() if name.lower() not in given}
    lines = [f"HTTP/1.1 {status} {_reason(status)}"]
    lines += [f"{name}: {value}" for name, value in (kept | dict(headers)).items()]
    return "\r\n".join([*lines, "", ""]).encode()


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
