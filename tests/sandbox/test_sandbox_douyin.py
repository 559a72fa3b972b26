"""Douyin's calls: their envelopes, codes and limits, on both hosts' paths."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from independent import body_signature
from sandbox_driver import NOON_IN_BEIJING, SET as QQ_SET, Driver, Json, Login, kv, stored

from qqminigame.sandbox import Sandbox

PREFIX = "/mgplatform/api/apps/"
OLDER = "/api/apps/"
TOKEN = f"{PREFIX}v2/token"
STABLE = f"{PREFIX}stable_token"
LOGIN = f"{PREFIX}jscode2session"
SET = f"{PREFIX}set_user_storage"
REMOVE = f"{PREFIX}remove_user_storage"
JSON = "application/json"

every_write = pytest.mark.parametrize("path", [SET, REMOVE])
BODIES: dict[str, Any] = {SET: kv(("k", "v")), REMOVE: {"key": ["k"]}}


@pytest.fixture
def player(driver: Driver) -> Login:
    """Give a player who has logged in on Douyin."""
    return driver.player(platform="douyin")


@pytest.fixture
def token(driver: Driver) -> str:
    """Give a good access token of Douyin."""
    return fetch(driver)


def fetch(driver: Driver, path: str = TOKEN, **changes: object) -> str:
    """Fetch an access token."""
    return str(driver.post_json(path, driver.credentials(**changes))["data"]["access_token"])


def call(driver: Driver, path: str, login: Login, token: str, body: object, **more: Any) -> Json:
    """Make a signed call as the page demands it; return the reply, its two messages taken out."""
    reply = driver.post(path, login, token, body, **{"content_type": JSON, **more})
    if reply != {"error": 0}:
        assert reply["errmsg"] != reply["message"]
        assert (reply["error"], len(reply)) == (1, 4)
    return reply


def code(driver: Driver, path: str, login: Login, token: str, body: object, **more: Any) -> int:
    """Make a signed call and tell its code."""
    return int(call(driver, path, login, token, body, **more).get("errcode", 0))


def js_code(driver: Driver, openid: str | None = None, unionid: str | None = None) -> str:
    """Make a login code of Douyin."""
    return driver.sandbox.js_code(openid, unionid=unionid, platform="douyin")


@pytest.mark.parametrize("prefix", [PREFIX, OLDER])
def test_both_hosts(driver: Driver, prefix: str) -> None:
    """Token, login and storage answer under the older host's paths too."""
    sandbox = driver.sandbox
    query = {"appid": sandbox.app_id, "secret": sandbox.app_secret, "code": js_code(driver, "AB")}
    login = driver.get(f"{prefix}jscode2session", query)
    player = Login(openid=login["openid"], session_key=login["session_key"])
    fetch(driver, f"{prefix}v2/token")
    token = fetch(driver, f"{prefix}stable_token")
    assert call(driver, f"{prefix}set_user_storage", player, token, kv(("a", "1"))) == {"error": 0}
    assert stored(driver, player) == {"a": "1"}
    reply = call(driver, f"{prefix}remove_user_storage", player, token, {"key": ["a"]})
    assert reply == {"error": 0}
    assert stored(driver, player) == {}


def test_token__reply(driver: Driver) -> None:
    """A success wraps the token and its life in data."""
    reply = driver.post_json(TOKEN, driver.credentials())
    assert set(reply.pop("data")) == {"access_token", "expires_in"}
    assert reply == {"err_no": 0, "err_tips": "success"}


@pytest.mark.parametrize("path", [TOKEN, STABLE])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "x"}, 40020),
        ({"appid": "1"}, 40015),
        ({"appid": None}, 40015),
        ({"secret": "wrong"}, 40017),
        ({"secret": 5}, 40017),
        ({"secret": "\ud800"}, 40017),
    ],
)
def test_token__refused(driver: Driver, path: str, changes: dict[str, Any], code: int) -> None:
    """A failure has its code in err_no and keeps its data, with an empty token."""
    reply = driver.post_json(path, driver.credentials(**changes))
    assert reply.pop("err_tips")
    assert reply == {"err_no": code, "data": {"access_token": "", "expires_in": 0}}


@pytest.mark.parametrize("body", [b"", b"[]", b"appid=1"])
def test_token__body_is_no_json_object(driver: Driver, body: bytes) -> None:
    """A body that is no JSON object has no grant_type."""
    assert driver.post_json(TOKEN, body)["err_no"] == 40020


@pytest.mark.parametrize("path", [TOKEN, STABLE])
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_token__content_type(driver: Driver, path: str, content_type: str | None) -> None:
    """The page has application/json as the only content type: what comes as another is not read."""
    reply = driver.post_json(path, driver.credentials(), content_type)
    assert reply["err_no"] == 40020
    assert "content-type must be application/json" in reply["err_tips"]


@pytest.mark.parametrize("name", ["access_token", "access-token"])
def test_signed__token_in_a_header(driver: Driver, player: Login, token: str, name: str) -> None:
    """The vendor's npm SDK sends the token as a header: the refusal says so."""
    driver.http.headers[name] = token
    reply = call(driver, SET, player, token, kv(), access_token=None)
    assert reply["errcode"] == 40002
    assert "npm SDK" in reply["errmsg"]
    del driver.http.headers[name]
    assert "npm" not in call(driver, SET, player, token, kv(), access_token=None)["errmsg"]


def test_token__overlap(driver: Driver, player: Login) -> None:
    """The token before the newest lives 300 seconds longer; the one before that is dead."""
    first, second, third = fetch(driver), fetch(driver), fetch(driver)
    codes = [code(driver, SET, player, each, kv()) for each in (first, second, third)]
    assert codes == [28001003, 0, 0]
    driver.sandbox.advance(301)
    assert code(driver, SET, player, second, kv()) == 28001003
    assert code(driver, SET, player, third, kv()) == 0


def test_stable_token__is_the_same_while_it_lives(driver: Driver) -> None:
    """Asked again it gives the same token with what is left of its life, afterwards a new one."""
    first = fetch(driver, STABLE)
    driver.sandbox.advance(7000)
    again = driver.post_json(STABLE, driver.credentials())["data"]
    assert again["access_token"] == first
    assert 190 <= again["expires_in"] <= 200
    driver.sandbox.advance(201)
    assert fetch(driver, STABLE) != first
    assert driver.sandbox.state()["platforms"]["douyin"]["token_fetches"] == 2


def test_stable_token__forced_twenty_times_a_day(driver: Driver) -> None:
    """The page allows 20 forced refreshes a day, and says nothing of a pause between them."""
    driver.control("POST", "clock", {"now": NOON_IN_BEIJING})
    tokens = {fetch(driver, STABLE, force_refresh=True) for _ in range(20)}
    assert len(tokens) == 20
    refused = driver.post_json(STABLE, driver.credentials(force_refresh=True))
    assert refused["err_no"] == 28005139
    assert "20 a day" in refused["err_tips"]
    assert fetch(driver, STABLE) in tokens
    driver.sandbox.advance(86400)
    assert fetch(driver, STABLE, force_refresh=True) not in tokens


def test_stable_token__force_refresh_kills_at_once(driver: Driver, player: Login) -> None:
    """With force_refresh there is no overlap."""
    old = fetch(driver, STABLE)
    new = fetch(driver, STABLE, force_refresh=True)
    assert code(driver, SET, player, old, kv()) == 28001003
    assert code(driver, SET, player, new, kv()) == 0


def test_token__of_another_platform(driver: Driver, player: Login, token: str) -> None:
    """A token of QQ or WeChat is none here, and fetching one there leaves this one alive."""
    others = [driver.token(), driver.get("/cgi-bin/token", driver.credentials())["access_token"]]
    driver.token()
    assert [code(driver, SET, player, other, kv()) for other in others] == [28001003] * 2
    assert driver.post(QQ_SET, driver.player(), token, kv())["errcode"] == -100050019
    assert code(driver, SET, player, token, kv()) == 0


def test_state__tokens_of_each_platform(driver: Driver, token: str) -> None:
    """The state counts the tokens of all platforms together, and of each."""
    driver.token()
    state = driver.sandbox.state()
    assert (state["token_fetches"], len(state["tokens"])) == (2, 2)
    counts = {name: each["token_fetches"] for name, each in state["platforms"].items()}
    assert counts == {"qq": 1, "douyin": 1, "wechat": 0}
    assert state["platforms"]["douyin"]["tokens"][0]["alive"]


def test_revoke_tokens(driver: Driver, player: Login, token: str) -> None:
    """Revoking the tokens revokes those of Douyin too."""
    driver.sandbox.revoke_tokens()
    assert code(driver, SET, player, token, kv()) == 28001003


def test_login__reply(driver: Driver) -> None:
    """A success has error 0, and the fields of what was not asked for or is not there are empty."""
    reply = driver.log_in_douyin(code=js_code(driver, "AB"))
    assert len(reply.pop("session_key")) == 24
    assert reply == {"error": 0, "openid": "AB", "unionid": "", "anonymous_openid": ""}


def test_login__anonymous(driver: Driver) -> None:
    """An anonymous code alone gives an anonymous openid and no session."""
    reply = driver.log_in_douyin(anonymous_code=js_code(driver, "AB"))
    assert reply.pop("anonymous_openid") not in ("", "AB")
    assert reply == {"error": 0, "openid": "", "session_key": "", "unionid": ""}
    both = driver.log_in_douyin(
        code=js_code(driver, "AB", "UN"), anonymous_code=js_code(driver, "AB")
    )
    assert (both["openid"], both["unionid"]) == ("AB", "UN")
    assert both["anonymous_openid"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": ""}, 40014),
        ({"appid": "1"}, 40015),
        ({"secret": "wrong"}, 40017),
        ({"code": "unknown"}, 40018),
        ({"anonymous_code": "unknown"}, 40019),
    ],
)
def test_login__refused(driver: Driver, changes: dict[str, str], code: int) -> None:
    """A refused login has its code, two messages that differ, and leaves the code unused."""
    good = js_code(driver, "AB")
    reply = driver.log_in_douyin(**{"code": good} | changes)
    assert (reply["error"], reply["errcode"]) == (1, code)
    assert reply["errmsg"] != reply["message"]
    assert "openid" not in reply
    assert driver.log_in_douyin(code=good)["error"] == 0


def test_login__codes_work_once_for_five_minutes(driver: Driver) -> None:
    """A used or old code is refused, of either kind."""
    sandbox = driver.sandbox
    used, anonymous, old = (js_code(driver) for _ in range(3))
    driver.log_in_douyin(code=used, anonymous_code=anonymous)
    assert driver.log_in_douyin(code=used)["errcode"] == 40018
    assert driver.log_in_douyin(anonymous_code=anonymous)["errcode"] == 40019
    sandbox.advance(300)
    assert driver.log_in_douyin(code=old)["errcode"] == 40018


def test_login__is_douyins_alone(driver: Driver, player: Login, token: str) -> None:
    """Neither code nor session_key of another platform is good here, nor the other way round."""
    other = driver.player(player.openid, platform="qq")
    assert code(driver, SET, other, token, kv(("a", "1"))) == 28001039
    assert driver.post(QQ_SET, player, driver.token(), kv(("a", "1")))["errcode"] == -100050007
    foreign = driver.log_in_douyin(code=driver.sandbox.js_code())
    assert foreign["errcode"] == 40018
    assert "one of qq, not of douyin" in foreign["errmsg"]
    assert driver.log_in(js_code(driver))["errcode"] == 40029
    code(driver, SET, player, token, kv(("a", "1")))
    driver.post(QQ_SET, other, driver.token(), kv(("b", "2")))
    platforms = driver.sandbox.state()["platforms"]
    storages = {
        name: platforms[name]["players"][player.openid]["storage"] for name in ("qq", "douyin")
    }
    assert storages == {"qq": {"b": "2"}, "douyin": {"a": "1"}}


@every_write
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"access_token": None}, 40002),
        ({"access_token": None, "openid": None}, 40002),
        ({"access_token": "made-up"}, 28001003),
        ({"openid": None}, 28001038),
        ({"openid": "nobody"}, 28001004),
        ({"signature": None}, 28001038),
        ({"signature": "0" * 64}, 28001039),
        ({"sig_method": "md5"}, 28001038),
        ({"openid": ["a", "b"]}, 28001038),
    ],
)
def test_signed__refused(
    driver: Driver, player: Login, token: str, path: str, changes: dict[str, Any], expected: int
) -> None:
    """Each auth parameter that is missing or wrong has its code."""
    assert code(driver, path, player, token, BODIES[path], **changes) == expected


@every_write
@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (None, 28001038),
        ("text/plain", 28001038),
        ("application/json-seq", 28001038),
        ("application/json", 0),
        ("Application/JSON; charset=utf-8", 0),
    ],
)
def test_signed__content_type(
    driver: Driver, player: Login, token: str, path: str, content_type: str, expected: int
) -> None:
    """The content type must be JSON's."""
    body = BODIES[path]
    assert code(driver, path, player, token, body, content_type=content_type) == expected


@every_write
@pytest.mark.parametrize("body", [b"", b"[]", b'{"kv_list":1,"key":1}', kv((1, "v"))])
def test_signed__body_of_the_wrong_shape(
    driver: Driver, player: Login, token: str, path: str, body: object
) -> None:
    """No JSON object, or one without the documented list, is a wrong parameter."""
    assert code(driver, path, player, token, body) == 28001038


def test_signed__signature_is_over_the_bytes_as_sent(
    driver: Driver, player: Login, token: str
) -> None:
    """A signature of the same pairs in other bytes does not fit."""
    signature = body_signature(player.session_key, b'{"kv_list":[]}')
    body = b'{ "kv_list": [] }'
    assert code(driver, SET, player, token, body, signature=signature) == 28001039


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("名" * 42 + "kk", "v", 0),
        ("名" * 43, "v", 40009),
        ("k", "v" * 1023, 0),
        ("k", "v" * 1024, 40010),
        ("k", 1, 28001038),
        ("", "v", 28001038),
    ],
)
def test_set__limits(
    driver: Driver, player: Login, token: str, key: str, value: Any, expected: int
) -> None:
    """The limits are QQ's, in UTF-8 bytes, with codes of Douyin's own."""
    assert code(driver, SET, player, token, kv((key, value))) == expected
    assert (key in stored(driver, player)) == (expected == 0)


def test_set__pairs_stored_are_counted(driver: Driver, player: Login, token: str) -> None:
    """128 pairs may be stored after the call."""
    assert code(driver, SET, player, token, kv(*((f"k{i}", "v") for i in range(128)))) == 0
    assert code(driver, SET, player, token, kv(("x", "v"))) == 60001
    assert code(driver, SET, player, token, kv(("k0", "w"))) == 0


def test_set__total_bytes() -> None:
    """A total set for the sandbox counts here too."""
    with Sandbox(total_bytes=10) as sandbox:
        driver = Driver(sandbox)
        player = driver.player(platform="douyin")
        assert code(driver, SET, player, fetch(driver), kv(("k", "v" * 10))) == 60001


GOOD = {"score": 1, "update_time": 1557813466}


@pytest.fixture(scope="module")
def running_ranked() -> Iterator[Sandbox]:
    """Run a sandbox where the key score is a ranking's."""
    with Sandbox(ranking_keys=["score"]) as sandbox:
        yield sandbox


@pytest.fixture
def ranked(running_ranked: Sandbox) -> Iterator[Driver]:
    """Give a client of it."""
    running_ranked.reset()
    driver = Driver(running_ranked)
    yield driver
    driver.http.close()


@pytest.mark.parametrize(
    ("ttgame", "expected"),
    [
        (GOOD, 0),
        (GOOD | {"score": -(2**31), "update_time": 2**63 - 1}, 0),
        ({"score": 1}, 0),
        (GOOD | {"score": 2**31}, 40011),
        (GOOD | {"update_time": 2**63}, 40011),
        (GOOD | {"update_time": "1557813466"}, 40011),
        (GOOD | {"update_time": None}, 40011),
        (GOOD | {"score": "1"}, 40011),
        (GOOD | {"score": 1.0}, 40011),
        (GOOD | {"score": True}, 40011),
        (GOOD | {"level": 1}, 40011),
        ({"update_time": 1}, 40011),
        ({}, 40011),
        ([1], 40011),
        (None, 40011),
    ],
)
def test_set__ranking_value(ranked: Driver, ttgame: object, expected: int) -> None:
    """A ranking key's value has an Int32 score and perhaps an Int64 update_time in its ttgame."""
    player, token = ranked.player(platform="douyin"), fetch(ranked)
    value = json.dumps({"ttgame": ttgame, "progress": 10})
    assert code(ranked, SET, player, token, kv(("score", value))) == expected
    assert code(ranked, SET, player, token, kv(("gold", value))) == 0


@pytest.mark.parametrize("value", ["100", "", "{}", "[]", "ttgame", '{"a":{"ttgame":1}}'])
def test_set__ranking_key_needs_a_ranking_value(ranked: Driver, value: str) -> None:
    """A key named in ranking_keys takes a ranking value only, other keys any text."""
    player, token = ranked.player(platform="douyin"), fetch(ranked)
    good = json.dumps({"ttgame": GOOD})
    assert code(ranked, SET, player, token, kv(("score", value))) == 40011
    assert code(ranked, SET, player, token, kv(("score", good), ("gold", value))) == 0


def test_set__ranking_rule_is_douyins(ranked: Driver) -> None:
    """QQ does not look into the value of any key."""
    reply = ranked.post(QQ_SET, ranked.player(), ranked.token(), kv(("score", "100")))
    assert reply["errcode"] == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('{"qqgame":{"score":1}}', ["the value of 'k' has qqgame, but douyin ranks by ttgame"]),
        ('{"ttgame":1,"wxgame":1}', []),
        ('{"a":{"qqgame":1}}', []),
        ("qqgame", []),
    ],
)
def test_log__warns_of_another_platforms_wrapper(
    driver: Driver, player: Login, token: str, value: str, words: list[str]
) -> None:
    """A value with only another platform's ranking field is stored, and the log warns."""
    assert code(driver, SET, player, token, kv(("k", value))) == 0
    assert driver.sandbox.log()[-1]["warnings"] == words


@pytest.mark.parametrize("name", ["ranking_keys", "allowed_ips"])
def test_settings__one_text_is_no_list(name: str) -> None:
    """A text would be a list of its letters."""
    with pytest.raises(TypeError, match=f"{name} is a list, not one text"):
        Sandbox(**{name: "score"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "name"), [(TOKEN, "err_no"), (STABLE, "err_no"), (SET, "errcode")]
)
def test_busy__in_douyins_words(
    driver: Driver, player: Login, token: str, path: str, name: str
) -> None:
    """Busy and scripted codes come in the envelope of the call they hit."""
    driver.sandbox.script(
        {"kind": "busy", "endpoint": path}, {"kind": "code", "code": 28005139, "endpoint": path}
    )
    codes = []
    for _ in range(2):
        if path == SET:
            codes.append(call(driver, SET, player, token, kv())[name])
        else:
            reply = driver.post_json(path, driver.credentials())
            assert reply["data"]["access_token"] == ""
            codes.append(reply[name])
    assert codes == [-1, 28005139]


def test_end_session(driver: Driver, player: Login, token: str) -> None:
    """An ended session signs nothing any more."""
    driver.sandbox.end_session(player.openid)
    assert code(driver, SET, player, token, kv()) == 28001039


def test_log__masks_the_body_of_a_token_call(driver: Driver, token: str) -> None:
    """Neither the secret nor the token of a JSON body is in the log."""
    text = json.dumps(driver.sandbox.log())
    assert TOKEN in text
    assert driver.sandbox.app_secret not in text
    assert token not in text
