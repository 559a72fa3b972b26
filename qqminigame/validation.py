"""The local checks. Pure; sizes in UTF-8 bytes; every problem of a call in one error.

Each ``check_*`` appends what is wrong to ``problems``; a service runs all checks of a call and then
:func:`refuse` once, so what a check returns is only used where nothing is wrong with it.
"""

import math
from collections.abc import Iterable, Mapping, Sized
from itertools import islice
from typing import Any, Final

from qqminigame.exceptions import InvalidArgumentError, Problem
from qqminigame.limits import (
    INTERACTIVE_KEYS,
    MAX_KEY_BYTES,
    MAX_PAIR_BYTES,
    MAX_PAIRS,
    MAX_TEXT_BYTES,
)
from qqminigame.models import HallLogin, LoginState
from qqminigame.platforms.base import StorageRules

Problems = list[Problem]

_SHOWN_PROBLEMS: Final = 10
_SHOWN_CHARACTERS: Final = 40


def refuse(call: str, problems: Problems) -> None:
    """Raise one InvalidArgumentError that lists all problems, if there are any."""
    if not problems:
        return
    shown = "; ".join(map(str, problems[:_SHOWN_PROBLEMS]))
    more = len(problems) - _SHOWN_PROBLEMS
    rest = f"; and {more} more" if more > 0 else ""
    raise InvalidArgumentError(f"{call}: nothing was sent: {shown}{rest}", problems=tuple(problems))


def check_text(
    value: object, where: str, problems: Problems, most_bytes: int = MAX_TEXT_BYTES
) -> str:
    """Check that a value is a non-empty str that UTF-8 can encode in at most ``most_bytes``."""
    if not isinstance(value, str):
        problems.append(Problem(where=where, what=f"must be a str, not {kind(value)}"))
        return ""
    text = str.__str__(value)
    if not text:
        problems.append(Problem(where=where, what="must not be empty"))
    elif (size := _size(text)) is None:
        problems.append(Problem(where=where, what=_SURROGATE))
    elif size > most_bytes:
        what = f"has {size} bytes; the limit is {most_bytes}"
        problems.append(Problem(where=where, what=what, limit=most_bytes, actual=size))
    return text


def check_integer(
    value: object, least: int, most: int, where: str, problems: Problems, hint: str = ""
) -> None:
    """Check that a value is an int (not a bool) from ``least`` to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int):
        what = f"must be an int, not {kind(value)}{hint}"
        problems.append(Problem(where=where, what=what))
    elif not least <= value <= most:
        what = f"must be from {least} to {most}{hint}"
        problems.append(Problem(where=where, what=what, limit=most))


def check_login(login: object, problems: Problems) -> None:
    """Check a login argument: a LoginState, or the openid of one that the store remembers."""
    if isinstance(login, LoginState):
        check_text(login.openid, "login.openid", problems)
        check_text(login.session_key, "login.session_key", problems)
    elif isinstance(login, str):
        check_text(login, "login", problems)
    else:
        what = f"must be a LoginState or an openid, not {kind(login)}"
        problems.append(Problem(where="login", what=what))


def check_hall_login(login: object, pf: str, problems: Problems) -> None:
    """Check a HallLogin; ``pf`` is the only value the call accepts.

    The length of the openkey is not checked: the platform's own pages disagree about it.
    """
    if not isinstance(login, HallLogin):
        what = f"must be a HallLogin, not {kind(login)}"
        problems.append(Problem(where="hall_login", what=what))
        return
    check_text(login.openid, "hall_login.openid", problems)
    check_text(login.openkey, "hall_login.openkey", problems)
    if login.pf != pf:
        problems.append(Problem(where="hall_login.pf", what=f"must be {pf!r} for this call"))
    if login.userip is not None:
        check_text(login.userip, "hall_login.userip", problems)


def check_kv(kv: object, rules: StorageRules, problems: Problems) -> list[tuple[Any, Any]]:
    """Check the pairs for ``set_user_storage``.

    At least one and at most 128 pairs; keys of 1 to 128 bytes, none of them twice; values are str,
    which may be empty; key and value together have at most 1024 bytes.
    """
    checked = _pairs(kv, rules, problems)
    seen: set[str] = set()
    for key, value in checked:
        size = _check_key(key, "kv", seen, rules, problems) + _check_value(value, key, problems)
        if size > MAX_PAIR_BYTES:
            problems.append(
                Problem(
                    where=at("kv", key),
                    what=f"has {size} bytes, key and value together; the limit is {MAX_PAIR_BYTES}",
                    limit=MAX_PAIR_BYTES,
                    actual=size,
                    code=rules.pair_too_long,
                )
            )
    return checked


def check_keys(keys: object, rules: StorageRules, problems: Problems) -> list[Any]:
    """Check the keys for ``remove_user_storage``: an iterable of keys under the same limits."""
    if isinstance(keys, str | bytes) or not isinstance(keys, Iterable):
        advice = "; write [key]" if isinstance(keys, str) else ""
        what = f"must be an iterable of keys, not {kind(keys)}{advice}"
        problems.append(Problem(where="keys", what=what))
        return []
    listed = _listed(keys, "keys", rules, problems)
    seen: set[str] = set()
    for key in listed:
        _check_key(key, "keys", seen, rules, problems)
    return listed


def check_interactive(
    kv: object, values: range, rules: StorageRules, problems: Problems
) -> list[tuple[Any, Any]]:
    """Check the pairs for ``setuserinteractivedata``.

    Keys are "1" to "50", none of them twice; values are ints (not bools) of the platform's range.
    """
    checked = []
    seen: set[str] = set()
    for key, value in _pairs(kv, rules, problems):
        if _check_key(key, "kv", seen, rules, problems) and key not in INTERACTIVE_KEYS:
            problems.append(Problem(where=at("kv", key), what='key must be "1" to "50"'))
        check_integer(value, values[0], values[-1], f"{at('kv', key)} value", problems)
        checked.append((key, value))
    return checked


_SURROGATE: Final = "has a lone surrogate, which UTF-8 cannot encode"


def _pairs(kv: object, rules: StorageRules, problems: Problems) -> list[tuple[Any, Any]]:
    """Return the pairs of a mapping or an iterable of pairs."""
    if isinstance(kv, str | bytes) or not isinstance(kv, Iterable):
        what = f"must be a mapping or an iterable of (key, value) pairs, not {kind(kv)}"
        problems.append(Problem(where="kv", what=what))
        return []
    if isinstance(kv, Mapping):
        return _listed(kv.items(), "kv", rules, problems)
    pairs = []
    for index, item in enumerate(_listed(kv, "kv", rules, problems)):
        if isinstance(item, tuple | list) and len(item) == 2:
            pairs.append((item[0], item[1]))
        else:
            what = f"must be a (key, value) pair, not {kind(item)}"
            problems.append(Problem(where=f"kv item {index}", what=what))
    return pairs


def _listed(given: Iterable[Any], where: str, rules: StorageRules, problems: Problems) -> list[Any]:
    """Return the entries, of too many only the first: a generator may never end."""
    listed = list(islice(given, MAX_PAIRS + 1))
    count = len(given) if isinstance(given, Sized) else len(listed)
    if count == 0:
        problems.append(Problem(where=where, what="is empty: there is nothing to send"))
    elif count > MAX_PAIRS:
        problems.append(
            Problem(
                where=where,
                what=f"has more than {MAX_PAIRS} entries",
                limit=MAX_PAIRS,
                actual=count,
                code=rules.too_many_pairs,
            )
        )
    return listed


def _check_key(
    key: object, where: str, seen: set[str], rules: StorageRules, problems: Problems
) -> int:
    """Return the size of a key in bytes, 0 where it has none."""
    if not isinstance(key, str):
        what = f"key must be a str, not {kind(key)}"
        problems.append(Problem(where=at(where, key), what=what))
        return 0
    size = len(key) if key.isascii() else _size(key)
    if size is None:
        problems.append(Problem(where=at(where, key), what=f"key {_SURROGATE}"))
        return 0
    if not size:
        problems.append(Problem(where=at(where, key), what="key must not be empty"))
    elif size > MAX_KEY_BYTES:
        problems.append(
            Problem(
                where=at(where, key),
                what=f"key has {size} bytes; the limit is {MAX_KEY_BYTES}",
                limit=MAX_KEY_BYTES,
                actual=size,
                code=rules.key_too_long,
            )
        )
    if key in seen:
        problems.append(Problem(where=at(where, key), what="key is given twice"))
    seen.add(key)
    return size


def _check_value(value: object, key: object, problems: Problems) -> int:
    """Return the size of a stored value in bytes, 0 where it has none."""
    if not isinstance(value, str):
        what = f"value must be a str, not {kind(value)}{_advice(value)}"
        problems.append(Problem(where=at("kv", key), what=what))
        return 0
    try:
        return len(value) if value.isascii() else len(str.encode(value))
    except UnicodeEncodeError:
        problems.append(Problem(where=at("kv", key), what=f"value {_SURROGATE}"))
        return 0


def _size(text: str) -> int | None:
    """Return the size in UTF-8 bytes, or None where a lone surrogate has none."""
    if text.isascii():
        return len(text)
    try:
        return len(str.encode(text))
    except UnicodeEncodeError:
        return None


def at(where: str, key: object) -> str:
    """Name the place of a key in an argument."""
    if not isinstance(key, str):
        return f"{where}[a {kind(key)}]"
    shown = str.__str__(key)[:_SHOWN_CHARACTERS]
    return f"{where}[{shown!r}{'…' if len(key) > _SHOWN_CHARACTERS else ''}]"


def kind(value: object) -> str:
    """Return in a word what a value is: its type, and for what is like no other, itself."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return type(value).__name__


def _advice(value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return "; write json.dumps(value)"
    return "; write str(value)" if type(value) in (int, float) and kind(value) != "nan" else ""
