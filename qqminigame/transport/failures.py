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
# What went wrong, the most telling class first: in words, and whether the request went out as far
# as the class tells. (urllib3 raises a ProxyError also for a connection that breaks afterwards.)
_FAILURES: Final[tuple[tuple[tuple[type[Exception], ...], str, bool | None], ...]] = (
    ((NameResolutionError,), "the host name could not be resolved", False),
    ((ProxyError,), "the proxy could not be reached, refused, or hung up", None),
    ((NewConnectionError,), "no connection could be opened", False),
    ((ConnectTimeoutError,), "connecting took too long", False),
    ((EmptyPoolError,), "no connection became free in time", False),
    ((ClosedPoolError,), "the session was closed by another thread", False),
    ((ssl.SSLCertVerificationError,), "the server's TLS certificate is not trusted", False),
    ((requests.exceptions.SSLError, urllib3.exceptions.SSLError), "TLS failed", None),
    (
        (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, LocationValueError),
        "the address is not valid, the http session has no adapter for it, or a SOCKS proxy needs "
        "the extra 'socks'",
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


def explain(error: Exception, begun: bool | None) -> tuple[str, bool | None]:
    """Say what happened, in words without secrets, and whether the request went out.

    Args:
        error: One of the foreign errors.
        begun: Whether sending had begun; None where nobody watched.

    Returns:
        The words; and False where it certainly did not go out, None where nobody knows.
    """
    # requests wraps what urllib3 wraps: ConnectionError(MaxRetryError(reason=...(OSError)))
    wrapped = error if isinstance(error, urllib3.exceptions.HTTPError) else _first(error)
    reason = getattr(wrapped, "reason", None)
    chain = (error, wrapped, reason, _first(reason))
    words, sent = next(
        (
            (words, sent)
            for kinds, words, sent in _FAILURES
            if any(isinstance(link, kinds) for link in chain)
        ),
        ("sending failed", None),
    )
    if begun is None:
        return words, sent
    return words, None if begun else False


def _first(error: object) -> object:
    return error.args[0] if isinstance(error, Exception) and error.args else None
