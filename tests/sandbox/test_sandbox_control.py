"""The control endpoints: they do what the Python methods do, and say what is wrong."""

from typing import Any

import pytest
from sandbox_driver import INFO, SET, Driver, Login, kv

from qqminigame.sandbox import Sandbox


def test_state__at_the_start(driver: Driver) -> None:
    """A new sandbox knows nobody; the endpoint gives what the method gives."""
    state = driver.control("GET", "state").json()
    assert isinstance(state.pop("now"), float)
    none = {"token_fetches": 0, "tokens": []}
    assert state == {
        "app_id": driver.sandbox.app_id,
        "hall_app_id": driver.sandbox.hall_app_id,
        **none,
        "platforms": dict.fromkeys(("qq", "douyin", "wechat"), none | {"players": {}}),
        "players": {},
        "hall": {},
    }


def test_state__hall(driver: Driver) -> None:
    """The state has all of a hall player."""
    driver.sandbox.hall_login("AB", level=1, pay_return_count=4)
    assert driver.control("GET", "state").json()["hall"] == {
        "AB": {
            "level": 1,
            "score": 0,
            "binding": False,
            "discount": 0,
            "payReturnCount": 4,
            "isUsingCard": False,
            "realLevel": None,
            "CardExpireTs": None,
            "used": 0,
            "reports": 0,
        }
    }


def test_clock(driver: Driver) -> None:
    """The clock is read, moved and set; it goes on from there."""
    start = driver.control("GET", "clock").json()["now"]
    assert 3600 <= driver.control("POST", "clock", {"advance": 3600}).json()["now"] - start < 3610
    assert -10 < driver.control("POST", "clock", {"advance": -3600}).json()["now"] - start < 10
    assert 0 <= driver.control("POST", "clock", {"now": 1_000_000}).json()["now"] - 1_000_000 < 10
    assert 0 <= driver.sandbox.state()["now"] - 1_000_000 < 10


def test_js_code(driver: Driver) -> None:
    """A code made over HTTP logs its player in."""
    made = driver.control("POST", "js_code", {"unionid": "UN"}).json()
    reply = driver.log_in(made["js_code"])
    assert (reply["openid"], reply["unionid"]) == (made["openid"], "UN")
    assert driver.control("POST", "js_code", {"openid": "AB"}).json()["openid"] == "AB"


def test_hall_login(driver: Driver) -> None:
    """A hall player made over HTTP can be asked for."""
    made = driver.control("POST", "hall_login", {"openid": "AB", "score": 9}).json()
    assert made["openid"] == "AB"
    assert driver.hall(INFO, "AB", made["openkey"])["score"] == 9


def test_revoke_tokens(driver: Driver, token: str) -> None:
    """Tokens are revoked over HTTP."""
    assert driver.control("POST", "revoke_tokens").json() == {"ok": True}
    assert [each["alive"] for each in driver.sandbox.state()["tokens"]] == [False]


def test_end_session(driver: Driver, player: Login) -> None:
    """A session is ended over HTTP."""
    driver.control("POST", "end_session", {"openid": player.openid})
    assert not driver.sandbox.state()["players"][player.openid]["logged_in"]


def test_faults(driver: Driver) -> None:
    """One fault or a list is taken; those still to come are shown with what is left of them."""
    driver.control("POST", "faults", {"kind": "busy", "times": 2, "skip": 1})
    shown = driver.control("POST", "faults", [{"kind": "delay", "seconds": 1}]).json()
    assert shown == [
        {"kind": "busy", "endpoint": None, "times": 2, "skip": 1},
        {"kind": "delay", "endpoint": None, "times": 1, "skip": 0, "seconds": 1},
    ]
    driver.control("DELETE", "faults")
    driver.control("POST", "faults", {"kind": "busy", "times": 3, "skip": 1})
    driver.log_in("x")
    driver.log_in("x")
    [left] = driver.control("GET", "faults").json()
    assert (left["times"], left["skip"]) == (2, 0)


def test_reset(driver: Driver, player: Login, token: str) -> None:
    """A reset forgets players, log, faults, the moved clock and that there were tokens."""
    sandbox = driver.sandbox
    start = sandbox.state()["now"]
    sandbox.advance(10_000)
    sandbox.hall_login()
    sandbox.script({"kind": "busy"})
    driver.control("POST", "reset")
    state = sandbox.state()
    assert abs(state["now"] - start) < 10
    assert (state["players"], state["hall"], state["tokens"]) == ({}, {}, [])
    assert sandbox.log() == []
    assert driver.control("GET", "faults").json() == []
    assert sandbox.state()["token_fetches"] == 0


def test_reset__leaves_tokens_good() -> None:
    """A client that lives longer than one test keeps its token, whatever others fetch then."""
    with Sandbox() as sandbox:
        driver = Driver(sandbox)
        token = driver.token()
        for _ in range(2):
            sandbox.reset()
            assert token not in {driver.token(), driver.token()}
            assert driver.post(SET, driver.player(), token, kv())["errcode"] == 0
        sandbox.revoke_tokens()
        assert driver.post(SET, driver.player(), token, kv())["errcode"] == -100050019
        driver.http.close()


def test_reset__with_a_seed__no_two_platforms_have_the_same_token() -> None:
    """What was WeChat's token before a reset is not QQ's after it."""
    with Sandbox(seed=1) as sandbox:
        driver = Driver(sandbox)
        driver.get("/cgi-bin/token", driver.credentials())
        sandbox.reset()
        player, token = driver.player(platform="wechat"), driver.token()
        assert driver.post("/wxa/set_user_storage", player, token, kv())["errcode"] == 40001
        driver.http.close()


def test_reset__with_a_seed() -> None:
    """The same token comes again after a reset, and dies as any other."""
    with Sandbox(seed=1) as sandbox:
        driver = Driver(sandbox)
        first = [driver.token() for _ in range(3)]
        sandbox.reset()
        tokens = [driver.token() for _ in range(5)]
        assert tokens[:3] == first
        player = driver.player()
        codes = [driver.post(SET, player, each, kv())["errcode"] for each in tokens]
        assert codes[:3] == [-100050019] * 3
        assert codes[4] == 0
        driver.http.close()


def test_state__players_of_each_platform(driver: Driver) -> None:
    """The state has the players of all platforms, an openid of two under its platforms only."""
    driver.player("ONE", platform="wechat")
    driver.player("TWO", platform="qq")
    driver.player("TWO", platform="douyin")
    state = driver.sandbox.state()
    assert set(state["players"]) == {"ONE"}
    names = {name: set(each["players"]) for name, each in state["platforms"].items()}
    assert names == {"qq": {"TWO"}, "douyin": {"TWO"}, "wechat": {"ONE"}}


@pytest.mark.parametrize(
    ("method", "name", "body", "status", "words"),
    [
        ("GET", "nothing", None, 404, "/_sandbox/state"),
        ("POST", "state", None, 405, "allowed methods: GET"),
        ("PUT", "clock", None, 405, "allowed methods: GET, POST"),
        ("POST", "clock", {}, 400, '{"advance": seconds} or {"now": unix_seconds}'),
        ("POST", "clock", {"advance": 1, "now": 1}, 400, '{"advance": seconds}'),
        ("POST", "clock", {"forward": 1}, 400, "unknown: forward; allowed: advance, now"),
        ("POST", "clock", {"advance": "1"}, 400, "advance must be a number of seconds"),
        ("POST", "clock", {"advance": True}, 400, "advance must be a number of seconds"),
        ("POST", "clock", {"now": 10**400}, 400, "now must be a number of seconds"),
        ("POST", "clock", [1], 400, "must be a JSON object"),
        ("POST", "faults", {"kind": "boom"}, 400, "kind must be one of busy"),
        ("POST", "faults", "busy", 400, "a fault is an object"),
        ("POST", "js_code", {"openid": 7}, 400, "openid must be a text that is not empty"),
        ("POST", "js_code", {"platform": "tiktok"}, 400, "one of qq, douyin, wechat"),
        ("POST", "js_code", {"name": "x"}, 400, "unknown: name; allowed: openid, platform"),
        ("POST", "hall_login", {"level": 9}, 400, "level must be 0, 1, 2, 3 or 4"),
        ("POST", "hall_login", {"self": 9}, 400, "allowed: binding, card_expire_ts"),
        ("POST", "end_session", {}, 400, "openid must be one of a player"),
        ("POST", "end_session", {"openid": "x"}, 400, "openid must be one of a player"),
        ("POST", "reset", {"all": True}, 400, "unknown: all; allowed: none"),
    ],
)
def test_control__nonsense_is_refused(
    driver: Driver, method: str, name: str, body: Any, status: int, words: str
) -> None:
    """Wrong input gets a JSON error that says what would be right."""
    reply = driver.control(method, name, body)
    assert reply.status_code == status
    assert words in reply.json()["error"]


@pytest.mark.parametrize("body", [b"nonsense", b"\xff", b"[" * 100_000])
def test_control__body_is_no_json(sandbox: Sandbox, driver: Driver, body: bytes) -> None:
    """A body that is no JSON is refused."""
    reply = driver.http.post(sandbox.url + "/_sandbox/js_code", data=body, timeout=10)
    assert (reply.status_code, reply.json()) == (400, {"error": "the body is not JSON"})


def test_python_methods__refuse_nonsense(sandbox: Sandbox) -> None:
    """A clock cannot be moved by what is no number."""
    with pytest.raises(ValueError, match="advance must be a number of seconds"):
        sandbox.advance(float("nan"))
