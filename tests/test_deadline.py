"""One deadline holds for every step of a call: stores, tokens, each answer, each byte."""

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from listener import Listener
from raw_server import RawServer, http, platform
from sessions import make_session

from qqminigame import (
    CloudStorage,
    Dawanka,
    HallLogin,
    InvalidArgumentError,
    Login,
    LoginState,
    OutcomeUnknownError,
    ReplyError,
    StoreError,
    TransportError,
)
from qqminigame.clock import Deadline
from qqminigame.limits import MAX_TEXT_BYTES

PLAYER = LoginState(openid="o", session_key="k")
IN_HALL = HallLogin(openid="o", openkey="k")
# What a machine that is busy with other things may take on top.
SLACK_SECONDS = 10.0


def test_left__is_never_negative():
    """A step is told that there is no time, not that there is less than none."""
    now = [10.0]
    deadline = Deadline(2.0, lambda: now[0])
    assert deadline.left() == 2.0
    assert deadline.part(1.0).left() == 1.0
    now[0] = 11.5
    assert deadline.left() == 0.5
    assert deadline.part(1.0).left() == 0.5
    now[0] = 99.0
    assert deadline.left() == deadline.part(1.0).left() == 0.0


class SlowRelay(Listener):
    """Stands before a server and holds each piece of its answers back.

    Attributes:
        pieces: How many it has begun to hold back.
    """

    def __init__(self, host, port, seconds):
        self.pieces = 0
        self._target, self._seconds = (host, port), seconds
        super().__init__()

    def serve(self, connection):
        """Carry bytes both ways."""
        server = socket.create_connection(self._target)
        answers = server, connection, True
        threading.Thread(target=self._pass_on, args=answers, daemon=True).start()
        self._pass_on(connection, server, False)

    def _pass_on(self, source, target, held):
        with source:
            try:
                while data := source.recv(65536):
                    if held:
                        self.pieces += 1
                        threading.Event().wait(self._seconds)
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass


@pytest.mark.parametrize("seconds", [pytest.param(0.5, marks=pytest.mark.slow), 1.8])
def test_store__a_slow_redis(sandbox, redis_server, seconds):
    """Each answer of the store takes its time, and all of them together no longer than the call."""
    login = Login(make_session(sandbox, store=redis_server.url)).code2session(sandbox.js_code())
    found = urlsplit(redis_server.url)
    with SlowRelay(found.hostname, found.port, seconds) as relay:
        address = redis_server.url.replace(f"{found.hostname}:{found.port}", relay.address)
        session = make_session(sandbox, store=address).within(2.0)
        since = time.monotonic()
        for make_call in (
            lambda: CloudStorage(session).set(login.openid, {"a": "1"}),
            lambda: Login(session).code2session(sandbox.js_code()),
        ):
            with contextlib.suppress(StoreError, TransportError):
                make_call()
        assert time.monotonic() - since < 2 * 2.0 + SLACK_SECONDS
    # Two calls of 2 s each, with one answer that is waited for in vain, and a lock given back.
    assert relay.pieces <= 2 * (2.0 / seconds + 2)


def test_report_pay__with_an_order__takes_one_deadline_and_not_three(sandbox):
    """The question before, the report and what is written down share one deadline."""
    now, over = 0.0, threading.Event()

    def slow(request):
        nonlocal now
        if b"get_dawanka_info" in request:
            now += 28.0
        else:
            over.wait(60)
        return platform(request)

    arguments = {"monotonic": lambda: now, "timeout": 60.0}
    with (
        RawServer(slow) as server,
        make_session(sandbox, base_url=server.url, **arguments) as session,
    ):
        dawanka = Dawanka(session.within(30.0), orders="memory:")
        since = time.monotonic()
        with pytest.raises(OutcomeUnknownError):
            dawanka.report_pay(IN_HALL, order_id="1")
        over.set()
        assert time.monotonic() - since < 2.0 + SLACK_SECONDS


TOO_LONG = "x" * (MAX_TEXT_BYTES + 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda session: Login(session).code2session(TOO_LONG),
        lambda session: CloudStorage(session).set(TOO_LONG, {"a": "1"}),
        lambda session: CloudStorage(session).set(
            LoginState(openid="o", session_key=TOO_LONG), {"a": "1"}
        ),
        lambda session: Dawanka(session).get_info(HallLogin(openid="o", openkey=TOO_LONG)),
        lambda session: Dawanka(session).get_info(HallLogin(openid=TOO_LONG, openkey="k")),
        lambda session: Login(session).code2session("分" * (MAX_TEXT_BYTES // 3 + 1)),
    ],
    ids=["js_code", "openid", "session_key", "openkey", "openid in the hall", "in bytes"],
)
def test_length__of_what_a_client_sends_is_bounded(session, sandbox, call):
    """Nobody makes a worker sign, send and mask megabytes: nothing is sent."""
    with pytest.raises(InvalidArgumentError, match=r"\(limit 4096\)"):
        call(session)
    assert sandbox.log() == []


@pytest.mark.parametrize(
    "value", [TOO_LONG, "\\ud800", "分" * MAX_TEXT_BYTES], ids=["long", "surrogate", "bytes"]
)
@pytest.mark.parametrize("field", ["access_token", "session_key", "openid"])
def test_length__of_what_the_platform_answers_is_bounded(sandbox, field, value):
    """What no store could keep is refused on arrival, and not shown."""
    fields = {"access_token": "t", "openid": "o", "session_key": "k", field: value}
    text = ",".join(f'"{name}":"{given}"' for name, given in fields.items())
    calls = {"access_token": lambda: CloudStorage(session).set(PLAYER, {"a": "1"})}
    with (
        RawServer(lambda _: http(f'{{"errcode":0,"expires_in":7200,{text}}}')) as server,
        make_session(sandbox, base_url=server.url) as session,
        pytest.raises(ReplyError, match=field) as caught,
    ):
        calls.get(field, lambda: Login(session).code2session("code"))()
    assert value[:100] not in str(caught.value)


def test_deadline__that_is_over_before_anything_is_sent(sandbox, login):
    """That is said in words, and nothing is sent."""
    clock = [0.0]

    def ticking():
        clock[0] += 1.0
        return clock[0]

    session = make_session(sandbox, monotonic=ticking).within(2.0)
    with pytest.raises(TransportError, match=r"deadline|could not obtain") as caught:
        CloudStorage(session).set(login, {"a": "1"})
    assert caught.value.sent is False
