"""What may be shown: texts with their secrets masked, exceptions without their frames."""

import functools
import os
import re
import traceback
from collections.abc import Callable, Iterable
from typing import Final, ParamSpec, TypeVar
from urllib.parse import quote, unquote, unquote_plus

from qqminigame.exceptions import QQMiniGameError

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


P = ParamSpec("P")
T = TypeVar("T")


def drop_frames(function: Callable[P, T]) -> Callable[P, T]:
    """Have what a public function raises leave its frames behind, with the secrets in them.

    An error of this library says by itself what happened. Any other exception, such as a time limit
    or Ctrl-C, gets a note of where it struck.
    """

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return function(*arguments, **named)
        except BaseException as error:
            failure = _without_frames(error)
        finally:
            del arguments, named
        raise failure

    return call


def _without_frames(error: BaseException) -> BaseException:
    if not isinstance(error, QQMiniGameError):
        places = [
            f"{os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[1:]
        ]
        error.add_note(f"in qqminigame, whose frames may hold secrets: {'; '.join(places)}")
    cause: BaseException | None = error
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__context__
    return error
