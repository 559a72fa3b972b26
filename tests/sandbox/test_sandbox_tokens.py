"""Access tokens: who gets one, how long it lives, what a newer one does to it."""

from collections.abc import Iterator

import pytest
from sandbox_driver import NOON_IN_BEIJING, SET, Driver, Login

from qqminigame.sandbox import Sandbox
from qqminigame.sandbox.endpoints import ENDPOINTS
from qqminigame.sandbox.tokens import PLATFORMS

KV = {"kv_list": [{"key": "k", "value": "v"}]}
TOKEN_ERROR = -100050019


@pytest.fixture
def short_overlap() -> Iterator[Driver]:
    """Give a client of a sandbox where a new token kills the one before it at once."""
    with Sandbox(overlap_seconds=0, token_seconds=100) as sandbox:
        yield Driver(sandbox)


def code_with(driver: Driver, player: Login, token: str) -> int:
    """Tell what a call with a token gets."""
    return int(driver.post(SET, player, token, KV)["errcode"])


def test_fetch__reply(driver: Driver) -> None:
    """A success has the token and its life in seconds, nothing else."""
    reply = driver.fetch_token()
    assert set(reply) == {"access_token", "expires_in"}
    assert reply["expires_in"] == 7200
    assert len(reply["access_token"]) >= 64


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "authorization_code"}, 40002),
        ({"grant_type": ""}, 40002),
        ({"appid": "1"}, 40013),
        ({"secret": "wrong-secret-0123456789"}, 40001),
        ({"secret": "wrong", "appid": "1"}, 40013),
    ],
)
def test_fetch__refused(driver: Driver, changes: dict[str, str], code: int) -> None:
    """Wrong grant_type, appid and secret have their own codes, and no message shows a secret."""
    reply = driver.fetch_token(**changes)
    assert reply["errcode"] == code
    assert isinstance(reply["errmsg"], str)
    assert "wrong" not in reply["errmsg"]
    assert driver.sandbox.state()["token_fetches"] == 0


def test_fetch__parameter_given_twice(driver: Driver) -> None:
    """A parameter given twice counts as absent."""
    sandbox = driver.sandbox
    parameters = {"grant_type": "client_credential", "appid": [sandbox.app_id] * 2, "secret": "s"}
    assert driver.get("/api/getToken", parameters)["errcode"] == 40013


def test_token__expires(driver: Driver, player: Login) -> None:
    """A token is good until its 7200 seconds are over."""
    token = driver.token()
    driver.sandbox.advance(7190)
    assert code_with(driver, player, token) == 0
    driver.sandbox.advance(11)
    assert code_with(driver, player, token) == TOKEN_ERROR


def test_token__overlap(driver: Driver, player: Login) -> None:
    """The token before the newest lives 300 seconds longer, and no more."""
    old, new = driver.token(), driver.token()
    driver.sandbox.advance(290)
    assert code_with(driver, player, old) == 0
    driver.sandbox.advance(11)
    assert code_with(driver, player, old) == TOKEN_ERROR
    assert code_with(driver, player, new) == 0


def test_token__overlap_is_random() -> None:
    """Unless it is set, the older token lives on for any time of up to 300 seconds."""
    dead = []
    with Sandbox(seed=1) as sandbox:
        driver = Driver(sandbox)
        player, token = driver.player(), driver.token()
        for _ in range(20):
            old, token = token, driver.token()
            sandbox.advance(150)
            dead.append(code_with(driver, player, old) == TOKEN_ERROR)
            sandbox.advance(151)
            assert code_with(driver, player, old) == TOKEN_ERROR
        driver.http.close()
    assert 0 < sum(dead) < 20


@pytest.mark.parametrize(
    ("platform", "path", "quota"),
    [
        ("qq", "/api/getToken", None),
        ("wechat", "/cgi-bin/token", 2000),
        ("douyin", "/mgplatform/api/apps/v2/token", None),
    ],
)
def test_quota__as_documented(platform: str, path: str, quota: int | None) -> None:
    """WeChat's page has a number of fetches a day, the others' have none."""
    assert PLATFORMS[platform].fetches_a_day == quota
    assert ENDPOINTS[path].fetches_token


@pytest.mark.parametrize(
    ("platform", "path", "field", "code"),
    [
        ("qq", "/api/getToken", "errcode", 45009),
        ("wechat", "/cgi-bin/token", "errcode", 45009),
        ("wechat", "/cgi-bin/stable_token", "errcode", 45009),
        ("douyin", "/mgplatform/api/apps/v2/token", "err_no", 28005139),
        ("douyin", "/mgplatform/api/apps/stable_token", "err_no", 28005139),
    ],
)
def test_quota__of_fetches(platform: str, path: str, field: str, code: int) -> None:
    """One call more than a day's quota is refused until midnight in Beijing, and says why."""
    with Sandbox(fetches_a_day={platform: 2}) as sandbox:
        driver = Driver(sandbox)
        driver.control("POST", "clock", {"now": NOON_IN_BEIJING + 12 * 3600 - 600})
        ask = driver.get if ENDPOINTS[path].method == "GET" else driver.post_json
        replies = [ask(path, driver.credentials()) for _ in range(3)]
        sandbox.advance(601)
        replies.append(ask(path, driver.credentials()))
        driver.http.close()
    assert [reply.get(field, 0) for reply in replies] == [0, 0, code, 0]
    assert "2 a day" in str(replies[2])


def test_quota__counts_only_the_apps_own_calls() -> None:
    """A call with a wrong secret uses nothing up."""
    with Sandbox(fetches_a_day={"qq": 1}) as sandbox:
        driver = Driver(sandbox)
        assert driver.fetch_token(secret="wrong")["errcode"] == 40001
        assert driver.token()
        driver.http.close()


@pytest.mark.parametrize(
    ("quotas", "words"),
    [
        ({"tiktok": 1}, "unknown platform tiktok; there are qq, douyin, wechat"),
        ({"qq": -1}, "a number of calls is a whole number from 0"),
        ({"qq": "9"}, "a number of calls is a whole number from 0"),
    ],
)
def test_quota__nonsense_is_refused(quotas: dict[str, int], words: str) -> None:
    """A name that is no platform's, or what is no number, is refused with what is right."""
    with pytest.raises(ValueError, match=f"fetches_a_day: {words}"):
        Sandbox(fetches_a_day=quotas)


def test_token__overlap_ends_with_its_own_expiry(driver: Driver, player: Login) -> None:
    """A token replaced shortly before its expiry is not prolonged by the overlap."""
    old = driver.token()
    driver.sandbox.advance(7100)
    driver.token()
    driver.sandbox.advance(101)
    assert code_with(driver, player, old) == TOKEN_ERROR


def test_token__third_fetch_kills_the_first_at_once(driver: Driver, player: Login) -> None:
    """Two tokens are alive at most."""
    first, second, third = driver.token(), driver.token(), driver.token()
    codes = [code_with(driver, player, token) for token in (first, second, third)]
    assert codes == [TOKEN_ERROR, 0, 0]


def test_token__overlap_of_zero(short_overlap: Driver) -> None:
    """Without an overlap the older token is dead at once, even if the clock goes back."""
    player = short_overlap.player()
    old, new = short_overlap.token(), short_overlap.token()
    assert code_with(short_overlap, player, old) == TOKEN_ERROR
    short_overlap.sandbox.advance(-50)
    assert code_with(short_overlap, player, old) == TOKEN_ERROR
    assert code_with(short_overlap, player, new) == 0


def test_token__life_of_the_settings(short_overlap: Driver) -> None:
    """token_seconds is what expires_in says."""
    assert short_overlap.fetch_token()["expires_in"] == 100


def test_revoke_tokens(driver: Driver, player: Login) -> None:
    """Revoked tokens are dead at once, the next one is good."""
    old, older = driver.token(), driver.token()
    driver.sandbox.revoke_tokens()
    assert code_with(driver, player, old) == TOKEN_ERROR
    assert code_with(driver, player, older) == TOKEN_ERROR
    assert code_with(driver, player, driver.token()) == 0


def test_state__tokens(driver: Driver) -> None:
    """The state lists tokens with age and life, without their text."""
    texts = [driver.token() for _ in range(3)]
    driver.sandbox.advance(100)
    state = driver.sandbox.state()
    assert state["token_fetches"] == 3
    assert [token["alive"] for token in state["tokens"]] == [False, True, True]
    assert set(state["tokens"][0]) == {"age", "expires_in", "alive"}
    assert 100 <= state["tokens"][2]["age"] < 110
    assert 7090 < state["tokens"][2]["expires_in"] <= 7100
    assert 190 < state["tokens"][1]["expires_in"] <= 200
    assert not any(text in str(state) for text in texts)
