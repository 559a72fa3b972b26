"""A transport adapter for requests that bounds a whole call by one deadline."""

import contextlib
import http.client
import os
import re
import socket
import ssl
import time
from collections import deque
from types import FunctionType
from typing import Any, Final, cast
from urllib.parse import urlsplit

import requests
import urllib3
from attrs import field, frozen
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_encoding_from_headers, select_proxy

from qqminigame import messages
from qqminigame.connections import (
    FAILURES,
    Answer,
    Body,
    Connection,
    Patience,
    Route,
)
from qqminigame.fair_semaphore import FairSemaphore, Hold
from qqminigame.messages import Text
from qqminigame.per_process import PerProcess

# Seconds that stand for no limit: longer ones are too long for the operating system's calls.
_NO_LIMIT: Final = 1e6
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SHOWN_REASON: Final = 100
# What a function of theirs finds around it, and one that somebody has put in its place does not.
_OF_REQUESTS: Final = vars(requests.adapters)
_OF_URLLIB3: Final = vars(urllib3.connectionpool)
_SENDABLE: Final = (bytes, str, type(None))
_AUTHORITY: Final = re.compile(r"[^?#@]+")

# Origin, verify, cert and proxy: what a connection depends on.
_Key = tuple[str, Any, Any, str | None]


class NotSentError(requests.ConnectionError):
    """The request certainly never went out."""

    def __init__(self, text: Text) -> None:
        """Say why."""
        super().__init__(text)
        self.text = text


class DeadlineAdapter(BaseAdapter):
    """Sends requests over persistent connections, shared by threads in the order of their requests.

    Mount it on a ``requests.Session`` of your own to give its proxies and certificates the same
    guarantees::

        http = requests.Session()
        http.mount("https://", DeadlineAdapter())
        session = Session(..., http=http)

    - With ``timeout=urllib3.Timeout(connect=..., read=..., total=...)``, ``total`` bounds the whole
      exchange, from waiting for a connection to the last byte of the reply. (Looking up a host name
      cannot be interrupted.)
    - A connection is used again only after a complete reply with status 200 and nothing behind it,
      only by the process that opened it, and not after 30 idle seconds. A request with the header
      ``Connection: close`` uses a new one.
    - Cookies are neither kept nor sent, and nothing is retried.

    SOCKS proxies, proxies for ``http://`` addresses, proxies that are spoken to over TLS, and
    bodies that are not bytes or a str are left to requests' own adapter, and so is everything
    while a tool (a mock, a recorder, a tracer) has replaced what requests sends with. There, the
    timeouts limit each wait, and not their sum.
    """

    def __init__(self, pool_size: int = 32) -> None:
        """Create an adapter; nothing is opened yet.

        Args:
            pool_size: The highest number of connections to one address. A thread that finds no free
                connection waits for one.
        """
        super().__init__()
        self.pool_size = pool_size
        self._mine = PerProcess(lambda: _Mine(HTTPAdapter(pool_maxsize=pool_size, pool_block=True)))

    def __reduce__(self) -> tuple[type["DeadlineAdapter"], tuple[int]]:
        return type(self), (self.pool_size,)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        """Send a request and return its response, the body unread.

        Args:
            request: The request.
            stream: Does not count; requests itself reads the body where it is not set.
            timeout: Seconds, a tuple of those to connect and to read, or a ``urllib3.Timeout``.
            verify: Whether the server's certificate is checked, or the CA bundle to check it by.
            cert: The client's certificate, or it and its key.
            proxies: Proxies by scheme, as requests has them.

        Raises:
            NotSentError: The request certainly never went out.
            requests.RequestException: No answer came, or it was not HTTP.
        """
        origin, target = _split(request.url or "")
        proxy = select_proxy(origin, proxies) if proxies else None
        if not _is_ours(origin, proxy, request.body) or _is_watched():
            return self._leave_to_requests(
                request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies
            )
        cert = tuple(cert) if isinstance(cert, list) else cert
        return self._exchange((origin, verify, cert, proxy), request, target, timeout)

    def _leave_to_requests(
        self, request: requests.PreparedRequest, **settings: Any
    ) -> requests.Response:
        if not _wants_new_connection(request):
            return self._mine.get().plain.send(request, **settings)
        # An adapter of its own has no connection yet; what is in use outlives its close().
        with contextlib.closing(HTTPAdapter()) as once:
            return once.send(request, **settings)

    def close(self) -> None:
        """Close the connections of this process; new ones are opened when needed."""
        mine = self._mine.made()
        if mine is None:
            return
        pools = list(mine.pools.values())
        mine.pools.clear()
        for pool in pools:
            pool.close()
        mine.plain.close()

    def _exchange(
        self, key: _Key, request: requests.PreparedRequest, target: str, timeout: Any
    ) -> requests.Response:
        mine = self._mine.get()
        pool = mine.pools.get(key) or self._open(mine, key)
        connect, read, total = _seconds(timeout)
        ends = time.monotonic() + total
        new = _wants_new_connection(request)
        hold, connection, answer, failure = Hold(), None, None, None
        # Only words leave the except block: the frames of the exception hold the URL.
        try:
            if pool.places.acquire(hold, min(read, total)):
                connection = pool.connection(new=new)
                connecting = Patience(connect, min(ends, time.monotonic() + connect))
                answer = connection.exchange(request, target, connecting, Patience(read, ends))
        except FAILURES as error:
            begun = connection is not None and connection.begun
            failure = _failure(error, pool.route, min(connect, total), begun=begun)
        finally:
            if answer is None:
                if connection is not None:
                    connection.end()
                pool.places.release(hold)
        if answer is None or connection is None:
            raise failure or NotSentError(
                messages.POOL_IN_USE.of(
                    count=self.pool_size, origin=key[0], seconds=min(read, total)
                )
            )

        def give_back(answer: Answer) -> None:
            if new:
                connection.end()
            elif connection.keep(answer):
                pool.kept.append(connection)
                if mine.pools.get(key) is not pool:  # closed meanwhile
                    pool.close()
            pool.places.release(hold)

        return self._response(request, Body(answer, give_back))

    def _response(self, request: requests.PreparedRequest, body: Body) -> requests.Response:
        response = requests.Response()
        response.status_code, response.reason = body.status, body.reason
        response.headers.update(body.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.url, response.request = request.url or "", request
        response.connection, response.raw = cast("HTTPAdapter", self), body
        return response

    def _open(self, mine: "_Mine", key: _Key) -> "_Pool":
        pool = _Pool(_route(*key, mine.plain), FairSemaphore(self.pool_size))
        return mine.pools.setdefault(key, pool)


@frozen(eq=False, repr=False)
class _Pool:
    """The connections to one address.

    Attributes:
        route: How it is reached.
        places: How many may be in use at once.
        kept: The open ones that are not in use, the one used last at the end.
    """

    route: Route
    places: FairSemaphore
    kept: deque[Connection] = field(factory=deque)

    def connection(self, *, new: bool) -> Connection:
        """Return a connection to use: a kept one if there is one and none that is new is wanted."""
        try:
            if not new and self.kept:
                return self.kept.pop()
            if new and self.places.is_crowded(len(self.kept)):
                self.kept.popleft().end()
        except IndexError:  # another thread was faster
            pass
        return Connection(self.route)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with contextlib.suppress(IndexError):
            while True:
                self.kept.pop().end()


@frozen(eq=False, repr=False)
class _Mine:
    """What one process has.

    Attributes:
        plain: Requests' own adapter.
        pools: The connections, by what they depend on.
    """

    plain: HTTPAdapter
    pools: dict[_Key, _Pool] = field(factory=dict)


def _wants_new_connection(request: requests.PreparedRequest) -> bool:
    headers = request.headers
    return "Connection" in headers and headers["Connection"].lower() == "close"


def _split(url: str) -> tuple[str, str]:
    """Return origin and target of an ordinary URL; of any other, an empty origin."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    if scheme not in _DEFAULT_PORTS or not slash or not _AUTHORITY.fullmatch(authority):
        return "", ""
    return f"{scheme}://{authority}", f"/{path.partition('#')[0]}"


def _is_ours(origin: str, proxy: str | None, body: object) -> bool:
    """Return whether this adapter sends such a request itself."""
    tunnelled = origin.startswith("https://") and (proxy or "").startswith("http://")
    return bool(origin) and (not proxy or tunnelled) and isinstance(body, _SENDABLE)


def _is_watched() -> bool:
    """Return whether a tool has replaced what requests and urllib3 send with.

    It is looked at as it is now: a tool may have been there before this module.
    """
    send, urlopen = HTTPAdapter.send, urllib3.HTTPConnectionPool.urlopen
    return not (
        type(send) is FunctionType
        and send.__globals__ is _OF_REQUESTS
        and type(urlopen) is FunctionType
        and urlopen.__globals__ is _OF_URLLIB3
        and http.client.HTTPConnection is Connection.__base__
        and http.client.HTTPConnection.__module__ == http.client.__name__
    )


def _seconds(timeout: Any) -> tuple[float, float, float]:
    """Return how many seconds to wait for a connection, for each read, and for all of it."""
    if isinstance(timeout, urllib3.Timeout):
        connect, read, total = timeout.connect_timeout, timeout.read_timeout, timeout.total
    else:
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        total = None
    return _limit(connect), _limit(read), _limit(total)


def _limit(seconds: Any) -> float:
    return min(seconds, _NO_LIMIT) if isinstance(seconds, (float, int)) else _NO_LIMIT


def _route(origin: str, verify: Any, cert: Any, proxy: str | None, plain: HTTPAdapter) -> Route:
    """Work out how to reach an address.

    Raises:
        NotSentError: An address, the CA bundle or the client's certificate cannot be used.
    """
    place, hop = _place(origin), _place(proxy or "")
    if place is None:
        raise NotSentError(messages.INVALID_URL.of(origin=origin))
    if proxy and hop is None:
        raise NotSentError(messages.INVALID_PROXY.of(origin=origin))
    return Route(
        host=place[0],
        port=place[1],
        tls=_tls(verify, cert) if origin.startswith("https:") else None,
        proxy=hop,
        proxy_headers=plain.proxy_headers(proxy) if proxy else {},
    )


def _place(address: str) -> tuple[str, int] | None:
    """Return host and port of an address; None where it is not valid."""
    try:
        parts = urlsplit(address)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname else None


def _tls(verify: Any, cert: Any) -> ssl.SSLContext:
    """Return what makes TLS connections as requests would.

    Raises:
        NotSentError: The CA bundle or the client's certificate cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    text = messages.UNREADABLE_BUNDLE
    files = ""
    try:
        if verify:
            bundle = DEFAULT_CA_BUNDLE_PATH if verify is True else os.fspath(verify)
            files = repr(bundle)
            if os.path.isdir(bundle):
                context = ssl.create_default_context(capath=bundle)
            else:
                context = ssl.create_default_context(cafile=bundle)
        else:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if cert:
            both = (cert,) if isinstance(cert, str | os.PathLike) else tuple(cert)
            text = messages.UNREADABLE_CERT
            files = ", ".join(map(repr, both))
            context.load_cert_chain(*both)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        return context
    raise NotSentError(text.of(files=files, reason=reason))


def _failure(
    error: Exception, route: Route, connect_seconds: float, *, begun: bool
) -> requests.RequestException:
    """Return what an exchange that ended with this error is to raise."""
    if not begun:
        return NotSentError(_why_not_connected(error, route, connect_seconds))
    if isinstance(error, TimeoutError):
        return requests.ReadTimeout(messages.NO_RESPONSE_IN_TIME)
    return requests.ConnectionError(messages.LOST)


def _why_not_connected(error: Exception, route: Route, seconds: float) -> Text:
    """Say why there is no connection, in words that hold no secret."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return messages.CERTIFICATE.of(host=route.host, reason=error.verify_message)
    if isinstance(error, ssl.SSLError):
        return messages.TLS_FAILED.of(host=route.host, reason=error.reason or type(error).__name__)
    reason: Text | str = str(error)[:_SHOWN_REASON] or type(error).__name__
    if isinstance(error, socket.gaierror):
        reason = messages.NO_HOST
    elif isinstance(error, TimeoutError):
        reason = messages.CONNECT_TIMEOUT.of(seconds=seconds)
    elif isinstance(error, OSError) and error.errno:
        reason = os.strerror(error.errno)
    if route.proxy:
        proxy = f"http://{route.proxy[0]}:{route.proxy[1]}"
        return messages.CANNOT_USE_PROXY.of(proxy=proxy, host=route.host, reason=reason)
    return messages.CANNOT_CONNECT.of(place=f"{route.host}:{route.port}", reason=reason)
