"""What may be shown of a text that might hold a secret."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

MASK: Final = "***"
_SHORTEST: Final = 4

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

    Also where a secret stands URL-encoded, in whatever style (there the text comes back decoded),
    and where the text names it as a parameter. The cost grows with the length of the text and of
    the secrets, and no faster. Secrets of fewer than 4 bytes are not masked: they stand in any
    text by chance.
    """
    long = [each for each in secrets if len(each.encode(errors="surrogatepass")) >= _SHORTEST]
    encoded = [quote(each, safe="", errors="surrogatepass") for each in long]
    known = sorted({*long, *encoded}, key=len, reverse=True)
    text = _replaced(text, known)
    for decode in (unquote, unquote_plus):
        decoded = _replaced(plain := decode(text), known)
        if decoded != plain:
            text = decoded
    return mask_parameters(text)


def _replaced(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
