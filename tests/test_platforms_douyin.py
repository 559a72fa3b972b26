"""Douyin's rows: both hosts' calls, their codes, and what their envelopes say."""

from typing import Any

import pytest
from platform_rows import answer, endpoints, errors, refusal

from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    LoginExpiredError,
    PlatformError,
    RateLimitError,
    ReplyError,
    SignatureError,
    StorageLimitError,
)
from qqminigame.platforms.base import Auth, Platform
from qqminigame.platforms.douyin import DOUYIN, DOUYIN_TOUTIAO

HOSTS = [
    (DOUYIN, "https://minigame.zijieapi.com", "/mgplatform/api/apps/"),
    (DOUYIN_TOUTIAO, "https://developer.toutiao.com", "/api/apps/"),
]
GRANT = {"grant_type": "client_credential"}
# method, auth, constants, results; the name of a call is the end of its path
ROWS: dict[str, tuple[str, Auth, dict[str, str], tuple[str, ...]]] = {
    "v2/token": ("POST", Auth.APP, GRANT, ("access_token",)),
    "stable_token": ("POST", Auth.APP, GRANT, ("access_token",)),
    "jscode2session": ("GET", Auth.APP, {}, ("openid", "session_key")),
    "set_user_storage": ("POST", Auth.LOGIN_STATE, {}, ()),
    "remove_user_storage": ("POST", Auth.LOGIN_STATE, {}, ()),
}
TOKEN_CODES: dict[int, type[Exception]] = {
    -1: BusyError,
    40015: ConfigurationError,
    40017: ConfigurationError,
    40020: PlatformError,
    28005139: RateLimitError,
}
STORAGE_CODES: dict[int, type[Exception]] = {
    -1: BusyError,
    40002: AccessTokenError,
    40009: StorageLimitError,
    40010: StorageLimitError,
    40011: StorageLimitError,
    60001: StorageLimitError,
    28001003: AccessTokenError,
    28001004: PlatformError,
    28001038: PlatformError,
    28001039: SignatureError,
    28005139: RateLimitError,
}
CODES: dict[str, dict[int, type[Exception]]] = {
    "v2/token": TOKEN_CODES,
    "stable_token": TOKEN_CODES,
    "jscode2session": {
        -1: BusyError,
        40014: PlatformError,
        40015: ConfigurationError,
        40017: ConfigurationError,
        40018: LoginExpiredError,
        40019: LoginExpiredError,
    },
    "set_user_storage": STORAGE_CODES,
    "remove_user_storage": STORAGE_CODES,
}
CALLS = endpoints(DOUYIN)
LOGIN, SET = DOUYIN.login, DOUYIN.set_storage

every_host = pytest.mark.parametrize("platform", [DOUYIN, DOUYIN_TOUTIAO], ids=["new", "old"])
every_token_call = pytest.mark.parametrize("name", ["v2/token", "stable_token"])
every_storage_call = pytest.mark.parametrize("name", ["set_user_storage", "remove_user_storage"])


@pytest.mark.parametrize(("platform", "host", "prefix"), HOSTS, ids=["new", "old"])
def test_rows__are_as_documented(platform: Platform, host: str, prefix: str) -> None:
    """Each call is at its host's path, with the proof, constants and results of its page."""
    rows = endpoints(platform)
    assert {
        name: (row.method, row.auth, dict(row.constants), row.results) for name, row in rows.items()
    } == ROWS
    assert {(row.host, row.path) for row in rows.values()} == {(host, prefix + n) for n in ROWS}
    assert all(row.idempotent for row in rows.values())
    assert all(row.source.startswith("https://developer.open-douyin.com/") for row in rows.values())


@every_host
def test_platform__what_it_has(platform: Platform) -> None:
    """The login's parameter is code; there is no interactive data and no Dawanka."""
    assert platform.login_code == "code"
    assert endpoints(platform).keys() == ROWS.keys()
    assert platform.set_interactive is None
    assert platform.get_dawanka is None
    assert platform.report_dawanka is None
    assert list(platform.interactive_values) == []


@every_host
def test_platform__rules(platform: Platform) -> None:
    """The local checks answer Douyin's codes; a score is an Int32 under ttgame."""
    rules, ranking = platform.storage, platform.ranking
    assert (rules.key_too_long, rules.pair_too_long, rules.too_many_pairs) == (40009, 40010, 60001)
    assert ranking.wrapper == "ttgame"
    assert (ranking.min_score, ranking.max_score) == (-2147483648, 2147483647)


@every_host
@pytest.mark.parametrize("name", ROWS)
def test_codes__raise(platform: Platform, name: str) -> None:
    """Every code of a call's page raises its class, and no other number is explained."""
    assert errors(endpoints(platform)[name]) == CODES[name]


@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name, codes in CODES.items() for code in codes]
)
def test_codes__are_explained_in_the_error(name: str, code: int) -> None:
    """A refusal carries its code, the platform's words and an explanation in both languages."""
    token_reply = {"err_no": code, "err_tips": "words", "data": {"access_token": ""}}
    reply = {"error": 1, "errcode": code, "errmsg": "words", "message": "other words"}
    error = refusal(CALLS[name], token_reply if "token" in name else reply)
    assert (type(error), error.endpoint) == (CODES[name][code], name)
    assert (error.endpoint, error.code, error.message, error.sent) == (name, code, "words", True)
    assert error.english.isascii()
    assert error.chinese.endswith("。")
    assert f"{name}: {code} " in str(error)


@every_storage_call
@pytest.mark.parametrize(
    "reply",
    [
        {"error": 0},
        {"errcode": 0},
        {"err_no": 0},
        {"error": "0"},
        {"error": 0, "errcode": 0, "errmsg": "ok", "message": "ok"},
    ],
    ids=str,
)
def test_storage__success(name: str, reply: dict[str, Any]) -> None:
    """Any of the three fields says success by 0, the older errcode too."""
    assert answer(CALLS[name], reply).fields == reply


@every_storage_call
@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ({"error": 1, "errcode": 40002}, 40002),
        ({"errcode": 40002, "error": 1}, 40002),
        ({"error": 1, "errcode": "40002"}, 40002),
        ({"error": 0, "errcode": 40010}, 40010),
        ({"error": 40009, "errcode": 0}, 40009),
        ({"error": 28001039}, 28001039),
        ({"error": 1}, 1),
        ({"error": -1}, -1),
        ({"err_no": 28001003}, 28001003),
        ({"error": 0, "err_no": 28001003}, 28001003),
    ],
    ids=str,
)
def test_storage__failure(name: str, reply: dict[str, Any], code: int) -> None:
    """The code is errcode where that is not 0, otherwise the field that is not."""
    assert refusal(CALLS[name], reply).code == code


@every_storage_call
@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"errmsg": "ok", "message": "success"},
        {"data": {"error": 0}},
        {"errCode": 0},
        {"error": None},
        {"error": False},
        {"error": 0, "errcode": None},
        {"error": 0, "errcode": "ok"},
        {"error": 0.0},
        {"error": ""},
    ],
    ids=str,
)
def test_storage__no_documented_reply(name: str, reply: dict[str, Any]) -> None:
    """Without a whole number in any of the fields nobody knows, and nothing is taken for 0."""
    assert type(refusal(CALLS[name], reply)) is ReplyError


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"errmsg": "telling", "message": "empty phrase"}, "telling"),
        ({"message": "only this", "errmsg": ""}, "only this"),
        ({"err_tips": "a tip"}, "a tip"),
        ({}, ""),
    ],
)
def test_storage__message(reply: dict[str, str], message: str) -> None:
    """Where errmsg and message differ, errmsg is shown."""
    assert refusal(SET, {"error": 1, "errcode": 40002, **reply}).message == message


@every_token_call
@pytest.mark.parametrize("code", [{"err_no": 0, "err_tips": "success"}, {"error": 0}, {}], ids=str)
@pytest.mark.parametrize("seconds", [7200, "7200"])
def test_token__success(name: str, code: dict[str, Any], seconds: object) -> None:
    """Token and life are in data; the life may be written as a text."""
    data = {"access_token": "0801121***", "expires_in": seconds}
    result = answer(CALLS[name], {**code, "data": data})
    assert result.text("access_token") == "0801121***"
    assert result.integer("expires_in") == 7200


@every_token_call
@pytest.mark.parametrize("code", [40017, "40017"])
def test_token__failure_with_an_empty_token(name: str, code: object) -> None:
    """A failure keeps its data, with nothing in it; the code decides, as a text too."""
    data = {"access_token": "", "expires_in": 0}
    error = refusal(CALLS[name], {"err_no": code, "err_tips": "bad secret", "data": data})
    assert (type(error), error.endpoint) == (ConfigurationError, name)
    assert (error.code, error.message) == (40017, "bad secret")


@every_token_call
def test_token__a_refusal_is_not_outvoted_by_a_token(name: str) -> None:
    """Even with a token beside it, a code that is not 0 is a refusal."""
    data = {"access_token": "token", "expires_in": 7200}
    assert refusal(CALLS[name], {"err_no": -1, "data": data}).code == -1
    assert refusal(CALLS[name], {"err_no": 0, "error": 40020, "data": data}).code == 40020


@every_token_call
@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"err_no": 0},
        {"err_no": 0, "data": None},
        {"err_no": 0, "data": []},
        {"err_no": 0, "data": {}},
        {"err_no": 0, "data": {"access_token": ""}},
        {"err_no": 0, "data": {"access_token": 5}},
        {"err_no": 0, "access_token": "token", "expires_in": 7200},
        {"err_no": None, "data": {"access_token": "token"}},
    ],
    ids=str,
)
def test_token__no_documented_reply(name: str, reply: dict[str, Any]) -> None:
    """A success without a token in data is none; one at the top does not count."""
    assert type(refusal(CALLS[name], reply)) is ReplyError


def test_login__success() -> None:
    """Openid and session_key stand at the top, beside the empty fields of other logins."""
    reply = {"error": 0, "openid": "O", "session_key": "K", "unionid": "", "anonymous_openid": ""}
    assert answer(LOGIN, reply).fields == reply


@pytest.mark.parametrize("missing", ["openid", "session_key"])
def test_login__a_success_without_its_fields(missing: str) -> None:
    """An anonymous login, or an empty field, is no login."""
    reply = {"error": 0, "openid": "O", "session_key": "K", missing: ""}
    assert type(refusal(LOGIN, reply)) is ReplyError


def test_login__failure_with_empty_fields() -> None:
    """A failure that keeps the fields of a success, empty, tells its code."""
    reply = {"error": 1, "errcode": 40018, "errmsg": "bad code", "openid": "", "session_key": ""}
    assert type(refusal(LOGIN, reply)) is LoginExpiredError
