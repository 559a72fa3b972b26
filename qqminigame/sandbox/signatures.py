"""The platform's two signatures, from its pages; nothing here is shared with the client."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_ESCAPED = {byte: chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in range(256)}


def login_state_signature(session_key: str, body: bytes) -> str:
    """Sign a body with a player's session_key: lower-case hex of HMAC-SHA256.

    Rule: q.qq.com/wiki/develop/game/frame/open-ability/session-signature.html
    """
    return hmac.new(session_key.encode(), body, hashlib.sha256).hexdigest()


def openapi_source(method: str, path: str, parameters: Mapping[str, str]) -> str:
    """Write down what is signed: method, path and the sorted parameters, each escaped.

    Args:
        method: The HTTP method, upper case.
        path: The path with its leading slash.
        parameters: The decoded query parameters; ``sig`` among them is left out.
    """
    names = sorted((name for name in parameters if name != "sig"), key=str.encode)
    joined = "&".join(f"{name}={parameters[name]}" for name in names)
    return "&".join((method, _escape(path), _escape(joined)))


def openapi_sig(app_key: str, method: str, path: str, parameters: Mapping[str, str]) -> str:
    """Sign a call to the OpenAPI V3: base64 of HMAC-SHA1, keyed with the appkey and ``&``."""
    source = openapi_source(method, path, parameters)
    digest = hmac.digest(f"{app_key}&".encode(), source.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()


def same(given: str, expected: str) -> bool:
    """Compare two signatures or secrets without telling by the time it takes where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _escape(text: str) -> str:
    return "".join(map(_ESCAPED.__getitem__, text.encode()))
