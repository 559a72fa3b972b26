"""A request goes out as it was built, and its answer comes in: no redirects, retries, cookies."""

import contextlib
import logging
import zlib
from collections.abc import Mapping
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity

from qqminigame.exceptions import ConfigurationError, TransportError
from qqminigame.forking import renew_in_child
from qqminigame.redaction import mask_parameters
from qqminigame.transport.exchange import Exchange
from qqminigame.transport.failures import FOREIGN_ERRORS, explain
from qqminigame.transport.routes import Answer, Headers, Outgoing, Route, open_route
from qqminigame.wire import Reply, Request

# What other rooms call it, so that they need not import requests.
HttpSession = requests.Session

MAX_REPLY_BYTES: Final = 1024 * 1024

_POOL_SIZE: Final = 32
# The loggers through which urllib3 tells whole URLs, at DEBUG and in warnings.
_TALKATIVE: Final = (
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
)


class Transport:
    """Sends requests the way one ``requests.Session`` is set up to."""

    def __init__(
        self,
        http: HttpSession | None,
        timeout: tuple[float, float],
        pool_size: int | None,
        user_agent: str,
    ) -> None:
        """Prepare to send; nothing is opened yet.

        Args:
            http: A session of the user's. Its adapters, headers, proxies, ``verify`` and ``cert``
                are used; its cookies, hooks, auth and parameters are not. None for our own.
            timeout: Seconds to wait for a connection, and for the next bytes of an answer.
            pool_size: How many connections to one address at most; None for what ``http`` says.
            user_agent: Sent where ``http`` names none of its own.

        Raises:
            ConfigurationError: A header of ``http`` cannot be sent.
        """
        self._http = http or _new_http()
        self._connect_seconds, self._read_seconds = timeout
        self._pool_size = pool_size
        headers: CaseInsensitiveDict[Any] = CaseInsensitiveDict(self._http.headers)
        headers["Accept-Encoding"] = "identity"
        if str(headers.get("User-Agent", "python-requests")).startswith("python-requests"):
            headers["User-Agent"] = user_agent
        self._headers = _checked(headers)
        self._json_headers = _checked({**headers, "Content-Type": "application/json"})
        self._routes: dict[str, Route] = {}
        self._inherited: list[dict[str, Route]] = []
        renew_in_child(self)
        for name in _TALKATIVE:
            # Adding the same filter once more changes nothing.
            logging.getLogger(name).addFilter(_mask_record)

    def send(self, request: Request, seconds: float) -> Reply:
        """Send a request once and return the answer.

        One that must not be repeated goes out on a connection of its own: the server may just be
        hanging up on a kept one, and then nobody could tell whether it was read.

        Args:
            request: What to send.
            seconds: How long it may take at most. (Looking up a host name cannot be interrupted.)

        Raises:
            TransportError: No answer came; ``sent`` is False where it certainly never went out.
        """
        exchange, route = Exchange(seconds), None
        # Only words leave the except block: the exception's own text and frames hold the URL.
        try:
            route = self._route(request.origin)
            with exchange:
                if request.endpoint.idempotent:
                    return _read(self._exchange(request, route, seconds))
                with contextlib.closing(route.fresh()) as fresh:
                    return _read(self._exchange(request, fresh, seconds))
        except FOREIGN_ERRORS as error:
            watched = route is None or route.is_watched
            reason, sent = explain(error, exchange.begun if watched else exchange.begun or None)
        raise TransportError(
            f"{request.endpoint.name}: {reason} ({request.origin})",
            endpoint=request.endpoint.name,
            sent=sent,
        )

    def after_fork(self) -> None:
        """Leave the parent's connections alone."""
        # They stay referenced, for closing them would wait for locks that a thread of the
        # parent may have held at the fork.
        self._inherited.append(self._routes)
        self._routes = {}

    def close(self) -> None:
        """Close the connections, and forget how addresses are reached."""
        routes, self._routes = self._routes, {}
        for route in routes.values():
            route.close()

    def _exchange(self, request: Request, route: Route, seconds: float) -> Answer:
        endpoint, body = request.endpoint, request.body
        headers = self._headers
        if body is not None:
            headers = {**self._json_headers, "Content-Length": str(len(body))}
        if not endpoint.idempotent:
            headers = {**headers, "Connection": "close"}
        outgoing = Outgoing(
            method=endpoint.method,
            url=request.url,
            headers=headers,
            body=body,
            connect_seconds=min(self._connect_seconds, seconds),
            read_seconds=min(self._read_seconds, seconds),
        )
        return route.send(outgoing)

    def _route(self, origin: str) -> Route:
        route = self._routes.get(origin)
        if route is None:
            route = open_route(self._http, origin, self._pool_size)
            route = self._routes.setdefault(origin, route)
        return route


def _new_http() -> requests.Session:
    http = requests.Session()
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_maxsize=_POOL_SIZE))
    return http


def _checked(headers: Mapping[str, Any]) -> Headers:
    """Return the headers as text, each once, and sure to break no line."""
    broken, checked = "", CaseInsensitiveDict[str]()
    for name, value in headers.items():
        # In requests, None takes a header away. A length is that of a body, which comes later.
        if value is None or name.lower() in ("content-length", "transfer-encoding"):
            continue
        try:
            check_header_validity((name, value))
            checked[name] = value.decode("latin-1") if isinstance(value, bytes) else value
            checked[name].encode("latin-1")
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            broken = name
    if broken:
        raise ConfigurationError(f"the header {broken!r} of the http session cannot be sent")
    for name in ("Host", "Connection"):  # spelled like this, they can be replaced
        if name in checked:
            checked[name] = checked[name]
    return dict(checked)


def _read(answer: Answer) -> Reply:
    """Read an answer up to the limit; a connection with something left on it is closed."""
    status, headers, raw = answer
    body, cut_off, too_large, complete = b"", False, False, False
    try:
        body = raw.read(MAX_REPLY_BYTES + 1, decode_content=False)
        too_large = len(body) > MAX_REPLY_BYTES
        # A server that closes in good order but early raises nothing.
        cut_off = bool(raw.length_remaining) and not too_large
        complete = not (cut_off or too_large)
    except FOREIGN_ERRORS:
        cut_off = True
    finally:
        if not complete:
            raw.close()
            # Closed, it goes back to the pool, which counts its connections.
            raw.release_conn()
    if complete and "Content-Encoding" in headers:
        body, cut_off, too_large = _inflate(body)
    return Reply(
        status=status,
        content_type=headers.get("Content-Type", ""),
        retry_after=headers.get("Retry-After", ""),
        body=body[:MAX_REPLY_BYTES],
        cut_off=cut_off,
        too_large=too_large,
    )


def _inflate(data: bytes) -> tuple[bytes, bool, bool]:
    """Unpack what was asked for plain and packed all the same; stop at the limit."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, as the data says
    try:
        body = unpacker.decompress(data, MAX_REPLY_BYTES + 1)
    except zlib.error:
        return data, False, False
    too_large = len(body) > MAX_REPLY_BYTES
    return body, not (unpacker.eof or too_large), too_large


def _mask_record(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    masked = mask_parameters(text)
    if masked != text:
        record.msg, record.args = masked, None
    return True
