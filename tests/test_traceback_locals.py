"""No secret stands in the local variables that error reporters send along with a traceback.

Looked at are the frames of the package. An exception from outside (Ctrl-C, a time limit) may come
at any line, so one is thrown at each line that a call runs through.
"""

import gc
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from raw_server import RawServer, http

import qqminigame
from qqminigame import (
    CloudStorage,
    Dawanka,
    HallLogin,
    Login,
    LoginState,
    QQMiniGameError,
    RetryPolicy,
    Session,
)
from qqminigame.testing import assert_no_secrets

PACKAGE = str(Path(qqminigame.__file__).parent)
SECRETS = {
    "app_secret": "the-secret-of-the-app",
    "app_key": "the-key-of-the-app",
    "js_code": "the-code-of-a-login",
    "session_key": "the-session-key-of-a-player",
    "openkey": "the-openkey-of-a-player",
    "access_token": "the-access-token-of-the-app",
}
TOKEN = http(f'{{"access_token":"{SECRETS["access_token"]}","expires_in":7200}}')
LOGIN = http(f'{{"errcode":0,"openid":"o","session_key":"{SECRETS["session_key"]}"}}')
GOOD = {
    b"getToken": TOKEN,
    b"jscode2session": LOGIN,
    b"dawanka_pay": http('{"ret":0,"msg":"","use":1,"left":1}'),
    b"dawanka": http(
        '{"ret":0,"msg":"","score":0,"level":0,"binding":false,"discount":0,"payReturnCount":0}'
    ),
    b"storage": http('{"errcode":0,"errmsg":"ok"}'),
}
ODD = {
    "refused": (b"", http('{"errcode":40029,"ret":2000004,"errmsg":"no","msg":"no"}')),
    "not found": (b"", http("no", status="404 Not Found")),
    "no JSON": (b"", http(f"<p>{' '.join(SECRETS.values())}</p>")),
    "no object": (b"", http("[1]")),
    "a field is missing": (
        b"",
        http(f'{{"errcode":0,"ret":0,"session_key":"{SECRETS["session_key"]}"}}'),
    ),
    "a field is of another type": (
        b"jscode",
        http(f'{{"errcode":0,"openid":7,"session_key":"{SECRETS["session_key"]}"}}'),
    ),
    "an odd token": (
        b"getToken",
        http(f'{{"access_token":["{SECRETS["access_token"]}"],"expires_in":7200}}'),
    ),
    "a token of odd life": (
        b"getToken",
        http(f'{{"access_token":"{SECRETS["access_token"]}","expires_in":"long"}}'),
    ),
    "cut off": (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"),
    "no HTTP": (b"", b"no HTTP\r\n\r\n"),
}
PLAYER = LoginState(openid="o", session_key=SECRETS["session_key"])
IN_HALL = HallLogin(openid="o", openkey=SECRETS["openkey"])
CALLS = {
    "code2session": lambda session: Login(session).code2session(SECRETS["js_code"]),
    "set": lambda session: CloudStorage(session).set(PLAYER, {"a": "1"}),
    "set, by openid": lambda session: CloudStorage(session).set("o", {"a": "1"}),
    "get_info": lambda session: Dawanka(session).get_info(IN_HALL),
    "report_pay": lambda session: Dawanka(session).report_pay(IN_HALL, "order"),
}


class Limit(BaseException):
    """A time limit that strikes in the middle of a call."""


class Platform:
    """Answers well, but for what a test replaces.

    Attributes:
        odd: A piece of a request's first line, and the answer to it.
        interrupt: Is called before the next answer.
    """

    def __init__(self):
        self.odd = self.interrupt = None

    def __call__(self, request):
        if self.interrupt is not None:
            self.interrupt()
        line = request.split(b"\r\n")[0]
        if self.odd is not None and self.odd[0] in line:
            return self.odd[1]
        return next(answer for name, answer in GOOD.items() if name in line)


@pytest.fixture
def platform():
    """How the platform answers."""
    return Platform()


@pytest.fixture
def server(platform):
    """A server of that platform."""
    with RawServer(platform) as server:
        yield server


@pytest.fixture
def new_session(server):
    """Makes sessions that know a player."""

    def make():
        session = Session(
            "1",
            app_secret=SECRETS["app_secret"],
            hall_app_id="2",
            app_key=SECRETS["app_key"],
            base_url=server.url,
            store="memory:",
            retry=RetryPolicy(attempts=1),
        )
        Login(session).code2session("first code")
        return session

    return make


def shown(error):
    """Return what the package's frames in a traceback show: frame, variable, secret."""
    found, trace = set(), error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(PACKAGE):
            for name, value in trace.tb_frame.f_locals.items():
                where = f"{Path(code.co_filename).name}:{code.co_name}"
                try:
                    text = repr(value)
                except AttributeError:  # it is half made
                    continue
                found |= {(where, name, which) for which in SECRETS if SECRETS[which] in text}
        trace = trace.tb_next
    return found


def traced(call, at_line):
    """Make a call, and tell a function of each line of the package that it runs through."""

    def trace(frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            at_line((frame.f_code, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)


def thrown_at(line, call):
    """Make a call and throw at a line; return what came out of the call, if anything did."""

    def at_line(here):
        if here == line:
            raise Limit

    try:
        traced(call, at_line)
    except Limit as error:
        return error
    except QQMiniGameError:
        pass
    return None


# It passes through nearly every line of the others.
LONGEST = "set, by openid"
AT_EACH_LINE = [
    pytest.param(call, id=name, marks=() if name == LONGEST else pytest.mark.slow)
    for name, call in CALLS.items()
]


# What is thrown at any line may leave a socket to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("call", AT_EACH_LINE)
def test_thrown_from_outside__at_each_line(new_session, call):
    """Whichever line a time limit strikes at, no frame of the package shows a secret."""
    lines, found, struck = {}, set(), 0
    session = new_session()
    traced(lambda: call(session), lambda line: lines.setdefault(line))
    for line in lines:
        session = new_session()
        error = thrown_at(line, lambda session=session: call(session))
        if error is not None:
            struck += 1
            found |= shown(error)
    gc.collect()
    assert struck > 20
    # Before the first line of what it calls, a caller's own frame shows the same.
    assert sorted(found - {("redaction.py:call", "arguments", name) for name in SECRETS}) == []


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_failed__no_frame_shows_a_secret(new_session, server, platform, call, odd):
    """An error of the library itself, raised for whatever reply, shows none either."""
    session, caught = new_session(), None
    platform.odd = odd
    server.hang_up = True  # nobody waits for what is cut off
    try:
        call(session)
    except QQMiniGameError as error:
        caught = error
    if caught is not None:  # the call may not get the odd answer
        assert_no_secrets(caught, SECRETS.values())
        assert shown(caught) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_signal__while_an_answer_is_awaited(new_session, platform, call):
    """A signal handler that raises while the call waits for the network."""
    session, handled = new_session(), threading.Event()

    def strike(*_):
        raise Limit

    def interrupt():
        if not handled.is_set():
            os.kill(os.getpid(), signal.SIGUSR1)
            handled.wait(30)

    before = signal.signal(signal.SIGUSR1, strike)
    platform.interrupt = interrupt
    try:
        with pytest.raises(Limit) as caught:
            call(session)
    finally:
        handled.set()
        signal.signal(signal.SIGUSR1, before)
    assert shown(caught.value) == set()
