"""What a value from outside may be: a test, and the words for whoever fails it."""

import base64
from collections.abc import Callable, Mapping
from typing import TypeGuard

import attrs

_FAR_AWAY = 1e12  # seconds; beyond it a time is a slip, and floats lose their fractions


@attrs.frozen
class Wanted:
    """What a value may be, in words and as a test."""

    words: str
    accepts: Callable[[object], bool]
    required: bool = False


def is_int(value: object) -> TypeGuard[int]:
    """Tell whether it is a whole number; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_signed(value: object, bits: int) -> bool:
    """Tell whether it is a whole number that so many bits can hold, one of them for the sign."""
    return is_int(value) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def is_seconds(value: object) -> TypeGuard[float]:
    """Tell whether it is a finite number that can be a time."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_FAR_AWAY <= value <= _FAR_AWAY


def is_text(value: object) -> TypeGuard[str]:
    """Tell whether it is a text that UTF-8 can carry."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _is_base64(value: object) -> bool:
    try:
        return is_text(value) and base64.b64decode(value, validate=True) is not None
    except ValueError:
        return False


def _is_header_text(value: object) -> bool:
    return is_text(value) and not {"\r", "\n", "\0"}.intersection(value)


def _is_headers(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    return all(map(_is_header_text, value)) and all(map(_is_header_text, value.values()))


def whole_number_from(low: int, *, or_minus_one: str = "") -> Wanted:
    """Want a whole number from ``low``, or -1 with the meaning given."""
    words = f"a whole number from {low}" + (f", or -1 {or_minus_one}" if or_minus_one else "")
    allowed = {-1} if or_minus_one else set()
    return Wanted(words, lambda value: is_int(value) and (value >= low or value in allowed))


BOOL = Wanted("true or false", lambda value: isinstance(value, bool))
TEXT = Wanted("a text", is_text)
INTEGER = Wanted("a whole number", is_int)
SECONDS = Wanted("seconds, 0 or more", lambda value: is_seconds(value) and value >= 0)
STATUS = Wanted("a status from 200 to 599", lambda value: is_int(value) and 200 <= value <= 599)
BASE64 = Wanted("base64 text", _is_base64)
HEADERS = Wanted("an object of texts, each on one line", _is_headers)
