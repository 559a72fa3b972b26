"""Bytes out, a reply in: through one ``requests.Session``, the way it is set up."""

import http.cookiejar
import os
import ssl
from collections.abc import Iterator
from typing import Any, Final

import requests
import urllib3
from attrs import frozen
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from qqminigame.adapter import DeadlineAdapter, NotSentError
from qqminigame.clock import Deadline
from qqminigame.connections import Body
from qqminigame.exceptions import ConfigurationError, TransportError
from qqminigame.per_process import PerProcess
from qqminigame.wire import Reply, Request

# What other modules call it, so that they need not import requests.
HttpSession = requests.Session

MAX_REPLY_BYTES: Final = 1024 * 1024

_PIECE_BYTES: Final = 65536
# Adapters of the user's may raise what requests' own wraps.
_FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


@frozen
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

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:  # type: ignore[override]
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
        # Only words leave the except block: the exception's own text holds the URL.
        try:
            way, left = self._way(request.origin), max(deadline.left(), 0.001)
            http = self._own if self._given is None else self._given.get()
            if not request.endpoint.idempotent:
                _refuse_repeats(http, request)
            response = http.send(
                self._prepared(request),
                stream=True,
                timeout=urllib3.Timeout(
                    connect=min(self._connect_seconds, left),
                    read=min(self._read_seconds, left),
                    total=left,
                ),
                allow_redirects=False,
                proxies=way.proxies,
                verify=way.verify,
                cert=way.cert,
            )
            with response:
                return _read(response)
        except _FAILURES as error:
            reason, sent = _meaning(error)
        raise TransportError(
            f"{request.endpoint.name}: {reason} ({request.origin})",
            endpoint=request.endpoint.name,
            sent=sent,
        )

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
            f"{request.endpoint.name}: nothing was sent: the adapter that the http session has "
            f"mounted for {request.origin} repeats requests by itself (max_retries), and this call "
            "must not be sent twice; mount qqminigame.DeadlineAdapter() or an adapter without "
            "max_retries",
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
        content_type=response.headers.get("Content-Type", ""),
        retry_after=response.headers.get("Retry-After", ""),
        body=b"".join(pieces)[:MAX_REPLY_BYTES],
        cut_off=cut_off,
        too_large=size > MAX_REPLY_BYTES,
    )


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Return the body in pieces; of our own connections without what iter_content adds to it."""
    raw = response.raw
    if isinstance(raw, Body):
        return iter(lambda: raw.read(_PIECE_BYTES), b"")
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
        raise ConfigurationError(f"the header {broken!r} of the http session cannot be sent")
    return headers


# What the errors of requests mean, the most telling class first: in words, and whether the request
# went out. (urllib3 raises a ProxyError also for a connection that breaks afterwards.)
_MEANINGS: Final[tuple[tuple[tuple[type[Exception], ...], str, bool | None], ...]] = (
    ((urllib3.exceptions.ProxyError,), "the proxy could not be used", None),
    (
        (NewConnectionError,),
        "could not connect, or resolve the host name",
        False,
    ),
    ((ConnectTimeoutError,), "connecting took too long", False),
    ((urllib3.exceptions.EmptyPoolError,), "no connection became free in time", False),
    ((ssl.SSLCertVerificationError,), "the server's TLS certificate is not trusted", False),
    (
        (requests.exceptions.SSLError, urllib3.exceptions.SSLError),
        "TLS failed",
        None,
    ),
    (
        (requests.exceptions.InvalidSchema,),
        "the http session has no adapter for the address, or a SOCKS proxy needs "
        "python -m pip install 'qqminigame[socks]'",
        False,
    ),
    (
        (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError),
        "the address, or that of a proxy, is not valid",
        False,
    ),
    (
        (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError),
        "no answer came in time",
        None,
    ),
    (
        (requests.RequestException, urllib3.exceptions.HTTPError),
        "the connection was lost before an answer came",
        None,
    ),
    ((OSError,), "a CA bundle or client certificate file cannot be read", False),
)


def _meaning(error: Exception) -> tuple[str, bool | None]:
    """Say what an error means, in words that hold no secret, and whether the request went out."""
    if isinstance(error, NotSentError):
        return str(error), False
    # requests wraps what urllib3 wraps: ConnectionError(MaxRetryError(reason=...(OSError)))
    wrapped = error if isinstance(error, urllib3.exceptions.HTTPError) else _first(error)
    reason = getattr(wrapped, "reason", None)
    chain = (error, wrapped, reason, _first(reason))
    through = getattr(reason, "original_error", None)  # what a proxy error was at first
    if isinstance(through, NewConnectionError | ConnectTimeoutError):
        return "could not connect to the proxy", False
    return next(
        (
            (words, sent)
            for kinds, words, sent in _MEANINGS
            if any(isinstance(link, kinds) for link in chain)
        ),
        ("sending failed", None),
    )


def _first(error: object) -> object:
    return error.args[0] if isinstance(error, Exception) and error.args else None
