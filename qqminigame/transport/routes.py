"""How to reach one address: worked out once, from a ``requests.Session`` and the environment.

requests works out proxies, CA bundle and client certificate anew for each call, and looks up the
pool of connections by them. Here it is done once for an address, and the pool is kept.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol, Self, cast
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
import urllib3
from attrs import field, frozen
from requests.adapters import BaseAdapter, HTTPAdapter

from qqminigame.transport.connections import lean, watched

Headers = Mapping[str, str]

# What may be repeated is decided elsewhere.
_NO_RETRIES: Final = urllib3.Retry(0, read=False)
# An adapter with one of these of its own wants to see each request; so does whoever has replaced
# one in HTTPAdapter itself, as tests do that make up answers.
_SEES_EACH_REQUEST: Final = {
    name: getattr(HTTPAdapter, name)
    for name in (
        "send",
        "add_headers",
        "build_response",
        "get_connection_with_tls_context",
        "request_url",
    )
}


class Outgoing(NamedTuple):
    """A request as it is to be sent.

    Attributes:
        method: The HTTP method.
        url: An address on the route it is sent by.
        headers: All headers but Host.
        body: The body, if there is one.
        connect_seconds: How long to wait for a connection.
        read_seconds: How long to wait for the next bytes of an answer.
    """

    method: str
    url: str
    headers: Headers
    body: bytes | None
    connect_seconds: float
    read_seconds: float


class Answer(NamedTuple):
    """An answer with its body still unread."""

    status: int
    headers: Mapping[str, str]
    raw: urllib3.BaseHTTPResponse


class Route(Protocol):
    """A way to one address.

    Attributes:
        is_watched: Whether all its connections are ours, so that each tells when sending begins.
    """

    is_watched: bool

    def send(self, outgoing: Outgoing) -> Answer:
        """Send a request; what fails is an error of requests, urllib3 or the system."""

    def fresh(self) -> Self:
        """Return the same way with no connection open yet."""

    def close(self) -> None:
        """Close the connections."""


@frozen
class _Way:
    """What a route is made of.

    Attributes:
        adapter: The adapter mounted for the address.
        origin: Scheme and host, and the start of the path behind a gateway.
        settings: Proxies, verify and cert, as an adapter takes them.
        pool_size: How many connections at most; None for as many as the adapter says.
    """

    adapter: BaseAdapter
    origin: str
    settings: Mapping[str, Any] = field(repr=False)
    pool_size: int | None


def open_route(http: requests.Session, origin: str, pool_size: int | None) -> Route:
    """Work out how a session and the environment want an address to be reached."""
    settings = http.merge_environment_settings(origin, {}, False, None, None)
    del settings["stream"]
    if http.verify is not True:
        # In requests, REQUESTS_CA_BUNDLE silently wins over an explicit verify.
        settings["verify"] = http.verify
    # With its slash: that is how addresses are mounted.
    adapter = http.get_adapter(f"{origin}/")
    way = _Way(adapter, origin, settings, pool_size)
    return _PoolRoute(way) if _is_plain(adapter) else _AdapterRoute(way)


class _PoolRoute:
    """Straight to the pool of connections that the adapter would choose."""

    is_watched = True

    def __init__(self, way: _Way) -> None:
        self._way = way
        self._adapter = adapter = _private(
            cast(HTTPAdapter, way.adapter), lean, way.pool_size, block=True
        )
        probe = requests.Request("GET", f"{way.origin}/").prepare()
        settings = way.settings
        self._pool = adapter.get_connection_with_tls_context(
            probe, settings["verify"], proxies=settings["proxies"], cert=settings["cert"]
        )
        adapter.cert_verify(self._pool, way.origin, settings["verify"], settings["cert"])
        # A proxy that forwards is asked for the whole address, anybody else for the path.
        whole = adapter.request_url(probe, settings["proxies"]).startswith("http")
        parts = urlsplit(way.origin)
        self._target_from = 0 if whole else len(f"{parts.scheme}://{parts.netloc}")
        self._host = {"Host": parts.netloc}

    def send(self, outgoing: Outgoing) -> Answer:
        """Send a request."""
        method, url, headers, body, connect_seconds, read_seconds = outgoing
        raw = self._pool.urlopen(
            method,
            url[self._target_from :],
            body=body,
            headers={**self._host, **headers},
            retries=_NO_RETRIES,
            redirect=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            # urllib3 declares an int, and waits for any number of seconds.
            pool_timeout=read_seconds,  # type: ignore[arg-type]
            preload_content=False,
            decode_content=False,
        )
        return Answer(raw.status, raw.headers, raw)

    def fresh(self) -> "_PoolRoute":
        """Return the same way with no connection open yet."""
        return _PoolRoute(self._way)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


class _AdapterRoute:
    """Through an adapter that sees each request, and may have connections of its own."""

    is_watched = False

    def __init__(self, way: _Way) -> None:
        self._way = way
        adapter = way.adapter
        if isinstance(adapter, HTTPAdapter):
            # Its ``send`` cannot be told how long to wait for a free connection.
            adapter = _private(adapter, watched, way.pool_size, block=adapter._pool_block)
        self._adapter = adapter

    def send(self, outgoing: Outgoing) -> Answer:
        """Send a request."""
        request = requests.PreparedRequest()
        request.method, request.url, request.body = outgoing.method, outgoing.url, outgoing.body
        request.headers = requests.structures.CaseInsensitiveDict(outgoing.headers)
        timeout = outgoing.connect_seconds, outgoing.read_seconds
        response = self._adapter.send(request, stream=True, timeout=timeout, **self._way.settings)
        return Answer(response.status_code, response.headers, response.raw)

    def fresh(self) -> "_AdapterRoute":
        """Return the same way with no connection open yet."""
        return _AdapterRoute(self._way)

    def close(self) -> None:
        """Close the connections; an adapter that cannot be copied is closed by its owner."""
        if self._adapter is not self._way.adapter:
            self._adapter.close()


def _is_plain(adapter: BaseAdapter) -> bool:
    """Say whether an adapter leaves to requests whatever it does with a request."""
    return isinstance(adapter, HTTPAdapter) and all(
        name not in vars(adapter) and getattr(type(adapter), name) is original
        for name, original in _SEES_EACH_REQUEST.items()
    )


def _private(
    adapter: HTTPAdapter, rules: Callable[[type], type], pool_size: int | None, *, block: bool
) -> HTTPAdapter:
    """Return the adapter with connections of its own, which follow our rules, and no retries."""
    private: HTTPAdapter = object.__new__(type(adapter))
    vars(private).update(vars(adapter))
    private.max_retries = _NO_RETRIES
    private.proxy_manager = {}
    private._pool_block = block
    private._pool_maxsize = pool_size or adapter._pool_maxsize
    private.init_poolmanager(private._pool_connections, private._pool_maxsize, block=block)
    pools: WeakSet[Any] = WeakSet()
    find_pool = private.get_connection_with_tls_context

    def ruled_pool(*arguments: Any, **named: Any) -> Any:
        pool = find_pool(*arguments, **named)
        pool.ConnectionCls = rules(pool.ConnectionCls)
        pools.add(pool)
        return pool

    def close() -> None:
        # urllib3 leaves it to the garbage collector, which errors that hold the pool keep waiting.
        type(adapter).close(private)
        for pool in list(pools):
            pool.close()

    # Set on the instance, because it has to hold for whatever class the user has mounted.
    vars(private).update(get_connection_with_tls_context=ruled_pool, close=close)
    return private
