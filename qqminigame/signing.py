"""The two signatures of the platforms. Pure functions of bytes; standard library only."""

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def sign_body(session_key: str, body: bytes) -> str:
    """Return the login-state signature of a request body.

    Lower-case hex HMAC-SHA256 of exactly these bytes; the key is the session_key as text, not
    base64-decoded. One space or escape more in the body is another signature.

    Args:
        session_key: The player's session_key.
        body: The bytes that will be sent; empty for a GET request.

    Returns:
        64 lower-case hex digits.

    Source: https://q.qq.com/wiki/develop/game/frame/open-ability/session-signature.html
    """
    return hmac.digest(session_key.encode(), body, "sha256").hex()


def sign_openapi(method: str, path: str, params: Mapping[str, str], app_key: str) -> str:
    """Return the ``sig`` of an OpenAPI V3 request.

    Args:
        method: ``"GET"`` or ``"POST"``.
        path: The path with its leading slash and without host and query.
        params: Every parameter of the query but ``sig``, with raw, unencoded values.
        app_key: The hall app's key.

    Returns:
        28 base64 characters, still to be URL-encoded for the query.

    Source: https://open.qqgame.qq.com/wiki/24/35/46/47/47.html
    """
    source = openapi_source(method, path, params)
    digest = hmac.digest(f"{app_key}&".encode(), source.encode(), "sha1")
    return base64.b64encode(digest).decode()


def openapi_source(method: str, path: str, params: Mapping[str, str]) -> str:
    """Return the string that :func:`sign_openapi` signs.

    Keys in ascending byte order (which in UTF-8 is the order of code points), values raw; the
    joined parameters are encoded as a whole. An empty value stays as ``key=``.
    """
    # Joined, not formatted: a member of a str enum formats as its name. Each part is encoded by
    # itself, which comes to the same: most parts need no encoding, and the whole always would.
    encoded = ["%3D".join((_encode(key), _encode(params[key]))) for key in sorted(params)]
    joined = "%26".join(encoded)
    return "&".join((method.upper(), _encode(path), joined))


def _encode(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    # The rule keeps A-Z a-z 0-9 - _ . and nothing else; ``quote`` also keeps the tilde.
    return quote(text, safe="").replace("~", "%7E")
