"""Login.code2session, against the sandbox."""

import pytest
from raw_server import RawServer, http
from sessions import Clock, make_session

from qqminigame import (
    BusyError,
    CloudStorage,
    ConfigurationError,
    InvalidArgumentError,
    Login,
    LoginExpiredError,
    LoginNotFoundError,
    LoginState,
    MemoryStore,
    RateLimitError,
    ReplyError,
    StoreError,
)


def test_code2session__returns_the_login_and_remembers_it(session, sandbox):
    """The login comes back typed, and a later call needs only the openid."""
    login = Login(session).code2session(sandbox.js_code("PLAYER", unionid="UNION"))
    assert (login.openid, login.unionid) == ("PLAYER", "UNION")
    CloudStorage(session).set("PLAYER", {"score": "1"})
    assert sandbox.state()["players"]["PLAYER"]["storage"] == {"score": "1"}


def test_code2session__no_unionid_is_none(session, sandbox):
    """An account that is not bound has no unionid."""
    assert Login(session).code2session(sandbox.js_code()).unionid is None


def test_code2session__a_newer_login_replaces_the_remembered_one(session, sandbox):
    """What is remembered is the latest session_key; the earlier one is stale."""
    Login(session).code2session(sandbox.js_code("PLAYER"))
    Login(session).code2session(sandbox.js_code("PLAYER"))
    CloudStorage(session).set("PLAYER", {"score": "1"})


@pytest.mark.parametrize(
    ("js_code", "words"),
    [
        ("", "must not be empty"),
        (None, "not None"),
        (b"code", "not bytes"),
        (7, "not int"),
        ("\ud800", "surrogate"),
    ],
)
def test_code2session__a_wrong_argument_is_refused_here(session, sandbox, js_code, words):
    """What is no js_code is not sent."""
    with pytest.raises(InvalidArgumentError, match=words) as caught:
        Login(session).code2session(js_code)
    assert caught.value.problems[0].where == "js_code"
    assert sandbox.log() == []


def test_code2session__a_used_code_means_logging_in_again(session, sandbox):
    """A js_code works once."""
    js_code = sandbox.js_code()
    Login(session).code2session(js_code)
    with pytest.raises(LoginExpiredError) as caught:
        Login(session).code2session(js_code)
    assert (caught.value.code, caught.value.endpoint) == (40029, "jscode2session")
    assert caught.value.attempts == 1
    assert "qq.login()" in caught.value.english
    assert "qq.login()" in caught.value.chinese


def test_code2session__too_many_logins(session, sandbox):
    """More than 100 in a minute is a RateLimitError, which is not repeated."""
    sandbox.script({"kind": "code", "code": 45011})
    with pytest.raises(RateLimitError) as caught:
        Login(session).code2session(sandbox.js_code())
    assert caught.value.attempts == 1


def test_code2session__wrong_secret(sandbox):
    """The platform's undocumented code for wrong credentials says what to check."""
    with (
        make_session(sandbox, app_secret="wrong") as session,
        pytest.raises(ConfigurationError, match="app_id or app_secret; check both") as caught,
    ):
        Login(session).code2session(sandbox.js_code())
    assert caught.value.code == -101222100


def test_code2session__where_the_login_cannot_be_saved(sandbox, caplog):
    """The js_code is spent, so the login is returned; it says that it was not saved."""

    class Full(MemoryStore):
        def set(self, key, text, ttl_seconds=None, **options):
            raise StoreError("the disk is full")

    with make_session(sandbox, store=Full()) as session:
        login = Login(session).code2session(sandbox.js_code())
        assert login.remembered is False
        assert "the disk is full" in caplog.text
        assert login.session_key not in caplog.text
        with pytest.raises(LoginNotFoundError):
            session.login_state(login.openid)
    with make_session(sandbox) as session:
        login = Login(session).code2session(sandbox.js_code())
        assert login.remembered is True
        assert session.login_state(login.openid) == login


@pytest.mark.parametrize("seconds", [0.0, 3.0, 9.0])
def test_code2session__saves_within_the_deadline(sandbox, seconds):
    """Saving is told the time that is left; it has some even where the call took all."""
    clock, told = Clock(), []

    class Told(MemoryStore):
        def set(self, key, text, ttl_seconds=None, *, timeout):
            told.append(timeout)

    def answer(_):
        clock.now += seconds

    arguments = {"store": Told(), "monotonic": clock, "on_call": answer}
    with make_session(sandbox, **arguments) as session:
        Login(session).code2session(sandbox.js_code())
    assert told == [max(8.0 - seconds, 0.25)]


def test_code2session__busy_is_repeated(session, sandbox, pauses):
    """A busy platform is asked again, after a pause; for good it is a BusyError."""
    sandbox.script({"kind": "busy", "times": 2})
    Login(session).code2session(sandbox.js_code())
    assert len(pauses) == 2
    sandbox.script({"kind": "busy", "times": -1})
    with pytest.raises(BusyError) as caught:
        Login(session).code2session(sandbox.js_code())
    assert caught.value.attempts == 3


def test_code2session__a_failure_that_carries_empty_success_fields():
    """The platform's failures have openid and session_key too, empty."""
    reply = '{"openid":"","session_key":"","unionid":"","errcode":40029,"errmsg":"invalid code"}'
    with (
        RawServer(lambda _: http(reply)) as server,
        make_server_session(server) as session,
        pytest.raises(LoginExpiredError),
    ):
        Login(session).code2session("code")


@pytest.mark.parametrize(
    "reply",
    [
        '{"errcode":0,"errmsg":"ok"}',
        '{"openid":"","session_key":"k","errcode":0}',
        '{"openid":"o","session_key":"","errcode":0}',
        '{"openid":7,"session_key":"k"}',
    ],
)
def test_code2session__a_success_without_its_fields_is_no_success(reply):
    """Without openid and session_key it is not the documented reply, whatever errcode says."""
    with (
        RawServer(lambda _: http(reply)) as server,
        make_server_session(server) as session,
        pytest.raises(ReplyError, match=r"openid|session_key"),
    ):
        Login(session).code2session("code")


def test_code2session__a_success_without_errcode():
    """Errcode may be absent; unionid may be empty."""
    reply = '{"openid":"o","session_key":"k","unionid":"","uin":""}'
    with RawServer(lambda _: http(reply)) as server, make_server_session(server) as session:
        login = Login(session).code2session("code")
    assert login == LoginState(openid="o", session_key="k", unionid=None)


def test_login__without_app_secret(sandbox):
    """A session that cannot log players in says so at once."""
    with pytest.raises(ConfigurationError, match="QQMINIGAME_APP_SECRET"):
        Login(make_session(sandbox, app_secret=None))


def make_server_session(server):
    """Make a session to a raw server."""
    server.app_id, server.app_secret = "1", "s"
    server.hall_app_id, server.app_key = "2", "k"
    return make_session(server)
