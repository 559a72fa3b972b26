"""JSON that is read strictly, and the form of what a store keeps. Pure.

What a store keeps is one line of JSON with the name of its kind in front. A store may be shared
with other programs, other versions of this one, and people. Whatever is read from it that is not
exactly what was written counts as unreadable, and is never raised raw.
"""

import json
import math
from typing import Any, Final, Never


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _no_constant(name: str) -> Never:
    raise ValueError(name)


# Two values for one field leave open which counts; NaN and Infinity are not JSON.
STRICT_JSON: Final = json.JSONDecoder(object_pairs_hook=_no_repeats, parse_constant=_no_constant)

# What this library writes is far shorter.
MAX_CHARACTERS: Final = 65_536


def to_text(kind: str, *values: object) -> str:
    """Return the text that a store keeps of some values; equal values give equal texts.

    Args:
        kind: Names what it is and its version, such as ``"login1"``.
        *values: Each a str, an int, a finite float or None.
    """
    return json.dumps([kind, *values], separators=(",", ":"), allow_nan=False)


def from_text(text: str, kind: str, *types: tuple[type, ...]) -> list[Any] | None:
    """Return the values of a text; None where it is not a text of this kind.

    Args:
        text: What a store had.
        kind: What :func:`to_text` was told.
        *types: For each value the types it may have. A bool is no int; an int will do for a float
            and becomes one.
    """
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        found = STRICT_JSON.decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or found[:1] != [kind] or len(found) != 1 + len(types):
        return None
    values = [_value(value, allowed) for value, allowed in zip(found[1:], types, strict=True)]
    return None if _WRONG in values else values


_WRONG: Final = object()


def _value(value: object, allowed: tuple[type, ...]) -> object:
    if float in allowed and type(value) in (int, float):
        return _finite(value)
    if type(value) not in allowed:
        return _WRONG
    return value if not isinstance(value, str) or _is_text(value) else _WRONG


def _finite(number: Any) -> object:
    try:
        return float(number) if math.isfinite(number) else _WRONG
    except OverflowError:
        return _WRONG


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeError:
        return False
    return True
