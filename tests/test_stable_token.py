"""Session(stable_token=True): programs that know nothing of each other share one access token."""

import json

import pytest
from sessions import Clock, log_in, make_session

from qqminigame import CloudStorage, ConfigurationError, Session

STABLE = {
    "douyin": "/mgplatform/api/apps/stable_token",
    "douyin-toutiao": "/api/apps/stable_token",
    "wechat": "/cgi-bin/stable_token",
}
PLAIN = {
    "douyin": ("POST", "/mgplatform/api/apps/v2/token"),
    "douyin-toutiao": ("POST", "/api/apps/v2/token"),
    "wechat": ("GET", "/cgi-bin/token"),
    "qq": ("GET", "/api/getToken"),
}

every_platform = pytest.mark.parametrize("platform", STABLE)


def tokens_asked(sandbox):
    """Return method and path of every call for a token."""
    return [
        (entry["method"], entry["path"])
        for entry in sandbox.log()
        if entry["path"].lower().endswith("token")
    ]


def replies(sandbox):
    """Return what the storage calls were answered, each answer once."""
    return {entry["reply"] for entry in sandbox.log() if "storage" in entry["path"]}


def two_programs(sandbox, platform, **arguments):
    """Return the storages of two sessions that share no store, and a player."""
    sessions = [make_session(sandbox, platform=platform, **arguments) for _ in range(2)]
    login = log_in(sessions[0], sandbox, "PLAYER")
    return [CloudStorage(session) for session in sessions], login


@every_platform
def test_stable_token__is_what_is_asked_for(sandbox, platform):
    """The token comes from the stable call, with the app's credentials and nothing more."""
    session = make_session(sandbox, platform=platform, stable_token=True)
    login = log_in(session, sandbox, "PLAYER")
    CloudStorage(session).set(login, {"a": "1"})
    assert tokens_asked(sandbox) == [("POST", STABLE[platform])]
    (entry,) = [entry for entry in sandbox.log() if entry["path"] == STABLE[platform]]
    body = json.loads(entry["body"])
    # force_refresh would kill the token of everybody else
    assert body.keys() == {"grant_type", "appid", "secret"}
    assert (body["grant_type"], body["appid"]) == ("client_credential", sandbox.app_id)
    assert entry["query"] == {}
    assert sandbox.state()["players"]["PLAYER"]["storage"] == {"a": "1"}


@pytest.mark.parametrize("platform", PLAIN)
def test_stable_token__is_not_the_default(sandbox, platform):
    """Without the argument the platform's ordinary call is made."""
    session = make_session(sandbox, platform=platform)
    CloudStorage(session).set(log_in(session, sandbox), {"a": "1"})
    assert tokens_asked(sandbox) == [PLAIN[platform]]


@every_platform
def test_stable_token__two_programs_have_the_same(sandbox, platform):
    """Two sessions that share no store get one token, and neither kills the other's."""
    (first, second), login = two_programs(sandbox, platform, stable_token=True)
    first.set(login, {"a": "1"})
    second.set(login, {"b": "2"})
    sandbox.advance(301)  # what a fetch has replaced is dead by now
    first.set(login, {"c": "3"})
    second.set(login, {"d": "4"})
    assert len(tokens_asked(sandbox)) == 2
    assert sum(row["token_fetches"] for row in sandbox.state()["platforms"].values()) == 1
    assert len(replies(sandbox)) == 1
    assert len(sandbox.state()["players"]["PLAYER"]["storage"]) == 4


@every_platform
def test_stable_token__without_it_they_kill_each_others(sandbox, platform):
    """The ordinary call gives each its own, and the first one's is rejected when it is dead."""
    (first, second), login = two_programs(sandbox, platform)
    first.set(login, {"a": "1"})
    second.set(login, {"b": "2"})
    sandbox.advance(301)
    first.set(login, {"c": "3"})
    assert len(tokens_asked(sandbox)) == 3
    assert len(replies(sandbox)) == 2


@every_platform
def test_stable_token__through_its_whole_life(sandbox, platform):
    """Near its end the same token comes back with less to live; no call is ever rejected."""
    clock, ticks = Clock(sandbox.state()["now"]), Clock(0.0)
    session = make_session(
        sandbox, platform=platform, stable_token=True, clock=clock, monotonic=ticks
    )
    login = log_in(session, sandbox, "PLAYER")
    for _ in range(160):
        CloudStorage(session).set(login, {"a": "1"})
        for movable in (clock, ticks):
            movable.now += 50
        sandbox.advance(50)
    assert len(replies(sandbox)) == 1
    assert sandbox.state()["token_fetches"] == 2
    assert len(tokens_asked(sandbox)) < 10


def test_stable_token__qq_has_none():
    """Where the platform has no such call, the session is refused."""
    words = "^stable_token: platform 'qq' does not support it; leave it out$"
    with pytest.raises(ConfigurationError, match=words):
        Session("1", app_secret="secret", store="memory:", stable_token=True)


@pytest.mark.parametrize("stable", [1, 0, None, "yes", "", [True]])
@pytest.mark.parametrize("platform", PLAIN)
def test_stable_token__is_a_bool(stable, platform):
    """What is true or false in other words is refused, also where it would change nothing."""
    words = f"^stable_token must be a bool, not {type(stable).__name__}$"
    with pytest.raises(ConfigurationError, match=words):
        Session("1", platform=platform, store="memory:", stable_token=stable)
