"""The JSON text that a ranking list reads."""

import json
from decimal import Decimal
from enum import IntEnum
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st
from sessions import log_in, make_session

from qqminigame import CloudStorage, InvalidArgumentError, LoginState, platforms
from qqminigame.platforms.base import RankingRules
from qqminigame.platforms.qq import QQ
from qqminigame.ranking import ranking_value
from qqminigame.validation import Problems, check_kv

MAX_SAFE = 9007199254740991  # JavaScript's Number.MAX_SAFE_INTEGER
WHEN = 1557813466
DOUYIN = platforms.chosen("douyin").ranking
WRAPPERS = {"qq": "qqgame", "douyin": "ttgame", "douyin-toutiao": "ttgame", "wechat": "wxgame"}


class Stars(IntEnum):
    """A game's own scores."""

    THREE = 3


def nested(depth: int) -> list[Any]:
    """Make a list in a list in a list."""
    outer: list[Any] = []
    for _ in range(depth):
        outer = [outer]
    return outer


def circular() -> dict[str, Any]:
    """Make a dict that is in itself."""
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


def value(
    score: object = 100, when: object = WHEN, rules: RankingRules = QQ.ranking, **fields: object
) -> tuple[str, Problems]:
    """Make a ranking value; return it and what is wrong."""
    problems: Problems = []
    return ranking_value(rules, score, when, fields, problems), problems


def wheres(problems: Problems) -> list[str]:
    """List the places of problems."""
    return [problem.where for problem in problems]


def test_ranking_value__sample() -> None:
    """The documented sample is what JSON.stringify writes, with QQ's own wrapper."""
    text, problems = value(100, WHEN, progress=10)
    assert text == '{"qqgame":{"score":100,"update_time":1557813466},"progress":10}'
    assert problems == []


def test_ranking_value__other_wrapper() -> None:
    """The wrapper is the platform's."""
    text, problems = value(100, WHEN, DOUYIN, progress=10)
    assert text == '{"ttgame":{"score":100,"update_time":1557813466},"progress":10}'
    assert problems == []


@pytest.mark.parametrize(
    ("field", "written"),
    [
        (None, "null"),
        (True, "true"),
        (-7, "-7"),
        (2.5, "2.5"),
        ("", '""'),
        ('名🎮 "q" \\ /', '"名🎮 \\"q\\" \\\\ /"'),
        ([1, [2], ()], "[1,[2],[]]"),
        ({"a": {"b": None}}, '{"a":{"b":null}}'),
        (10**30, "1" + "0" * 30),
        (Stars.THREE, "3"),
    ],
)
def test_ranking_value__own_fields(field: object, written: str) -> None:
    """The game's fields may be anything JSON can write, and are written compactly in UTF-8."""
    text, problems = value(progress=field)
    assert text == (f'{{"qqgame":{{"score":100,"update_time":1557813466}},"progress":{written}}}')
    assert problems == []


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(float("nan"), id="nan"),
        pytest.param([float("inf")], id="infinity"),
        pytest.param({1, 2}, id="set"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param(Decimal(1), id="decimal"),
        pytest.param({"a": object()}, id="object"),
        pytest.param({("a",): 1}, id="tuple as name"),
        pytest.param(circular(), id="circular"),
        pytest.param(nested(100_000), id="deep"),
        pytest.param(10**5000, id="huge int"),
    ],
)
def test_ranking_value__fields_json_cannot_write(field: object) -> None:
    """A field that is no JSON is named, once, and there is no text."""
    text, problems = value(good=1, bad=field)
    assert text == ""
    assert wheres(problems) == ["fields['bad']"]
    assert str(problems[0]).startswith("fields['bad'] is not JSON serializable (")
    assert len(str(problems[0])) < 100


@pytest.mark.parametrize("fields", [{"note": "\ud800"}, {"note": ["\udfff"]}, {"\udc80": 1}])
def test_ranking_value__lone_surrogates(fields: dict[str, object]) -> None:
    """A text that UTF-8 cannot encode does not get past the checks of the call."""
    problems: Problems = []
    text = ranking_value(QQ.ranking, 100, WHEN, fields, problems)
    check_kv([("score", text)], QQ.storage, problems)
    assert ["surrogate" in problem.what for problem in problems] == [True]


def test_ranking_value__own_field_of_the_wrappers_name() -> None:
    """A field of the platform's own name is refused; another platform's is not."""
    text, problems = value(qqgame={"score": 1})
    assert (text, wheres(problems)) == ("", ["fields['qqgame']"])
    assert value(rules=DOUYIN, qqgame=1)[1] == []


@pytest.mark.parametrize("score", [0, -1, MAX_SAFE, -MAX_SAFE, Stars.THREE])
def test_score__allowed(score: int) -> None:
    """Every int that JavaScript holds exactly is a score, and comes back as it was."""
    text, problems = value(score)
    assert problems == []
    assert json.loads(text)["qqgame"]["score"] == int(score)


@pytest.mark.parametrize("score", [2**31, -(2**31) - 1])
def test_score__range_is_the_platforms(score: int) -> None:
    """Another platform's narrower range counts there, to the number."""
    assert value(score)[1] == []
    assert wheres(value(score, rules=DOUYIN)[1]) == ["score"]
    assert value(score - 1 if score > 0 else score + 1, rules=DOUYIN)[1] == []


@pytest.mark.parametrize(
    "score",
    [
        True,
        False,
        1.0,
        float("nan"),
        "100",
        None,
        [100],
        MAX_SAFE + 1,
        -MAX_SAFE - 1,
        pytest.param(10**5000, id="huge"),
    ],
)
def test_score__refused(score: object) -> None:
    """Bools, floats, texts and numbers out of range are no scores."""
    text, problems = value(score)
    assert (text, wheres(problems)) == ("", ["score"])


@pytest.mark.parametrize("when", [0, WHEN, 99_999_999_999])
def test_update_time__allowed(when: int) -> None:
    """Unix seconds, from 1970 to far off."""
    text, problems = value(when=when)
    assert problems == []
    assert json.loads(text)["qqgame"]["update_time"] == when


@pytest.mark.parametrize("when", [WHEN * 1000, -1, 1557813466.5, True, "1557813466", None])
def test_update_time__refused(when: object) -> None:
    """Milliseconds, floats and texts are refused with the advice to count seconds."""
    text, problems = value(when=when)
    assert (text, wheres(problems)) == ("", ["update_time"])
    assert "Unix seconds" in str(problems[0])


def test_ranking_value__every_problem_at_once() -> None:
    """Score, time and fields are all checked in one go, beside problems that are there already."""
    problems: Problems = []
    fields = {"qqgame": 1, "a": {1}, "b": b""}
    assert ranking_value(QQ.ranking, 1.5, -1, fields, problems) == ""
    assert wheres(problems) == [
        "score",
        "update_time",
        "fields['qqgame']",
        "fields['a']",
        "fields['b']",
    ]
    assert ranking_value(QQ.ranking, 1, 1, {}, problems) == ""


def test_ranking_rules__are_frozen() -> None:
    """A rule cannot be changed by accident."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        DOUYIN.wrapper = "other"  # type: ignore[misc]


def player(sandbox: Any, platform: str) -> tuple[CloudStorage, LoginState]:
    """Return the storage of a platform, and a player who has logged in there."""
    session = make_session(sandbox, platform=platform)
    return CloudStorage(session), log_in(session, sandbox, "PLAYER")


def stored(sandbox: Any) -> dict[str, str]:
    """Return what that player has stored."""
    return dict(sandbox.state()["players"]["PLAYER"]["storage"])


@pytest.mark.parametrize("platform", WRAPPERS)
def test_set_score__text(sandbox: Any, platform: str) -> None:
    """What is stored has the platform's own field around score and time."""
    storage, login = player(sandbox, platform)
    storage.set_score(login, "rank", 100, update_time=WHEN, progress=10)
    text = f'{{"{WRAPPERS[platform]}":{{"score":100,"update_time":1557813466}},"progress":10}}'
    assert stored(sandbox) == {"rank": text}


@pytest.mark.parametrize("platform", ["douyin", "douyin-toutiao"])
def test_set_score__int32_on_douyin(sandbox: Any, platform: str) -> None:
    """Both ends of an Int32 are stored; one past either is refused and not sent."""
    storage, login = player(sandbox, platform)
    for score in (2147483647, -2147483648):
        storage.set_score(login, "rank", score)
        assert json.loads(stored(sandbox)["rank"])["ttgame"]["score"] == score
    calls = len(sandbox.log())
    for score in (2147483648, -2147483649):
        with pytest.raises(InvalidArgumentError, match="from -2147483648 to 2147483647"):
            storage.set_score(login, "rank", score)
    assert len(sandbox.log()) == calls


@pytest.mark.parametrize("platform", ["qq", "wechat"])
@pytest.mark.parametrize("score", [MAX_SAFE, -MAX_SAFE])
def test_set_score__wider_elsewhere(sandbox: Any, platform: str, score: int) -> None:
    """QQ and WeChat take every int that JavaScript holds exactly."""
    storage, login = player(sandbox, platform)
    storage.set_score(login, "rank", score)
    assert json.loads(stored(sandbox)["rank"])[WRAPPERS[platform]]["score"] == score


ANY_TEXT = [
    '{"ttgame":{"score":1}}',
    '{"ttgame":{"score":1,"update_time":2,"extra":3}}',
    '{"ttgame":{"score":2147483648,"update_time":1}}',
    '{"ttgame":5}',
    '{"ttgame":',
    '["ttgame"]',
    '{"qqgame":{"score":true},"wxgame":5}',
    "",
]


@pytest.mark.parametrize("platform", WRAPPERS)
@pytest.mark.parametrize("text", ANY_TEXT)
def test_set__any_text(sandbox: Any, platform: str, text: str) -> None:
    """Which keys are a ranking's only the platform knows: under any other key any text is good."""
    storage, login = player(sandbox, platform)
    storage.set(login, {"note": text})
    assert stored(sandbox) == {"note": text}


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # no surrogates: those are the check of the call
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=5,
)


@given(st.integers(-MAX_SAFE, MAX_SAFE), st.dictionaries(st.text("abc", min_size=1), JSON_VALUES))
def test_ranking_value__reads_back(score: int, fields: dict[str, object]) -> None:
    """What was given is what a JSON parser reads."""
    problems: Problems = []
    text = ranking_value(QQ.ranking, score, WHEN, fields, problems)
    assert problems == []
    assert json.loads(text) == {"qqgame": {"score": score, "update_time": WHEN}, **fields}
