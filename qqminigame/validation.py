"""The local checks. Pure; sizes in UTF-8 bytes; every problem of a call in one error.

Each ``check_*`` appends what is wrong to ``problems``; a service runs all checks of a call and then
:func:`refuse` once, so what a check returns is only used where nothing is wrong with it.
"""

import math
from collections.abc import Iterable, Mapping, Sized
from itertools import islice
from typing import Any, Final

from qqminigame import messages
from qqminigame.exceptions import InvalidArgumentError, Problem
from qqminigame.limits import (
    INTERACTIVE_KEYS,
    MAX_KEY_BYTES,
    MAX_PAIR_BYTES,
    MAX_PAIRS,
    MAX_TEXT_BYTES,
)
from qqminigame.messages import Text
from qqminigame.models import HallLogin, LoginState
from qqminigame.platforms.base import StorageRules

Problems = list[Problem]

_SHOWN_PROBLEMS: Final = 10
_SHOWN_CHARACTERS: Final = 40
_SHOWN_NUMBER: Final = 10**18


def refuse(call: str, problems: Problems) -> None:
    """Raise one InvalidArgumentError that lists all problems, if there are any."""
    if not problems:
        return
    shown = [problem.whole for problem in problems[:_SHOWN_PROBLEMS]]
    more = len(problems) - _SHOWN_PROBLEMS
    if more > 0:
        shown.append(messages.AND_MORE.of(count=more))
    raise InvalidArgumentError(
        messages.REFUSED_ARGUMENTS.of(call=call, problems=messages.joined(shown)),
        problems=tuple(problems),
    )


def check_text(
    value: object, where: str, problems: Problems, most_bytes: int = MAX_TEXT_BYTES
) -> str:
    """Check that a value is a non-empty str that UTF-8 can encode in at most ``most_bytes``."""
    if not isinstance(value, str):
        problems.append(Problem(where=where, text=messages.NOT_A_STR.of(kind=kind(value))))
        return ""
    text = str.__str__(value)
    if not text:
        problems.append(Problem(where=where, text=messages.EMPTY))
    elif (size := _size(text)) is None:
        problems.append(Problem(where=where, text=messages.SURROGATE))
    elif size > most_bytes:
        words = messages.TOO_LONG.of(size=size, limit=most_bytes)
        problems.append(Problem(where=where, text=words, limit=most_bytes, actual=size))
    return text


def check_integer(
    value: object,
    least: int,
    most: int,
    where: str,
    problems: Problems,
    hint: Text = messages.NOTHING,
) -> None:
    """Check that a value is an int (not a bool) from ``least`` to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int):
        words = messages.NOT_AN_INT.of(kind=kind(value), hint=hint)
        problems.append(Problem(where=where, text=words))
    elif not least <= value <= most:
        form = messages.ZERO_OR_ONE if (least, most) == (0, 1) else messages.OUT_OF_RANGE
        given = value if abs(value) < _SHOWN_NUMBER else messages.LARGER
        words = form.of(least=least, most=most, given=given, hint=hint)
        problems.append(Problem(where=where, text=words, limit=most))


def check_login(login: object, problems: Problems) -> None:
    """Check a login argument: a LoginState, or the openid of one that the store remembers."""
    if isinstance(login, LoginState):
        check_text(login.openid, "login.openid", problems)
        check_text(login.session_key, "login.session_key", problems)
    elif isinstance(login, str):
        check_text(login, "login", problems)
    else:
        words = messages.NOT_A_LOGIN.of(kind=kind(login))
        problems.append(Problem(where="login", text=words))


def check_hall_login(login: object, pf: str, problems: Problems) -> None:
    """Check a HallLogin; ``pf`` is the only value the call accepts.

    The length of the openkey is not checked: the platform's own pages disagree about it.
    """
    if not isinstance(login, HallLogin):
        words = messages.NOT_A_HALL_LOGIN.of(kind=kind(login))
        problems.append(Problem(where="hall_login", text=words))
        return
    check_text(login.openid, "hall_login.openid", problems)
    check_text(login.openkey, "hall_login.openkey", problems)
    if login.pf != pf:
        problems.append(Problem(where="hall_login.pf", text=messages.WRONG_PF.of(pf=pf)))
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
                    text=messages.PAIR_TOO_LONG.of(size=size, limit=MAX_PAIR_BYTES),
                    limit=MAX_PAIR_BYTES,
                    actual=size,
                    code=rules.pair_too_long,
                )
            )
    return checked


def check_keys(keys: object, rules: StorageRules, problems: Problems) -> list[Any]:
    """Check the keys for ``remove_user_storage``: an iterable of keys under the same limits."""
    if isinstance(keys, str | bytes) or not isinstance(keys, Iterable):
        hint = messages.USE_A_LIST if isinstance(keys, str) else messages.NOTHING
        words = messages.NOT_KEYS.of(kind=kind(keys), hint=hint)
        problems.append(Problem(where="keys", text=words))
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
            problems.append(Problem(where=at("kv", key), text=messages.INTERACTIVE_KEY))
        check_integer(value, values[0], values[-1], f"{at('kv', key)} value", problems)
        checked.append((key, value))
    return checked


def _pairs(kv: object, rules: StorageRules, problems: Problems) -> list[tuple[Any, Any]]:
    """Return the pairs of a mapping or an iterable of pairs."""
    if isinstance(kv, str | bytes) or not isinstance(kv, Iterable):
        problems.append(Problem(where="kv", text=messages.NOT_PAIRS.of(kind=kind(kv))))
        return []
    if isinstance(kv, Mapping):
        return _listed(kv.items(), "kv", rules, problems)
    pairs = []
    for index, item in enumerate(_listed(kv, "kv", rules, problems)):
        if isinstance(item, tuple | list) and len(item) == 2:
            pairs.append((item[0], item[1]))
        else:
            words = messages.NOT_A_PAIR.of(kind=_kind_and_length(item))
            problems.append(Problem(where=f"kv item {index}", text=words))
    return pairs


def _listed(given: Iterable[Any], where: str, rules: StorageRules, problems: Problems) -> list[Any]:
    """Return the entries, of too many only the first: a generator may never end."""
    listed = list(islice(given, MAX_PAIRS + 1))
    count = len(given) if isinstance(given, Sized) else len(listed)
    if count == 0:
        problems.append(Problem(where=where, text=messages.NO_ENTRIES))
    elif count > MAX_PAIRS:
        problems.append(
            Problem(
                where=where,
                text=messages.TOO_MANY_ENTRIES.of(limit=MAX_PAIRS),
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
        hint = messages.USE_STR_KEY if type(key) is int else messages.NOTHING
        words = messages.KEY_NOT_A_STR.of(kind=kind(key), hint=hint)
        problems.append(Problem(where=at(where, key), text=words))
        return 0
    size = len(key) if key.isascii() else _size(key)
    if size is None:
        problems.append(Problem(where=at(where, key), text=messages.KEY_SURROGATE))
        return 0
    if not size:
        problems.append(Problem(where=at(where, key), text=messages.KEY_EMPTY))
    elif size > MAX_KEY_BYTES:
        problems.append(
            Problem(
                where=at(where, key),
                text=messages.KEY_TOO_LONG.of(size=size, limit=MAX_KEY_BYTES),
                limit=MAX_KEY_BYTES,
                actual=size,
                code=rules.key_too_long,
            )
        )
    if key in seen:
        problems.append(Problem(where=at(where, key), text=messages.KEY_TWICE))
    seen.add(key)
    return size


def _check_value(value: object, key: object, problems: Problems) -> int:
    """Return the size of a stored value in bytes, 0 where it has none."""
    if not isinstance(value, str):
        words = messages.VALUE_NOT_A_STR.of(kind=kind(value), hint=_hint(value))
        problems.append(Problem(where=at("kv", key), text=words))
        return 0
    try:
        return len(value) if value.isascii() else len(str.encode(value))
    except UnicodeEncodeError:
        problems.append(Problem(where=at("kv", key), text=messages.VALUE_SURROGATE))
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
        # A number is shown, to be found in the source; anything else may hold a secret.
        number = key is None or (isinstance(key, int) and abs(key) < _SHOWN_NUMBER)
        return f"{where}[{key!r}]" if number else f"{where}[<{kind(key)}>]"
    shown = str.__str__(key)[:_SHOWN_CHARACTERS]
    return f"{where}[{shown!r}{'…' if len(key) > _SHOWN_CHARACTERS else ''}]"


def kind(value: object) -> str:
    """Return in a word what a value is: its type, and for what is like no other, itself."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return type(value).__name__


def _kind_and_length(item: object) -> str | Text:
    if not isinstance(item, tuple | list):
        return kind(item)
    return messages.OF_LENGTH.of(kind=kind(item), count=len(item))


def _hint(value: object) -> Text:
    """Return the one right way to make a str of a value, where there is one."""
    if isinstance(value, dict | list | tuple):
        return messages.USE_JSON
    plain = type(value) in (int, float) and kind(value) != "nan"
    return messages.USE_STR if plain else messages.NOTHING
