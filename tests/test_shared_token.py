"""The access token by itself: looked at, fetched ahead, refreshed for all that share the store."""

import threading

import pytest
from sessions import log_in, make_session

from qqminigame import BusyError, ConfigurationError, LoginState
from qqminigame.testing import assert_no_secrets


@pytest.fixture
def store(tmp_path):
    """A store for all sessions of a test."""
    return f"sqlite:///{tmp_path}/store.db"


def test_access_token__is_the_one_that_calls_use(sandbox, store):
    """It is fetched once, and by whoever comes first."""
    with make_session(sandbox, store=store) as one, make_session(sandbox, store=store) as other:
        assert one.stored_token() is None
        token = one.access_token()
        assert other.access_token() == other.stored_token() == token
        assert_no_secrets(token, [token.value])
    assert sandbox.state()["token_fetches"] == 1


def test_access_token__needs_the_secret(sandbox):
    """A session of the hall alone has none."""
    with make_session(sandbox, app_secret=None) as session:
        for call in (session.access_token, session.refresh_token):
            with pytest.raises(ConfigurationError, match="app_secret"):
                call()


def test_stored_token__asks_nobody(sandbox, store):
    """What the platform thinks of the token is not known, and nothing is sent to find out."""
    with make_session(sandbox, store=store) as session:
        token = session.access_token()
        sandbox.revoke_tokens()
        before = len(sandbox.log())
        assert session.stored_token() == token
        assert len(sandbox.log()) == before


def test_refresh_token__others_go_on_with_the_new_one(lasting_sandbox, store):
    """They use the old one while it is valid, and fetch none of their own."""
    sandbox = lasting_sandbox
    with make_session(sandbox, store=store) as one, make_session(sandbox, store=store) as other:
        before = other.access_token()
        token = one.refresh_token()
        assert token not in (None, before)
        assert one.access_token() == one.stored_token() == other.stored_token() == token
    assert sandbox.state()["token_fetches"] == 2


def test_refresh_token__where_there_is_none(sandbox, store):
    """It fetches the first."""
    with make_session(sandbox, store=store) as session:
        assert session.refresh_token() == session.stored_token()
    assert sandbox.state()["token_fetches"] == 1


def test_refresh_token__many_at_once_do_not_invalidate_each_other(lasting_sandbox, store):
    """Each gets a token that works; whoever waits for another's fetch takes that token."""
    sessions = [make_session(lasting_sandbox, store=store) for _ in range(4)]
    tokens = []
    threads = [
        threading.Thread(target=lambda session=session: tokens.append(session.refresh_token()))
        for session in sessions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == len(sessions)
    assert sessions[0].stored_token() == max(tokens, key=lambda token: token.fetched_at)
    for session in sessions:
        session.close()


def test_refresh_token__that_fails_keeps_the_old_one(sandbox, store):
    """The error says why; calls go on."""
    with make_session(sandbox, store=store) as session:
        before = session.access_token()
        sandbox.script({"kind": "busy", "endpoint": "getToken", "times": -1})
        with pytest.raises(BusyError):
            session.refresh_token()
        assert session.stored_token() == session.access_token() == before


def test_logins__of_this_app(sandbox, store):
    """Those that the store has for the app at this address, and no others."""
    with make_session(sandbox, store=store) as session:
        openids = {log_in(session, sandbox, f"player-{number}").openid for number in range(3)}
        assert {login.openid for login in session.logins.each()} == openids
    with make_session(sandbox, store=store, base_url="http://127.0.0.1:1") as session:
        assert list(session.logins.each()) == []


def test_logins__more_than_one_page(session):
    """None is left out."""
    for number in range(1100):
        session.logins.remember(LoginState(openid=f"player-{number}", session_key="key"))
    assert len({login.openid for login in session.logins.each()}) == 1100
