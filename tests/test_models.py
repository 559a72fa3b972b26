"""The values are frozen, comparable, and silent about secrets."""

import copy
import operator
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pytest

from qqminigame.exceptions import InvalidArgumentError
from qqminigame.models import (
    AccessToken,
    DawankaInfo,
    DawankaLevel,
    DueOrder,
    HallLogin,
    LoginState,
    PayOrder,
    PayReport,
    SettleReport,
)

ORDER = PayOrder(
    order_id="the-order",
    openid="the-openid",
    address="https://host",
    mark="1f",
    begun_at=1.0,
    settle_from=69.0,
    uses_before=3,
    level_before=1,
    quiet_from=0.0,
)
VALUES = [
    LoginState(openid="the-openid", session_key="s3cret", unionid="the-unionid"),
    HallLogin(openid="the-openid", openkey="s3cret", userip="10.0.0.1"),
    AccessToken(value="s3cret", fetched_at=1.0, expires_at=7201.0),
    DawankaInfo(score=7, level=DawankaLevel.DAWANKA, binding=True, discount=20, pay_return_count=3),
    PayReport(use=2, left=1),
    ORDER,
    DueOrder(order=ORDER, outcome="waiting"),
    SettleReport(orders=()),
]
# The seed's numbers, from the lowest rank to the highest.
RANKS = {0: "非大玩咖", 3: "潜力咖", 4: "准玩咖", 1: "大玩咖", 2: "超级大玩咖"}
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


class MultiDict(Mapping[str, str]):
    """A request's query as Django's and Werkzeug's: many values a name, ``get`` answers one."""

    def __init__(self, **lists: list[str]) -> None:
        self._lists = lists

    def __getitem__(self, name: str) -> str:
        return self._lists[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)


def info(pay_return_count: int) -> DawankaInfo:
    """Make the info of a player with so many uses left."""
    level = DawankaLevel.DAWANKA
    return DawankaInfo(
        score=0, level=level, binding=False, discount=0, pay_return_count=pay_return_count
    )


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values__are_frozen(value: Any) -> None:
    """No field can be set, and none added."""
    for name in [*(field.name for field in attrs.fields(type(value))), "new"]:
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            setattr(value, name, "other")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values__show_no_secret(value: Any) -> None:
    """A secret is in no printed form."""
    for text in (repr(value), str(value), f"{value}", repr([value]), str((value,))):
        assert "s3cret" not in text
        assert type(value).__name__ in text


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values__copies_are_equal(value: Any) -> None:
    """A value equals its pickled, copied and rebuilt self, hash included, and no other's."""
    rebuilt = type(value)(**attrs.asdict(value, recurse=False))
    for twin in (pickle.loads(pickle.dumps(value)), copy.copy(value), rebuilt):
        assert twin == value
        assert hash(twin) == hash(value)
    assert [other for other in VALUES if other == value] == [value]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values__every_field_counts(value: Any) -> None:
    """Values that differ in one field are not equal, secrets included; but for what is noted."""
    for field in attrs.fields(type(value)):
        noted = field.name in {"remembered", "has_openkey"}
        assert (attrs.evolve(value, **{field.name: "other"}) == value) is noted


@pytest.mark.parametrize("kind", [type(value) for value in VALUES])
def test_values__take_names_only(kind: type) -> None:
    """No field can be given by position, so that none is mixed up."""
    with pytest.raises(TypeError):
        kind("a", "b")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"openid": "o", "openkey": "k"}, HallLogin(openid="o", openkey="k")),
        ({"openid": "o", "openkey": "k", "pf": ""}, HallLogin(openid="o", openkey="k")),
        (
            {"openid": "o", "openkey": "k", "pf": "qzone"},
            HallLogin(openid="o", openkey="k", pf="qzone"),
        ),
        (
            {"openid": " o ", "openkey": "k+/=", "sig": "x", "userip": "1.2.3.4"},
            HallLogin(openid=" o ", openkey="k+/="),
        ),
        (
            MultiDict(openid=["old", "o"], openkey=["k"], pf=["qqgame"]),
            HallLogin(openid="o", openkey="k"),
        ),
    ],
)
def test_from_query__reads_the_login(query: Mapping[str, Any], expected: HallLogin) -> None:
    """The hall's parameters are taken unchanged, pf only where it is given, the rest not."""
    assert HallLogin.from_query(query) == expected


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({}, ["openid", "openkey"]),
        ({"openid": "", "openkey": ""}, ["openid", "openkey"]),
        ({"openid": ["o"], "openkey": ["s3cret"]}, ["openid", "openkey"]),
        ({"openid": None, "openkey": b"s3cret"}, ["openid", "openkey"]),
        ({"openid": "o"}, ["openkey"]),
        ({"openkey": "s3cret"}, ["openid"]),
        ({"openkey": "s3cret", "openid": 17}, ["openid"]),
        (MultiDict(openkey=["s3cret"]), ["openid"]),
    ],
)
def test_from_query__all_problems_in_one_error(query: Mapping[str, Any], wrong: list[str]) -> None:
    """What is missing, empty or no str is said in one error, and the openkey is not."""
    with pytest.raises(InvalidArgumentError) as caught:
        HallLogin.from_query(query)
    assert [problem.where for problem in caught.value.problems] == [
        f"query[{name!r}]" for name in wrong
    ]
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems)
    assert "s3cret" not in str(caught.value) + repr(caught.value.problems)


def test_dawanka_level__names_and_numbers() -> None:
    """Every number of the page finds its level, with the page's name."""
    assert {level.value: level.chinese for level in DawankaLevel} == RANKS
    assert all(DawankaLevel(number).value == number for number in RANKS)
    strangers: tuple[Any, ...] = ("1", None, 1.5)
    for number in strangers:
        with pytest.raises(ValueError, match="is not a valid DawankaLevel"):
            DawankaLevel(number)


@pytest.mark.parametrize("number", [-1, 5, 10**30])
def test_dawanka_level__that_is_not_documented(number: int) -> None:
    """Its number is kept, and it ranks below all others: nobody knows what it entitles to."""
    level = DawankaLevel(number)
    assert level.value == number
    assert level == DawankaLevel(number) != DawankaLevel(number + 10)
    assert hash(level) == hash(DawankaLevel(number))
    assert pickle.loads(pickle.dumps(level)) == level
    assert str(number) in repr(level)
    assert level < min(DawankaLevel)
    assert level not in list(DawankaLevel)
    assert level.chinese


def test_dawanka_level__rises_by_rank_not_number() -> None:
    """From the lowest: 0, 3, 4, 1, 2."""
    assert [level.value for level in sorted(DawankaLevel)] == [0, 3, 4, 1, 2]
    assert [level.rank for level in sorted(DawankaLevel)] == [0, 1, 2, 3, 4]
    assert max(DawankaLevel) is DawankaLevel.SUPER_DAWANKA


@pytest.mark.parametrize("compare", COMPARISONS)
def test_dawanka_level__compares_by_rank(compare: Callable[[Any, Any], bool]) -> None:
    """Every comparison of two levels is that of their ranks."""
    numbers = list(RANKS)
    for left in DawankaLevel:
        for right in DawankaLevel:
            ranks = numbers.index(left.value), numbers.index(right.value)
            assert compare(left, right) is compare(*ranks)


@pytest.mark.parametrize("other", [1, 1.0, "大玩咖", None, VALUES[0]])
@pytest.mark.parametrize("compare", COMPARISONS)
def test_dawanka_level__is_no_number(compare: Callable[[Any, Any], bool], other: object) -> None:
    """Comparing a level with anything else is refused, from both sides; equal it is to none."""
    with pytest.raises(TypeError):
        compare(DawankaLevel.DAWANKA, other)
    with pytest.raises(TypeError):
        compare(other, DawankaLevel.DAWANKA)
    assert other != DawankaLevel.DAWANKA


def test_dawanka_level__survives_pickle() -> None:
    """A level comes back from a pickle as itself, and can be a key."""
    assert all(pickle.loads(pickle.dumps(level)) is level for level in DawankaLevel)
    assert len(set(DawankaLevel)) == 5


@pytest.mark.parametrize(
    ("count", "unlimited", "left"),
    [(-1, True, True), (0, False, False), (1, False, True), (99, False, True), (-2, False, False)],
)
def test_dawanka_info__bonus(count: int, unlimited: bool, left: bool) -> None:
    """-1 means unlimited; without a limit or with more than 0 uses there is a bonus left."""
    assert info(count).is_unlimited is unlimited
    assert info(count).has_bonus_left is left


def test_dawanka_info__without_a_card() -> None:
    """The fields of a trial card are absent by default."""
    bare = info(0)
    assert (bare.is_using_card, bare.real_level, bare.card_expire_ts) == (False, None, None)


def test_from_query__a_pf_that_is_no_str() -> None:
    """A pf given as a list is told with the other problems."""
    with pytest.raises(InvalidArgumentError) as caught:
        HallLogin.from_query({"openid": "o", "pf": ["qqgame"]})
    assert [problem.where for problem in caught.value.problems] == [
        "query['openkey']",
        "query['pf']",
    ]
