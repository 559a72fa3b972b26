"""A request goes out as it was built, and its answer comes in: no redirects, retries, cookies.

A request is handed to the adapter as it is, so the bytes that were signed are the bytes that are
sent. What requests derives anew on every call from the environment (proxies, CA bundle, client
certificate) is derived once for each address.
"""

import contextlib
import logging
import zlib
from typing import Any, Final
from weakref import WeakSet

import requests
import urllib3
from attrs import field, frozen
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity

from qqminigame.exceptions import ConfigurationError, TransportError
from qqminigame.forking import renew_in_child
from qqminigame.redaction import mask_parameters
from qqminigame.transport.bounded import bounded, within
from qqminigame.transport.failures import FOREIGN_ERRORS, explain
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


@frozen
class _Route:
    """How to reach one address: an adapter and what it is called with."""

    adapter: BaseAdapter
    settings: dict[str, Any] = field(repr=False)


class Transport:
    """Sends requests the way one ``requests.Session`` is set up to."""

    def __init__(
        self, http: HttpSession | None, timeout: tuple[float, float], user_agent: str
    ) -> None:
        """Prepare to send; nothing is opened yet.

        Args:
            http: A session of the user's. Its adapters, headers, proxies, ``verify`` and ``cert``
                are used; its cookies, hooks, auth and parameters are not. None for our own.
            timeout: Seconds to wait for a connection, and for the next bytes of an answer.
            user_agent: Sent where ``http`` names none of its own.

        Raises:
            ConfigurationError: A header of ``http`` cannot be sent.
        """
        self._http = http or _new_http()
        self._connect_seconds, self._read_seconds = timeout
        self._headers: CaseInsensitiveDict[str | bytes] = CaseInsensitiveDict(self._http.headers)
        self._headers["Accept-Encoding"] = "identity"
        if str(self._headers.get("User-Agent", "python-requests")).startswith("python-requests"):
            self._headers["User-Agent"] = user_agent
        _check_headers(self._headers)
        self._routes: dict[str, _Route] = {}
        self._inherited: list[dict[str, _Route]] = []
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
        timeout = min(self._connect_seconds, seconds), min(self._read_seconds, seconds)
        # Only words leave the except block: the exception's own text and frames hold the URL.
        try:
            route = self._route(request.origin)
            with within(seconds):
                if request.endpoint.idempotent:
                    return self._exchange(request, route.adapter, timeout, route.settings)
                with contextlib.closing(_private(route.adapter)) as adapter:
                    return self._exchange(request, adapter, timeout, route.settings)
        except FOREIGN_ERRORS as error:
            reason, sent = explain(error)
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
        """Close the connections; they are opened again when needed."""
        routes, self._routes = self._routes, {}
        for route in routes.values():
            route.adapter.close()

    def _exchange(
        self,
        request: Request,
        adapter: BaseAdapter,
        timeout: tuple[float, float],
        settings: dict[str, Any],
    ) -> Reply:
        prepared = self._prepared(request)
        return _read(adapter.send(prepared, stream=True, timeout=timeout, **settings))

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        headers = self._headers.copy()
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(request.body))
        if not request.endpoint.idempotent:
            headers["Connection"] = "close"
        prepared = requests.PreparedRequest()
        prepared.method = request.endpoint.method
        prepared.url = request.url
        prepared.headers = headers
        prepared.body = request.body
        return prepared

    def _route(self, origin: str) -> _Route:
        route = self._routes.get(origin)
        if route is None:
            http = self._http
            settings = http.merge_environment_settings(origin, {}, True, None, None)
            del settings["stream"]
            if http.verify is not True:
                # In requests, REQUESTS_CA_BUNDLE silently wins over an explicit verify.
                settings["verify"] = http.verify
            route = _Route(_private(http.get_adapter(origin)), settings)
            route = self._routes.setdefault(origin, route)
        return route


def _new_http() -> requests.Session:
    http = requests.Session()
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_maxsize=_POOL_SIZE))
    return http


def _check_headers(headers: CaseInsensitiveDict[str | bytes]) -> None:
    broken = ""
    for name, value in headers.items():
        try:
            check_header_validity((name, value))
        except requests.exceptions.InvalidHeader:
            broken = name
    if broken:
        raise ConfigurationError(f"the header {broken!r} of the http session cannot be sent")


def _private(adapter: BaseAdapter) -> BaseAdapter:
    """Return the adapter with connections of its own, bounded answers and no retries.

    What may be repeated is decided elsewhere. An adapter that is no HTTPAdapter has neither.
    """
    if not isinstance(adapter, HTTPAdapter):
        return adapter
    private: HTTPAdapter = object.__new__(type(adapter))
    vars(private).update(vars(adapter))
    private.max_retries = urllib3.Retry(0, read=False)
    private.proxy_manager = {}
    private.init_poolmanager(
        adapter._pool_connections, adapter._pool_maxsize, block=adapter._pool_block
    )
    pools: WeakSet[Any] = WeakSet()

    def bounded_pool(*arguments: Any, **named: Any) -> Any:
        pool = type(adapter).get_connection_with_tls_context(private, *arguments, **named)
        pool.ConnectionCls = bounded(pool.ConnectionCls)
        pools.add(pool)
        return pool

    def close() -> None:
        # urllib3 leaves it to the garbage collector, which errors that hold the pool keep waiting.
        type(adapter).close(private)
        for pool in list(pools):
            pool.close()

    # Set on the instance, because it has to hold for whatever class the user has mounted.
    vars(private).update(get_connection_with_tls_context=bounded_pool, close=close)
    return private


def _read(response: requests.Response) -> Reply:
    """Read an answer up to the limit; a connection with something left on it is closed."""
    body = b""
    try:
        body = response.raw.read(MAX_REPLY_BYTES + 1, decode_content=False)
        # A server that closes in good order but early raises nothing.
        cut_off = bool(response.raw.length_remaining) and len(body) <= MAX_REPLY_BYTES
    except FOREIGN_ERRORS:
        cut_off = True
    headers = response.headers
    too_large = len(body) > MAX_REPLY_BYTES
    if cut_off or too_large:
        response.close()
    elif "Content-Encoding" in headers:
        body, cut_off, too_large = _inflate(body)
    return Reply(
        status=response.status_code,
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
