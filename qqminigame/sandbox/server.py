"""The sandbox on a socket: aiohttp in, rules, aiohttp out."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

from aiohttp import web

from qqminigame.sandbox.calls import MalformedQueryError, make_call, parse_query, split_target
from qqminigame.sandbox.control import PREFIX, Control, answer_control
from qqminigame.sandbox.endpoints import ENDPOINTS, endpoint_of
from qqminigame.sandbox.exchange import AlreadySent, Exchange, respond, response_of
from qqminigame.sandbox.faults import FaultScript
from qqminigame.sandbox.log import RequestLog
from qqminigame.sandbox.misbehaviour import MISBEHAVIOURS
from qqminigame.sandbox.replies import html_page
from qqminigame.sandbox.world import Settings, World

_BACKLOG = 1024  # asyncio listens anew, with its own number
MAX_BODY_BYTES = 2 * 1024 * 1024
_MAX_LINE_BYTES = 64 * 1024
_STOP_SECONDS = 0.2

_Query = list[tuple[str, str]]


class Server:
    """Answers platform requests and control calls, all in one event loop."""

    def __init__(self, settings: Settings, *, log_size: int, keepalive_seconds: float) -> None:
        self._keepalive_seconds = keepalive_seconds
        self._world = World(settings)
        self._log = RequestLog(log_size)
        self._faults = FaultScript()
        self._waiting: set[asyncio.WriteTransport] = set()
        self._connections: WeakKeyDictionary[asyncio.BaseTransport, int] = WeakKeyDictionary()
        self._connection_numbers = count(1)
        self.control: Final = Control(self._world, self._log, self._faults, self._drop_waiting)

    async def serve(
        self,
        listener: socket.socket,
        ssl_context: ssl.SSLContext | None,
        ready: Callable[[], None],
        stop: asyncio.Event,
    ) -> None:
        """Serve on a bound socket until told to stop; tell when it is ready."""
        protocols = web.Server(
            self._answer,
            request_factory=_make_request,
            handler_cancellation=True,  # whoever goes away is not waited for
            access_log=None,
            logger=logging.getLogger("qqminigame.sandbox"),
            keepalive_timeout=self._keepalive_seconds,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            auto_decompress=False,  # signatures are over the bytes as they came
        )
        listening = await asyncio.get_running_loop().create_server(
            protocols, sock=listener, ssl=ssl_context, backlog=_BACKLOG
        )
        ready()
        await stop.wait()
        listening.close()
        for connection in protocols.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await protocols.shutdown(_STOP_SECONDS)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, raw_query = split_target(request.raw_path)
        body, too_large = await _read_body(request)
        if path not in ENDPOINTS and path.startswith(PREFIX):
            return response_of(answer_control(self.control, request.method, path, body))
        query, problem = _read_query(raw_query)
        entry = self._log.open(
            time=self._world.clock.now(),
            method=request.method,
            path=path,
            query=query,
            body=body,
            connection=self._connection_number(request),
        )
        if path not in ENDPOINTS:
            return respond(entry, html_page(404))
        call = make_call(
            request.method,
            path,
            query,
            body,
            headers=request.headers,
            peer=request.remote or "",
        )
        endpoint = endpoint_of(self._world, call)
        exchange = Exchange(
            request=request, endpoint=endpoint, call=call, entry=entry, world=self._world
        )
        status = 405 if endpoint.method != request.method else problem
        status = status or (413 if too_large else 0)
        if status:
            return exchange.respond(html_page(status))
        try:
            return await self._answer_platform(exchange)
        except ConnectionError:
            return AlreadySent()  # the client went away meanwhile

    async def _answer_platform(self, exchange: Exchange) -> web.StreamResponse:
        fault = self._faults.take(exchange.endpoint)
        if fault is None:
            return exchange.respond(exchange.run_rules())
        exchange.entry.fault = fault.kind
        transport = exchange.transport
        self._waiting.add(transport)
        try:
            return await MISBEHAVIOURS[fault.kind](exchange, fault.parameters)
        finally:
            self._waiting.discard(transport)

    def _connection_number(self, request: web.BaseRequest) -> int:
        transport = request.transport
        if transport is None:
            return 0  # gone already
        number = self._connections.get(transport)
        if number is None:
            number = self._connections[transport] = next(self._connection_numbers)
        return number

    def _drop_waiting(self) -> None:
        """Cut the connections whose requests a fault holds up."""
        for transport in self._waiting:
            transport.abort()


async def _read_body(request: web.BaseRequest) -> tuple[bytes, bool]:
    """Return a body, and whether it is too large: then it is left out."""
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return b"", True
    # Some releases of aiohttp let a body of the very limit pass, and some do not.
    return (b"", True) if len(body) > MAX_BODY_BYTES else (body, False)


def _read_query(raw: str) -> tuple[_Query, int]:
    try:
        return parse_query(raw), 0
    except MalformedQueryError:
        return [], 400


def _make_request(
    message: Any,
    payload: Any,
    protocol: Any,
    writer: Any,
    task: Any,
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES + 1
    )
