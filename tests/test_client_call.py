"""What a back end gives to the game's own storage call, and what it hears of it."""

import json
import pickle
from collections import UserDict
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from qqminigame import (
    ClientError,
    CloudStorage,
    ConfigurationError,
    DouyinClientCode,
    InvalidArgumentError,
    LoginState,
    PlatformError,
    Session,
    kv_data_list,
    messages,
)
from qqminigame.exceptions import Problem
from qqminigame.platforms.douyin import DOUYIN_TOUTIAO
from qqminigame.retry import Outcome, outcome_of
from qqminigame.testing import assert_no_secrets

PLATFORMS = ["douyin", "douyin-toutiao", "qq", "wechat"]
SAMPLE = '{"ttgame":{"score":100,"update_time":1557813466},"progress":10}'
SECRET = "S3cret-of-the-player"

every_platform = pytest.mark.parametrize("platform", PLATFORMS)


def test_kv_data_list__text() -> None:
    """A JSON writer makes of it the KVDataList of the page's own sample."""
    assert json.dumps(kv_data_list({"xxx": SAMPLE})) == (
        '[{"key": "xxx", "value": "{\\"ttgame\\":{\\"score\\":100,\\"update_time\\":1557813466}'
        ',\\"progress\\":10}"}]'
    )


@every_platform
def test_kv_data_list__pairs(platform: str) -> None:
    """Each pair is a dict of key and value in the order given, an empty value included."""
    text = json.dumps(kv_data_list({"名": "分🏆", "a": ""}, platform), ensure_ascii=False)
    assert text == '[{"key": "名", "value": "分🏆"}, {"key": "a", "value": ""}]'


@pytest.mark.parametrize(
    "kv",
    [
        [("a", "1"), ("b", "2")],
        [["a", "1"], ["b", "2"]],
        {"a": "1", "b": "2"}.items(),
        UserDict(a="1", b="2"),
        (pair for pair in [("a", "1"), ("b", "2")]),
    ],
    ids=["tuples", "lists", "items", "mapping", "generator"],
)
def test_kv_data_list__takes_what_the_back_ends_call_takes(kv: Any) -> None:
    """Whatever gives pairs of str will do."""
    assert kv_data_list(kv) == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]


def test_kv_data_list__a_platform_of_ones_own() -> None:
    """The platform may be its rows instead of its name."""
    assert kv_data_list({"a": "1"}, DOUYIN_TOUTIAO) == [{"key": "a", "value": "1"}]


@every_platform
def test_kv_data_list__at_the_limits(platform: str) -> None:
    """128 pairs, 128 bytes of key and 1024 bytes of pair are accepted."""
    kv = {f"{n:0128}": "x" * 896 for n in range(128)}
    assert [(pair["key"], pair["value"]) for pair in kv_data_list(kv, platform)] == list(kv.items())


def problems_of(call: Callable[[], object]) -> tuple[Problem, ...]:
    """Return what a call is refused for."""
    with pytest.raises(InvalidArgumentError, match="nothing was sent") as caught:
        call()
    return caught.value.problems


@every_platform
@pytest.mark.parametrize(
    "kv",
    [
        {f"k{n}": "1" for n in range(129)},
        {"k" * 129: "1"},
        {"分" * 43: "1"},
        {"k": "v" * 1024},
        {},
        {"": "1"},
        [("a", "1"), ("a", "2")],
        {"a": 1},
        {"a": None},
        {"a": {"ttgame": {"score": 1}}},
        {"\ud800": "1"},
        {"a": "\udfff"},
        {b"a": "1"},
        [("a",), 7],
        {"a": '{"ttgame":5}', "b": "v" * 1024},
        "score",
        b"score",
        None,
        7,
    ],
    ids=lambda kv: str(kv)[:20],
)
def test_kv_data_list__what_breaks_a_rule(platform: str, kv: Any) -> None:
    """It is refused for the same problems as by the back end's own call, where it has any."""
    session = Session("1", app_secret="secret", platform=platform, store="memory:")
    storage, login = CloudStorage(session), LoginState(openid="o", session_key="k")
    problems = problems_of(lambda: kv_data_list(kv, platform))
    assert problems
    assert problems == problems_of(lambda: storage.set(login, kv))


@pytest.mark.parametrize(
    ("kv", "limit", "douyin", "others"),
    [
        ({f"k{n}": "1" for n in range(129)}, 128, 60001, 87018),
        ({"k": "v" * 1024}, 1024, 40010, 87016),
        ({"k" * 129: "1"}, 128, 40009, 87019),
    ],
    ids=["pairs", "pair", "key"],
)
@every_platform
def test_kv_data_list__limits_are_the_platforms(
    platform: str, kv: dict[str, str], limit: int, douyin: int, others: int
) -> None:
    """A broken limit names the code the platform would have answered."""
    code = douyin if platform.startswith("douyin") else others
    (problem,) = problems_of(lambda: kv_data_list(kv, platform))
    assert (problem.limit, problem.actual, problem.code) == (limit, limit + 1, code)


@every_platform
def test_kv_data_list__of_any_text(platform: str) -> None:
    """Which keys are a ranking's only the platform knows: a value may be any text."""
    for value in ('{"ttgame":{"score":1}}', '{"ttgame":{"score":"100"}}'):
        assert kv_data_list({"rank": value}, platform) == [{"key": "rank", "value": value}]


def test_kv_data_list__says_who_refuses() -> None:
    """The error names the call."""
    with pytest.raises(InvalidArgumentError, match=r"^kv_data_list: nothing was sent: kv is empty"):
        kv_data_list({})


@pytest.mark.parametrize("platform", ["", "weixin", "tt", "QQ"])
def test_kv_data_list__unknown_platform(platform: str) -> None:
    """An unknown platform is refused with the names there are."""
    with pytest.raises(
        ConfigurationError,
        match=r"[Tt]he platforms are 'douyin', 'douyin-toutiao', 'qq', 'wechat'$",
    ):
        kv_data_list({"a": "1"}, platform)


@pytest.mark.parametrize("platform", [None, 7, b"qq", ["qq"]])
def test_kv_data_list__no_platform(platform: Any) -> None:
    """What is neither name nor platform is refused as by a Session."""
    with pytest.raises(ConfigurationError, match="platform must be a name or a Platform, not "):
        kv_data_list({"a": "1"}, platform)


# The page's table: code, its name here, errMsg, errorType; then words of both explanations.
TABLE = [
    (999998, "SESSION_ID", "get session id failed.", "D", "session id", "session id"),
    (999999, "BAD_KV_DATA_LIST", "KVDataList", "D", "KVDataList", "KVDataList"),
    (
        999987,
        "NOT_SUPPORTED",
        "feature is not supported in app",
        "D",
        "does not support this",
        "不支持该功能",
    ),
    (108002, "FRAMEWORK", "*", "F", "framework", "小游戏框架内部错误"),
    (108001, "RESPONSE_JSON", "response json has error", "F", "invalid response", "响应无法解析"),
    (999991, "HTTP_STATUS", "internal error", "F", "HTTP status other than 200", "状态码不是 200"),
    (999985, "NETWORK", "network unavailable", "U", "has no network", "网络不可用"),
    (999993, "INTERNAL", "internal error", "F", "framework", "小游戏框架内部错误"),
]


def failed(code: object = 999985, message: object = "", kind: object = "U") -> ClientError:
    """Read a fail callback's object."""
    return ClientError.from_fail({"errMsg": message, "errorCode": code, "errorType": kind})


@pytest.mark.parametrize(
    ("code", "name", "message", "kind", "english", "chinese"), TABLE, ids=lambda value: str(value)
)
def test_from_fail__the_pages_table(
    code: int, name: str, message: str, kind: str, english: str, chinese: str
) -> None:
    """Each row keeps code, text and type, and is explained in English and Chinese."""
    message = f"setUserCloudStorage:fail {message}"
    error = failed(code, message, kind)
    assert (error.code, error.message, error.error_type) == (code, message, kind)
    assert error.english.startswith(f"setUserCloudStorage: {code} {name} ({message!r}): ")
    assert error.chinese.startswith(
        f"setUserCloudStorage：{code} {name}（客户端返回 {message!r}）："
    )
    assert english in error.english
    assert chinese in error.chinese


def test_from_fail__the_table_is_complete() -> None:
    """Every code there is a constant for is in the page's table, under that name."""
    assert {code.name: int(code) for code in DouyinClientCode} == {row[1]: row[0] for row in TABLE}


def test_from_fail__is_a_clear_no_of_the_platform() -> None:
    """It is a PlatformError of that call, nobody knows what was sent, and nothing repeats it."""
    error = failed()
    assert type(error) is ClientError
    assert isinstance(error, PlatformError)
    assert (error.endpoint, error.sent, error.attempts) == ("setUserCloudStorage", None, 0)
    assert outcome_of(error) is Outcome.REFUSED


def test_from_fail__of_a_class_of_ones_own() -> None:
    """A subclass reads its own kind."""

    class PageError(ClientError):
        pass

    assert type(PageError.from_fail({"errorCode": 999985})) is PageError


@pytest.mark.parametrize("res", [{"errorCode": 999985}, {"errorCode": 4711, "errorType": "I"}, {}])
@pytest.mark.parametrize("mapping", [dict, UserDict, MappingProxyType])
def test_from_fail__takes_any_mapping(mapping: Callable[[Any], Any], res: dict[str, Any]) -> None:
    """Whatever a web framework makes of the posted JSON will do."""
    error = ClientError.from_fail(mapping(res))
    assert (error.code, error.error_type) == (res.get("errorCode"), res.get("errorType", ""))


@pytest.mark.parametrize("code", [-1, 999985, "4711"])
def test_from_fail__of_qq_and_wechat(code: object) -> None:
    """Their errCode is kept and not explained by Douyin's table, which numbers it otherwise."""
    error = ClientError.from_fail({"errMsg": "setUserCloudStorage:fail", "errCode": code})
    assert error.code == int(str(code))
    assert f"undocumented error code {error.code}" in error.english
    assert "NETWORK" not in error.english


@pytest.mark.parametrize("code", ["999985", " 999985\n", "0999985"])
def test_from_fail__a_code_as_text(code: str) -> None:
    """A number that came as text counts as one."""
    assert failed(code).code == 999985
    assert "NETWORK" in str(failed(code))


@pytest.mark.parametrize("code", [0, 1, -1, 87018, 2**53, "-108", "0"])
def test_from_fail__a_code_nobody_documents(code: Any) -> None:
    """It is kept, 0 too, and nothing is made up about it."""
    error = failed(code)
    assert error.code == int(code)
    assert str(error) == messages.UNDOCUMENTED_CODE.english.format(
        call="setUserCloudStorage", code=int(code), says=""
    )
    assert (error.http_status, error.may_retry) == (502, False)


@pytest.mark.parametrize(
    "code",
    [
        *(None, True, False, 1.5, float("nan"), float("inf")),
        *("", "abc", "1e3", "0x1", "1_0", "٣", "--1", "9" * 19, "9" * 10**5),
        *(b"999985", [999985], {"code": 999985}, object()),
    ],
    ids=lambda code: str(code)[:20],
)
def test_from_fail__no_code(code: object) -> None:
    """What is no whole number is no code, and is not shown."""
    error = failed(code, "setUserCloudStorage:fail")
    assert error.code is None
    assert "without a readable code" in error.english
    assert error.message == "setUserCloudStorage:fail"
    assert "abc" not in str(error)


@pytest.mark.parametrize("res", [{}, {"errorCode": None}, {"errorCode": "abc"}])
def test_from_fail__no_code_is_said_in_words(res: dict[str, Any]) -> None:
    """Where there is no code, the text does not speak of one called None."""
    assert "None" not in str(ClientError.from_fail(res))


@pytest.mark.parametrize("code", [10**400, 10**4000, 10**5000, -(10**5000)], ids=lambda _: "huge")
def test_from_fail__a_huge_number(code: int) -> None:
    """A number that no page can post neither breaks the reading nor floods the text."""
    error = failed(code, "setUserCloudStorage:fail")
    assert len(str(error)) < 1000
    assert error.message == "setUserCloudStorage:fail"
    assert len(repr(vars(error))) < 1000


@pytest.mark.parametrize(
    "wrong",
    [None, True, 7, 1.5, b"text", ["D"], {"D": "D"}, object()],
    ids=lambda wrong: type(wrong).__name__,
)
def test_from_fail__wrong_types_everywhere(wrong: object) -> None:
    """Text and type of another type count as none; the code is read all the same."""
    error = failed(999985, wrong, wrong)
    assert (error.code, error.message, error.error_type) == (999985, "", "")
    assert "the client says" not in str(error)


@pytest.mark.parametrize("kind", ["D", "U", "F", "I"])
def test_from_fail__documented_types(kind: str) -> None:
    """The page's four letters are kept, whatever the code."""
    assert failed(4711, kind=kind).error_type == kind


@pytest.mark.parametrize("kind", ["", "X", "d", "DU", "D ", "developer", "D" * 10**6])
def test_from_fail__an_unknown_type_is_dropped(kind: str) -> None:
    """Anything else may be anything, so it is not passed on."""
    assert failed(kind=kind).error_type == ""


@pytest.mark.parametrize("message", ["x" * 301, "x" * 10**6, "access_token=x " * 10**4, "分" * 400])
def test_from_fail__a_long_message_is_cut(message: str) -> None:
    """Of the client's text 300 characters are kept."""
    error = failed(message=message)
    assert len(error.message) == 300
    assert len(str(error)) < 500


@pytest.mark.parametrize(
    "message",
    [
        "a\r\nERROR root logged in",
        "\x1b[31mred\x1b[0m\x00",
        "\u202egnp.exe",
        "half \ud800 a pair",
        "' (the client says 'fine",
        "%s {code} {0.__class__}",
    ],
)
def test_from_fail__a_hostile_message(message: str) -> None:
    """No line break, control character or half character gets from the page into the text."""
    error = failed(message=message)
    assert error.message == message
    assert str(error).isprintable()
    assert str(error).encode()
    assert repr(message) in str(error)


@pytest.mark.parametrize("name", ["access_token", "session_key", "secret", "signature", "openkey"])
@pytest.mark.parametrize("padding", [0, 270, 290])
def test_from_fail__parameters_are_masked(name: str, padding: int) -> None:
    """A secret that an address in the text carries is shown nowhere, wherever the text is cut."""
    address = f"https://host/api?{name}={SECRET}&openid=1 timed out"
    error = failed(message="x" * padding + " " + address, kind=f"{name}={SECRET}")
    assert_no_secrets(error, [SECRET])
    assert padding or f"{name}=***&openid=1" in error.message


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("code", [row[0] for row in TABLE] + [4711, None])
def test_from_fail__survives_pickling(code: int | None, protocol: int) -> None:
    """Class, text, code, type and message come back from another process."""
    error = failed(code, "setUserCloudStorage:fail \ud800", "F")
    copied = pickle.loads(pickle.dumps(error, protocol))
    assert type(copied) is ClientError
    assert str(copied) == str(error)
    assert (copied.error_type, copied.code) == ("F", code)
    assert copied.message == "setUserCloudStorage:fail \ud800"
    assert vars(copied) == vars(error)


@pytest.mark.parametrize(
    ("res", "kind"),
    [
        (None, "None"),
        ("setUserCloudStorage:fail", "str"),
        (b"{}", "bytes"),
        (999985, "int"),
        ([("errorCode", 999985)], "list"),
        ({"errorCode"}, "set"),
    ],
)
def test_from_fail__no_mapping(res: Any, kind: str) -> None:
    """What is not the callback's object is refused, and not shown."""
    with pytest.raises(
        InvalidArgumentError, match=rf"fail callback \(a dict\), not {kind}$"
    ) as caught:
        ClientError.from_fail(res)
    (problem,) = caught.value.problems
    assert problem.where == "res"
    assert "999985" not in str(caught.value)
