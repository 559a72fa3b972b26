"""The local checks: every limit to the byte, every problem in one error, no value in a text."""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from qqminigame.exceptions import InvalidArgumentError, Problem
from qqminigame.messages import Text
from qqminigame.models import HallLogin, LoginState
from qqminigame.platforms.qq import QQ
from qqminigame.validation import (
    Problems,
    check_hall_login,
    check_integer,
    check_interactive,
    check_keys,
    check_kv,
    check_login,
    check_text,
    refuse,
)

PAIR_TOO_LONG, TOO_MANY, KEY_TOO_LONG = 87016, 87018, 87019
LETTERS = ["k", "é", "名", "🎮"]  # one, two, three and four bytes in UTF-8
LETTER = pytest.mark.parametrize("letter", LETTERS)
SECRET = "s3cret-value"
SURROGATES = ["\ud800", "a\udfffb", "\udc00" * 3]
# What is no str, and the word for it.
STRANGERS: list[tuple[Any, str]] = [
    (b"bytes", "bytes"),
    (None, "None"),
    (True, "bool"),
    (1234567, "int"),
    (12345.67, "float"),
    (math.nan, "nan"),
    (math.inf, "inf"),
    ({"x": SECRET}, "dict"),
    ([SECRET], "list"),
    ((SECRET,), "tuple"),
    (object(), "object"),
]


class Key(str, Enum):  # noqa: UP042 - a StrEnum would format as its text
    """A str that does not format as its own text."""

    SCORE = "score"


class Mark(StrEnum):
    """The first interactive key."""

    FIRST = "1"


class Switch(IntEnum):
    """The values of interactive data."""

    OFF = 0
    ON = 1


class Markup(str):
    """A str that prints as something else, as those of template engines."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"<b>{str.__str__(self)}</b>"

    __repr__ = __str__


def kv_problems(kv: object) -> Problems:
    """Check pairs for cloud storage; return what is wrong."""
    problems: Problems = []
    check_kv(kv, QQ.storage, problems)
    return problems


def keys_problems(keys: object) -> Problems:
    """Check keys for removal; return what is wrong."""
    problems: Problems = []
    check_keys(keys, QQ.storage, problems)
    return problems


def interactive_problems(kv: object) -> Problems:
    """Check pairs for interactive data; return what is wrong."""
    problems: Problems = []
    check_interactive(kv, QQ.interactive_values, QQ.storage, problems)
    return problems


def refusal(problems: Problems) -> InvalidArgumentError:
    """Return the error these problems end in."""
    with pytest.raises(InvalidArgumentError) as caught:
        refuse("Call.name", problems)
    return caught.value


def filled(letter: str, size: int) -> str:
    """Return a text of exactly so many bytes, as many of them as fit by this letter."""
    text = letter * (size // len(letter.encode()))
    return text + "x" * (size - len(text.encode()))


def numbers(problem: Problem) -> tuple[int | None, int | None, int | None]:
    """Return the limit, what was given, and the platform's code."""
    return problem.limit, problem.actual, problem.code


def test_refuse__nothing_wrong() -> None:
    """Without a problem there is no error."""
    refuse("Call.name", [])


def test_refuse__lists_every_problem() -> None:
    """One error names the call, says nothing was sent, and holds all problems."""
    problems = kv_problems({"": "v", "k" * 129: "v", "ok": 1})
    error = refusal(problems)
    assert str(error).startswith("Call.name: nothing was sent: ")
    assert error.problems == tuple(problems)
    assert len(problems) == 3
    assert all(str(problem) in str(error) for problem in problems)
    assert error.sent is False


def test_refuse__a_hundred_problems_stay_readable() -> None:
    """Of many problems the text shows ten and counts the rest; the attribute has them all."""
    error = refusal(kv_problems({f"key{index}": index for index in range(100)}))
    assert len(error.problems) == 100
    assert str(error).count("value must be a str") == 10
    assert str(error).endswith("; and 90 more problems")
    assert "more" not in str(refusal(kv_problems({f"key{index}": None for index in range(10)})))


@LETTER
@pytest.mark.parametrize(("size", "fits"), [(127, True), (128, True), (129, False)])
@pytest.mark.parametrize(
    "check", [lambda key: kv_problems({key: ""}), lambda key: keys_problems([key])]
)
def test_key__has_at_most_128_bytes(
    check: Callable[[str], Problems], size: int, fits: bool, letter: str
) -> None:
    """128 bytes of UTF-8 are allowed for a key, one more is not; characters do not count."""
    problems = check(filled(letter, size))
    assert [numbers(problem) for problem in problems] == (
        [] if fits else [(128, 129, KEY_TOO_LONG)]
    )


@LETTER
@pytest.mark.parametrize("key", ["k", "é" * 64])
@pytest.mark.parametrize(("size", "fits"), [(1023, True), (1024, True), (1025, False)])
def test_pair__has_at_most_1024_bytes(size: int, fits: bool, key: str, letter: str) -> None:
    """Key and value together may have 1024 bytes of UTF-8, and not one more."""
    problems = kv_problems({key: filled(letter, size - len(key.encode()))})
    assert [numbers(problem) for problem in problems] == (
        [] if fits else [(1024, 1025, PAIR_TOO_LONG)]
    )
    assert all(problem.where.startswith("kv['") for problem in problems)


@pytest.mark.parametrize("count", [1, 127, 128, 129, 5000])
@pytest.mark.parametrize(
    "shape", [dict, list, tuple, dict.items, set], ids=lambda shape: shape.__name__
)
def test_pairs__are_at_most_128(shape: Callable[[dict[str, str]], object], count: int) -> None:
    """128 pairs are allowed, one more is not, however they are given."""
    pairs = {f"key{index}": "v" for index in range(count)}
    kv = shape(pairs) if shape in (dict, dict.items) else shape(pairs.items())  # type: ignore[arg-type]
    problems = kv_problems(kv)
    assert [numbers(problem) for problem in problems] == (
        [] if count <= 128 else [(128, count, TOO_MANY)]
    )


@pytest.mark.parametrize("count", [1, 127, 128, 129])
def test_keys__are_at_most_128(count: int) -> None:
    """128 keys can be removed in a call, not one more."""
    problems = keys_problems([f"key{index}" for index in range(count)])
    assert [(problem.where, *numbers(problem)) for problem in problems] == (
        [] if count <= 128 else [("keys", 128, 129, TOO_MANY)]
    )


@pytest.mark.parametrize(
    ("check", "endless"),
    [
        (kv_problems, ((f"key{number}", "v") for number in itertools.count())),
        (kv_problems, itertools.count()),
        (keys_problems, (f"key{number}" for number in itertools.count())),
        (keys_problems, itertools.repeat(None)),
        (interactive_problems, (("1", 1) for _ in itertools.count())),
    ],
)
def test_iterables__without_an_end(
    check: Callable[[object], Problems], endless: Iterable[object]
) -> None:
    """A generator that never ends is given up as soon as it is too long."""
    problems = check(endless)
    assert (128, 129, TOO_MANY) in [numbers(problem) for problem in problems]
    assert len(str(refusal(problems))) < 2000


def test_check_kv__every_problem_at_once() -> None:
    """All that is wrong with a call is found in one go, each with its place and its numbers."""
    kv: list[tuple[Any, Any]] = [
        ("good", "v"),
        ("é" * 65, "v"),
        ("", "v"),
        ("good", "v"),
        ("wide", "名" * 341),
        ("\udc80", "v"),
        (7, "v"),
        ("number", 7),
        ("lone", "\udc80"),
    ]
    assert [(problem.where, *numbers(problem)) for problem in kv_problems(kv)] == [
        (f"kv['{'é' * 40}'…]", 128, 130, KEY_TOO_LONG),
        ("kv['']", None, None, None),
        ("kv['good']", None, None, None),
        ("kv['wide']", 1024, 1027, PAIR_TOO_LONG),
        ("kv['\\udc80']", None, None, None),
        ("kv[7]", None, None, None),
        ("kv['number']", None, None, None),
        ("kv['lone']", None, None, None),
    ]


def test_check_kv__a_long_key_and_a_long_pair() -> None:
    """A key that is too long makes its pair too long as well: both are said."""
    problems = kv_problems({"k" * 1000: "v" * 25})
    assert [numbers(problem) for problem in problems] == [
        (128, 1000, KEY_TOO_LONG),
        (1024, 1025, PAIR_TOO_LONG),
    ]


@pytest.mark.parametrize(("stranger", "word"), STRANGERS, ids=[word for _, word in STRANGERS])
def test_value__must_be_a_str(stranger: object, word: str) -> None:
    """A value of another type is named by its type, and not shown."""
    (problem,) = kv_problems({"key": stranger})
    assert problem.where == "kv['key']"
    assert problem.what.startswith(f"value must be a str, not {word}")
    assert SECRET not in problem.what
    assert "1234" not in problem.what


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (7, "str(value)"),
        (7.5, "str(value)"),
        ({"a": 1}, "json.dumps(value)"),
        ([1], "json.dumps(value)"),
        ((1,), "json.dumps(value)"),
        (True, ""),
        (None, ""),
        (b"x", ""),
        (math.nan, ""),
    ],
)
def test_value__advice(value: object, advice: str) -> None:
    """Where there is one right way to make a str of a value, the problem says it."""
    (problem,) = kv_problems({"key": value})
    assert problem.what.partition("; use ")[2] == advice


@pytest.mark.parametrize(("stranger", "word"), STRANGERS, ids=[word for _, word in STRANGERS])
@pytest.mark.parametrize(
    "check",
    [
        lambda key: kv_problems([(key, "v")]),
        lambda key: keys_problems([key]),
        lambda key: interactive_problems([(key, 1)]),
    ],
)
def test_key__must_be_a_str(check: Callable[[Any], Problems], stranger: Any, word: str) -> None:
    """A key of another type, hashable or not, is named by its type; a number is shown too."""
    (problem,) = check(stranger)
    advice = "; use str(key)" if word == "int" else ""
    assert problem.what == f"key must be a str, not {word}{advice}"
    shown = repr(stranger) if stranger is None or isinstance(stranger, int) else f"<{word}>"
    assert problem.where in (f"kv[{shown}]", f"keys[{shown}]")


@pytest.mark.parametrize("text", SURROGATES)
def test_lone_surrogates__are_refused(text: str) -> None:
    """What UTF-8 cannot encode is refused as key and as value, in a text that it can encode."""
    checks = [kv_problems({text: "v"}), kv_problems({"key": text}), keys_problems([text])]
    for problems in (*checks, interactive_problems({text: 1})):
        assert ["lone surrogate" in problem.what for problem in problems] == [True]
        str(refusal(problems)).encode()


@pytest.mark.parametrize("length", [200, 10**6])
@pytest.mark.parametrize("letter", [*LETTERS, "\udc80", "\n"])
def test_message__stays_short(letter: str, length: int) -> None:
    """However long a key is, the text shows only its start."""
    key = letter * length
    for problems in (kv_problems({key: 1}), keys_problems([key]), interactive_problems({key: 2})):
        assert len(str(refusal(problems))) < 900
    assert "…" in str(refusal(keys_problems([key])))


@pytest.mark.parametrize("key", [Key.SCORE, Markup("score"), Mark.FIRST])
def test_str_subclasses__are_strs(key: str) -> None:
    """Members of str enums and template texts are taken as key and value."""
    assert kv_problems({key: key}) == []
    assert keys_problems([key]) == []
    checked = check_kv({key: key}, QQ.storage, [])
    assert json.loads(json.dumps(checked)) == [[str.__str__(key)] * 2]


@pytest.mark.parametrize("key", [Key.SCORE, Markup("score")])
def test_str_subclasses__are_shown_as_their_text(key: str) -> None:
    """A problem names such a key by its text, not by what it prints as."""
    assert [problem.where for problem in kv_problems({key: 1})] == ["kv['score']"]


def test_str_subclasses__are_given_twice_too() -> None:
    """An enum member and its text are one key."""
    assert [problem.what for problem in keys_problems([Key.SCORE, "score"])] == [
        "key is given twice; pass each key once"
    ]


@pytest.mark.parametrize("check", [kv_problems, interactive_problems])
@pytest.mark.parametrize("kv", ["text", b"bytes", None, 7, 1.5, True, object(), ""])
def test_pairs__of_the_wrong_type(check: Callable[[object], Problems], kv: object) -> None:
    """What is neither a mapping nor an iterable of pairs is one problem, of the argument itself."""
    (problem,) = check(kv)
    assert problem.where == "kv"
    assert problem.what.startswith("must be a mapping or an iterable of (key, value) pairs, not ")


@pytest.mark.parametrize("check", [kv_problems, interactive_problems, keys_problems])
@pytest.mark.parametrize("empty", [{}, [], (), set(), iter(()), {}.items()])
def test_nothing_to_send(check: Callable[[object], Problems], empty: object) -> None:
    """Nothing at all is refused."""
    assert ["is empty" in problem.what for problem in check(empty)] == [True]


@pytest.mark.parametrize("item", ["ab", b"ab", ("a",), ("a", "b", "c"), None, {"a": "b"}, 7, ()])
@pytest.mark.parametrize("check", [kv_problems, interactive_problems])
def test_pairs__of_items_that_are_no_pairs(
    check: Callable[[object], Problems], item: object
) -> None:
    """An item that is no pair is named by its index; a text of two letters is no pair."""
    problems = check([("1", "v"), item] if check is kv_problems else [("1", 1), item])
    assert [problem.where for problem in problems] == ["kv item 1"]
    assert problems[0].what.startswith("must be a (key, value) pair, not ")


def test_pairs__as_lists_generators_and_sets() -> None:
    """Pairs may come from a generator, a set, and as lists of two, in their order."""

    def pairs() -> Iterator[list[str]]:
        yield ["a", "1"]
        yield ["b", ""]

    problems: Problems = []
    assert check_kv(pairs(), QQ.storage, problems) == [("a", "1"), ("b", "")]
    assert check_kv({("a", "1")}, QQ.storage, problems) == [("a", "1")]
    assert problems == []


def test_pairs__given_twice() -> None:
    """A key that comes again is refused each time, for the platform would keep only the last."""
    problems = kv_problems([("a", "1"), ("b", "2"), ("a", "1"), ("a", "3")])
    twice = "kv['a'] key is given twice; pass each key once"
    assert [str(problem) for problem in problems] == [twice] * 2


def test_value__may_be_empty() -> None:
    """An empty value is stored; an empty key is not."""
    assert kv_problems({"key": ""}) == []
    assert [str(problem) for problem in kv_problems({"": ""})] == ["kv[''] key must not be empty"]


@pytest.mark.parametrize(
    ("keys", "advice"),
    [("gold", "; use [key]"), (Key.SCORE, "; use [key]"), (b"gold", ""), (None, ""), (7, "")],
)
def test_check_keys__must_be_an_iterable_of_keys(keys: object, advice: str) -> None:
    """A bare key, which is an iterable of letters, is refused with the advice to write [key]."""
    (problem,) = keys_problems(keys)
    assert problem.where == "keys"
    assert problem.what.startswith("must be an iterable of keys, not ")
    assert problem.what.endswith(advice)


@pytest.mark.parametrize("keys", [["a", "b"], ("a", "b"), {"a": 1, "b": 2}, iter("ab")])
def test_check_keys__any_iterable(keys: Iterable[str]) -> None:
    """Keys may come as any iterable, and keep their order."""
    problems: Problems = []
    assert check_keys(keys, QQ.storage, problems) == ["a", "b"]
    assert problems == []


def test_check_keys__every_problem_at_once() -> None:
    """Every wrong key is named."""
    problems = keys_problems(["ok", "", None, "ok", "名" * 43, "\ud800"])
    assert [(problem.where, problem.code) for problem in problems] == [
        ("keys['']", None),
        ("keys[None]", None),
        ("keys['ok']", None),
        (f"keys['{'名' * 40}'…]", KEY_TOO_LONG),
        ("keys['\\ud800']", None),
    ]


@pytest.mark.parametrize("key", ["1", "2", "49", "50", Mark.FIRST])
@pytest.mark.parametrize("value", [0, 1, Switch.OFF, Switch.ON])
def test_interactive__allowed(key: str, value: int) -> None:
    """Keys from "1" to "50" take the ints 0 and 1."""
    problems: Problems = []
    checked = check_interactive({key: value}, QQ.interactive_values, QQ.storage, problems)
    assert problems == []
    assert json.dumps(checked) == f'[["{key}", {int(value)}]]'


@pytest.mark.parametrize(
    "key", ["0", "51", "-1", "01", " 1", "1 ", "1.0", "+1", "\uff11", "¹", "x"]
)
def test_interactive__other_keys(key: str) -> None:
    """Any other key is refused, in full-width digits and with zeros or spaces too."""
    assert [str(problem) for problem in interactive_problems({key: 1})] == [
        f'kv[{key!r}] key must be "1" to "50"'
    ]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (True, "must be an int, not bool"),
        (False, "must be an int, not bool"),
        (1.0, "must be an int, not float"),
        ("1", "must be an int, not str"),
        (None, "must be an int, not None"),
        ([1], "must be an int, not list"),
        (2, "must be 0 or 1, not 2"),
        (-1, "must be 0 or 1, not -1"),
        pytest.param(10**5000, "must be 0 or 1, not a far larger number", id="huge"),
    ],
)
def test_interactive__other_values(value: object, says: str) -> None:
    """Any other value is refused, bools too."""
    assert [str(problem) for problem in interactive_problems({"1": value})] == [
        f"kv['1'] value {says}"
    ]


def test_interactive__every_problem_at_once() -> None:
    """Wrong keys and wrong values are named together, a key given twice as well."""
    problems = interactive_problems([("0", 1), ("1", 5), (1, 1), ("2", 1), ("2", 0)])
    assert [problem.where for problem in problems] == [
        "kv['0']",
        "kv['1'] value",
        "kv[1]",
        "kv['2']",
    ]


@pytest.mark.parametrize(("stranger", "word"), STRANGERS, ids=[word for _, word in STRANGERS])
def test_check_text__must_be_a_str(stranger: object, word: str) -> None:
    """What is no str is named by its type."""
    problems: Problems = []
    check_text(stranger, "js_code", problems)
    assert [str(problem) for problem in problems] == [f"js_code must be a str, not {word}"]


@pytest.mark.parametrize("text", ["", *SURROGATES, Markup("")])
def test_check_text__empty_or_not_encodable(text: str) -> None:
    """An empty text and one that UTF-8 cannot encode are refused."""
    problems: Problems = []
    check_text(text, "js_code", problems)
    assert [problem.where for problem in problems] == ["js_code"]


@pytest.mark.parametrize("text", ["a", " ", "名", Key.SCORE, Markup("m")])
def test_check_text__returns_a_plain_str(text: str) -> None:
    """A good text comes back as a plain str of the same characters."""
    problems: Problems = []
    checked = check_text(text, "js_code", problems)
    assert (type(checked), checked, problems) == (str, str.__str__(text), [])


@pytest.mark.parametrize(("value", "fits"), [(1, True), (3, True), (Switch.ON, True), (0, False)])
def test_check_integer__range(value: int, fits: bool) -> None:
    """Both ends of the range are allowed; a problem carries the hint."""
    problems: Problems = []
    check_integer(value, 1, 3, "version", problems, hint=Text("; see the page", "；见平台文档"))
    assert [str(problem) for problem in problems] == (
        [] if fits else ["version must be from 1 to 3, not 0; see the page"]
    )


@pytest.mark.parametrize(
    ("login", "where"),
    [
        (LoginState(openid="o", session_key="k"), []),
        ("o", []),
        (Key.SCORE, []),
        ("", ["login"]),
        ("\ud800", ["login"]),
        (None, ["login"]),
        (b"o", ["login"]),
        ({"openid": "o", "session_key": SECRET}, ["login"]),
        (HallLogin(openid="o", openkey=SECRET), ["login"]),
        (LoginState(openid="", session_key=""), ["login.openid", "login.session_key"]),
        (LoginState(openid="o", session_key="\udc00"), ["login.session_key"]),
        (LoginState(openid=7, session_key=SECRET), ["login.openid"]),  # type: ignore[arg-type]
    ],
)
def test_check_login(login: object, where: list[str]) -> None:
    """A login is a LoginState with two texts, or an openid; the session_key is never shown."""
    problems: Problems = []
    check_login(login, problems)
    assert [problem.where for problem in problems] == where
    assert SECRET not in str(problems)


@pytest.mark.parametrize(
    ("login", "where"),
    [
        (HallLogin(openid="o", openkey="k"), []),
        (HallLogin(openid="o", openkey="k" * 128, userip="10.0.0.1"), []),
        ("o", ["hall_login"]),
        (None, ["hall_login"]),
        (LoginState(openid="o", session_key=SECRET), ["hall_login"]),
        ({"openid": "o", "openkey": SECRET}, ["hall_login"]),
        (HallLogin(openid="o", openkey=SECRET, pf="qzone"), ["hall_login.pf"]),
        (HallLogin(openid="o", openkey=SECRET, userip=""), ["hall_login.userip"]),
        (HallLogin(openid="o", openkey=SECRET, pf=["qqgame"]), ["hall_login.pf"]),  # type: ignore[arg-type]
        (
            HallLogin(openid="", openkey="\ud800", pf="", userip="\ud800"),
            [
                "hall_login.openid",
                "hall_login.openkey",
                "hall_login.pf",
                "hall_login.userip",
            ],
        ),
    ],
)
def test_check_hall_login(login: object, where: list[str]) -> None:
    """A hall login has openid, openkey of any length, pf qqgame, and a userip if any."""
    problems: Problems = []
    check_hall_login(login, "qqgame", problems)
    assert [problem.where for problem in problems] == where
    assert SECRET not in str(problems)


ENCODABLE = st.characters(exclude_categories=["Cs"])
ANY_TEXT = st.text(st.characters()) | st.sampled_from(SURROGATES)
ANYTHING = (
    ANY_TEXT | st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=3)
)


@given(st.dictionaries(ANYTHING, ANYTHING, max_size=4) | st.lists(st.tuples(ANYTHING, ANYTHING)))
@settings(deadline=None)
def test_check_kv__what_passes_can_be_sent(kv: dict[Any, Any] | list[tuple[Any, Any]]) -> None:
    """What the check lets through encodes to JSON in UTF-8 and keeps every limit; else it raises.

    Counted here anew, by the words of the platform's page.
    """
    problems: Problems = []
    checked = check_kv(kv, QQ.storage, problems)
    if problems:
        str(refusal(problems)).encode()
        return
    sent = json.loads(json.dumps(checked, ensure_ascii=False).encode())
    pairs = [[key, value] for key, value in (kv.items() if isinstance(kv, dict) else kv)]
    assert sent == pairs
    assert 1 <= len(pairs) <= 128
    assert len({key for key, _ in pairs}) == len(pairs)
    for key, value in pairs:
        assert 1 <= len(key.encode()) <= 128
        assert len((key + value).encode()) <= 1024


@given(text=st.text(ENCODABLE, min_size=1, max_size=40), data=st.data())
@settings(deadline=None)
def test_check_kv__one_byte_too_many(text: str, data: st.DataObject) -> None:
    """One byte beyond exactly one limit is refused with that limit's code; at the limit it passes.

    The texts are of any characters, filled up to the byte.
    """
    key = filled(text, 128)
    assert kv_problems({key: filled(text, 896)}) == []
    (problem,) = kv_problems({filled(text, 129): "v"})
    assert numbers(problem) == (128, 129, KEY_TOO_LONG)
    (problem,) = kv_problems({key: filled(text, 897)})
    assert numbers(problem) == (1024, 1025, PAIR_TOO_LONG)


@given(
    value=st.text(ENCODABLE, min_size=1100, max_size=1200)
    | st.integers(10**9)
    | st.binary(min_size=9)
)
@settings(deadline=None)
def test_messages__never_show_a_value(value: object) -> None:
    """No refused value is in the text or in a problem, in whole or in part."""
    shown = str(value) if isinstance(value, int) else repr(value)[1:-1]
    error = refusal(kv_problems({"key": value}))
    assert shown[:12] not in str(error) + repr(error.problems)
