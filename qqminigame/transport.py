"""Bytes out, a reply in: through one ``requests.Session``, the way it is set up."""

import http.cookiejar
import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from attrs import frozen
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity, select_proxy
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from qqminigame import messages
from qqminigame.adapter import DeadlineAdapter, NotSentError
from qqminigame.clock import Deadline
from qqminigame.connections import Body
from qqminigame.exceptions import ConfigurationError, TransportError
from qqminigame.messages import Text
from qqminigame.per_process import PerProcess
from qqminigame.redaction import MASK
from qqminigame.wire import Reply, Request

# What other modules call it, so that they need not import requests.
HttpSession = requests.Session

MAX_REPLY_BYTES: Final = 1024 * 1024

_PIECE_BYTES: Final = 65536
# Adapters of the user's may raise what requests' own wraps.
_FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


@frozen(eq=False, repr=False)
class _Way:
    """How to reach one address, as ``requests.Session.send`` takes it."""

    proxies: dict[str, str]
    verify: Any
    cert: Any


class _Session(requests.Session):
    """A session that takes nothing from answers or from the environment."""

    def __init__(self, pool_size: int) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.clear()
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, DeadlineAdapter(pool_size))

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:  # type: ignore[override]  # takes whatever comes
        """Follow no redirects, and do not read what comes with them."""
        return iter(())


class Transport:
    """Sends requests by one ``requests.Session``."""

    def __init__(
        self,
        http: HttpSession | None,
        timeout: tuple[float, float],
        pool_size: int,
        user_agent: str,
    ) -> None:
        """Prepare to send; nothing is opened yet.

        Args:
            http: A session of the user's. Its adapters, headers, proxies, ``verify`` and ``cert``
                are used; its cookies, hooks, auth and parameters are not. None for our own.
            timeout: Seconds to wait for a connection, and for the next bytes of an answer.
            pool_size: How many connections to one address at most, where there is no ``http``.
            user_agent: Sent where ``http`` names none of its own.

        Raises:
            ConfigurationError: A header of ``http`` cannot be sent.
        """
        made_in, self._own = os.getpid(), _Session(pool_size)
        self._given = None if http is None else PerProcess(lambda: _inherited(http, made_in))
        self._connect_seconds, self._read_seconds = timeout
        self._headers = _headers(http or self._own, user_agent)
        self._json_headers = self._headers.copy()
        self._json_headers["Content-Type"] = "application/json"
        self._ways: dict[str, _Way] = {}

    def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send a request once and return the answer.

        One that must not be repeated goes out on a connection of its own: the server may just be
        hanging up on a kept one, and then nobody could tell whether it was read.

        Args:
            request: What to send.
            deadline: When all has to be over. (Looking up a host name cannot be interrupted.)

        Raises:
            TransportError: No answer came; ``sent`` is False where it certainly never went out.
            ConfigurationError: The call must not be sent twice, and the user's adapter might.
        """
        left = max(deadline.left(), 0.001)
        connect, read = min(self._connect_seconds, left), min(self._read_seconds, left)
        proxies: dict[str, str] = {}
        # Only words leave the except block: the exception's own text holds the URL.
        try:
            way = self._way(request.origin)
            proxies = way.proxies
            http = self._own if self._given is None else self._given.get()
            if not request.endpoint.idempotent:
                _refuse_repeats(http, request)
            response = http.send(
                self._prepared(request),
                stream=True,
                timeout=urllib3.Timeout(connect=connect, read=read, total=left),
                allow_redirects=False,
                proxies=proxies,
                verify=way.verify,
                cert=way.cert,
            )
            with response:
                return _read(response)
        except _FAILURES as error:
            proxy = _without_password(select_proxy(request.origin, proxies))
            tried = _Try(request=request, proxy=proxy, connect_seconds=connect, read_seconds=read)
            failure = tried.failure(error)
        raise failure

    def close(self) -> None:
        """Close the connections, and forget how addresses are reached.

        A session of the user's is closed by its owner.
        """
        self._ways.clear()
        self._own.close()

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        """Return the request as it was signed: preparing it again might change it."""
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = request.endpoint.method, request.url
        prepared.body = request.body
        if request.body is None:
            prepared.headers = self._headers.copy()
        else:
            prepared.headers = self._json_headers.copy()
            prepared.headers["Content-Length"] = str(len(request.body))
        if not request.endpoint.idempotent:
            prepared.headers["Connection"] = "close"
        if self._given is not None:
            prepared.register_hook("response", _stay_here)
        return prepared

    def _way(self, origin: str) -> _Way:
        """Return how to reach an address, worked out once from the session and the environment."""
        way = self._ways.get(origin)
        if way is None:
            # Our own session does not look at the environment, so that no call does.
            http = requests.Session() if self._given is None else self._given.get()
            found = http.merge_environment_settings(origin, {}, None, None, None)
            # In requests, REQUESTS_CA_BUNDLE silently wins over an explicit verify.
            verify = found["verify"] if http.verify is True else http.verify
            way = _Way(found["proxies"], verify, found["cert"])
            self._ways[origin] = way
        return way


def _stay_here(response: requests.Response, **_: object) -> None:
    """Take the address of a redirect out of an answer.

    Even with ``allow_redirects=False``, requests reads the whole body of a redirect and prepares
    the next request, which fails for a request that it has not prepared itself.
    """
    response.headers.pop("Location", None)


def _inherited(http: HttpSession, made_in: int) -> HttpSession:
    """Return a session of the user's for this process; inherited connections are closed.

    Nobody else does it: its adapters do not know that another process uses them too.
    """
    if os.getpid() != made_in:
        http.close()
    return http


def _refuse_repeats(http: HttpSession, request: Request) -> None:
    """Refuse to send what must not be sent twice through an adapter that repeats by itself.

    Raises:
        ConfigurationError: The adapter of a session of the user's does.
    """
    retries = getattr(http.get_adapter(request.url), "max_retries", None)
    if retries is not None and (retries.total or retries.read or retries.status):
        raise ConfigurationError(
            messages.ADAPTER_REPEATS.of(call=request.endpoint.name, origin=request.origin),
            endpoint=request.endpoint.name,
        )


def _read(response: requests.Response) -> Reply:
    """Read an answer up to the limit."""
    pieces, size, cut_off = [], 0, False
    try:
        for piece in _pieces(response):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_REPLY_BYTES:
                break
    except requests.exceptions.ContentDecodingError:
        pieces.clear()
    except _FAILURES:
        cut_off = True
    return Reply(
        status=response.status_code,
        headers=response.headers,
        body=b"".join(pieces)[:MAX_REPLY_BYTES],
        cut_off=cut_off,
        too_large=size > MAX_REPLY_BYTES,
    )


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Return the body in pieces; of our own connections without what iter_content adds to it."""
    raw = response.raw
    if isinstance(raw, Body):
        return raw.pieces(_PIECE_BYTES)
    return response.iter_content(_PIECE_BYTES)


def _headers(http: HttpSession, user_agent: str) -> CaseInsensitiveDict[str | bytes]:
    """Return the headers of every request as text, each sure to break no line."""
    given: CaseInsensitiveDict[Any] = CaseInsensitiveDict(http.headers)
    given["Accept-Encoding"] = "identity"
    if str(given.get("User-Agent", "python-requests")).startswith("python-requests"):
        given["User-Agent"] = user_agent
    broken, headers = "", CaseInsensitiveDict[str | bytes]()
    for name, value in given.items():
        # In requests, None takes a header away. A length is that of a body, which comes later.
        if value is None or name.lower() in ("content-length", "transfer-encoding"):
            continue
        try:
            check_header_validity((name, value))
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            text.encode("latin-1")
            headers[name] = text
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            broken = name
    if broken:
        raise ConfigurationError(messages.UNSENDABLE_HEADER.of(name=broken))
    return headers


# What the errors of requests mean, the most telling class first: in words, and whether the request
# went out. (urllib3 raises a ProxyError also for a connection that breaks afterwards.)
_MEANINGS: Final[tuple[tuple[tuple[type[Exception], ...], Text, bool | None], ...]] = (
    ((urllib3.exceptions.ProxyError,), messages.CANNOT_USE_PROXY, None),
    ((NewConnectionError, ConnectTimeoutError), messages.CANNOT_CONNECT, False),
    ((urllib3.exceptions.EmptyPoolError,), messages.NO_FREE_CONNECTION, False),
    ((ssl.SSLCertVerificationError,), messages.CERTIFICATE, False),
    (
        (requests.exceptions.SSLError, urllib3.exceptions.SSLError),
        messages.TLS_FAILED,
        None,
    ),
    ((requests.exceptions.InvalidSchema,), messages.NO_ADAPTER, False),
    (
        (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError),
        messages.INVALID_URL,
        False,
    ),
    (
        (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError),
        messages.NO_RESPONSE,
        None,
    ),
    ((requests.RequestException, urllib3.exceptions.HTTPError), messages.CONNECTION_LOST, None),
    ((OSError,), messages.UNREADABLE_FILE, False),
)
# What these mean where a proxy was to be used.
_OF_PROXIES: Final = {
    messages.CANNOT_CONNECT: messages.CANNOT_USE_PROXY,
    messages.NO_ADAPTER: messages.NO_SOCKS,
    messages.INVALID_URL: messages.INVALID_PROXY,
}


@frozen(kw_only=True, eq=False, repr=False)
class _Try:
    """What was tried, for the text of its failure.

    Attributes:
        request: The request.
        proxy: The proxy that was to be used, without user and password; empty without one.
        connect_seconds: How long to wait for a connection.
        read_seconds: How long to wait for an answer.
    """

    request: Request
    proxy: str
    connect_seconds: float
    read_seconds: float

    def failure(self, error: Exception) -> TransportError:
        """Return what an error means, in words that hold no secret."""
        text, sent = self._meaning(error)
        name = self.request.endpoint.name
        return TransportError(
            messages.NO_CONNECTION.of(call=name, reason=text), endpoint=name, sent=sent
        )

    def _meaning(self, error: Exception) -> tuple[Text, bool | None]:
        if isinstance(error, NotSentError):
            return error.text, False
        links = _links(error)
        text, sent = next(
            (
                (text, sent)
                for kinds, text, sent in _MEANINGS
                if any(isinstance(link, kinds) for link in links)
            ),
            (messages.SENDING_FAILED, None),
        )
        through = getattr(links[-1], "original_error", None)  # what a proxy error was at first
        if isinstance(through, NewConnectionError | ConnectTimeoutError):
            sent = False
        if self.proxy:
            text = _OF_PROXIES.get(text, text)
        return text.of(**self._values([*links, *_causes(through or links[-1])])), sent

    def _values(self, chain: Sequence[object]) -> dict[str, object]:
        """Return what the texts name."""
        host = urlsplit(self.request.origin)
        idempotent = self.request.endpoint.idempotent
        return {
            "origin": self.request.origin,
            "place": host.netloc,
            "host": host.hostname,
            "proxy": self.proxy or MASK,  # an adapter of the user's has its own
            "reason": _reason(chain, self.connect_seconds),
            "seconds": self.read_seconds,
            "repeatable": messages.REPEATABLE if idempotent else messages.NOTHING,
        }


def _links(error: Exception) -> list[object]:
    """Return an error and what requests and urllib3 have wrapped in it, the innermost last.

    requests wraps what urllib3 wraps: ``ConnectionError(MaxRetryError(reason=...(OSError)))``.
    """
    wrapped = error if isinstance(error, urllib3.exceptions.HTTPError) else _first(error)
    reason = getattr(wrapped, "reason", None)
    links = (error, wrapped, _first(reason), reason)
    return [link for link in links if isinstance(link, Exception)]


def _causes(error: object) -> Iterator[object]:
    """Yield an error and what it came from."""
    while isinstance(error, BaseException):
        yield error
        error = error.__context__


def _reason(chain: Sequence[object], connect_seconds: float) -> Text | str:
    """Say why, by the innermost error that tells."""
    for link in reversed(chain):
        if isinstance(link, ssl.SSLCertVerificationError):
            return link.verify_message
        if isinstance(link, ssl.SSLError) and link.reason:
            return link.reason
        if isinstance(link, socket.gaierror):
            return messages.NO_HOST
        if isinstance(link, ConnectTimeoutError) and not isinstance(link, NewConnectionError):
            return messages.CONNECT_TIMEOUT.of(seconds=connect_seconds)
        if isinstance(link, OSError) and link.errno:
            return os.strerror(link.errno)
    return next(type(link).__name__ for link in reversed(chain) if isinstance(link, Exception))


def _first(error: object) -> object:
    return error.args[0] if isinstance(error, Exception) and error.args else None


def _without_password(proxy: str | None) -> str:
    """Return the address of a proxy as it may be shown; empty without one."""
    try:
        parts = urlsplit(proxy or "")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return MASK
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else MASK if proxy else ""
