"""CloudStorage, against the sandbox."""

import json

import pytest
from sessions import Clock, make_session

from qqminigame import (
    CloudStorage,
    ConfigurationError,
    InvalidArgumentError,
    Login,
    LoginExpiredError,
    LoginState,
    PlatformError,
    SignatureError,
    StorageLimitError,
)


@pytest.fixture
def storage(session):
    """The service."""
    return CloudStorage(session)


def stored(sandbox, login):
    """Return what the platform has stored for a player."""
    return sandbox.state()["players"][login.openid]["storage"]


def test_set__overwrites_its_keys_and_leaves_the_others(storage, sandbox, login):
    """Each pair overwrites its key; other keys stay; an empty value is a value."""
    assert storage.set(login, {"score": "100", "gold": "3000"}) is None
    storage.set(login, {"score": "", "名": "分🏆"})
    assert stored(sandbox, login) == {"score": "", "gold": "3000", "名": "分🏆"}


@pytest.mark.parametrize(
    "kv",
    [
        {"a": "1", "b": "2"},
        [("a", "1"), ("b", "2")],
        [["a", "1"], ["b", "2"]],
        {"a": "1", "b": "2"}.items(),
        (pair for pair in [("a", "1"), ("b", "2")]),
        {type("Text", (str,), {})("a"): "1", "b": type("Text", (str,), {})("2")},
    ],
    ids=["dict", "tuples", "lists", "items", "generator", "str subclass"],
)
def test_set__takes_mappings_and_iterables_of_pairs(storage, sandbox, login, kv):
    """Whatever gives pairs of str will do."""
    storage.set(login, kv)
    assert stored(sandbox, login) == {"a": "1", "b": "2"}


def test_set__at_the_limits(storage, sandbox, login):
    """128 pairs, 128 bytes of key and 1024 bytes of pair are accepted, here and there."""
    storage.set(login, {f"{n:0128}": "x" * 896 for n in range(128)})
    assert len(stored(sandbox, login)) == 128


@pytest.mark.parametrize(
    "kv",
    [
        {f"k{n}": "1" for n in range(129)},
        {"k" * 129: "1"},
        {"k": "v" * 1024},
        {},
        {"": "1"},
        [("a", "1"), ("a", "2")],
        {"a": 1},
        {"a": None},
        {"a": {"b": 1}},
        {"a": float("nan")},
        {"\ud800": "1"},
        {"a": "\udfff"},
        {"k" * 10**6: "1"},
        {b"a": "1"},
        "score",
        None,
    ],
    ids=lambda kv: str(kv)[:20],
)
def test_set__what_breaks_a_rule_is_not_sent(storage, sandbox, kv):
    """Nothing is sent, not even for a token, and the error can be read."""
    with pytest.raises(InvalidArgumentError, match="nothing was sent") as caught:
        storage.set(LoginState(openid="o", session_key="k"), kv)
    assert caught.value.problems
    assert caught.value.sent is False
    assert len(str(caught.value)) < 2000
    assert sandbox.log() == []


def test_set__problems_of_all_arguments_in_one_error(storage):
    """The login's problem and each pair's are told together."""
    with pytest.raises(InvalidArgumentError) as caught:
        storage.set(None, [("k" * 129, 5), ("", "v"), ("a", "1"), ("a", "2"), 7])
    assert [problem.where[:6] for problem in caught.value.problems] == [
        "login",
        "kv ite",
        "kv['kk",
        "kv['kk",
        "kv['']",
        "kv['a'",
    ]


def test_set__stored_pairs_count_too(storage, sandbox, login):
    """The platform counts what is stored before; all of the call is refused."""
    storage.set(login, {"a": "1"})
    with pytest.raises(StorageLimitError) as caught:
        storage.set(login, {f"k{n}": "1" for n in range(128)})
    assert caught.value.code == 87018
    assert stored(sandbox, login) == {"a": "1"}


@pytest.mark.parametrize("code", [87016, 87017, 87018, 87019])
def test_set__each_limit_code_of_the_platform(storage, sandbox, login, code):
    """Each documented code is a StorageLimitError that explains itself; it is not repeated."""
    sandbox.script({"kind": "code", "code": code, "endpoint": "set_user_storage"})
    with pytest.raises(StorageLimitError) as caught:
        storage.set(login, {"a": "1"})
    assert (caught.value.code, caught.value.attempts) == (code, 1)
    assert caught.value.english
    assert caught.value.chinese


def test_set__a_code_nobody_documents(storage, sandbox, login):
    """An unknown code is a PlatformError that keeps code and text."""
    sandbox.script({"kind": "code", "code": 12345, "message": "新的错误"})
    with pytest.raises(PlatformError, match=r"12345.*新的错误") as caught:
        storage.set(login, {"a": "1"})
    assert type(caught.value) is PlatformError
    assert (caught.value.code, caught.value.message) == (12345, "新的错误")


def test_set__a_stale_login(storage, sandbox, login):
    """A stale session_key looks like a wrong signature; it is not repeated."""
    sandbox.end_session(login.openid)
    with pytest.raises(SignatureError, match="log in again") as caught:
        storage.set(login, {"a": "1"})
    assert (caught.value.code, caught.value.attempts) == (-100050007, 1)


def test_set__a_stale_login_is_forgotten_and_a_newer_one_is_not(storage, session, sandbox, login):
    """The refused session_key is forgotten, exactly that one: the next call asks for a login."""
    sandbox.end_session(login.openid)
    with pytest.raises(SignatureError):
        storage.set(login.openid, {"a": "1"})
    sent = len(sandbox.log())
    with pytest.raises(LoginExpiredError, match="no login"):
        storage.set(login.openid, {"a": "1"})
    assert len(sandbox.log()) == sent
    newer = Login(session).code2session(sandbox.js_code(login.openid))
    with pytest.raises(SignatureError):
        storage.set(login, {"a": "1"})
    storage.set(login.openid, {"a": "2"})
    assert stored(sandbox, newer) == {"a": "2"}


def test_set__a_login_is_remembered_for_its_time(sandbox, pauses):
    """login_ttl ends the memory of a login; without one it stays."""
    clock = Clock(sandbox.state()["now"])
    brief = make_session(sandbox, clock=clock, login_ttl=3600)
    lasting = make_session(sandbox, clock=clock)
    for session in (brief, lasting):
        Login(session).code2session(sandbox.js_code("PLAYER"))
    clock.now += 3601
    CloudStorage(lasting).set("PLAYER", {"a": "1"})
    with pytest.raises(LoginExpiredError, match="no login"):
        CloudStorage(brief).set("PLAYER", {"a": "1"})


def test_set__an_openid_that_is_not_remembered(storage, sandbox):
    """Without a remembered login nothing is sent."""
    with pytest.raises(LoginExpiredError, match="code2session") as caught:
        storage.set("nobody", {"a": "1"})
    assert (caught.value.sent, caught.value.code) == (False, None)
    assert sandbox.log() == []


@pytest.mark.parametrize("login", [None, 7, b"openid", "", {"openid": "o"}])
def test_calls__a_login_that_is_none(storage, sandbox, login):
    """A login is a LoginState or an openid."""
    for call in (
        lambda: storage.set(login, {"a": "1"}),
        lambda: storage.set_score(login, "a", 1),
        lambda: storage.remove(login, ["a"]),
    ):
        with pytest.raises(InvalidArgumentError, match="login"):
            call()
    assert sandbox.log() == []


def test_calls__an_incomplete_login_state(storage, sandbox):
    """An empty openid or session_key is told, without the session_key."""
    with pytest.raises(InvalidArgumentError) as caught:
        storage.set(LoginState(openid="", session_key="\ud800"), {"a": "1"})
    assert [problem.where for problem in caught.value.problems] == [
        "login.openid",
        "login.session_key",
    ]
    assert sandbox.log() == []


def test_set_score__is_what_the_ranking_lists_read(sandbox, pauses):
    """Score and time stand under qqgame, the game's own fields beside it; the time is now."""
    session = make_session(sandbox, clock=Clock(1_557_813_466.9), sleep=pauses)
    sandbox.advance(1_557_813_466 - sandbox.state()["now"])
    login = make_login(session, sandbox)
    CloudStorage(session).set_score(login, "rank", 100, progress=10, 名="分")
    (text,) = stored(sandbox, login).values()
    assert json.loads(text) == {
        "qqgame": {"score": 100, "update_time": 1557813466},
        "progress": 10,
        "名": "分",
    }


def test_set_score__update_time_given(storage, sandbox, login):
    """A given time is stored as it is."""
    storage.set_score(login, "rank", 100, update_time=5)
    assert stored(sandbox, login) == {"rank": '{"qqgame":{"score":100,"update_time":5}}'}


def test_set_score__all_problems_in_one_error(storage, sandbox):
    """Key, score, time, fields and login are told together."""
    with pytest.raises(InvalidArgumentError) as caught:
        storage.set_score(7, "", 1.5, update_time=1_557_813_466_000, qqgame=1, when={1, 2})
    assert {problem.where for problem in caught.value.problems} == {
        "score",
        "update_time",
        "fields['qqgame']",
        "fields['when']",
        "login",
        "kv['']",
    }
    assert sandbox.log() == []


def test_score_pairs__are_what_set_score_stores(storage, sandbox, login):
    """A bulk load can write scores in the form that rankings read."""
    storage.set_score(login, "rank", 100, update_time=5, progress=10)
    pairs = storage.score_pairs("rank", 100, update_time=5, progress=10)
    assert sandbox.state()["players"][login.openid]["storage"] == pairs


def test_score_pairs__all_problems_in_one_error(storage, sandbox):
    """They are those of set_score; nothing is sent."""
    with pytest.raises(InvalidArgumentError) as caught:
        storage.score_pairs(["rank"], 1.5, update_time=1_557_813_466_000)
    assert len(caught.value.problems) == 3
    assert "CloudStorage.score_pairs" in str(caught.value)
    assert sandbox.log() == []


def test_set_score__too_long_a_value(storage, sandbox, login):
    """The value with its JSON counts against the 1024 bytes."""
    with pytest.raises(InvalidArgumentError) as caught:
        storage.set_score(login, "rank", 100, update_time=1, name="分" * 400)
    assert caught.value.problems[0].code == 87016


def test_remove__takes_keys_away(storage, sandbox, login):
    """Absent keys are no error."""
    storage.set(login, {"score": "100", "gold": "3000"})
    assert storage.remove(login, ["gold", "never there"]) is None
    assert stored(sandbox, login) == {"score": "100"}
    storage.remove(login, (key for key in ["score"]))
    assert stored(sandbox, login) == {}


@pytest.mark.parametrize(
    "keys",
    ["gold", b"gold", None, 7, [], [""], ["a", "a"], [1], ["k" * 129], ["\ud800"], ["k"] * 129],
    ids=str,
)
def test_remove__what_breaks_a_rule_is_not_sent(storage, sandbox, login, keys):
    """Nothing is sent for keys that cannot be."""
    sent = len(sandbox.log())
    with pytest.raises(InvalidArgumentError) as caught:
        storage.remove(login, keys)
    assert caught.value.problems[0].where.startswith("keys")
    assert len(sandbox.log()) == sent


def test_cloud_storage__without_app_secret(sandbox):
    """A session that cannot fetch tokens says so at once."""
    with pytest.raises(ConfigurationError, match="app_secret"):
        CloudStorage(make_session(sandbox, app_secret=None))


def make_login(session, sandbox):
    """Log a player in."""
    return Login(session).code2session(sandbox.js_code())
