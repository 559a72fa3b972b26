"""The order of one call: token, build, send, decode, repeat."""

import gzip
import logging
import math
import os
import pickle
import time
import traceback
import typing
from pathlib import Path

import pytest
import requests
from raw_server import RawServer, http, platform
from sessions import Clock, Pauses, make_session

from qqminigame import (
    AccessTokenError,
    BusyError,
    CloudStorage,
    ConfigurationError,
    InteractiveData,
    Login,
    LoginState,
    MemoryStore,
    QQMiniGameError,
    ReplyError,
    RetryPolicy,
    Session,
    TransportError,
)
from qqminigame.session import SessionArguments
from qqminigame.testing import assert_no_secrets


def paths(sandbox):
    """Return the paths that were called, without their folders."""
    return [entry["path"].rpartition("/")[2] for entry in sandbox.log()]


def test_call__one_token_for_many_calls(session, sandbox, login):
    """The first call fetches the token, all others use it."""
    for n in range(5):
        CloudStorage(session).set(login, {"a": str(n)})
        InteractiveData(session).set(login, {"1": 1})
    assert sandbox.state()["token_fetches"] == 1


def test_call__a_rejected_token_is_replaced_once_and_the_call_repeated(session, sandbox, login):
    """Nobody notices but the log: one fetch, one repeat, no pause."""
    storage = CloudStorage(session)
    storage.set(login, {"a": "1"})
    sandbox.revoke_tokens()
    storage.set(login, {"a": "2"})
    assert paths(sandbox)[1:] == [
        "getToken",
        "set_user_storage",
        "set_user_storage",
        "getToken",
        "set_user_storage",
    ]
    assert sandbox.state()["players"][login.openid]["storage"] == {"a": "2"}


@pytest.mark.parametrize("code", [40001, 40014, 42001, -100050019])
def test_call__a_token_that_is_always_rejected(session, sandbox, login, code):
    """Two fetches, two attempts, one typed error: no loop."""
    sandbox.script({"kind": "code", "code": code, "endpoint": "set_user_storage", "times": -1})
    with pytest.raises(AccessTokenError) as caught:
        CloudStorage(session).set(login, {"a": "1"})
    assert (caught.value.code, caught.value.attempts) == (code, 2)
    assert sandbox.state()["token_fetches"] == 2


def test_call__after_that_no_call_is_repeated_for_its_token(session, sandbox, login):
    """While the breaker is open each call is tried once, with the token there is."""
    fault = {"kind": "code", "code": 40014, "endpoint": "set_user_storage"}
    sandbox.script({**fault, "times": 3})
    for attempts in (2, 1):
        with pytest.raises(AccessTokenError) as caught:
            CloudStorage(session).set(login, {"a": "1"})
        assert caught.value.attempts == attempts
    assert paths(sandbox).count("set_user_storage") == 3
    CloudStorage(session).set(login, {"a": "1"})
    assert sandbox.state()["token_fetches"] == 2


def test_call__a_tokens_life_counts_from_before_its_fetch(sandbox):
    """However slow the answer, the token is not thought to live longer than it does."""
    clock = Clock()

    def answer(request):
        if b"getToken" in request:
            clock.now += 300
        return platform(request)

    with RawServer(answer) as server:
        session = make_session(sandbox, base_url=server.url, clock=clock)
        storage, began = CloudStorage(session), clock.now
        player = LoginState(openid="o", session_key="k")
        storage.set(player, {"a": "1"})
        # It is renewed from nine minutes before its end.
        for left, fetches in ((541, 1), (539, 2)):
            clock.now = began + 7200 - left
            storage.set(player, {"a": "1"})
            assert session.token_fetches == fetches


def test_call__no_token_in_time(sandbox, pauses):
    """Where another process fetches for too long, the error names the call that waited."""

    class Locked(MemoryStore):
        """A store whose locks another process holds."""

        def try_lock(self, name, seconds, **options):
            return None

    session = make_session(sandbox, store=Locked(), sleep=pauses).within(0.2)
    with pytest.raises(TransportError, match="could not obtain an access token") as caught:
        CloudStorage(session).set(LoginState(openid="o", session_key="k"), {"a": "1"})
    assert (caught.value.endpoint, caught.value.sent) == ("set_user_storage", False)
    assert sandbox.log() == []


def test_call__the_token_is_renewed_before_it_expires(sandbox, pauses):
    """A token near its end is replaced ahead of it: no call is ever rejected."""
    clock = Clock(sandbox.state()["now"])
    ticks = Clock(0.0)
    session = make_session(sandbox, clock=clock, monotonic=ticks, sleep=pauses)
    login = Login(session).code2session(sandbox.js_code())
    storage = CloudStorage(session)
    for _ in range(30):
        storage.set(login, {"a": "1"})
        for movable in (clock, ticks):
            movable.now += 500
        sandbox.advance(500)
    replies = [entry["reply"] for entry in sandbox.log() if "storage" in entry["path"]]
    assert replies == ['{"errcode":0,"errmsg":"ok"}'] * 30
    assert sandbox.state()["token_fetches"] == 3


@pytest.mark.parametrize("code", [40001, 40013])
def test_call__credentials_that_are_wrong(session, sandbox, login, code):
    """What getToken says of the credentials is a ConfigurationError, and not repeated."""
    sandbox.script({"kind": "code", "code": code, "endpoint": "getToken", "times": -1})
    with pytest.raises(ConfigurationError) as caught:
        CloudStorage(session).set(login, {"a": "1"})
    assert (caught.value.code, caught.value.endpoint) == (code, "getToken")
    assert caught.value.english
    assert caught.value.chinese
    assert sandbox.state()["token_fetches"] == 0
    assert paths(sandbox).count("getToken") == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "busy"},
        {"kind": "reset_before"},
        {"kind": "reset_after"},
        {"kind": "reset_midway"},
        {"kind": "cut_off"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429},
        {"kind": "close_idle"},
    ],
    ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}",
)
@pytest.mark.parametrize("endpoint", ["getToken", "set_user_storage"])
def test_call__what_passes_is_repeated(session, sandbox, pauses, login, fault, endpoint):
    """One passing fault, on the token fetch or the call, is not noticed."""
    sandbox.script({**fault, "endpoint": endpoint})
    CloudStorage(session).set(login, {"a": "1"})
    CloudStorage(session).set(login, {"b": "2"})
    assert sandbox.state()["players"][login.openid]["storage"] == {"a": "1", "b": "2"}
    assert len(pauses) <= 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "busy"}, BusyError),
        ({"kind": "reset_before"}, TransportError),
        ({"kind": "reset_midway"}, ReplyError),
        ({"kind": "cut_off"}, ReplyError),
        ({"kind": "status", "status": 500}, ReplyError),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_call__what_does_not_pass_ends_after_three_attempts(
    session, sandbox, pauses, login, fault, error
):
    """The default is three attempts, with growing pauses drawn from 0 up to 0.2 s and 0.4 s."""
    sandbox.script({**fault, "endpoint": "set_user_storage", "times": -1})
    with pytest.raises(error) as caught:
        CloudStorage(session).set(login, {"a": "1"})
    assert caught.value.attempts == 3
    assert caught.value.endpoint == "set_user_storage"
    assert len(pauses) == 2
    assert 0 <= pauses[0] <= 0.2
    assert 0 <= pauses[1] <= 0.4


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html"},
        {"kind": "status", "status": 404},
        {"kind": "answer", "status": 301, "headers": {"Location": "/elsewhere"}},
        {"kind": "answer", "body": "[]"},
        {"kind": "answer", "body": "null"},
        {"kind": "answer", "body": ""},
        {"kind": "answer", "body": '{"errcode":NaN}'},
        {"kind": "answer", "body": "{}"},
        {"kind": "oversized", "bytes": 3 * 1024 * 1024},
    ],
    ids=str,
)
def test_call__what_is_not_the_platforms_answer_is_not_repeated(session, sandbox, login, fault):
    """An answer from somebody else is a ReplyError after one attempt; no redirect is followed."""
    sandbox.script({**fault, "endpoint": "set_user_storage", "times": -1})
    with pytest.raises(ReplyError) as caught:
        CloudStorage(session).set(login, {"a": "1"})
    assert caught.value.attempts == 1
    assert caught.value.sent is True
    assert paths(sandbox).count("set_user_storage") == 1
    assert "elsewhere" not in paths(sandbox)


def test_call__nobody_listens(sandbox, pauses):
    """A refused connection is repeated, and certainly was not sent."""
    session = make_session(sandbox, base_url="http://127.0.0.1:9", sleep=pauses)
    with pytest.raises(TransportError, match=r"127\.0\.0\.1:9") as caught:
        Login(session).code2session("code")
    assert (caught.value.sent, caught.value.attempts) == (False, 3)


def test_call__a_name_that_cannot_be_resolved(sandbox, pauses):
    """Neither was what found no address."""
    session = make_session(sandbox, base_url="http://no-such-host.invalid", sleep=pauses)
    with pytest.raises(TransportError, match="could not be resolved") as caught:
        Login(session).code2session("code")
    assert caught.value.sent is False


def test_call__a_certificate_nobody_trusts(tls_sandbox, pauses):
    """A self-signed certificate is refused before anything is sent."""
    session = make_session(tls_sandbox, sleep=pauses)
    with pytest.raises(TransportError, match=r"certificate of .* is not trusted") as caught:
        Login(session).code2session("code")
    assert caught.value.sent is False


def test_call__silence(sandbox, pauses):
    """A platform that does not answer is given up after the read timeout; nobody knows."""
    sandbox.script({"kind": "no_answer", "times": -1})
    session = make_session(sandbox, timeout=(10, 0.1), sleep=pauses)
    with pytest.raises(TransportError, match="no response from") as caught:
        Login(session).code2session(sandbox.js_code())
    assert (caught.value.sent, caught.value.attempts) == (None, 3)


def test_call__retry_after_is_honoured(session, sandbox, pauses, login):
    """A 429 that says how long to wait is believed, within the deadline."""
    fault = {"kind": "answer", "status": 429, "endpoint": "set_user_storage"}
    sandbox.script({**fault, "headers": {"Retry-After": "3"}})
    CloudStorage(session).set(login, {"a": "1"})
    assert pauses == [3.0]
    sandbox.script({**fault, "headers": {"Retry-After": "60"}})
    with pytest.raises(ReplyError) as caught:
        CloudStorage(session).set(login, {"a": "1"})
    assert (caught.value.status, caught.value.retry_after) == (429, 60.0)


def test_call__the_deadline_ends_it(sandbox):
    """Pauses never lead past the deadline, whatever the number of attempts."""
    ticks = Clock(0.0)

    def sleep(seconds):
        ticks.now += seconds

    session = make_session(
        sandbox,
        retry=RetryPolicy(attempts=1000, deadline_seconds=5.0),
        monotonic=ticks,
        sleep=sleep,
        dice=lambda: 1.0,
    )
    sandbox.script({"kind": "busy", "times": -1})
    with pytest.raises(BusyError) as caught:
        Login(session).code2session(sandbox.js_code())
    assert 3 < caught.value.attempts < 10
    assert ticks.now < 5.0


def test_call__a_deadline_that_is_over_before_sending(sandbox):
    """Where nothing is left of the deadline, nothing is sent."""
    ticks = iter(range(0, 1000, 10))
    session = make_session(sandbox, monotonic=lambda: float(next(ticks)), sleep=Pauses())
    with pytest.raises(TransportError, match="the 8 s deadline has passed") as caught:
        Login(session).code2session("code")
    assert caught.value.sent is False
    assert sandbox.log() == []


def test_call__retries_of_the_users_adapter_are_off(sandbox, login_state, pauses):
    """An adapter with retries of its own does not repeat behind our back."""
    with requests.Session() as own:
        own.mount("http://", requests.adapters.HTTPAdapter(max_retries=5))
        session = make_session(sandbox, http=own, retry=RetryPolicy(attempts=1), sleep=pauses)
        sandbox.script({"kind": "status", "status": 503, "times": -1, "endpoint": "*"})
        with pytest.raises(ReplyError):
            CloudStorage(session).set(login_state, {"a": "1"})
    assert len(sandbox.log()) == 1


def test_call__headers_of_the_users_session_are_sent(sandbox):
    """A gateway's key in the user's own session goes along; its cookies do not."""
    with RawServer(platform) as server, requests.Session() as own:
        own.headers["X-Gateway-Key"] = "g"
        own.headers["User-Agent"] = "game/1"
        own.cookies["tracking"] = "t"
        session = make_session(sandbox, base_url=server.url, http=own)
        CloudStorage(session).remove(LoginState(openid="o", session_key="k"), ["a"])
        for request in server.requests:
            assert b"X-Gateway-Key: g" in request
            assert b"User-Agent: game/1" in request
            assert b"tracking" not in request


def test_call__cookies_of_the_platform_are_not_kept(sandbox):
    """What a reply sets is not sent back."""

    def answer(request):
        return platform(request).replace(b"\r\n", b"\r\nSet-Cookie: a=b\r\n", 1)

    with RawServer(answer) as server, make_session(sandbox, base_url=server.url) as session:
        for _ in range(2):
            CloudStorage(session).remove(LoginState(openid="o", session_key="k"), ["a"])
        assert not any(b"Cookie" in request for request in server.requests)


def test_call__a_packed_answer_nobody_asked_for(sandbox, login_state):
    """A gateway that packs all the same is understood."""
    packed = http(gzip.compress(b'{"errcode":0}'), headers="Content-Encoding: gzip\r\n")

    def answer(request):
        return platform(request) if b"getToken" in request else packed

    with RawServer(answer) as server, make_session(sandbox, base_url=server.url) as session:
        CloudStorage(session).remove(login_state, ["a"])


def test_call__behind_a_gateways_prefix(sandbox):
    """base_url may have a path; the platform's path follows it."""
    with RawServer(platform) as server:
        session = make_session(sandbox, base_url=f"{server.url}/qq/")
        CloudStorage(session).remove(LoginState(openid="o", session_key="k"), ["a"])
        assert server.requests[0].startswith(b"GET /qq/api/getToken?")
        assert server.requests[1].startswith(b"POST /qq/api/openDataContext/remove_user_storage?")


def test_session__is_closed_and_goes_on(sandbox, session, login):
    """close() is not the end: connections are opened again."""
    session.close()
    CloudStorage(session).set(login, {"a": "1"})
    session.close()
    session.close()


def test_session__two_sessions_share_a_store(sandbox):
    """A second session with the same store neither fetches a token nor needs a login."""
    store = MemoryStore()
    Login(make_session(sandbox, store=store)).code2session(sandbox.js_code("PLAYER"))
    CloudStorage(make_session(sandbox, store=store)).set("PLAYER", {"a": "1"})
    CloudStorage(make_session(sandbox, store=store)).set("PLAYER", {"a": "2"})
    assert sandbox.state()["token_fetches"] == 1


def test_session__the_default_store_is_shared(sandbox):
    """Without a store given, sessions of this user share a file in the cache folder."""
    for _ in range(2):
        session = make_session(sandbox, store=None)
        CloudStorage(session).set(
            Login(session).code2session(sandbox.js_code("PLAYER")), {"a": "1"}
        )
    assert sandbox.state()["token_fetches"] == 1
    file = Path(os.environ["XDG_CACHE_HOME"], "qqminigame", "cache.db")
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", [{"app_secret": "rotated"}, {"base_url": "http://localhost:9"}])
def test_session__a_token_is_not_used_for_another_secret_or_address(sandbox, pauses, change):
    """A rotated secret starts afresh, and a sandbox's token is never sent elsewhere."""
    store = MemoryStore()
    login = LoginState(openid="o", session_key="k")
    with pytest.raises(QQMiniGameError):
        CloudStorage(make_session(sandbox, store=store)).set(login, {"a": "1"})
    other = make_session(sandbox, store=store, sleep=pauses, **change)
    with pytest.raises((ConfigurationError, TransportError)) as caught:
        CloudStorage(other).set(login, {"a": "1"})
    assert caught.value.endpoint == other.platform.token.name


def secrets_of(sandbox, session, login):
    """Return every secret of a session's calls."""
    token = session._caller.tokens.get(session.deadline()).value
    return [sandbox.app_secret, sandbox.app_key, login.session_key, token]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset_before"},
        {"kind": "cut_off"},
        {"kind": "status", "status": 500},
        {"kind": "html"},
        {"kind": "code", "code": -100050007},
        {"kind": "busy"},
    ],
    ids=str,
)
def test_secrets__are_in_no_error_and_no_log(session, sandbox, login, fault, caplog):
    """Neither text nor context nor traceback with locals nor a DEBUG log shows one."""
    caplog.set_level(logging.DEBUG)
    secrets = secrets_of(sandbox, session, login)
    sandbox.script({**fault, "endpoint": "set_user_storage", "times": -1})
    with pytest.raises(QQMiniGameError) as caught:
        CloudStorage(session).set(login, {"a": "1"})
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    # Sentry and Django's error page show the locals of every frame. The first is this test's own.
    frames = traceback.StackSummary.extract(
        list(traceback.walk_tb(error.__traceback__))[1:], capture_locals=True
    )
    assert len(frames) >= 1
    shown = [
        str(error),
        repr(error),
        repr(vars(error)),
        *[str(frame.locals) for frame in frames],
        repr(pickle.dumps(error)),
        repr(session),
        caplog.text,
    ]
    assert "set_user_storage" in caplog.text
    for secret in [*secrets, "access_token=" + secrets[-1][:8]]:
        assert not any(secret in text for text in shown)


def test_secrets__echoed_by_the_platform_are_masked(sandbox, pauses):
    """A platform that repeats a secret in its message does not get it into an error."""
    with RawServer(lambda _: http('{"errcode":40001,"errmsg":"bad secret: S3cret/+="}')) as server:
        session = make_session(sandbox, base_url=server.url, app_secret="S3cret/+=", sleep=pauses)
        with pytest.raises(ConfigurationError, match=r"bad secret: \*\*\*"):
            CloudStorage(session).set(LoginState(openid="o", session_key="k"), {"a": "1"})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"app_id": ""}, "app_id"),
        ({"app_id": 1110766236}, "app_id must be a str, not int"),
        ({"app_secret": "secret\n"}, "whitespace"),
        ({"app_secret": ""}, "app_secret"),
        ({"app_key": b"key"}, "app_key"),
        ({"app_key": "\ud800"}, "unprintable"),
        ({"platform": "qzone"}, "the platforms are .*'qq'"),
        ({"platform": 7}, "platform"),
        ({"timeout": None}, "timeout"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": (1, -1)}, "timeout"),
        ({"timeout": (1, 2, 3)}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"base_url": "api.q.qq.com"}, "base_url"),
        ({"base_url": "ftp://host"}, "base_url"),
        ({"base_url": "http://"}, "base_url"),
        ({"base_url": "http://user:s3cret@host"}, "base_url"),
        ({"base_url": "http://host?x=1"}, "base_url"),
        ({"base_url": "http://host:port"}, "base_url"),
        ({"base_url": "http://ho st"}, "base_url"),
        ({"base_url": b"http://host"}, "base_url"),
        ({"store": "disk"}, "store"),
        ({"store": 7}, "store"),
        ({"retry": 3}, "retry"),
        ({"pool_size": 0}, "pool_size"),
        ({"on_call": 7}, "on_call"),
        ({"pool_size": 2.5}, "pool_size"),
        ({"pool_size": True}, "pool_size"),
        ({"login_ttl": 0}, "login_ttl"),
        ({"login_ttl": "day"}, "login_ttl"),
        ({"http": "http"}, "http"),
        ({"clock": time.time}, "clock must be a qqminigame.clock.Clock"),
    ],
    ids=str,
)
def test_session__a_wrong_argument(arguments, words):
    """What a session cannot be made of is told at once, without showing it where it is secret."""
    arguments = {"app_id": "1", "store": "memory:", **arguments}
    with pytest.raises(ConfigurationError, match=words) as caught:
        Session(arguments.pop("app_id"), **arguments)
    assert "s3cret" not in str(caught.value)
    assert "secret\n" not in str(caught.value)


def test_from_env__reads_the_environment(sandbox, monkeypatch):
    """The variables make a session; an argument wins over its variable; empty counts as unset."""
    for name, value in {
        "APP_ID": "wrong",
        "APP_SECRET": sandbox.app_secret,
        "APP_KEY": "",
        "PLATFORM": "qq",
        "STORE": "memory:",
        "BASE_URL": sandbox.url,
    }.items():
        monkeypatch.setenv(f"QQMINIGAME_{name}", value)
    session = Session.from_env(app_id=sandbox.app_id)
    Login(session).code2session(sandbox.js_code())
    assert sandbox.url in repr(session)
    assert sandbox.app_secret not in repr(session)


def test_from_env__without_app_id(monkeypatch):
    """The one that is required is named."""
    monkeypatch.delenv("QQMINIGAME_APP_ID", raising=False)
    with pytest.raises(ConfigurationError, match="QQMINIGAME_APP_ID"):
        Session.from_env()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("app_secrt", "no argument 'app_secrt'; did you mean 'app_secret'"),
        ("base-url", "no argument 'base-url'; did you mean 'base_url'"),
        ("colour", "no argument 'colour'; its arguments are app_id, app_secret, "),
    ],
)
def test_from_env__an_argument_that_there_is_not(monkeypatch, name, words):
    """It is named, and what is meant if a name is near."""
    monkeypatch.setenv("QQMINIGAME_APP_ID", "1")
    with pytest.raises(ConfigurationError, match=words):
        Session.from_env(**{name: "1"})


def test_from_env__takes_the_arguments_of_a_session():
    """What type checkers are told of from_env is what a session takes, with the same types."""
    hints = typing.get_type_hints(Session.__init__)
    del hints["return"]
    assert typing.get_type_hints(SessionArguments) == hints


def test_describe__names_what_is_used_and_no_secret(sandbox, login, session):
    """Who asks why a login is missing sees which store is used, and how many it has."""
    text = session.describe()
    assert f"app_id: {sandbox.app_id}" in text
    assert repr(session.store) in text
    assert "logins in it: 1" in text
    assert_no_secrets(text, [sandbox.app_secret, sandbox.app_key, login.session_key])


def test_describe__a_store_that_cannot_be_used(sandbox):
    """That is told instead of the number."""
    session = make_session(sandbox, store="redis://127.0.0.1:9/0")
    assert "logins in it: unknown: " in session.within(0.5).describe()


def test_repr__names_the_store_also_of_a_session_that_was_not_made(sandbox):
    """A debugger may look at a session whose arguments were refused."""
    assert "MemoryStore" in repr(make_session(sandbox))
    assert repr(Session.__new__(Session)) == "<Session, not made>"


@pytest.mark.parametrize("seconds", [math.inf, 1e10, 86_401, 0, -1, math.nan, "8", True])
def test_within__seconds_that_are_none(session, seconds):
    """A deadline is a positive number of seconds, a day at most."""
    with pytest.raises(ConfigurationError, match="seconds"):
        session.within(seconds)


def test_http__that_is_another_session(sandbox, session):
    """One Session is not taken for another."""
    with pytest.raises(ConfigurationError, match=r"requests\..*Session, not qqminigame\.session"):
        make_session(sandbox, http=session)
