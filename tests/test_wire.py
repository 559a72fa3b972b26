"""From values to bytes and back: the exact requests, and every reply there may be."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from qqminigame.exceptions import (
    BusyError,
    ConfigurationError,
    LoginExpiredError,
    PlatformError,
    QQMiniGameError,
    ReplyError,
    StorageLimitError,
)
from qqminigame.models import AccessToken, HallLogin, LoginState
from qqminigame.platforms.base import Auth, Dialect, Endpoint
from qqminigame.platforms.qq import QQ, StorageCode
from qqminigame.platforms.qqgame import GET_DAWANKA_INFO, REPORT_DAWANKA_PAY
from qqminigame.wire import (
    App,
    Reply,
    Request,
    Result,
    app_request,
    decode_reply,
    login_state_request,
    openapi_request,
)

VECTORS_FILE = Path(__file__).parent / "vectors" / "platform_vectors.json"
VECTORS = json.loads(VECTORS_FILE.read_text("utf-8"))
SIGNATURES = {row["body"]: row["signature"] for row in VECTORS["login_state_signature"]["computed"]}
SIGS = {row["path"]: row["sig"] for row in VECTORS["openapi_v3_sig"]["computed"]}
APP_KEY = VECTORS["openapi_v3_sig"]["computed"][0]["appkey"]

APP = App(app_id="1110766236", app_secret="app+secret/1==", app_key=APP_KEY)
TOKEN = AccessToken(value="token/+value==", fetched_at=0, expires_at=7200)
LOGIN = LoginState(
    openid="AB055EE03EE6F7CCB31F6CCE75A50A38", session_key="o0q0otL8aEzpcZL/FT9WsQ=="
)
HALL = HallLogin(openid=LOGIN.openid, openkey="CC11B9096D458AEFDEF72981AE5A136D")
AWKWARD = ["名🎮", "a b", "a+b", "a&b=c", "100%", "~*'()!", '"<>\\', "#?/:@", "é\n", ""]

assert QQ.set_interactive is not None
BODIES: list[tuple[Endpoint, dict[str, Any], str]] = [
    (
        QQ.set_storage,
        {"kv_list": [{"key": "score", "value": "100"}, {"key": "gold", "value": "3000"}]},
        '{"kv_list":[{"key":"score","value":"100"},{"key":"gold","value":"3000"}]}',
    ),
    (QQ.remove_storage, {"key": ["gold", "score"]}, '{"key":["gold","score"]}'),
    (
        QQ.set_interactive,
        {"kv_list": [{"key": "1", "value": 1}]},
        '{"kv_list":[{"key":"1","value":1}]}',
    ),
    (
        QQ.set_storage,
        {"kv_list": [{"key": "名", "value": "分"}]},
        '{"kv_list":[{"key":"名","value":"分"}]}',
    ),
]
# The seed's own samples; their sig is printed for both, so it belongs to neither.
SEED_QUERY = (
    "appid=1110766236&openid=AB055EE03EE6F7CCB31F6CCE75A50A38"
    "&openkey=CC11B9096D458AEFDEF72981AE5A136D&pf=qqgame&sig=d%2FbuL2nBTNKcHlj7RDChivIh1zk%3D"
)
HALL_HOST = "https://openapi.minigame.qq.com"
SEED_URLS: list[tuple[Endpoint, dict[str, str], str]] = [
    (GET_DAWANKA_INFO, {"version": "2"}, f"/v3/user/get_dawanka_info?version=2&{SEED_QUERY}"),
    (REPORT_DAWANKA_PAY, {}, f"/v3/user/report_dawanka_pay?{SEED_QUERY}"),
]
# A platform that answers in another dialect, and takes the app's secret in a body.
OTHER = Endpoint(
    name="v2_token",
    method="POST",
    host="https://other.example",
    path="/v2/token",
    auth=Auth.APP,
    dialect=Dialect(
        code_fields=("errcode", "error", "err_no"),
        message_fields=("errmsg", "message"),
        data_field="data",
    ),
    codes=(StorageCode,),
    results=("access_token",),
    constants={"grant_type": "client_credential"},
    source="https://other.example/doc",
)

TOKEN_REQUEST = app_request(QQ.token, None, {}, APP)
LOGIN_REQUEST = app_request(QQ.login, None, {"js_code": "js/code+1"}, APP)
SET_REQUEST = login_state_request(QQ.set_storage, None, BODIES[0][1], LOGIN, TOKEN)
INTERACTIVE_REQUEST = login_state_request(QQ.set_interactive, None, BODIES[2][1], LOGIN, TOKEN)
INFO_REQUEST = openapi_request(GET_DAWANKA_INFO, None, {"version": "2"}, HALL, APP)
PAY_REQUEST = openapi_request(REPORT_DAWANKA_PAY, None, {}, HALL, APP)
OTHER_REQUEST = app_request(OTHER, None, {}, APP)
REQUESTS = [TOKEN_REQUEST, LOGIN_REQUEST, SET_REQUEST, INTERACTIVE_REQUEST, INFO_REQUEST]
REQUESTS += [PAY_REQUEST, OTHER_REQUEST]


def query(request: Request) -> dict[str, str]:
    """Read a request's query back; every name comes once."""
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def caught(request: Request, body: bytes | str, status: int = 200, **reply: Any) -> QQMiniGameError:
    """Decode a reply that is no success; return what was raised, with nothing hanging on it."""
    data = body if isinstance(body, bytes) else body.encode()
    with pytest.raises(QQMiniGameError) as error:
        decode_reply(request, Reply(status=status, body=data, **reply))
    assert error.value.__context__ is None
    assert error.value.__cause__ is None
    assert error.value.endpoint == request.endpoint.name
    assert error.value.sent is True
    return error.value


def decoded(request: Request, body: str, **reply: Any) -> dict[str, Any]:
    """Decode a reply that is a success; return its fields."""
    result = decode_reply(request, Reply(status=200, body=body.encode(), **reply))
    assert result.endpoint is request.endpoint
    return dict(result.fields)


@pytest.mark.parametrize(("endpoint", "payload", "body"), BODIES)
def test_login_state_request__bytes_and_signature(
    endpoint: Endpoint, payload: dict[str, Any], body: str
) -> None:
    """The body is compact JSON in UTF-8; the query carries the signature of exactly these bytes."""
    request = login_state_request(endpoint, None, payload, LOGIN, TOKEN)
    assert request.body == body.encode()
    assert request.url.startswith(f"https://api.q.qq.com{endpoint.path}?")
    assert query(request) == {
        "access_token": TOKEN.value,
        "openid": LOGIN.openid,
        "sig_method": "hmac_sha256",
        "signature": SIGNATURES[body],
    }


@pytest.mark.parametrize("text", AWKWARD)
def test_urls__encode_everything(text: str) -> None:
    """Whatever stands in a parameter comes out of the URL as it went in."""
    login = LoginState(openid=text, session_key="k")
    token = AccessToken(value=text, fetched_at=0, expires_at=1)
    hall = HallLogin(openid=text, openkey=text, pf=text, userip=text)
    app = App(app_id=text, app_secret=text, app_key=text)
    signed = login_state_request(QQ.set_storage, None, {}, login, token)
    assert query(signed)["access_token"] == query(signed)["openid"] == text
    fetch = app_request(QQ.login, None, {"js_code": text}, app)
    names = ("appid", "secret", "js_code")
    assert {name: query(fetch)[name] for name in names} == dict.fromkeys(names, text)
    call = openapi_request(GET_DAWANKA_INFO, None, {"version": text}, hall, app)
    assert list(query(call)) == ["appid", "openid", "openkey", "pf", "userip", "version", "sig"]
    assert set(list(query(call).values())[:-1]) == {text}
    for url in (signed.url, fetch.url, call.url):
        assert re.fullmatch(r"[A-Za-z0-9_.~%&=-]+", urlsplit(url).query)


@pytest.mark.parametrize(("endpoint", "payload", "url"), SEED_URLS)
def test_openapi_request__the_seeds_urls(
    endpoint: Endpoint, payload: dict[str, str], url: str
) -> None:
    """Host, path and every parameter are the sample's; the sig is the vector's."""
    request = openapi_request(endpoint, None, payload, HALL, APP)
    expected = dict(parse_qsl(urlsplit(HALL_HOST + url).query))
    assert request.url.partition("?")[0] == (HALL_HOST + url).partition("?")[0]
    assert query(request) == {**expected, "sig": SIGS[endpoint.path]}
    assert request.body is None


def test_openapi_request__userip() -> None:
    """A userip is sent and signed, an empty one too; without one there is no such parameter."""
    sigs = set()
    for userip in ("112.90.139.30", "", None):
        hall = HallLogin(openid=HALL.openid, openkey=HALL.openkey, userip=userip)
        parameters = query(openapi_request(REPORT_DAWANKA_PAY, None, {}, hall, APP))
        assert parameters.get("userip") == userip
        sigs.add(parameters["sig"])
    assert len(sigs) == 3


@pytest.mark.parametrize(
    ("request_", "path", "own"),
    [
        (TOKEN_REQUEST, "/api/getToken", {"grant_type": "client_credential"}),
        (
            LOGIN_REQUEST,
            "/sns/jscode2session",
            {"grant_type": "authorization_code", "js_code": "js/code+1"},
        ),
    ],
)
def test_app_request__get(request_: Request, path: str, own: dict[str, str]) -> None:
    """Token and login are asked for in the query alone."""
    assert request_.url.partition("?")[0] == f"https://api.q.qq.com{path}"
    assert query(request_) == {"appid": APP.app_id, "secret": APP.app_secret, **own}
    assert request_.body is None


def test_app_request__post() -> None:
    """Where the page asks for a POST, the fields are in the body and none is in the URL."""
    assert OTHER_REQUEST.url == "https://other.example/v2/token"
    assert json.loads(OTHER_REQUEST.body or b"") == {
        "grant_type": "client_credential",
        "appid": APP.app_id,
        "secret": APP.app_secret,
    }


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8787", "https://gateway.example/qq"])
def test_base_url__replaces_the_host_only(base_url: str) -> None:
    """Path, query and signatures are the same behind another address."""
    pairs = [
        (SET_REQUEST, login_state_request(QQ.set_storage, base_url, BODIES[0][1], LOGIN, TOKEN)),
        (PAY_REQUEST, openapi_request(REPORT_DAWANKA_PAY, base_url, {}, HALL, APP)),
        (TOKEN_REQUEST, app_request(QQ.token, base_url, {}, APP)),
    ]
    for direct, moved in pairs:
        assert moved.url == direct.url.replace(direct.endpoint.host, base_url)
        assert (direct.origin, moved.origin) == (direct.endpoint.host, base_url)
        assert moved.body == direct.body


def test_bodies__no_nan() -> None:
    """What is no JSON is not sent."""
    with pytest.raises(ValueError, match="JSON"):
        login_state_request(QQ.set_storage, None, {"kv_list": float("nan")}, LOGIN, TOKEN)


def secrets_of(request: Request) -> list[str]:
    """List what must not be shown of a request: all that proves something."""
    proofs = [query(request).get(name) for name in ("signature", "sig")]
    own: dict[Auth, list[str | None]] = {
        Auth.APP: [APP.app_secret, *(["js/code+1"] if request is LOGIN_REQUEST else [])],
        Auth.LOGIN_STATE: [TOKEN.value, LOGIN.session_key],
        Auth.OPENAPI_V3: [APP.app_key, HALL.openkey],
    }
    return [secret for secret in (*own[request.endpoint.auth], *proofs) if secret]


@pytest.mark.parametrize("request_", REQUESTS)
def test_requests__show_no_secret(request_: Request) -> None:
    """No printed form of a request holds a secret, and the request lists them all."""
    for secret in secrets_of(request_):
        assert secret in request_.secrets
        for form in (secret, quote(secret, safe="")):
            assert form not in repr(request_) + str(request_)


def test_app_and_reply__show_no_secret() -> None:
    """An app prints without its secrets, a reply without its body."""
    reply = Reply(status=200, body=b'{"access_token":"t0ken"}')
    shown = repr([APP, reply, decode_reply(TOKEN_REQUEST, reply)])
    assert not [text for text in (APP.app_secret, APP_KEY, "t0ken") if str(text) in shown]


SUCCESSES: list[tuple[Request, str, dict[str, Any]]] = [
    (SET_REQUEST, '{"errcode":0}', {"errcode": 0}),
    (SET_REQUEST, '{"errcode":0,"errmsg":"ok"}', {"errcode": 0, "errmsg": "ok"}),
    (SET_REQUEST, '{"errcode":"0","errmsg":0}', {"errcode": "0", "errmsg": 0}),
    (SET_REQUEST, ' \n{"errcode":0}\r\n', {"errcode": 0}),
    (
        INFO_REQUEST,
        '{"ret":0,"msg":"","score":0,"level":0,"binding":false,"discount":0,"payReturnCount":0}',
        {
            "ret": 0,
            "msg": "",
            "score": 0,
            "level": 0,
            "binding": False,
            "discount": 0,
            "payReturnCount": 0,
        },
    ),
    (
        PAY_REQUEST,
        '{"ret":0,"msg":"report success.","use":2,"left":1}',
        {"ret": 0, "msg": "report success.", "use": 2, "left": 1},
    ),
    (
        TOKEN_REQUEST,
        '{"access_token":"T","expires_in":7200}',
        {"access_token": "T", "expires_in": 7200},
    ),
    (
        TOKEN_REQUEST,
        '{"access_token":"T","expires_in":7200,"errcode":0}',
        {"access_token": "T", "expires_in": 7200, "errcode": 0},
    ),
    (
        LOGIN_REQUEST,
        '{"openid":"O","session_key":"K","unionid":"","errcode":0,"errmsg":"","uin":""}',
        {"openid": "O", "session_key": "K", "unionid": "", "errcode": 0, "errmsg": "", "uin": ""},
    ),
    (
        OTHER_REQUEST,
        '{"err_no":0,"err_tips":"success","data":{"access_token":"T","expires_in":"7200"}}',
        {"access_token": "T", "expires_in": "7200"},
    ),
    (OTHER_REQUEST, '{"errcode":0,"data":{"access_token":"T"}}', {"access_token": "T"}),
]


@pytest.mark.parametrize(("request_", "body", "fields"), SUCCESSES)
@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=utf-8", ""])
def test_decode__success(
    request_: Request, body: str, fields: dict[str, Any], content_type: str
) -> None:
    """Every documented success is one, whatever its content type says."""
    assert decoded(request_, body, headers={"Content-Type": content_type}) == fields


MARK = "b0dy-mark"
UNDOCUMENTED = {
    "nothing": b"",
    "empty object": b"{}",
    "list": b'["b0dy-mark"]',
    "null": b"null",
    "number": b"0",
    "text": b'"b0dy-mark"',
    "html": b"<html>b0dy-mark</html>",
    "cut short": b'{"errcode":0,"errmsg":"b0dy-mark',
    "two objects": b'{"errcode":0}{"b0dy-mark":0}',
    "no code": b'{"errmsg":"b0dy-mark"}',
    "invalid UTF-8": b'{"errcode":0,"errmsg":"b0dy-mark\xff"}',
    "UTF-16": '{"errcode":0}'.encode("utf-16"),
    "NaN": b'{"errcode":0,"b0dy-mark":NaN}',
    "Infinity": b'{"errcode":0,"b0dy-mark":-Infinity}',
    "code NaN": b'{"errcode":NaN}',
    "field twice": b'{"errcode":0,"errcode":87016}',
    "inner field twice": b'{"errcode":0,"a":{"b0dy-mark":1,"b0dy-mark":2}}',
    "code is a word": b'{"errcode":"b0dy-mark"}',
    "code is empty": b'{"errcode":""}',
    "code is padded": b'{"errcode":" 0"}',
    "code is a fraction": b'{"errcode":1.5}',
    "code is a float": b'{"errcode":0.0}',
    "code is a float text": b'{"errcode":"0.0"}',
    "code is in other digits": '{"errcode":"\u0660"}'.encode(),
    "code is true": b'{"errcode":true}',
    "code is false": b'{"errcode":false}',
    "code is null": b'{"errcode":null}',
    "code is a list": b'{"errcode":[0]}',
    "code is an object": b'{"errcode":{"b0dy-mark":0}}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"errcode":0,"a":' + b'{"a":' * 100_000,
    "endless digits": b'{"errcode":' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("body", UNDOCUMENTED.values(), ids=UNDOCUMENTED.keys())
def test_decode__undocumented(body: bytes) -> None:
    """What is no documented reply is a ReplyError, which tells nothing of it."""
    error = caught(SET_REQUEST, body, headers={"Content-Type": "text/html"})
    assert type(error) is ReplyError
    assert (error.status, error.cut_off, error.retry_after) == (200, False, None)
    assert error.code is None
    assert re.match(
        "set_user_storage: (the response is not a|field errcode is missing)", str(error)
    )
    assert "a proxy or gateway may have answered" in str(error)
    assert MARK not in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (TOKEN_REQUEST, '{"errcode":0}'),
        (TOKEN_REQUEST, '{"errcode":0,"access_token":"","expires_in":7200}'),
        (TOKEN_REQUEST, '{"access_token":7}'),
        (TOKEN_REQUEST, '{"access_token":null}'),
        (LOGIN_REQUEST, '{"errcode":0,"openid":"","session_key":""}'),
        (LOGIN_REQUEST, '{"errcode":0,"openid":"b0dy-mark"}'),
        (LOGIN_REQUEST, '{"errcode":0,"openid":"O","session_key":["b0dy-mark"]}'),
        (OTHER_REQUEST, '{"err_no":0,"access_token":"b0dy-mark"}'),
        (OTHER_REQUEST, '{"err_no":0,"data":["b0dy-mark"]}'),
        (OTHER_REQUEST, '{"err_no":0,"data":{"access_token":""}}'),
        (OTHER_REQUEST, '{"err_no":0,"error":null,"data":{"access_token":"b0dy-mark"}}'),
    ],
)
def test_decode__success_without_its_results(request_: Request, body: str) -> None:
    """A success that lacks what the call is for is no documented reply."""
    error = caught(request_, body)
    assert type(error) is ReplyError
    assert MARK not in str(error)


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 403, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("body", ['{"errcode":0}', '{"errcode":87016}', "<h1>b0dy-mark</h1>", ""])
def test_decode__other_status(status: int, body: str) -> None:
    """Anything but 200 is no documented reply, whatever it holds."""
    error = caught(
        SET_REQUEST, body, status, headers={"Content-Type": "text/html"}, cut_off=status == 502
    )
    assert type(error) is ReplyError
    assert (error.status, error.retry_after, error.cut_off) == (status, None, status == 502)
    assert f"HTTP status {status} " in str(error)
    assert MARK not in str(error)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("3600", 3600.0),
        ("3601", None),
        ("9" * 400, None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("\u0665", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
    ],
)
def test_decode__retry_after(status: int, header: str, seconds: float | None) -> None:
    """A sane number of seconds is kept; a date, a negative or an absurd one counts as none."""
    error = caught(SET_REQUEST, "", status, headers={"Retry-After": header})
    assert vars(error)["retry_after"] == seconds


@pytest.mark.parametrize(
    ("flags", "cut_off", "words"),
    [
        ({"cut_off": True}, True, "cut off after 13 bytes"),
        ({"too_large": True}, False, "larger than 13 bytes"),
    ],
)
def test_decode__incomplete(flags: dict[str, bool], cut_off: bool, words: str) -> None:
    """A reply that could not be read to its end is none, even where its start looks complete."""
    error = caught(SET_REQUEST, '{"errcode":0}', **flags)
    assert type(error) is ReplyError
    assert vars(error)["cut_off"] is cut_off
    assert words in str(error)


@pytest.mark.parametrize("request_", REQUESTS)
def test_decode__every_documented_code(request_: Request) -> None:
    """Each code of each table of the call raises its class and explains itself in its text."""
    endpoint = request_.endpoint
    field = endpoint.dialect.code_fields[0]
    for number in {int(code) for table in endpoint.codes for code in table}:
        known = endpoint.explain(number)
        assert known is not None
        for given in (number, str(number)):
            error = caught(request_, json.dumps({field: given, "openid": "", "data": {}}))
            assert type(error) is known.error
            assert (error.code, error.message) == (number, "")
            line = f"{endpoint.name}: {number} {known.name}: {known.english}"
            assert (str(error), error.english) == (line, line)
            assert error.chinese == f"{endpoint.name}：{number} {known.name}：{known.chinese}"


@pytest.mark.parametrize(
    ("request_", "body", "kind", "code"),
    [
        (SET_REQUEST, {"errcode": 87016}, StorageLimitError, 87016),
        (SET_REQUEST, {"errcode": "87016"}, StorageLimitError, 87016),
        (SET_REQUEST, {"errcode": -1}, BusyError, -1),
        (SET_REQUEST, {"errcode": "-1"}, BusyError, -1),
        (SET_REQUEST, {"errcode": 99999}, PlatformError, 99999),
        (SET_REQUEST, {"errcode": -(10**15)}, PlatformError, -(10**15)),
        (TOKEN_REQUEST, {"errcode": 40001}, ConfigurationError, 40001),
        (TOKEN_REQUEST, {"errcode": -1, "access_token": "T"}, BusyError, -1),
        (
            LOGIN_REQUEST,
            {"errcode": 40029, "openid": "", "session_key": ""},
            LoginExpiredError,
            40029,
        ),
        (PAY_REQUEST, {"ret": 2000023}, LoginExpiredError, 2000023),
        (PAY_REQUEST, {"ret": 7, "errcode": 0}, PlatformError, 7),
        (OTHER_REQUEST, {"error": 1, "errcode": 87016}, StorageLimitError, 87016),
        (OTHER_REQUEST, {"error": 1, "errcode": 0}, PlatformError, 1),
        (OTHER_REQUEST, {"err_no": -1, "data": {"access_token": ""}}, BusyError, -1),
    ],
)
def test_decode__refusal(
    request_: Request, body: dict[str, Any], kind: type[QQMiniGameError], code: int
) -> None:
    """The most telling code that is not 0 decides; as a text it counts the same."""
    error = caught(request_, json.dumps(body))
    assert type(error) is kind
    assert error.code == code


def test_decode__undocumented_code() -> None:
    """A number no page mentions is reported with the platform's words, and where to ask."""
    error = caught(SET_REQUEST, '{"errcode":4711,"errmsg":"新的错误"}')
    assert str(error) == (
        "set_user_storage: undocumented error code 4711 ('新的错误'); look it up on the platform's "
        "pages or ask its support"
    )


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("some words", "some words"),
        ("换行\n和\x1b[0m", "换行\n和\x1b[0m"),
        (40001, "40001"),
        (0, ""),
        ("", ""),
        (None, ""),
        ({"a": "b"}, ""),
        (["a"], ""),
    ],
)
def test_decode__message(message: object, kept: str) -> None:
    """The platform's text is kept, a number too; anything else counts as none."""
    error = caught(SET_REQUEST, json.dumps({"errcode": 87016, "errmsg": message}))
    assert error.message == kept
    assert (f" ({kept!r}): " in str(error)) is bool(kept)
    assert (f"（平台返回 {kept!r}）：" in error.chinese) is bool(kept)
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)


def test_decode__message_from_the_first_field_that_has_one() -> None:
    """Where two fields hold a text, the more telling one is kept, unless it is empty."""
    for errmsg, kept in (("first", "first"), ("", "second")):
        body = json.dumps({"errcode": 5, "errmsg": errmsg, "message": "second"})
        assert caught(OTHER_REQUEST, body).message == kept


@pytest.mark.parametrize("encode", [str, lambda secret: quote(secret, safe="")], ids=["raw", "url"])
@pytest.mark.parametrize("padding", ["", "x" * 297, "x" * 299])
@pytest.mark.parametrize("request_", REQUESTS)
def test_decode__echoed_secrets_are_masked(
    request_: Request, padding: str, encode: Callable[[str], str]
) -> None:
    """Where the platform echoes a secret, not even its start is in the error."""
    dialect = request_.endpoint.dialect
    for secret in secrets_of(request_):
        echo = f"{padding}{encode(secret)} is not valid"
        body = json.dumps({dialect.code_fields[0]: 5, dialect.message_fields[0]: echo})
        errors = [
            caught(request_, body),
            caught(request_, body, headers={"Content-Type": echo}, status=500),
            caught(request_, body[1:], headers={"Content-Type": echo}),
        ]
        for error in errors:
            assert not (padding and f"{padding}{secret[0]}" in f"{error} {error.message}")
            for form in (secret, quote(secret, safe="")):
                assert form not in str(error) + repr(error) + repr(vars(error))


@pytest.mark.parametrize("length", [301, 10**6])
def test_decode__long_texts_are_cut(length: int) -> None:
    """However much the platform says, the error stays readable."""
    long = "长" * length
    refused = caught(SET_REQUEST, json.dumps({"errcode": 5, "errmsg": long}))
    assert refused.message == "长" * 300
    for error in (refused, caught(SET_REQUEST, "", 500, headers={"Content-Type": long})):
        assert len(str(error)) < 600


def result(value: object) -> Result:
    """Make a successful reply with one field."""
    return Result(endpoint=QQ.set_storage, fields={"name": value})


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (Result.text, "x", "x"),
        (Result.integer, 7, 7),
        (Result.integer, 0, 0),
        (Result.integer, "-7", -7),
        (Result.boolean, True, True),
        (Result.boolean, False, False),
        (Result.boolean, 1, True),
        (Result.boolean, 0, False),
    ],
)
def test_result__reads(
    read: Callable[[Result, str], object], value: object, expected: object
) -> None:
    """A field is read as its documented type; numbers as texts and bools as 0 and 1 count."""
    found = read(result(value), "name")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("read", "values"),
    [
        (Result.text, ["", 7, None, True, ["b0dy-mark"]]),
        (Result.integer, ["", "b0dy-mark", 1.0, None, True, "1.0", "9" * 20, [1]]),
        (Result.boolean, ["", "true", 2, None, [], "1", {}]),
    ],
)
def test_result__refuses(read: Callable[[Result, str], object], values: list[object]) -> None:
    """A field of another type, or none at all, is no documented reply; its value is not told."""
    results = [*map(result, values), Result(endpoint=QQ.set_storage, fields={})]
    for one in results:
        with pytest.raises(
            ReplyError, match="'name' is missing from the response or has the wrong type"
        ) as error:
            read(one, "name")
        assert MARK not in str(error.value)
