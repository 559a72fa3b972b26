"""What each kind of fault does to an exchange. What kinds there are and take: `faults`."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from qqminigame.sandbox.exchange import SERVER_NAME, AlreadySent, Exchange, head_of
from qqminigame.sandbox.replies import Reply, html_page

_OVERSIZED_BYTES = 64 * 1024 * 1024
_PIECE = b"x" * 65536
_ARRIVAL_SECONDS = 0.05  # for the sent half to arrive before the RST that would overtake it

# Checked by `faults`: each kind's function may rely on its parameters' types.
Parameters = Mapping[str, Any]
Misbehaviour = Callable[[Exchange, Parameters], Awaitable[web.StreamResponse]]


async def busy(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Say that the platform is busy."""
    dialect = exchange.endpoint.dialect
    return exchange.respond(dialect.failure(dialect.busy, "system busy, try again later"))


async def code(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Answer with a code in the endpoint's own words."""
    message = parameters.get("message", "scripted by the sandbox")
    return exchange.respond(exchange.endpoint.dialect.failure(parameters["code"], message))


async def delay(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Wait, then handle the request as always."""
    await asyncio.sleep(parameters["seconds"])
    return exchange.respond(exchange.run_rules())


async def reset_before(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Reset the connection; the rules do not run."""
    return exchange.reset()


async def reset_after(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Run the rules, then reset the connection instead of answering."""
    exchange.run_rules()
    return exchange.reset()


async def reset_midway(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Run the rules, send half of the body, then reset the connection."""
    _send_half(exchange)
    await asyncio.sleep(_ARRIVAL_SECONDS)
    return exchange.reset()


async def cut_off(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Run the rules, announce the whole body, send half of it, then close in good order."""
    _send_half(exchange)
    return AlreadySent()


async def no_answer(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Stay silent until the client gives up."""
    await asyncio.Event().wait()
    return AlreadySent()


async def no_answer_after(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Run the rules, then stay silent until the client gives up."""
    exchange.run_rules()
    return await no_answer(exchange, parameters)


async def drip(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Run the rules, then send the reply byte by byte: all of it, or with head false the body."""
    reply = exchange.run_rules()
    exchange.entry.sent(reply)
    head, data = _head(exchange, reply), reply.body
    if parameters.get("head", True):
        head, data = b"", head + data
    exchange.transport.write(head)
    for position in range(len(data)):
        exchange.transport.write(data[position : position + 1])
        await asyncio.sleep(parameters["seconds"])
    return AlreadySent(keep_alive=exchange.request.keep_alive)


async def answer(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Send a canned answer, with the rules run first if so wished."""
    if parameters.get("handled", False):
        exchange.run_rules()
    close = parameters.get("close", "raw_base64" in parameters or not exchange.request.keep_alive)
    if "raw_base64" in parameters:
        data = base64.b64decode(parameters["raw_base64"])
        exchange.entry.reply = data
    else:
        data = _canned(exchange, parameters, close=close)
    exchange.transport.write(data)
    return AlreadySent(keep_alive=not close)


async def html(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Answer 200 with a page where JSON belongs."""
    return exchange.respond(html_page(200))


async def status(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Answer with an HTTP status and its page."""
    return exchange.respond(html_page(parameters["status"]))


async def oversized(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Stream a JSON object of that size; chunked, or with its length announced."""
    size = parameters.get("bytes", _OVERSIZED_BYTES)
    start, end = b'{"errcode":0,"errmsg":"', b'"}'
    headers = {"Content-Type": "application/json; charset=utf-8", "Server": SERVER_NAME}
    response = web.StreamResponse(headers={**headers, **exchange.endpoint.dialect.headers})
    if parameters.get("announce", False):
        response.content_length = size
    exchange.entry.status = 200
    await response.prepare(exchange.request)
    await response.write(start)
    for sent in range(0, size - len(start) - len(end), len(_PIECE)):
        await response.write(_PIECE[: size - len(start) - len(end) - sent])
    await response.write(end)
    return response


async def close_idle(exchange: Exchange, parameters: Parameters) -> web.StreamResponse:
    """Run the rules and answer, then close the connection although nothing announced it."""
    reply = exchange.run_rules()
    exchange.entry.sent(reply)
    exchange.transport.write(_head(exchange, reply) + reply.body)
    return AlreadySent()


MISBEHAVIOURS: Mapping[str, Misbehaviour] = {
    each.__name__: each
    for each in (
        busy,
        code,
        delay,
        reset_before,
        reset_after,
        reset_midway,
        no_answer,
        no_answer_after,
        cut_off,
        drip,
        answer,
        html,
        status,
        oversized,
        close_idle,
    )
}


def _head(exchange: Exchange, reply: Reply) -> bytes:
    headers = exchange.dressed(reply).headers
    return head_of(reply.status, headers, content_type=reply.content_type, length=len(reply.body))


def _send_half(exchange: Exchange) -> None:
    reply = exchange.run_rules()
    exchange.entry.sent(reply)
    exchange.transport.write(_head(exchange, reply) + reply.body[: len(reply.body) // 2])


def _canned(exchange: Exchange, parameters: Parameters, *, close: bool) -> bytes:
    body: bytes = parameters.get("body", "").encode()
    if "body_base64" in parameters:
        body = base64.b64decode(parameters["body_base64"])
    dialect = exchange.endpoint.dialect
    content_type = dialect.content_type
    reply = Reply(status=parameters.get("status", 200), content_type=content_type, body=body)
    exchange.entry.sent(reply)
    headers = {**dialect.headers, **parameters.get("headers", {})}
    head = head_of(reply.status, headers, content_type=content_type, length=len(body), close=close)
    return head + body
