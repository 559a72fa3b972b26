"""What the errors of requests and urllib3 mean, in words that hold no secret."""

import ssl
from typing import Final

import requests
import urllib3
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    EmptyPoolError,
    LocationValueError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
)

# ValueError: another thread closed the connection.
FOREIGN_ERRORS: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)
# What went wrong, the most telling class first: in words, and whether the request went out.
_FAILURES: Final[tuple[tuple[tuple[type[Exception], ...], str, bool | None], ...]] = (
    ((NameResolutionError,), "the host name could not be resolved", False),
    ((ProxyError,), "the proxy could not be reached, or refused", False),
    ((NewConnectionError,), "no connection could be opened", False),
    ((ConnectTimeoutError,), "connecting took too long", False),
    ((EmptyPoolError,), "no connection became free in time", False),
    ((ClosedPoolError,), "the session was closed by another thread", False),
    ((ssl.SSLCertVerificationError,), "the server's TLS certificate is not trusted", False),
    ((requests.exceptions.SSLError, urllib3.exceptions.SSLError), "TLS failed", None),
    (
        (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, LocationValueError),
        "the address is not valid, or the http session has no adapter for it",
        False,
    ),
    ((requests.ReadTimeout, ReadTimeoutError), "no answer came in time", None),
    (
        (requests.RequestException, ProtocolError, MaxRetryError),
        "the connection was lost before an answer came",
        None,
    ),
    ((OSError,), "a CA bundle or client certificate file cannot be read", False),
)


def explain(error: Exception) -> tuple[str, bool | None]:
    """Say what happened, in words without secrets, and whether the request went out.

    False: certainly not. None: nobody knows.
    """
    # requests wraps what urllib3 wraps: ConnectionError(MaxRetryError(reason=...(OSError)))
    wrapped = error if isinstance(error, urllib3.exceptions.HTTPError) else _first(error)
    reason = getattr(wrapped, "reason", None)
    chain = (error, wrapped, reason, _first(reason))
    for kinds, words, sent in _FAILURES:
        if any(isinstance(link, kinds) for link in chain):
            return words, sent
    return "sending failed", None


def _first(error: object) -> object:
    return error.args[0] if isinstance(error, Exception) and error.args else None
