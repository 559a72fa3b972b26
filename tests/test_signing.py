"""The signatures against the vectors, and against the ``openssl`` command line."""

import base64
import json
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from independent import body_signature, openapi_sig, quoted

from qqminigame.signing import openapi_source, sign_body, sign_openapi

VECTORS = json.loads(
    (Path(__file__).parent / "vectors" / "platform_vectors.json").read_text("utf8")
)
SESSION_KEY = "o0q0otL8aEzpcZL/FT9WsQ=="

AWKWARD = {
    "ascii": "plain-Text_1.0",
    "chinese": "名字:分数",
    "emoji": "🎮👨‍👩‍👧",
    "quotes": "\"double\" 'single' `back`",
    "backslashes": "C:\\new\\table",
    "tilde": "~user~",
    "star": "50005*4*1",
    "spaces": " two  spaces ",
    "ampersand": "a&b&&c",
    "plus": "1+1",
    "equals": "==k=v",
    "percent": "100%25%zz",
    "the rest": "!#$(),/:;<>?@[]^{|}",
    "line ends": "a\r\nb\tc",
    "empty": "",
}


class Name(str, Enum):  # noqa: UP042 - a StrEnum would format as its text
    """A str that does not format as its own text."""

    PLAYER = "the-player"


def vectors(rule: str) -> list[dict[str, Any]]:
    """List the vectors of a rule, published and computed."""
    return [*VECTORS[rule]["published"], *VECTORS[rule]["computed"]]


@pytest.mark.parametrize("vector", vectors("login_state_signature"))
def test_sign_body__vectors(vector: dict[str, str]) -> None:
    """The platforms' own examples, and those computed beside them, come out."""
    assert sign_body(vector["session_key"], vector["body"].encode()) == vector["signature"]


@pytest.mark.parametrize("vector", vectors("openapi_v3_sig"))
def test_sign_openapi__vectors(vector: dict[str, Any]) -> None:
    """The hall's own examples, and those computed beside them, come out."""
    sig = sign_openapi(vector["method"], vector["path"], vector["params"], vector["appkey"])
    assert sig == vector["sig"]


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
def test_sign_body__agrees_with_openssl_on_any_body(text: str) -> None:
    """Any body, in JSON or raw, is signed as OpenSSL signs it."""
    for body in (text.encode(), json.dumps({text: text}, ensure_ascii=False).encode()):
        assert sign_body(SESSION_KEY, body) == body_signature(SESSION_KEY, body)


@pytest.mark.parametrize("text", [text for text in AWKWARD.values() if text])
def test_sign_body__agrees_with_openssl_on_any_session_key(text: str) -> None:
    """The session_key is taken as text, whatever is in it."""
    assert sign_body(text, b"{}") == body_signature(text, b"{}")


def test_sign_body__the_session_key_is_not_base64_decoded() -> None:
    """Two texts of the same base64 bytes are two keys."""
    assert base64.b64decode("AB==") == base64.b64decode("AA==")
    assert sign_body("AB==", b"{}") != sign_body("AA==", b"{}")


@pytest.mark.parametrize("body", [b'{"foo": "bar"}', b'{"foo":"b\\u0061r"}', b'{"foo":"bar"}\n'])
def test_sign_body__covers_every_byte(body: bytes) -> None:
    """A space, an escape or a line end more makes another signature."""
    assert sign_body(SESSION_KEY, body) != sign_body(SESSION_KEY, b'{"foo":"bar"}')


@pytest.mark.parametrize("place", ["name", "value", "openid", "openkey", "app_key", "path"])
@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
def test_sign_openapi__agrees_with_openssl(text: str, place: str) -> None:
    """Whatever stands in a name, a value, the path or the key, OpenSSL signs it the same."""
    params = {"appid": "1", "openid": "AB", "openkey": "CC", "pf": "qqgame"}
    app_key, path = "228bf094169a40a3bd188ba37ebe8723", "/v3/user/get_info"
    if place == "name":
        params[f"x{text}"] = "1"
    elif place == "app_key":
        app_key = text
    elif place == "path":
        path += text
    else:
        params[place] = text
    assert sign_openapi("GET", path, params, app_key) == openapi_sig("GET", path, params, app_key)


def test_openapi_source__worked_by_hand() -> None:
    """Method, path and sorted raw parameters, the last two encoded as wholes, joined by ``&``."""
    params = {"pf": "qqgame", "openid": "A~1", "Zone": "*", "msg": "a b&c=名", "userip": ""}
    assert openapi_source("GET", "/v3/user/get-info_1.x~", params) == (
        "GET&%2Fv3%2Fuser%2Fget-info_1.x%7E&"
        "Zone%3D%2A%26msg%3Da%20b%26c%3D%E5%90%8D%26openid%3DA%7E1%26pf%3Dqqgame%26userip%3D"
    )


def test_openapi_source__an_empty_value_stays() -> None:
    """An empty value is signed as ``key=``, not left out."""
    assert openapi_source("GET", "/", {"a": "", "b": "1"}) == "GET&%2F&a%3D%26b%3D1"


@pytest.mark.parametrize(
    "names",
    [
        ["A", "B", "a", "b"],
        ["a", "a1", "a10", "a2", "aa"],
        ["-", ".", "0", "A", "_", "a", "~"],
        ["z", "é", "名", "\uff5e", "🎮"],  # in UTF-16 the last comes before the one before it
    ],
)
def test_openapi_source__names_are_in_byte_order(names: list[str]) -> None:
    """Names stand in the ascending order of their UTF-8 bytes, beyond the BMP too."""
    source = openapi_source("GET", "/", dict.fromkeys(reversed(names), "v"))
    assert source == f"GET&%2F&{quoted('&'.join(f'{name}=v' for name in names))}"


def test_openapi_source__the_method_is_upper_case() -> None:
    """A method in small letters is signed in capitals."""
    assert openapi_source("post", "/", {"a": "1"}) == "POST&%2F&a%3D1"


def test_openapi_source__a_member_of_a_str_enum_is_its_text() -> None:
    """A value of a str subclass is signed as the text the URL will carry."""
    assert openapi_source("GET", "/", {"openid": Name.PLAYER}) == "GET&%2F&openid%3Dthe-player"


def test_sign_openapi__the_app_key_is_not_translated() -> None:
    """``-`` and ``_`` in an app_key are not mapped to ``+`` and ``/``, as one SDK does."""
    params = {"appid": "1"}
    assert sign_openapi("GET", "/", params, "a-b_c") == openapi_sig("GET", "/", params, "a-b_c")
    assert sign_openapi("GET", "/", params, "a-b_c") != sign_openapi("GET", "/", params, "a+b/c")
