"""jscode2session: one-time codes, session keys, the quirks of its failures."""

import base64
from collections.abc import Iterator

import pytest
from sandbox_driver import SET, Driver, Login

from qqminigame.sandbox import Sandbox

KV = {"kv_list": [{"key": "k", "value": "v"}]}


def test_login__reply(driver: Driver) -> None:
    """A success carries openid, session_key and a code of 0, in the platform's shapes."""
    reply = driver.log_in(driver.sandbox.js_code())
    assert set(reply) == {"openid", "session_key", "errcode", "errmsg"}
    assert (reply["errcode"], reply["errmsg"]) == (0, "ok")
    assert reply["openid"]
    assert len(reply["session_key"]) == 24
    assert len(base64.b64decode(reply["session_key"], validate=True)) == 16


def test_login__given_player(driver: Driver) -> None:
    """A code can be made for a given player, with a unionid that then stays."""
    sandbox = driver.sandbox
    reply = driver.log_in(sandbox.js_code("AB", unionid="UN"))
    assert (reply["openid"], reply["unionid"]) == ("AB", "UN")
    assert driver.log_in(sandbox.js_code("AB"))["unionid"] == "UN"
    assert "unionid" not in driver.log_in(sandbox.js_code("CD"))


def test_login__code_works_once(driver: Driver) -> None:
    """A used code is invalid, and the failure carries the success fields, empty."""
    js_code = driver.sandbox.js_code()
    driver.log_in(js_code)
    reply = driver.log_in(js_code)
    assert reply.pop("errmsg")
    assert reply == {"openid": "", "session_key": "", "errcode": 40029}


@pytest.mark.parametrize("js_code", ["unknown", ""])
def test_login__unknown_code(driver: Driver, js_code: str) -> None:
    """A code nobody made is invalid."""
    assert driver.log_in(js_code)["errcode"] == 40029


@pytest.mark.parametrize(("age", "code"), [(290, 0), (300, 40029), (2000, 40029)])
def test_login__code_lives_five_minutes(driver: Driver, age: int, code: int) -> None:
    """A code is good for 300 seconds."""
    js_code = driver.sandbox.js_code()
    driver.sandbox.advance(age)
    assert driver.log_in(js_code)["errcode"] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appid": "1"}, -101222100),
        ({"secret": "wrong"}, -101222100),
        ({"grant_type": "client_credential"}, -2100),
    ],
)
def test_login__refused(driver: Driver, changes: dict[str, str], code: int) -> None:
    """Wrong credentials and a wrong grant_type are refused without using up the code."""
    js_code = driver.sandbox.js_code()
    reply = driver.log_in(js_code, **changes)
    assert (reply["errcode"], reply["openid"], reply["session_key"]) == (code, "", "")
    assert driver.log_in(js_code)["errcode"] == 0


def test_login__hundred_a_minute(driver: Driver) -> None:
    """The 101st call of a user within a minute is refused; other users and later calls are not."""
    sandbox = driver.sandbox
    used = sandbox.js_code("AB")
    codes = [driver.log_in(used)["errcode"] for _ in range(100)]
    assert codes == [0] + [40029] * 99
    fresh = sandbox.js_code("AB")
    assert driver.log_in(fresh)["errcode"] == 45011
    assert driver.log_in(sandbox.js_code("CD"))["errcode"] == 0
    sandbox.advance(61)
    assert driver.log_in(fresh)["errcode"] == 0


def test_login__replaces_the_session_key(driver: Driver, token: str) -> None:
    """Only the newest session_key of a player signs."""
    old = driver.player("AB")
    new = driver.player("AB")
    assert old.session_key != new.session_key
    assert driver.post(SET, old, token, KV)["errcode"] == -100050007
    assert driver.post(SET, new, token, KV)["errcode"] == 0


@pytest.fixture
def aging() -> Iterator[Driver]:
    """Give a client of a sandbox whose session_keys live a day."""
    with Sandbox(session_seconds=86400) as sandbox:
        driver = Driver(sandbox)
        yield driver
        driver.http.close()


def test_session_key__grows_old(aging: Driver) -> None:
    """Unused it is stale after its time; each use prolongs it; a new login has a new one."""
    player = aging.player()
    for _ in range(3):
        aging.sandbox.advance(86000)
        assert aging.post(SET, player, aging.token(), KV)["errcode"] == 0
    aging.sandbox.advance(86401)
    assert aging.post(SET, player, aging.token(), KV)["errcode"] == -100050007
    assert not aging.sandbox.state()["players"][player.openid]["logged_in"]
    again = aging.player(player.openid)
    assert aging.post(SET, again, aging.token(), KV)["errcode"] == 0


def test_session_key__a_refused_call_is_no_use(aging: Driver) -> None:
    """Only a call that is well signed prolongs it."""
    player = aging.player()
    aging.sandbox.advance(86000)
    token = aging.token()
    assert aging.post(SET, player, token, KV, signature="0")["errcode"] == -100050007
    aging.sandbox.advance(500)
    assert aging.post(SET, player, token, KV)["errcode"] == -100050007


def test_session_key__lives_on_unless_told_otherwise(driver: Driver, player: Login) -> None:
    """No page says how long it lives."""
    driver.sandbox.advance(10**8)
    assert driver.post(SET, player, driver.token(), KV)["errcode"] == 0


def test_end_session(driver: Driver, token: str, player: Login) -> None:
    """An ended session is stale, what was stored stays, a new login signs again."""
    driver.post(SET, player, token, KV)
    driver.sandbox.end_session(player.openid)
    assert driver.post(SET, player, token, KV)["errcode"] == -100050007
    assert driver.sandbox.state()["players"][player.openid] == {
        "storage": {"k": "v"},
        "interactive": {},
        "logged_in": False,
    }
    assert driver.post(SET, driver.player(player.openid), token, KV)["errcode"] == 0


def test_end_session__nobody(driver: Driver) -> None:
    """Ending the session of somebody unknown is refused."""
    with pytest.raises(ValueError, match="openid must be one of a player"):
        driver.sandbox.end_session("nobody")


def test_js_code__nonsense_is_refused(driver: Driver) -> None:
    """An empty openid is none."""
    with pytest.raises(ValueError, match="openid must be a text that is not empty"):
        driver.sandbox.js_code("")
