"""WeChat's calls: QQ's words at other paths, with some codes of their own."""

from typing import Any

import pytest
from sandbox_driver import NOON_IN_BEIJING, Driver, Login, kv, stored

from qqminigame.sandbox import Sandbox

TOKEN = "/cgi-bin/token"
STABLE = "/cgi-bin/stable_token"
SET = "/wxa/set_user_storage"
REMOVE = "/wxa/remove_user_storage"
INTERACTIVE = "/wxa/setuserinteractivedata"
OK = {"errcode": 0, "errmsg": "ok"}

BODIES: dict[str, Any] = {
    SET: kv(("k", "v")),
    REMOVE: {"key": ["k"]},
    INTERACTIVE: kv(("1", 1)),
}
every_write = pytest.mark.parametrize("path", BODIES)


@pytest.fixture
def player(driver: Driver) -> Login:
    """Give a player who has logged in on WeChat."""
    return driver.player(platform="wechat")


@pytest.fixture
def token(driver: Driver) -> str:
    """Give a good access token of WeChat."""
    return str(driver.get(TOKEN, driver.credentials())["access_token"])


def test_token__reply(driver: Driver) -> None:
    """A success has the token and its life, whether asked for by GET or stable, by POST."""
    for reply in (
        driver.get(TOKEN, driver.credentials()),
        driver.post_json(STABLE, driver.credentials()),
    ):
        assert set(reply) == {"access_token", "expires_in"}
        assert reply["expires_in"] == 7200


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"grant_type": "x"}, 40002), ({"appid": "1"}, 40013), ({"secret": "wrong"}, 40001)],
)
def test_token__refused(driver: Driver, changes: dict[str, str], code: int) -> None:
    """Wrong credentials have QQ's codes, at both calls."""
    credentials = driver.credentials(**changes)
    assert driver.get(TOKEN, credentials)["errcode"] == code
    assert driver.post_json(STABLE, credentials)["errcode"] == code


def test_stable_token__body_is_no_json(driver: Driver) -> None:
    """A body that is no JSON object is refused as such."""
    assert driver.post_json(STABLE, b"nonsense")["errcode"] == 47001


def stable(driver: Driver, **more: object) -> str:
    """Fetch a stable access token."""
    return str(driver.post_json(STABLE, driver.credentials(**more))["access_token"])


def accepted(driver: Driver, player: Login, *tokens: str) -> list[bool]:
    """Tell which tokens a signed call may come with."""
    codes = [driver.post(SET, player, token, kv())["errcode"] for token in tokens]
    assert set(codes) <= {0, 40001}
    return [code == 0 for code in codes]


def test_stable_token__is_isolated(driver: Driver, player: Login, token: str) -> None:
    """It is another token than getToken's, and neither call ends the other's."""
    own = stable(driver)
    assert own != token
    for _ in range(3):
        token = str(driver.get(TOKEN, driver.credentials())["access_token"])
    driver.sandbox.advance(1000)
    assert stable(driver) == own
    assert accepted(driver, player, own, token) == [True, True]
    stable(driver, force_refresh=True)
    assert accepted(driver, player, own, token) == [False, True]


def test_stable_token__renewed_in_its_last_five_minutes(driver: Driver, player: Login) -> None:
    """Asked again it is the same; with 5 minutes to live there is a new one, and both are good."""
    first = stable(driver)
    driver.sandbox.advance(6890)
    again = driver.post_json(STABLE, driver.credentials(force_refresh=False))
    assert again["access_token"] == first
    assert 300 < again["expires_in"] <= 310
    driver.sandbox.advance(20)
    second = stable(driver)
    assert second != first
    assert accepted(driver, player, first, second) == [True, True]
    assert stable(driver) == second
    driver.sandbox.advance(300)
    assert accepted(driver, player, first, second) == [False, True]


def test_stable_token__forced(driver: Driver, player: Login) -> None:
    """Forced, the old one dies at once; soon after nothing changes; 20 times a day."""
    driver.control("POST", "clock", {"now": NOON_IN_BEIJING})
    old, new = stable(driver), stable(driver, force_refresh=True)
    assert accepted(driver, player, old, new) == [False, True]
    driver.sandbox.advance(20)
    assert stable(driver, force_refresh=True) == new
    for _ in range(19):
        driver.sandbox.advance(30)
        old, new = new, stable(driver, force_refresh=True)
        assert old != new
    driver.sandbox.advance(30)
    refused = driver.post_json(STABLE, driver.credentials(force_refresh=True))
    assert (refused["errcode"], stable(driver)) == (45009, new)


@pytest.mark.parametrize("path", [TOKEN, STABLE])
def test_token__only_from_allowed_addresses(path: str) -> None:
    """With a list of addresses any other is 40164, and told which it is."""
    with Sandbox(allowed_ips=["192.0.2.1"]) as closed, Sandbox(allowed_ips=["127.0.0.1"]) as open_:
        replies = []
        for sandbox in (closed, open_):
            driver = Driver(sandbox)
            ask = driver.post_json if path == STABLE else driver.get
            replies.append(ask(path, driver.credentials()))
            driver.http.close()
    assert (replies[0]["errcode"], "127.0.0.1" in replies[0]["errmsg"]) == (40164, True)
    assert "access_token" in replies[1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appid": "1"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "client_credential"}, 40002),
        ({}, 0),
    ],
)
def test_login__refused(driver: Driver, changes: dict[str, str], code: int) -> None:
    """A WeChat code is answered in WeChat's numbers, without the empty fields of QQ's failures."""
    reply = driver.log_in(driver.sandbox.js_code(platform="wechat"), **changes)
    assert reply["errcode"] == code
    assert ("openid" in reply) == (code == 0)


def test_login__code_used_or_old(driver: Driver) -> None:
    """A used code is 40163, an old one 40029, and an unknown one as well."""
    used, old = (driver.sandbox.js_code(platform="wechat") for _ in range(2))
    assert driver.log_in(used)["errcode"] == 0
    assert driver.log_in(used)["errcode"] == 40163
    driver.sandbox.advance(301)
    assert driver.log_in(old)["errcode"] == 40029
    assert driver.log_in("unknown")["errcode"] == 40029


def test_login__is_wechats_alone(driver: Driver, player: Login, token: str) -> None:
    """A session_key of QQ signs nothing here, and none of here signs there."""
    qq = driver.player(player.openid)
    assert driver.post(SET, qq, token, kv())["errcode"] == 87009
    path = "/api/openDataContext/set_user_storage"
    assert driver.post(path, player, driver.token(), kv())["errcode"] == -100050007


def test_token__overlap(driver: Driver, player: Login, token: str) -> None:
    """The token before the newest lives 300 seconds longer."""
    driver.get(TOKEN, driver.credentials())
    assert driver.post(SET, player, token, kv()) == OK
    driver.sandbox.advance(301)
    assert driver.post(SET, player, token, kv())["errcode"] == 40001


def test_token__of_another_platform(driver: Driver, player: Login, token: str) -> None:
    """A token of QQ is none here, and none of here is one there."""
    assert driver.post(SET, player, driver.token(), kv())["errcode"] == 40001
    path = "/api/openDataContext/set_user_storage"
    assert driver.post(path, driver.player(), token, kv())["errcode"] == -100050019


@every_write
def test_signed__success(driver: Driver, player: Login, token: str, path: str) -> None:
    """A proper call succeeds in QQ's words."""
    assert driver.post(path, player, token, BODIES[path]) == OK


@every_write
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"access_token": None}, 41001),
        ({"openid": None}, 41001),
        ({"signature": ""}, 41001),
        ({"sig_method": "md5"}, -3),
        ({"access_token": "made-up"}, 40001),
        ({"openid": "nobody"}, 87081),
        ({"signature": "0" * 64}, 87009),
    ],
)
def test_signed__refused(
    driver: Driver, player: Login, token: str, path: str, changes: dict[str, Any], code: int
) -> None:
    """Each auth parameter that is missing or wrong has its code."""
    assert driver.post(path, player, token, BODIES[path], **changes)["errcode"] == code


@every_write
def test_signed__body_of_the_wrong_shape(
    driver: Driver, player: Login, token: str, path: str
) -> None:
    """No JSON object, or one without its list, is -2 as on QQ."""
    assert driver.post(path, player, token, b"nonsense")["errcode"] == -2
    assert driver.post(path, player, token, {})["errcode"] == -2


def test_storage(driver: Driver, player: Login, token: str) -> None:
    """Pairs are stored and removed."""
    driver.post(SET, player, token, kv(("a", "1"), ("b", '{"ttgame":1}')))
    driver.post(REMOVE, player, token, {"key": ["a"]})
    assert stored(driver, player) == {"b": '{"ttgame":1}'}


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("k" * 129, "v")], 87019),
        ([("k", "v" * 1024)], 87016),
        ([(f"k{number}", "v") for number in range(129)], 87018),
        ([(f"k{number}", "v" * 1020) for number in range(128)], 0),
    ],
)
def test_set__limits(
    driver: Driver, player: Login, token: str, pairs: list[tuple[str, str]], code: int
) -> None:
    """Limits and their codes are QQ's."""
    assert driver.post(SET, player, token, kv(*pairs))["errcode"] == code


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("1", 2**31 - 1, 0),
        ("50", -(2**31), 0),
        ("7", 12.0, 0),
        ("1", 2**31, -2),
        ("1", -(2**31) - 1, -2),
        ("1", 0.5, -2),
        ("1", True, -2),
        ("1", "1", -2),
        ("51", 1, 87082),
        ("name", 1, 87082),
    ],
)
def test_interactive(
    driver: Driver, player: Login, token: str, key: str, value: Any, code: int
) -> None:
    """A value is any 32-bit integer; a key outside "1" to "50" has a code of its own."""
    assert driver.post(INTERACTIVE, player, token, kv((key, value)))["errcode"] == code
    values = driver.sandbox.state()["players"][player.openid]["interactive"]
    assert values == ({} if code else {key: int(value)})


@pytest.mark.parametrize("body", [b'{"kv_list":[{"key":"1","value":1e999}]}'])
def test_interactive__infinity(driver: Driver, player: Login, token: str, body: bytes) -> None:
    """A number too large for a float is no 32-bit integer."""
    assert driver.post(INTERACTIVE, player, token, body)["errcode"] == -2


def test_busy(driver: Driver, player: Login, token: str) -> None:
    """A busy WeChat answers -1 at every call."""
    driver.sandbox.script({"kind": "busy", "times": 3, "endpoint": "*"})
    assert driver.get(TOKEN, driver.credentials())["errcode"] == -1
    assert driver.post_json(STABLE, driver.credentials())["errcode"] == -1
    assert driver.post(SET, player, token, kv())["errcode"] == -1
