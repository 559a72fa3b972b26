"""The bytes that are sent are those that were signed: captured, and signed anew by openssl."""

import json
import re
from urllib.parse import unquote

import pytest
from independent import body_signature, openapi_sig
from raw_server import RawServer, platform
from sessions import Pauses

from qqminigame import (
    Clock,
    CloudStorage,
    Dawanka,
    HallLogin,
    InteractiveData,
    LoginState,
    Session,
)

TEXTS = {
    "ascii": "score",
    "chinese": "分数榜",
    "emoji": "🏆🀄",
    "quotes": "\"double\" 'single' `back`",
    "backslashes": "\\ \\n \\u5206 \\\\",
    "marks": "~*!()[]{};:,.?#@$^|<>",
    "spaces": "a b  c\u3000d",
    "query": "a&b=c+d%20e%zz/?x=1",
    "controls": "tab\tline\nnul\x00del\x7f",
    "separators": "\u2028\u2029\ufeff",
}
APP_KEY = "228bf094169a40a3bd188ba37ebe8723"


def parse(request):
    """Return method, path, the query's raw decoded pairs, and the body of a captured request."""
    head, _, body = request.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode("ascii").split(" ")
    path, _, query = target.partition("?")
    # By hand, as a platform in another language would: no library that might forgive.
    assert re.fullmatch(r"[A-Za-z0-9._~%=&-]*", query), "something is not percent-encoded"
    pairs = [pair.split("=") for pair in query.split("&")] if query else []
    return method, path, {unquote(name): unquote(value) for name, value in pairs}, body


@pytest.fixture
def server():
    """A platform that says yes and keeps what it was sent."""
    with RawServer(platform) as server:
        yield server


@pytest.fixture
def session(server):
    """A session to it."""
    with Session(
        "1110766236",
        app_secret="sec~ret*+ /",
        hall_app_id="1110766236",
        app_key=APP_KEY,
        base_url=server.url,
        store="memory:",
        clock=Clock(sleep=Pauses()),
    ) as session:
        yield session


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("service", ["set", "set_score", "remove"])
def test_body__is_what_openssl_signs(server, session, service, text):
    """The signature in the query is openssl's over the captured body, whatever text is in it."""
    login = LoginState(openid=f"openid{text}", session_key=f"o0q0ot/FT9WsQ=={text}")
    storage = CloudStorage(session)
    if service == "set":
        storage.set(login, {text: text, "other": ""})
    elif service == "set_score":
        storage.set_score(login, text, 100, update_time=1557813466, name=text)
    else:
        storage.remove(login, [text])
    method, _, query, body = parse(server.requests[-1])
    signature = body_signature(login.session_key, body)
    assert method == "POST"
    assert query == {
        "access_token": "to+ken/=",
        "openid": login.openid,
        "sig_method": "hmac_sha256",
        "signature": signature,
    }
    sent = json.loads(body)
    if service == "set":
        assert sent == {
            "kv_list": [{"key": text, "value": text}, {"key": "other", "value": ""}],
        }
    elif service == "set_score":
        (pair,) = sent["kv_list"]
        assert pair["key"] == text
        assert json.loads(pair["value"]) == {
            "qqgame": {"score": 100, "update_time": 1557813466},
            "name": text,
        }
    else:
        assert sent == {"key": [text]}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_openapi__is_what_openssl_signs(server, session, text):
    """The sig is openssl's over method, path and the query as a server decodes it."""
    login = HallLogin(openid=f"openid{text}", openkey=f"openkey{text}", userip="112.90.139.30")
    Dawanka(session).get_info(login)
    method, path, query, body = parse(server.requests[-1])
    sig = query.pop("sig")
    assert query == {
        "appid": "1110766236",
        "openid": login.openid,
        "openkey": login.openkey,
        "pf": "qqgame",
        "userip": "112.90.139.30",
        "version": "2",
    }
    assert sig == openapi_sig(method, path, query, APP_KEY)
    assert body == b""


def test_seed_bodies__are_sent_to_the_letter(server, session):
    """The three curl samples go out as the seed shows them, without the white space of its text."""
    login = LoginState(openid="o", session_key="o0q0otL8aEzpcZL/FT9WsQ==")
    CloudStorage(session).remove(login, ["gold", "score"])
    CloudStorage(session).set(login, {"score": "100", "gold": "3000"})
    # Its curl sends score and gold here too, against its own table; this is its signed text.
    InteractiveData(session).set(login, {"1": 0})
    calls = [parse(request) for request in server.requests[1:]]
    assert [(path, body) for _, path, _, body in calls] == [
        ("/api/openDataContext/remove_user_storage", b'{"key":["gold","score"]}'),
        (
            "/api/openDataContext/set_user_storage",
            b'{"kv_list":[{"key":"score","value":"100"},{"key":"gold","value":"3000"}]}',
        ),
        ("/api/setuserinteractivedata", b'{"kv_list":[{"key":"1","value":0}]}'),
    ]


def test_seed_urls__are_sent_parameter_for_parameter(server, session):
    """Both Dawanka samples go out with the seed's parameters, and with the sigs of the vectors.

    The seed prints one sig for both requests, so it is none.
    """
    login = HallLogin(
        openid="AB055EE03EE6F7CCB31F6CCE75A50A38", openkey="CC11B9096D458AEFDEF72981AE5A136D"
    )
    info = Dawanka(session).get_info(login)
    report = Dawanka(session).report_pay(login)
    common = {
        "appid": "1110766236",
        "openid": "AB055EE03EE6F7CCB31F6CCE75A50A38",
        "openkey": "CC11B9096D458AEFDEF72981AE5A136D",
        "pf": "qqgame",
    }
    (_, info_path, info_query, _), (_, report_path, report_query, _) = map(parse, server.requests)
    assert info_path == "/v3/user/get_dawanka_info"
    assert info_query == {**common, "version": "2", "sig": "l1c8gbDZzLGn29dTT1+iB7h9IpY="}
    assert report_path == "/v3/user/report_dawanka_pay"
    assert report_query == {**common, "sig": "TUA5owX64tDDGKzFr5BOrGRwW2U="}
    assert (info.pay_return_count, info.level.value) == (0, 0)
    assert (report.use, report.left) == (2, 1)


def test_token_and_secret__are_percent_encoded(server, session):
    """The secret of the token fetch arrives as it is, whatever is in it."""
    CloudStorage(session).remove(LoginState(openid="o", session_key="k"), ["a"])
    method, path, query, _ = parse(server.requests[0])
    assert (method, path) == ("GET", "/api/getToken")
    assert query == {
        "grant_type": "client_credential",
        "appid": "1110766236",
        "secret": "sec~ret*+ /",
    }


def test_headers__say_what_is_sent(server, session):
    """A POST names its JSON and length; nothing asks for a packed answer; the client has a name."""
    CloudStorage(session).remove(LoginState(openid="o", session_key="k"), ["a"])
    head = server.requests[-1].partition(b"\r\n\r\n")[0].decode().lower()
    assert "content-type: application/json" in head
    assert "content-length: 13" in head
    assert "accept-encoding: identity" in head
    assert "user-agent: qqminigame/" in head
    assert "transfer-encoding" not in head


def test_connections__are_kept_for_what_may_be_repeated(server, session):
    """Idempotent calls share a connection; each report goes out on one of its own."""
    login = HallLogin(openid="o", openkey="k")
    for _ in range(3):
        Dawanka(session).get_info(login)
    assert server.connections == 1
    for _ in range(2):
        Dawanka(session).report_pay(login)
    assert server.connections == 3
    Dawanka(session).get_info(login)
    assert server.connections == 3
