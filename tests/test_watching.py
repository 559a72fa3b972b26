"""What a session tells whoever watches: events, log lines, explanations. None holds a secret."""

import logging
import pickle

import pytest
from sessions import Pauses, make_session

from qqminigame import (
    BusyError,
    CallEvent,
    CloudStorage,
    Dawanka,
    HallLogin,
    InvalidArgumentError,
    Login,
    LoginExpiredError,
    LoginState,
    SignatureError,
    TransportError,
)
from qqminigame.signing import openapi_source


def test_on_call__one_event_for_each_attempt(sandbox):
    """Token fetch, repeats and success each have their event, in order."""
    events = []
    session = make_session(sandbox, on_call=events.append, sleep=Pauses())
    login = Login(session).code2session(sandbox.js_code())
    sandbox.script({"kind": "busy", "endpoint": "set_user_storage"})
    sandbox.script({"kind": "status", "status": 500, "endpoint": "set_user_storage"})
    CloudStorage(session).set(login, {"a": "1"})
    seen = [(event.endpoint, event.attempt, event.outcome, event.code) for event in events]
    assert seen == [
        ("jscode2session", 1, "ok", None),
        ("getToken", 1, "ok", None),
        ("set_user_storage", 1, "busy", -1),
        ("set_user_storage", 2, "unavailable", None),
        ("set_user_storage", 3, "ok", None),
    ]
    assert {event.sent_bytes for event in events[2:]} == {
        len('{"kv_list":[{"key":"a","value":"1"}]}')
    }
    assert events[-1].received_bytes == len('{"errcode":0,"errmsg":"ok"}')
    assert all(event.seconds >= 0 for event in events)
    assert pickle.loads(pickle.dumps(events)) == events


def test_on_call__a_rejected_token_and_its_repeat(sandbox):
    """The repeat after a replaced token is an attempt of its own."""
    events = []
    session = make_session(sandbox, on_call=events.append)
    login = Login(session).code2session(sandbox.js_code())
    storage = CloudStorage(session)
    storage.set(login, {"a": "1"})
    sandbox.revoke_tokens()
    del events[:]
    storage.set(login, {"a": "1"})
    assert [(event.endpoint, event.attempt, event.outcome) for event in events] == [
        ("set_user_storage", 1, "refused"),
        ("getToken", 1, "ok"),
        ("set_user_storage", 2, "ok"),
    ]


def test_on_call__what_it_raises_changes_nothing(sandbox, caplog):
    """A broken watcher is logged, and the call goes on, whether it succeeds or fails."""

    def broken(event):
        raise ValueError("broken watcher")

    session = make_session(sandbox, on_call=broken, sleep=Pauses())
    login = Login(session).code2session(sandbox.js_code())
    sandbox.script({"kind": "busy", "endpoint": "set_user_storage", "times": -1})
    with pytest.raises(BusyError) as caught:
        CloudStorage(session).set(login, {"a": "1"})
    assert caught.value.__context__ is None
    assert caplog.text.count("broken watcher") >= 5


def test_on_call__nothing_for_what_was_refused_here(sandbox):
    """A call that is refused locally is no attempt."""
    events = []
    session = make_session(sandbox, on_call=events.append)
    with pytest.raises(InvalidArgumentError):
        CloudStorage(session).set(LoginState(openid="o", session_key="k"), {})
    assert events == []


def test_log__says_endpoint_code_attempt_and_time(session, sandbox, login, caplog):
    """At DEBUG each attempt has its line; nothing of what was sent is in it."""
    caplog.set_level(logging.DEBUG, logger="qqminigame")
    sandbox.script({"kind": "code", "code": 87018, "endpoint": "set_user_storage"})
    with pytest.raises(Exception, match="87018"):
        CloudStorage(session).set(login, {"key of a player": "value of a player"})
    lines = [record.getMessage() for record in caplog.records if record.name == "qqminigame"]
    assert any("set_user_storage: refused, code 87018, attempt 1" in line for line in lines)
    assert "of a player" not in "".join(lines)
    assert login.session_key not in caplog.text


def test_describe__a_refused_signature(session, sandbox, login):
    """It shows the text that was signed, exactly, and what is possible and what is not."""
    sandbox.end_session(login.openid)
    with pytest.raises(SignatureError) as caught:
        CloudStorage(session).set(login, {"名": "分"})
    error = pickle.loads(pickle.dumps(caught.value))
    assert error.signed == '{"kv_list":[{"key":"名","value":"分"}]}'
    text = error.describe()
    assert error.signed in text
    assert "session_key is no longer valid" in text
    assert "no timestamp, so the clock does not matter" in text
    assert "签名不含时间戳，与服务器时间无关" in error.chinese
    assert login.session_key not in text


def test_describe__a_secret_in_what_was_signed(session, sandbox, login):
    """Whatever a game stores, its player's session_key is not shown."""
    sandbox.end_session(login.openid)
    with pytest.raises(SignatureError) as caught:
        CloudStorage(session).set(login, {"a": f"<{login.session_key}>"})
    assert caught.value.signed == '{"kv_list":[{"key":"a","value":"<***>"}]}'


def test_describe__a_refused_sig(sandbox):
    """It shows the source string with the openkey masked."""
    session = make_session(sandbox, app_key="wrong-key")
    openid, openkey = sandbox.hall_login()
    hall_login = HallLogin(openid=openid, openkey=openkey, userip="1.2.3.4")
    with pytest.raises(SignatureError) as caught:
        Dawanka(session).get_info(hall_login)
    params = {"appid": sandbox.hall_app_id, "openid": openid, "openkey": openkey, "pf": "qqgame"}
    source = openapi_source(
        "GET", "/v3/user/get_dawanka_info", {**params, "userip": "1.2.3.4", "version": "2"}
    )
    assert caught.value.signed == source.replace(openkey, "***")
    text = caught.value.describe()
    assert caught.value.signed in text
    assert "Check app_key" in text
    assert openkey not in text
    assert "wrong-key" not in text


def test_describe__an_openkey_that_is_over(session, sandbox, hall_login):
    """The causes of a refused login are told too."""
    sandbox.advance(7201)
    with pytest.raises(LoginExpiredError) as caught:
        Dawanka(session).get_info(hall_login)
    assert "The openkey is no longer valid (it is valid for 2 hours" in caught.value.describe()
    assert "signed text, with secrets masked:" in caught.value.describe()
    assert caught.value.signed


def test_describe__how_far_other_errors_got(session, sandbox, login):
    """Any error of this library can be described."""
    dead = make_session(sandbox, base_url="http://127.0.0.1:9", sleep=Pauses())
    with pytest.raises(TransportError) as caught:
        Login(dead).code2session("code")
    assert "request sent: no\nattempts: 3" in caught.value.describe()
    with pytest.raises(InvalidArgumentError) as caught:
        CloudStorage(session).set(login, {"": 1})
    assert "\n- kv[''] key must not be empty\n- kv[''] value" in caught.value.describe()


def test_errors__say_endpoint_and_attempts_wherever_they_come_from(sandbox):
    """An error from waiting for the token is one of the call that wanted it."""
    session = make_session(sandbox, sleep=Pauses())
    sandbox.script({"kind": "reset_before", "endpoint": "getToken", "times": -1})
    with pytest.raises(TransportError) as caught:
        CloudStorage(session).set(LoginState(openid="o", session_key="k"), {"a": "1"})
    assert caught.value.endpoint == "getToken"
    assert caught.value.attempts == 3


def test_call_event__is_frozen():
    """Nobody changes what happened."""
    event = CallEvent(
        endpoint="e",
        attempt=1,
        outcome="ok",
        code=None,
        seconds=0.1,
        sent_bytes=0,
        received_bytes=0,
    )
    with pytest.raises(AttributeError):
        event.attempt = 2
