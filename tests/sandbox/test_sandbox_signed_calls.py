"""What a signed QQ call must bring: the auth parameters, a token, a signature, a JSON object."""

from typing import Any

import pytest
from independent import body_signature
from sandbox_driver import INTERACTIVE, REMOVE, SET, Driver, Login

BODIES: dict[str, Any] = {
    SET: {"kv_list": [{"key": "k", "value": "v"}]},
    REMOVE: {"key": ["k"]},
    INTERACTIVE: {"kv_list": [{"key": "1", "value": 1}]},
}
every_endpoint = pytest.mark.parametrize("path", BODIES)


@every_endpoint
def test_signed__success(driver: Driver, player: Login, token: str, path: str) -> None:
    """A proper call succeeds with exactly errcode 0 and errmsg ok."""
    assert driver.post(path, player, token, BODIES[path]) == {"errcode": 0, "errmsg": "ok"}


@every_endpoint
@pytest.mark.parametrize("name", ["access_token", "openid", "signature", "sig_method"])
@pytest.mark.parametrize("value", [None, ""])
def test_signed__parameter_missing(
    driver: Driver, player: Login, token: str, path: str, name: str, value: str | None
) -> None:
    """Each auth parameter is needed; an empty one is missing."""
    reply = driver.post(path, player, token, BODIES[path], **{name: value})
    assert reply["errcode"] == -4
    assert name in reply["errmsg"]


@every_endpoint
@pytest.mark.parametrize(
    "changes",
    [
        {"sig_method": "md5"},
        {"sig_method": "HMAC_SHA256"},
        {"access_token": ["a", "b"]},
        {"openid": ["a", "b"]},
        {"other": ["a", "a"]},
    ],
)
def test_signed__parameter_of_the_wrong_type(
    driver: Driver, player: Login, token: str, path: str, changes: dict[str, Any]
) -> None:
    """Another sig_method, or any parameter given twice, is -3."""
    assert driver.post(path, player, token, BODIES[path], **changes)["errcode"] == -3


@every_endpoint
def test_signed__unknown_token(driver: Driver, player: Login, token: str, path: str) -> None:
    """A token nobody was given is refused, and is not shown in the message."""
    reply = driver.post(path, player, "made-up-token-0123456789", BODIES[path])
    assert reply["errcode"] == -100050019
    assert "made-up" not in reply["errmsg"]


@every_endpoint
def test_signed__signature_wrong(driver: Driver, player: Login, token: str, path: str) -> None:
    """A signature of other bytes, in capitals, or of another player is refused."""
    good = body_signature(player.session_key, b'{"key": ["k"]}')
    other = driver.player()
    stranger = Login(openid="nobody", session_key=player.session_key)
    swapped = Login(openid=other.openid, session_key=player.session_key)
    codes = [
        driver.post(path, player, token, b'{"key":["k"]}', signature=good)["errcode"],
        driver.post(path, player, token, b'{"key": ["k"]}', signature=good.upper())["errcode"],
        driver.post(path, stranger, token, BODIES[path])["errcode"],
        driver.post(path, swapped, token, BODIES[path])["errcode"],
    ]
    assert codes == [-100050007] * 4


def test_signed__never_logged_in(driver: Driver, token: str) -> None:
    """A player whose code was never exchanged has no session: no signature is theirs."""
    driver.sandbox.js_code("AB")
    login = Login(openid="AB", session_key="x")
    assert driver.post(SET, login, token, BODIES[SET])["errcode"] == -100050007


def test_signed__order_of_the_checks(driver: Driver, player: Login, token: str) -> None:
    """With everything wrong the codes come in the order -4, -3, token, signature, body."""
    wrong: dict[str, Any] = {"sig_method": None, "access_token": "x", "signature": "x"}
    codes = []
    for name, value in [
        ("sig_method", "md5"),
        ("sig_method", "hmac_sha256"),
        ("access_token", token),
        ("signature", body_signature(player.session_key, b"nonsense")),
        ("signature", None),
    ]:
        codes.append(driver.post(SET, player, token, b"nonsense", **wrong)["errcode"])
        wrong[name] = value
    assert codes == [-4, -3, -100050019, -100050007, -2]


@every_endpoint
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nonsense",
        b"{}",
        b"null",
        b'{"kv_list":{"key":"k"},"key":"k"}',
        b'{"kv_list":null,"key":null}',
        b'{"kv_list":[1],"key":[1]}',
        b'{"kv_list":[{"value":"v"}],"key":[null]}',
        b'{"kv_list":[{"key":1,"value":"v"}],"key":[["k"]]}',
        b'{"kv_list":NaN,"key":NaN}',
        b'{"kv_list":[],"key":[],"x":NaN}',
        b'\xff{"kv_list":[],"key":[]}',
        b"[" * 100_000,
    ],
)
def test_signed__body_of_the_wrong_shape(
    driver: Driver, player: Login, token: str, path: str, body: bytes
) -> None:
    """No JSON object, or its field missing or not the documented list, is -2."""
    assert driver.post(path, player, token, body)["errcode"] == -2


def test_signed__signature_is_over_the_bytes_as_sent(
    driver: Driver, player: Login, token: str
) -> None:
    """Spaces, escapes and Chinese text are signed as they travel, not as they mean."""
    for body in [
        b'{ "kv_list" : [ {"key":"a","value":"1"} ] }',
        b'{"kv_list":[{"key":"\\u540d","value":"1"}]}',
        '{"kv_list":[{"key":"名","value":"分"}]}'.encode(),
    ]:
        assert driver.post(SET, player, token, body)["errcode"] == 0
    stored = driver.sandbox.state()["players"][player.openid]["storage"]
    assert stored == {"a": "1", "名": "分"}
