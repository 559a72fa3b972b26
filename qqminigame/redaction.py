"""What may be shown of a text that might hold a secret."""

import re
from collections.abc import Iterable
from typing import Final

MASK: Final = "***"

# Every query parameter and reply field of the platforms whose value is a secret.
SECRET_NAMES: Final = frozenset(
    {
        *("access_token", "secret", "session_key", "openkey", "signature", "sig"),
        *("js_code", "code", "anonymous_code"),  # of a login
    }
)
_SECRET_PARAMETER: Final = re.compile(
    rf"\b({'|'.join(sorted(SECRET_NAMES))})=[^&\s\"'<>]+", re.IGNORECASE
)


def mask_parameters(text: str) -> str:
    """Return the text with the value of every secret ``name=value`` masked.

    >>> mask_parameters("/api?access_token=abc&openid=1")
    '/api?access_token=***&openid=1'
    """
    return _SECRET_PARAMETER.sub(rf"\1={MASK}", text)


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """Return the text with every occurrence of the given secrets masked.

    Also where all or part of a secret stands URL-encoded, in whatever style, and where the text
    names it as a parameter.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = re.sub("".join(map(_in_any_style, secret)), MASK, text)
    return mask_parameters(text)


def _in_any_style(character: str) -> str:
    """Return a pattern for a character as it is, and as URLs write it."""
    encoded = "".join(f"%{byte:02x}" for byte in character.encode())
    plus = r"|\+" if character == " " else ""
    return f"(?:(?i:{encoded})|{re.escape(character)}{plus})"
