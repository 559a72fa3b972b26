"""WeChat's rows: QQ's calls at another host, with codes of their own."""

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
from qqminigame.platforms.base import Auth
from qqminigame.platforms.qq import QQ
from qqminigame.platforms.wechat import WECHAT

CALLS = endpoints(WECHAT)
GRANT = {"grant_type": "client_credential"}
# method, path, auth, constants, results
ROWS: dict[str, tuple[str, str, Auth, dict[str, str], tuple[str, ...]]] = {
    "token": ("GET", "/cgi-bin/token", Auth.APP, GRANT, ("access_token",)),
    "stable_token": ("POST", "/cgi-bin/stable_token", Auth.APP, GRANT, ("access_token",)),
    "jscode2session": (
        "GET",
        "/sns/jscode2session",
        Auth.APP,
        {"grant_type": "authorization_code"},
        ("openid", "session_key"),
    ),
    "set_user_storage": ("POST", "/wxa/set_user_storage", Auth.LOGIN_STATE, {}, ()),
    "remove_user_storage": ("POST", "/wxa/remove_user_storage", Auth.LOGIN_STATE, {}, ()),
    "setuserinteractivedata": ("POST", "/wxa/setuserinteractivedata", Auth.LOGIN_STATE, {}, ()),
}
TOKEN_CODES: dict[int, type[Exception]] = {
    -1: BusyError,
    40001: ConfigurationError,
    40002: PlatformError,
    40013: ConfigurationError,
    40125: ConfigurationError,
    40164: ConfigurationError,
    45009: RateLimitError,
    47001: PlatformError,
}
SIGNED_CODES: dict[int, type[Exception]] = {
    -1: BusyError,
    40001: AccessTokenError,
    40014: AccessTokenError,
    40164: ConfigurationError,
    45009: RateLimitError,
    48001: ConfigurationError,
    41001: AccessTokenError,
    42001: AccessTokenError,
    87009: SignatureError,
    87016: StorageLimitError,
    87017: StorageLimitError,
    87018: StorageLimitError,
    87019: StorageLimitError,
    87081: PlatformError,
    87082: PlatformError,
}
CODES: dict[str, dict[int, type[Exception]]] = {
    "token": TOKEN_CODES,
    "stable_token": TOKEN_CODES,
    "jscode2session": {
        -1: BusyError,
        40001: ConfigurationError,
        40013: ConfigurationError,
        40029: LoginExpiredError,
        40163: LoginExpiredError,
        40164: ConfigurationError,
        40226: PlatformError,
        45011: RateLimitError,
        48001: ConfigurationError,
    },
    "set_user_storage": SIGNED_CODES,
    "remove_user_storage": SIGNED_CODES,
    "setuserinteractivedata": SIGNED_CODES,
}
TWINS = [
    (WECHAT.token, QQ.token),
    (WECHAT.login, QQ.login),
    (WECHAT.set_storage, QQ.set_storage),
    (WECHAT.remove_storage, QQ.remove_storage),
    (WECHAT.set_interactive, QQ.set_interactive),
]


def test_rows__are_as_documented() -> None:
    """Each call is at its path of the one host, with the proof, constants and results of QQ's."""
    assert {
        name: (row.method, row.path, row.auth, dict(row.constants), row.results)
        for name, row in CALLS.items()
    } == ROWS
    assert {row.host for row in CALLS.values()} == {"https://api.weixin.qq.com"}
    assert all(row.idempotent for row in CALLS.values())
    assert all(row.source.startswith("https://developers.weixin") for row in CALLS.values())


def test_platform__rules() -> None:
    """Limits and their codes are QQ's; marks are any 32-bit integer, scores are under wxgame."""
    rules = WECHAT.storage
    assert (rules.pair_too_long, rules.too_many_pairs, rules.key_too_long) == (87016, 87018, 87019)
    values = WECHAT.interactive_values
    assert (values[0], values[-1], len(values)) == (-2147483648, 2147483647, 2**32)
    assert WECHAT.ranking.wrapper == "wxgame"
    assert (WECHAT.ranking.min_score, WECHAT.ranking.max_score) == (1 - 2**53, 2**53 - 1)
    assert WECHAT.login_code == "js_code"


def test_platform__no_game_hall() -> None:
    """The hall is QQ's alone."""
    assert WECHAT.get_dawanka is None
    assert WECHAT.report_dawanka is None


@pytest.mark.parametrize("name", ROWS)
def test_codes__raise(name: str) -> None:
    """Each code raises its class: 40001 is a wrong secret here and a bad token there."""
    known = errors(CALLS[name])
    assert {code: known.get(code) for code in CODES[name]} == CODES[name]


@pytest.mark.parametrize(("wechat", "qq"), TWINS, ids=lambda row: row.name)
def test_codes__are_qqs_and_more(wechat: Any, qq: Any) -> None:
    """What QQ's call explains, its twin explains alike."""
    assert errors(wechat).items() >= errors(qq).items()
    assert len(errors(wechat)) > len(errors(qq))


@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name, codes in CODES.items() for code in codes]
)
def test_codes__are_explained_in_the_error(name: str, code: int) -> None:
    """A refusal carries its code, the platform's words and an explanation in both languages."""
    error = refusal(CALLS[name], {"errcode": code, "errmsg": "words"})
    assert (type(error), error.endpoint) == (CODES[name][code], name)
    assert (error.endpoint, error.code, error.message) == (name, code, "words")
    assert error.english.isascii()
    assert error.chinese.endswith("。")


@pytest.mark.parametrize("name", ["token", "stable_token"])
@pytest.mark.parametrize("code", [{}, {"errcode": 0, "errmsg": "ok"}], ids=str)
@pytest.mark.parametrize("seconds", [7200, "7200"])
def test_token__success(name: str, code: dict[str, Any], seconds: object) -> None:
    """A token is a success without a code; it stands at the top."""
    result = answer(CALLS[name], {**code, "access_token": "T", "expires_in": seconds})
    assert result.text("access_token") == "T"
    assert result.integer("expires_in") == 7200


@pytest.mark.parametrize("name", ["token", "stable_token"])
@pytest.mark.parametrize("reply", [{}, {"errcode": 0}, {"data": {"access_token": "T"}}], ids=str)
def test_token__no_documented_reply(name: str, reply: dict[str, Any]) -> None:
    """Without a token at the top there is none."""
    assert type(refusal(CALLS[name], reply)) is ReplyError


@pytest.mark.parametrize(
    "name", ["set_user_storage", "remove_user_storage", "setuserinteractivedata"]
)
def test_signed__reply(name: str) -> None:
    """A signed call says success by errcode alone; Douyin's words are not its own."""
    assert answer(CALLS[name], {"errcode": 0, "errmsg": "ok"}).fields["errmsg"] == "ok"
    for reply in ({}, {"error": 0}, {"err_no": 0}):
        assert type(refusal(CALLS[name], reply)) is ReplyError


def test_login__a_success_needs_its_fields() -> None:
    """A failure's code counts, and a success has openid and session_key."""
    login = {"openid": "O", "session_key": "K"}
    assert answer(WECHAT.login, login).fields == login
    assert type(refusal(WECHAT.login, {"openid": "O", "session_key": ""})) is ReplyError
    assert refusal(WECHAT.login, {**login, "errcode": 40029}).code == 40029
