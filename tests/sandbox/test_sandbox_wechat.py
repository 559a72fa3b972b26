"""WeChat's calls: QQ's words at other paths, with some codes of their own."""

from typing import Any

import pytest
from sandbox_driver import Driver, Login, kv, stored

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


def test_stable_token__is_the_same_while_it_lives(driver: Driver, player: Login) -> None:
    """Asked again it gives the same token; with force_refresh a new one, and the old is dead."""
    first, again, forced = (
        driver.post_json(STABLE, driver.credentials(**more))["access_token"]
        for more in ({}, {"force_refresh": False}, {"force_refresh": True})
    )
    assert first == again != forced
    codes = [driver.post(SET, player, each, kv())["errcode"] for each in (first, forced)]
    assert codes == [40001, 0]


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
    assert driver.post(path, player, token, kv())["errcode"] == -100050019


@every_write
def test_signed__success(driver: Driver, player: Login, token: str, path: str) -> None:
    """A proper call of a player who logged in by the shared path succeeds in QQ's words."""
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
    driver.sandbox.script({"kind": "busy", "times": 3})
    assert driver.get(TOKEN, driver.credentials())["errcode"] == -1
    assert driver.post_json(STABLE, driver.credentials())["errcode"] == -1
    assert driver.post(SET, player, token, kv())["errcode"] == -1
