"""Connections are kept, counted, written to once, and left alone when they are too old."""

import socket
import threading
import time
from types import SimpleNamespace

import fault_servers
import pytest
import requests
import urllib3
from raw_server import RawServer, http, platform
from requests.adapters import HTTPAdapter

from qqminigame import Dawanka, HallLogin, ReplyError, RetryPolicy, Session, TransportError
from qqminigame.transport import connections
from qqminigame.transport.exchange import Exchange, current_exchange
from qqminigame.transport.failures import explain
from qqminigame.transport.sending import MAX_REPLY_BYTES

HALL_LOGIN = HallLogin(openid="o", openkey="k")


def make_dawanka(server, **arguments):
    """Make a service that needs neither token nor login: one request a call."""
    session = Session("1", app_key="k", base_url=server.url, store="memory:", **arguments)
    return Dawanka(session)


class Gate:
    """Answers as the platform, but only once it is opened.

    Attributes:
        at_once: How many requests it had to hold at the same time.
    """

    def __init__(self):
        self.opened = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.at_once = 0
        self._held = 0
        self._lock = threading.Lock()

    def __call__(self, request):
        with self._lock:
            self._held += 1
            self.at_once = max(self.at_once, self._held)
        self.arrived.release()
        assert self.opened.wait(10)
        with self._lock:
            self._held -= 1
        return platform(request)


def call_from_threads(dawanka, count):
    """Start so many calls and return a function that waits for their answers."""
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(dawanka.get_info(HALL_LOGIN)))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()

    def finish():
        for thread in threads:
            thread.join()
        return answers

    return finish


def adapter_of_two():
    """Return a user's session whose adapter keeps two connections."""
    own = requests.Session()
    own.mount("http://", HTTPAdapter(pool_maxsize=2))
    return own


@pytest.mark.parametrize(
    "arguments",
    [
        lambda: {"pool_size": 2},
        lambda: {"http": adapter_of_two()},
        lambda: {"http": requests.Session(), "pool_size": 2},
    ],
    ids=["pool_size", "the adapter's", "pool_size over the adapter's"],
)
def test_pool__who_finds_none_free_waits(arguments):
    """No more connections are opened than allowed, and none is thrown away."""
    gate = Gate()
    with RawServer(gate) as server:
        dawanka = make_dawanka(server, **arguments())
        finish = call_from_threads(dawanka, 6)
        gate.arrived.acquire()
        gate.arrived.acquire()
        gate.opened.set()
        assert len(finish()) == 6
        assert gate.at_once == 2
        assert server.connections == 2
        dawanka._session.close()


def test_pool__nobody_waits_longer_than_the_call_may_take():
    """With none free in time, nothing was sent, and the error says so."""
    gate = Gate()
    with RawServer(gate) as server:
        dawanka = make_dawanka(server, pool_size=1)
        finish = call_from_threads(dawanka, 1)
        gate.arrived.acquire()
        since = time.monotonic()
        with pytest.raises(TransportError, match="no connection became free in time") as caught:
            Dawanka(dawanka._session.within(0.1)).get_info(HALL_LOGIN)
        assert caught.value.sent is False
        assert time.monotonic() - since < 3
        gate.opened.set()
        assert len(finish()) == 1
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(b"0" * 2_000_000), "larger than"),
        (http(b"0" * 2_000_000)[: -2_000_000 + MAX_REPLY_BYTES + 1], "larger than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}", "cut off"),
    ],
    ids=["too large", "too large, the rest not here yet", "late"],
)
def test_pool__an_answer_given_up_gives_its_place_back(answer, words):
    """What is left on the connection is never read as the next answer, and its place is free."""
    answers = iter([answer, http('{"ret":0,"use":1,"left":1}'), platform(b"dawanka_info")])
    with RawServer(lambda _: next(answers)) as server:
        dawanka = make_dawanka(server, pool_size=1, timeout=0.2, retry=RetryPolicy(attempts=1))
        with pytest.raises(ReplyError, match=words):
            dawanka.get_info(HALL_LOGIN)
        assert dawanka.report_pay(HALL_LOGIN).left == 1
        assert dawanka.get_info(HALL_LOGIN).score == 0
        assert server.connections == 3


@pytest.fixture
def later(monkeypatch):
    """Move the clock that connections grow old by."""
    moved = 0.0

    def move(seconds):
        nonlocal moved
        moved += seconds

    now = SimpleNamespace(monotonic=lambda: time.monotonic() + moved)
    monkeypatch.setattr(connections, "time", now)
    return move


@pytest.mark.parametrize(
    ("promise", "idle_seconds", "opened"),
    [
        ("", 25, 1),
        ("", 31, 2),
        ("Keep-Alive: timeout=5\r\n", 3, 1),
        ("Keep-Alive: timeout=5\r\n", 4.5, 2),
        ("Keep-Alive: timeout=600, max=100\r\n", 31, 2),
        ("Keep-Alive: timeout=soon\r\n", 25, 1),
    ],
)
def test_idle__a_connection_too_old_is_opened_anew(later, promise, idle_seconds, opened):
    """After 30 s, or a second before the server has announced to close it."""
    answer = http(platform(b"dawanka_info").partition(b"\r\n\r\n")[2], headers=promise)
    with RawServer(lambda _: answer) as server:
        dawanka = make_dawanka(server)
        dawanka.get_info(HALL_LOGIN)
        later(idle_seconds)
        dawanka.get_info(HALL_LOGIN)
        assert server.connections == opened


def test_request__is_written_at_once():
    """Head and body leave in one piece; the next request too."""

    class Watched:
        def __init__(self, sock):
            self._sock = sock
            self.written = []

        def __getattr__(self, name):
            return getattr(self._sock, name)

        def sendall(self, data):
            self.written.append(bytes(data))
            self._sock.sendall(data)

    with RawServer(platform) as server:
        port = urllib3.util.parse_url(server.url).port
        connection = connections.lean(urllib3.connection.HTTPConnection)("127.0.0.1", port)
        connection.connect()
        connection.sock = watched = Watched(connection.sock)
        for body in (b"one", b"two"):
            connection.request("POST", "/", body=body, headers={"Content-Length": "3"})
            assert connection.getresponse().status == 200
        connection.close()
        assert watched.written == server.requests
        assert [data[-7:] for data in watched.written] == [b"\r\n\r\none", b"\r\n\r\ntwo"]


def test_connect__ends_with_the_exchange(sandbox):
    """Whoever has waited for the pool has less time left to connect; so has a proxy's tunnel."""
    with fault_servers.Gate(sandbox.url) as gate:
        gate.open(backlog=0)
        connection = connections.lean(urllib3.connection.HTTPConnection)("127.0.0.1", gate.port)
        connection.timeout = 30.0
        since = time.monotonic()
        with Exchange(0.2) as exchange, pytest.raises(urllib3.exceptions.ConnectTimeoutError):
            connection.request("GET", "/")
        assert time.monotonic() - since < 5
        assert not exchange.begun


def test_send__ends_with_the_exchange():
    """A server that does not read holds up the body no longer than the call may take."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = connections.lean(urllib3.connection.HTTPConnection)("127.0.0.1", 9)
        connection.sock, connection.timeout = ours, 30.0
        since = time.monotonic()
        with Exchange(0.2) as exchange, pytest.raises(TimeoutError):
            connection.request("POST", "/", body=bytes(10_000_000))
        assert time.monotonic() - since < 5
        assert exchange.begun


def test_exchange__one_within_another():
    """A signal handler that makes a call does not end the call it has interrupted."""
    with Exchange(1) as outer:
        with Exchange(1) as inner:
            assert current_exchange() is inner
        assert current_exchange() is outer
        seen = []
        thread = threading.Thread(target=lambda: seen.append(current_exchange()))
        thread.start()
        thread.join()
        assert seen == [None]
    assert current_exchange() is None


def test_lean__once_is_enough():
    """A class that has the rules already stays as it is."""
    once = connections.lean(urllib3.connection.HTTPConnection)
    assert connections.lean(once) is once
    assert connections.watched(once) is once


def test_close__in_the_middle_of_another_threads_call():
    """A pool that was closed has sent nothing: the call may be repeated on a new one."""
    error = urllib3.exceptions.ClosedPoolError(None, "Pool is closed.")
    assert explain(error, None) == ("the session was closed by another thread", False)
