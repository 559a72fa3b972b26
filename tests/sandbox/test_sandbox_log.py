"""The log: every platform request, complete, in order, without a secret."""

import json

from independent import body_signature
from sandbox_driver import INFO, SET, Driver, Login

from qqminigame.sandbox import Sandbox


def test_log__one_request(driver: Driver, player: Login, token: str) -> None:
    """An entry says what came, what went, and whether the rules ran."""
    driver.control("DELETE", "log")
    body = b'{"kv_list":[{"key":"a","value":"1"}]}'
    driver.post(SET, player, token, body, extra="seen")
    [entry] = driver.sandbox.log()
    now = driver.sandbox.state()["now"]
    assert abs(now - entry.pop("time")) < 10
    assert entry.pop("connection") > 0
    assert entry == {
        "n": 1,
        "method": "POST",
        "path": SET,
        "query": {
            "access_token": f"***{token[-4:]}",
            "openid": player.openid,
            "signature": f"***{body_signature(player.session_key, body)[-4:]}",
            "sig_method": "hmac_sha256",
            "extra": "seen",
        },
        "body": body.decode(),
        "body_bytes": len(body),
        "status": 200,
        "reply": '{"errcode":0,"errmsg":"ok"}',
        "fault": None,
        "handled": True,
        "warnings": [],
    }


def test_log__no_secret_in_it(driver: Driver) -> None:
    """No token, secret, signature, sig, openkey, session_key or login code is in the log."""
    sandbox = driver.sandbox
    token = driver.token()
    driver.fetch_token(secret="tiny-secret")
    player = driver.player()
    codes = [sandbox.js_code(), *(sandbox.js_code(platform="douyin") for _ in range(2))]
    driver.log_in(codes[0])
    driver.log_in_douyin(code=codes[1], anonymous_code=codes[2])
    page = driver.post_json("/_sandbox/qq/login", {"openid": "AB"})
    body = b'{"access_token":"secret-in-the-body"}'
    driver.post(SET, player, token, body)
    openid, openkey = sandbox.hall_login()
    parameters = driver.hall_parameters(INFO, openid, openkey)
    driver.get(INFO, parameters)
    driver.get(INFO, {"openkey": ["first-openkey-of-two", "second-openkey-of-two"]})
    text = json.dumps(sandbox.log(), ensure_ascii=False)
    for secret in [
        sandbox.app_secret,
        sandbox.app_key,
        token,
        "tiny-secret",
        *codes,
        page["code"],
        player.session_key,
        body_signature(player.session_key, body),
        openkey,
        parameters["sig"],
        "secret-in-the-body",
        "first-openkey",
        "second-openkey",
    ]:
        assert secret not in text
    assert "***" in text
    assert openid in text


def test_log__masks_replies(driver: Driver) -> None:
    """The token and the session_key are masked in the replies, all else is as sent."""
    token = driver.token()
    player = driver.player()
    first, second = driver.sandbox.log()
    assert json.loads(first["reply"]) == {
        "access_token": f"***{token[-4:]}",
        "expires_in": 7200,
    }
    assert json.loads(second["reply"])["session_key"] == f"***{player.session_key[-4:]}"
    assert json.loads(second["reply"])["openid"] == player.openid


def test_log__short_secrets_show_nothing(driver: Driver) -> None:
    """Of a secret under 16 characters not even the end is shown."""
    driver.fetch_token(secret="tiny-secret")
    assert driver.sandbox.log()[0]["query"]["secret"] == "***"


def test_log__repeated_parameter(driver: Driver) -> None:
    """A parameter given twice is a list."""
    driver.get("/api/getToken", {"a": ["1", "2"], "b": "3"})
    assert driver.sandbox.log()[0]["query"] == {"a": ["1", "2"], "b": "3"}


def test_log__unhandled(driver: Driver) -> None:
    """Requests no rule saw are in the log too, with their status and page."""
    driver.http.get(driver.sandbox.url + "/nowhere", timeout=10)
    driver.http.get(driver.sandbox.url + SET, timeout=10)
    driver.http.get(driver.sandbox.url + "/api/getToken?a=%25zz&b=<", timeout=10)
    entries = driver.sandbox.log()
    assert [entry["status"] for entry in entries] == [404, 405, 200]
    assert [entry["handled"] for entry in entries] == [False, False, True]
    assert "<html>" in entries[0]["reply"]


def test_log__bodies_that_are_no_text(driver: Driver, player: Login, token: str) -> None:
    """Bytes that are no UTF-8 are shown with a replacement character."""
    driver.post(SET, player, token, b"\xff\xfe")
    entry = driver.sandbox.log()[-1]
    assert (entry["body"], entry["body_bytes"]) == ("��", 2)


def test_log__control_calls_are_not_in_it(driver: Driver) -> None:
    """Looking does not change what is seen."""
    driver.control("GET", "state")
    assert driver.control("GET", "log").json() == []


def test_log__endpoint_and_method_agree(driver: Driver) -> None:
    """The Python method and the endpoint give the same."""
    driver.token()
    assert driver.control("GET", "log").json() == driver.sandbox.log()


def test_log__delete(driver: Driver) -> None:
    """An emptied log counts from 1 again."""
    driver.token()
    driver.control("DELETE", "log")
    assert driver.sandbox.log() == []
    driver.token()
    assert [entry["n"] for entry in driver.sandbox.log()] == [1]


def test_log__bounded() -> None:
    """Only the latest requests are kept; their numbers go on."""
    with Sandbox(log_size=3) as sandbox:
        driver = Driver(sandbox)
        for _ in range(5):
            driver.token()
        assert [entry["n"] for entry in sandbox.log()] == [3, 4, 5]
        driver.http.close()
