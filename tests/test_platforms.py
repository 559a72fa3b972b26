"""The rows of data: every documented code explained, every address as documented."""

import re
import typing
from collections.abc import Iterable

import pytest
from platform_rows import endpoints, errors, refusal

from qqminigame import platforms
from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    LoginExpiredError,
    PlatformError,
    RateLimitError,
    SignatureError,
    StorageLimitError,
)
from qqminigame.limits import INTERACTIVE_KEYS, MAX_KEY_BYTES, MAX_PAIR_BYTES, MAX_PAIRS
from qqminigame.platforms.base import Auth, Endpoint, PlatformCode
from qqminigame.platforms.douyin import DOUYIN, DOUYIN_TOUTIAO, DouyinClientCode
from qqminigame.platforms.qq import QQ
from qqminigame.platforms.qqgame import GET_DAWANKA_INFO, REPORT_DAWANKA_PAY
from qqminigame.platforms.wechat import WECHAT

ENDPOINTS = endpoints(QQ)
ALL = {
    f"{platform.name} {name}": row
    for platform in platforms.PLATFORMS.values()
    for name, row in endpoints(platform).items()
}
TABLES: list[type[PlatformCode]] = sorted(
    {DouyinClientCode, *(table for row in ALL.values() for table in row.codes)},
    key=lambda table: table.__name__,
)

# In the pages' order; 0 is success.
DOCUMENTED = {
    "remove_user_storage": [-1],
    "set_user_storage": [-1, 87016, 87017, 87018, 87019],
    "setuserinteractivedata": [-1, -2, -3, -4, -100050007, -100050019],
    "getToken": [-1, 40001, 40002, 40013],
    "jscode2session": [-1, 40029, 45011, -101222100, -2100],
}
DAWANKA = [2000001, 2000002, 2000003, 2000004, 2000005, 2000006, 2000007]
DAWANKA += [2000020, 2000021, 2000022, 2000023, 2000024, 2000025, 2000030]
DOUYIN_CLIENT = [999998, 999999, 999987, 108002, 108001, 999991, 999985, 999993]
GENERAL_V3 = [1, 1001, 1002, -64, -65]

# method, host, path, auth, idempotent
ROWS = {
    "getToken": ("GET", "https://api.q.qq.com", "/api/getToken", Auth.APP, True),
    "jscode2session": ("GET", "https://api.q.qq.com", "/sns/jscode2session", Auth.APP, True),
    "set_user_storage": (
        "POST",
        "https://api.q.qq.com",
        "/api/openDataContext/set_user_storage",
        Auth.LOGIN_STATE,
        True,
    ),
    "remove_user_storage": (
        "POST",
        "https://api.q.qq.com",
        "/api/openDataContext/remove_user_storage",
        Auth.LOGIN_STATE,
        True,
    ),
    "setuserinteractivedata": (
        "POST",
        "https://api.q.qq.com",
        "/api/setuserinteractivedata",
        Auth.LOGIN_STATE,
        True,
    ),
    "get_dawanka_info": (
        "GET",
        "https://openapi.minigame.qq.com",
        "/v3/user/get_dawanka_info",
        Auth.OPENAPI_V3,
        True,
    ),
    "report_dawanka_pay": (
        "GET",
        "https://openapi.minigame.qq.com",
        "/v3/user/report_dawanka_pay",
        Auth.OPENAPI_V3,
        False,
    ),
}


def cases(*lists: tuple[str, Iterable[int]]) -> list[tuple[str, int]]:
    """Pair each endpoint's name with each of its codes."""
    return [(name, code) for name, codes in lists for code in codes]


@pytest.mark.parametrize(
    ("name", "code"),
    cases(
        *DOCUMENTED.items(),
        ("get_dawanka_info", [*DAWANKA, *GENERAL_V3]),
        ("report_dawanka_pay", [*DAWANKA, *GENERAL_V3]),
    ),
)
def test_codes__every_documented_one_is_explained(name: str, code: int) -> None:
    """Each code of a call's page is a constant with an English and a Chinese explanation."""
    known = ENDPOINTS[name].explain(code)
    assert known is not None
    assert known == code
    assert known.name.isupper()


def test_codes__douyin_client() -> None:
    """The codes of the Douyin client's own call are all there, and no other."""
    assert sorted(DouyinClientCode) == sorted(DOUYIN_CLIENT)


@pytest.mark.parametrize("code", [code for table in TABLES for code in table], ids=repr)
def test_codes__explanations(code: PlatformCode) -> None:
    """Every constant says what it means and what to do, in an English and a Chinese sentence."""
    assert re.fullmatch(r"[A-Za-z][\x20-\x7e]{15,}\.", code.english)
    assert re.search(r"[\u4e00-\u9fff]{3}", code.chinese)
    assert code.chinese.endswith("。")
    assert issubclass(code.error, PlatformError | ConfigurationError)


@pytest.mark.parametrize("table", TABLES)
def test_codes__no_number_twice(table: type[PlatformCode]) -> None:
    """No constant of a table is silently another name of one before it."""
    assert list(table.__members__) == [code.name for code in table]


@pytest.mark.parametrize("table", TABLES)
def test_codes__are_found_by_number(table: type[PlatformCode]) -> None:
    """A constant is an int, and its number finds it."""
    for code in table:
        assert isinstance(code, int)
        assert table(int(code)) is code


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("code", [0, 12345, -999, 10**30])
def test_explain__undocumented(name: str, code: int) -> None:
    """A number no page mentions is explained by nothing."""
    assert ALL[name].explain(code) is None


@pytest.mark.parametrize("name", ALL)
def test_explain__undocumented_in_a_reply(name: str) -> None:
    """A refusal by such a number is a plain PlatformError that keeps it."""
    endpoint = ALL[name]
    error = refusal(endpoint, {endpoint.dialect.code_fields[0]: 12345})
    assert type(error) is PlatformError
    assert error.code == 12345
    assert "undocumented error code 12345" in error.english
    assert "文档未收录的错误码 12345" in error.chinese


def test_codes__busy() -> None:
    """Every call but the hall's says by -1 that it is busy, which may be tried again."""
    assert {name: errors(row).get(-1) for name, row in ALL.items()} == {
        name: None if row.auth is Auth.OPENAPI_V3 else BusyError for name, row in ALL.items()
    }


@pytest.mark.parametrize(
    ("name", "error", "codes"),
    [
        ("getToken", ConfigurationError, [40001, 40013]),
        ("getToken", PlatformError, [40002]),
        ("jscode2session", ConfigurationError, [40001, 40013, -101222100]),
        ("jscode2session", LoginExpiredError, [40029]),
        ("jscode2session", RateLimitError, [45011]),
        ("jscode2session", PlatformError, [-2100]),
        ("set_user_storage", StorageLimitError, [87016, 87017, 87018, 87019]),
        ("set_user_storage", AccessTokenError, [40001, 40014, 42001, -100050019]),
        ("remove_user_storage", AccessTokenError, [40001, 40014, 42001, -100050019]),
        ("setuserinteractivedata", AccessTokenError, [40001, 40014, 42001, -100050019]),
        ("setuserinteractivedata", SignatureError, [-100050007, 87009]),
        ("set_user_storage", SignatureError, [-100050007, 87009]),
        ("setuserinteractivedata", PlatformError, [-2, -3, -4]),
        ("get_dawanka_info", SignatureError, [2000004, 2000006, 2000024]),
        ("get_dawanka_info", LoginExpiredError, [2000022, 2000023, 1002, -64]),
        ("report_dawanka_pay", BusyError, [2000007, 2000030, 1001, -65]),
        ("report_dawanka_pay", PlatformError, [2000001, 2000002, 2000003, 2000005, 2000020]),
        ("report_dawanka_pay", PlatformError, [2000021, 2000025, 1]),
        *((name, BusyError, [-1]) for name in DOCUMENTED),
    ],
)
def test_codes__raise(name: str, error: type[Exception], codes: list[int]) -> None:
    """Each code raises its class: 40001 is bad credentials from getToken, a bad token elsewhere."""
    assert [known and known.error for known in map(ENDPOINTS[name].explain, codes)] == [
        error
    ] * len(codes)


@pytest.mark.parametrize("endpoint", ALL.values(), ids=ALL.keys())
def test_endpoints__tables_agree(endpoint: Endpoint) -> None:
    """Where two tables of a call know one number, both raise the same class."""
    raised = errors(endpoint)
    for table in endpoint.codes:
        for code in table:
            assert raised[int(code)] is code.error


@pytest.mark.parametrize("name", ALL)
def test_endpoints__are_called_what_their_path_ends_with(name: str) -> None:
    """A call is named in errors and logs by the words of its address."""
    row = ALL[name]
    assert row.path.endswith(f"/{row.name}")
    assert row.host.startswith("https://")


@pytest.mark.parametrize("name", ROWS)
def test_endpoints__are_as_documented(name: str) -> None:
    """Method, host, path and kind of proof are those of the page; only the report is no repeat."""
    row = ENDPOINTS[name]
    assert (row.method, row.host, row.path, row.auth, row.idempotent) == ROWS[name]
    assert row.source.startswith("https://")


def test_endpoints__constants_and_results() -> None:
    """The app's own calls carry their grant_type and name the fields a success has."""
    assert QQ.token.constants == {"grant_type": "client_credential"}
    assert QQ.login.constants == {"grant_type": "authorization_code"}
    assert QQ.token.results == ("access_token",)
    assert QQ.login.results == ("openid", "session_key")
    assert QQ.login_code == "js_code"
    others = [row for row in ENDPOINTS.values() if row not in (QQ.token, QQ.login)]
    assert all(not row.constants and not row.results for row in others)


def test_endpoints__dialects() -> None:
    """QQ answers errcode and errmsg, the hall ret and msg, both at the top."""
    for row in ENDPOINTS.values():
        hall = row.auth is Auth.OPENAPI_V3
        assert row.dialect.code_fields == (("ret",) if hall else ("errcode",))
        assert row.dialect.message_fields == (("msg",) if hall else ("errmsg",))
        assert row.dialect.data_field is None


def test_auth__credentials() -> None:
    """The hall needs the app_key, everything else the app_secret."""
    assert [auth.credential for auth in (Auth.APP, Auth.LOGIN_STATE, Auth.OPENAPI_V3)] == [
        "app_secret",
        "app_secret",
        "app_key",
    ]


def test_qq__rules() -> None:
    """The local checks answer the codes the platform would, within its documented numbers."""
    assert (MAX_PAIRS, MAX_KEY_BYTES, MAX_PAIR_BYTES) == (128, 128, 1024)
    assert len(INTERACTIVE_KEYS) == 50
    rules = QQ.storage
    assert (rules.pair_too_long, rules.too_many_pairs, rules.key_too_long) == (87016, 87018, 87019)
    assert list(QQ.interactive_values) == [0, 1]
    assert QQ.ranking.wrapper == "qqgame"
    assert (QQ.get_dawanka, QQ.report_dawanka) == (GET_DAWANKA_INFO, REPORT_DAWANKA_PAY)


def test_named__known() -> None:
    """Each platform, and Douyin's older host, is found by its name."""
    assert {name: platforms.chosen(name) for name in platforms.PLATFORMS} == {
        "qq": QQ,
        "douyin": DOUYIN,
        "douyin-toutiao": DOUYIN_TOUTIAO,
        "wechat": WECHAT,
    }
    assert all(platform.name == name for name, platform in platforms.PLATFORMS.items())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("", None),
        ("QQ", "qq"),
        (" qq", "qq"),
        ("weixin", None),
        ("toutiao", "douyin-toutiao"),
        ("douyin_toutiao", "douyin-toutiao"),
        ("we-chat", "wechat"),
    ],
)
def test_named__unknown(name: str, meant: str | None) -> None:
    """An unknown name is refused, with the one that was meant and the names there are."""
    with pytest.raises(ConfigurationError, match=f"^unknown platform '{name}'; ") as caught:
        platforms.chosen(name)
    assert str(caught.value).endswith("platforms are 'douyin', 'douyin-toutiao', 'qq', 'wechat'")
    assert ("did you mean" in str(caught.value)) is bool(meant)
    assert meant is None or f"did you mean {meant!r}?" in str(caught.value)


def test_platform_name__is_that_of_a_platform() -> None:
    """Type checkers are told the names that there are."""
    assert {*typing.get_args(platforms.PlatformName)} == {*platforms.PLATFORMS}
