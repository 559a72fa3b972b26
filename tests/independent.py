"""The platforms' signatures made by other programs: openssl signs, and the quoting is by hand."""

import base64
import functools
import subprocess

from machine import require

_KEPT = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


@functools.cache
def openssl_hmac(digest: str, key: bytes, message: bytes) -> bytes:
    """Return a binary HMAC made by the openssl command line."""
    command = [require("openssl"), "dgst", f"-{digest}", "-binary", "-mac", "HMAC"]
    done = subprocess.run(
        [*command, "-macopt", f"hexkey:{key.hex()}"],
        input=message,
        capture_output=True,
        check=True,
    )
    return done.stdout


def body_signature(session_key: str, body: bytes) -> str:
    """Return the login-state signature of a body."""
    return openssl_hmac("sha256", session_key.encode(), body).hex()


def openapi_sig(method: str, path: str, params: dict[str, str], app_key: str) -> str:
    """Return the sig of an OpenAPI V3 request."""
    joined = "&".join(f"{name}={params[name]}" for name in sorted(params, key=str.encode))
    source = f"{method}&{quoted(path)}&{quoted(joined)}"
    return base64.b64encode(openssl_hmac("sha1", f"{app_key}&".encode(), source.encode())).decode()


def quoted(text: str) -> str:
    """Encode as the hall's page says: all but letters, digits, - _ . as upper-case %XX."""
    return "".join(chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in text.encode())
