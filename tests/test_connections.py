"""Connections are kept, counted, written to once, and left alone when they are too old."""

import contextlib
import gc
import pickle
import socket
import threading
import time
import traceback
from types import SimpleNamespace

import fault_servers
import pytest
import requests
from raw_server import RawServer, http, platform

from qqminigame import (
    CloudStorage,
    Dawanka,
    DeadlineAdapter,
    HallLogin,
    LoginState,
    ReplyError,
    RetryPolicy,
    Session,
    TransportError,
    adapter,
    connections,
)
from qqminigame.connections import Connection, Patience, Route
from qqminigame.transport import MAX_REPLY_BYTES

HALL_LOGIN = HallLogin(openid="o", openkey="k")


def make_session(server, **arguments):
    """Make a session for a service that needs neither token nor login: one request a call."""
    return Session("1", app_key="k", base_url=server.url, store="memory:", **arguments)


def make_dawanka(server, **arguments):
    """Make such a service."""
    return Dawanka(make_session(server, **arguments))


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
        assert self.opened.wait(60)
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
    """Return a user's session with our adapter for two connections."""
    own = requests.Session()
    own.mount("http://", DeadlineAdapter(2))
    return own


@pytest.mark.parametrize(
    "arguments",
    [
        lambda: {"pool_size": 2},
        lambda: {"http": adapter_of_two()},
    ],
    ids=["pool_size", "the adapter's"],
)
def test_pool__a_thread_that_finds_none_free_waits(arguments):
    """No more connections are opened than allowed, and none is thrown away."""
    gate = Gate()
    with RawServer(gate) as server:
        session = make_session(server, **arguments())
        finish = call_from_threads(Dawanka(session), 6)
        gate.arrived.acquire()
        gate.arrived.acquire()
        gate.opened.set()
        assert len(finish()) == 6
        assert gate.at_once == 2
        assert server.connections == 2
        session.close()


def test_pool__a_payment_opens_no_connection_beyond_its_size():
    """It goes out on a new connection, for which an idle one is closed."""
    closed = threading.Event()

    class Counting(RawServer):
        open_ones = 0

        def serve(self, connection):
            self.open_ones += 1
            super().serve(connection)
            self.open_ones -= 1
            closed.set()

    with Counting(platform) as server:
        session = make_session(server, pool_size=1)
        dawanka = Dawanka(session)
        dawanka.get_info(HALL_LOGIN)
        assert dawanka.report_pay(HALL_LOGIN).left == 1
        assert closed.wait(60)
        dawanka.get_info(HALL_LOGIN)
        assert server.connections == 3
        session.close()


def test_pool__nobody_waits_longer_than_the_call_may_take():
    """With none free in time, nothing was sent, and the error says so."""
    gate = Gate()
    with RawServer(gate) as server:
        session = make_session(server, pool_size=1)
        finish = call_from_threads(Dawanka(session), 1)
        gate.arrived.acquire()
        since = time.monotonic()
        with pytest.raises(
            TransportError, match=r"all 1 connections to .* were in use for [01]\.\d s"
        ) as caught:
            Dawanka(session.within(1.0)).get_info(HALL_LOGIN)
        assert caught.value.sent is False
        assert time.monotonic() - since < 6  # the session's calls may take 8
        gate.opened.set()
        assert len(finish()) == 1
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "words", "seconds"),
    [
        (http(b"0" * 2_000_000), "larger than", 60),
        (http(b"0" * 2_000_000)[: -2_000_000 + MAX_REPLY_BYTES + 1], "cut off", 2),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}",
            "cut off",
            2,
            marks=pytest.mark.slow,
        ),
    ],
    ids=["too large", "too large, the rest not here yet", "late"],
)
def test_pool__an_answer_given_up_gives_its_place_back(answer, words, seconds):
    """What is left on the connection is never read as the next answer, and its place is free."""
    answers = iter([answer, http('{"ret":0,"use":1,"left":1}'), platform(b"dawanka_info")])
    with RawServer(lambda _: next(answers)) as server:
        session = make_session(server, pool_size=1, retry=RetryPolicy(attempts=1))
        dawanka = Dawanka(session)
        with pytest.raises(ReplyError, match=words):
            Dawanka(session.within(seconds)).get_info(HALL_LOGIN)
        assert dawanka.report_pay(HALL_LOGIN).left == 1
        assert dawanka.get_info(HALL_LOGIN).score == 0
        assert server.connections == 3


@pytest.fixture
def later(monkeypatch):
    """Move the clock that connections grow old by."""
    shown = time.monotonic()

    def move(seconds):
        nonlocal shown
        shown += seconds

    now = SimpleNamespace(monotonic=lambda: shown)
    monkeypatch.setattr(connections, "time", now)
    monkeypatch.setattr(adapter, "time", now)
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


def patience(seconds=10.0):
    """Return the patience of a step that may take so long."""
    return Patience(seconds, time.monotonic() + seconds)


def get(path="/", body=None):
    """Return a request without a host."""
    request = requests.PreparedRequest()
    request.method, request.headers, request.body = "POST", {"X-Path": path}, body
    return request


def connection_to(server):
    """Return a connection to a server on this machine."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    return Connection(Route(host=host, port=int(port)))


def test_request__is_written_at_once(monkeypatch):
    """Head and body leave in one piece; the next request too."""
    written = []
    send = socket.socket.sendall

    class Watched(socket.socket):
        def sendall(self, data, *flags):
            written.append(bytes(data))
            return send(self, data, *flags)

    with RawServer(platform) as server:
        connection = connection_to(server)
        monkeypatch.setattr(socket, "socket", Watched)
        for body in (b"one", b"two"):
            answer = connection.exchange(get(body=body), "/x", patience(), patience())
            assert answer.read() == b'{"errcode":0,"errmsg":"ok"}'
            assert connection.keep(answer)
        monkeypatch.undo()
        connection.end()
        sent = [data for data in written if b"POST" in data]
        assert sent == server.requests
        assert [data[-7:] for data in sent] == [b"\r\n\r\none", b"\r\n\r\ntwo"]


def test_connect__ends_with_the_exchange(sandbox):
    """A server that takes no connections holds a call up no longer than it may take."""
    with fault_servers.Gate(sandbox.url) as gate:
        gate.open(backlog=0)
        connection = Connection(Route(host="127.0.0.1", port=gate.port))
        with pytest.raises(TimeoutError):
            connection.exchange(get(), "/", patience(0.2), patience(0.3))
        assert not connection.begun


def test_connect__to_a_host_with_many_dead_addresses(monkeypatch):
    """All addresses together take no longer than connecting may; an answering one is reached."""
    with RawServer(platform) as server, contextlib.ExitStack() as stack:
        port = int(server.url.rpartition(":")[2])
        dead = [f"127.0.0.{number}" for number in range(2, 6)]
        for address in dead:
            stack.enter_context(fault_servers.full_listener(address, port))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in dead]
        alive = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        look_up = socket.getaddrinfo
        answers = {"dead.invalid": found * 5, "alive.invalid": [found[0], *[alive] * 9]}
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **named: answers.get(host) or look_up(host, *rest, **named),
        )
        connection = Connection(Route(host="dead.invalid", port=port))
        since = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.exchange(get(), "/", patience(1.0), patience())
        assert time.monotonic() - since < 10  # once the time for each would be 20 s
        assert not connection.begun
        assert connection.host == "dead.invalid"
        connection = Connection(Route(host="alive.invalid", port=port))
        answer = connection.exchange(get(), "/", patience(10.0), patience())
        assert answer.status == 200
        connection.end()


def test_send__ends_with_the_exchange():
    """A server that does not read holds up the body no longer than the call may take."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        connection = Connection(Route(host=host, port=port))
        with pytest.raises(TimeoutError):
            connection.exchange(get(body=bytes(20_000_000)), "/", patience(), patience(2.0))
        assert connection.begun
        connection.end()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"",
    ],
)
def test_head__that_leaves_open_where_the_body_ends(answer):
    """Such an answer is none, and its connection is not used again."""
    with RawServer(lambda _: answer, hang_up=not answer) as server:
        connection = connection_to(server)
        with pytest.raises(connections.FAILURES):
            connection.exchange(get(), "/", patience(), patience())
        assert connection.begun
        connection.end()


@pytest.mark.parametrize("head", ["100 Continue", "102 Processing", "103 Early Hints", "199 x"])
def test_head__before_the_answer(head):
    """It is skipped, however many there are, and the connection is kept after the answer."""
    early = f"HTTP/1.1 {head}\r\nLink: </style.css>\r\n\r\n".encode()
    with RawServer(lambda _: early * 3 + OK) as server:
        connection = connection_to(server)
        for _ in range(2):
            answer = connection.exchange(get(), "/", patience(), patience())
            assert (answer.status, answer.read()) == (200, b"{}")
            assert connection.keep(answer)
        assert server.connections == 1
        connection.end()


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (OK, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
        (OK + b"x", False),
        (OK + OK, False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", False),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", False),
    ],
)
def test_keep__only_after_a_complete_200_with_nothing_behind_it(answer, kept):
    """Anything else closes the connection."""
    with RawServer(lambda _: answer) as server:
        connection = connection_to(server)
        given = connection.exchange(get(), "/", patience(), patience())
        connections.Body(given, lambda _: None).read()
        assert connection.keep(given) is kept
        assert (connection.sock is not None) is kept
        connection.end()


def test_keep__not_before_the_last_byte_was_read():
    """An answer that was given up leaves nothing for the next one."""
    with RawServer(lambda _: OK) as server:
        connection = connection_to(server)
        answer = connection.exchange(get(), "/", patience(), patience())
        assert answer.read(1) == b"{"
        answer.close()
        assert not connection.keep(answer)
        assert connection.sock is None


def test_keep__bytes_that_come_late():
    """What comes over a kept connection before the next request closes it."""
    late, sent = threading.Event(), threading.Event()

    def serve(listener):
        first, _ = listener.accept()
        first.recv(65536)
        first.sendall(OK)
        assert late.wait(30)
        first.sendall(OK)
        sent.set()
        second, _ = listener.accept()
        second.recv(65536)
        second.sendall(OK.replace(b"{}", b"[]"))
        first.close()
        second.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        host, port = listener.getsockname()
        connection = Connection(Route(host=host, port=port))
        answer = connection.exchange(get(), "/", patience(), patience())
        assert answer.read() == b"{}"
        assert connection.keep(answer)
        late.set()
        assert sent.wait(30)
        assert not connection.is_usable()
        answer = connection.exchange(get(), "/", patience(), patience())
        assert answer.read() == b"[]"
        thread.join()
        connection.end()


def test_chunk__of_a_negative_size():
    """It is no way to have all that ever comes read into memory."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + b"x" * 100
    with RawServer(lambda _: answer) as server:
        connection = connection_to(server)
        given = connection.exchange(get(), "/", patience(), patience())
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            connections.Body(given, lambda _: None).read(10)
        assert not connection.keep(given)


def test_answer__dropped_unread_gives_its_place_back():
    """Who throws an answer away unread does not lose the connection's place."""
    with RawServer(lambda _: OK) as server, requests.Session() as own:
        own.mount("http://", DeadlineAdapter(1))
        for _ in range(3):
            response = own.get(server.url, stream=True, timeout=10)
            assert response.status_code == 200
            del response
        assert server.connections == 3


def test_adapter__can_be_pickled():
    """As requests' own adapters can, so that a session with it can be copied."""
    with requests.Session() as own, RawServer(lambda _: OK) as server:
        own.mount("http://", DeadlineAdapter(3))
        own.get(server.url, timeout=10)
        copied = pickle.loads(pickle.dumps(own))
        assert copied.get_adapter("http://x").pool_size == 3
        assert copied.get(server.url, timeout=10).text == "{}"
        copied.close()


def test_close__in_the_middle_of_another_threads_call():
    """The call ends as if nothing had happened, and its connection is not kept."""
    gate = Gate()
    with RawServer(gate) as server:
        session = make_session(server)
        dawanka = Dawanka(session)
        finish = call_from_threads(dawanka, 1)
        gate.arrived.acquire()
        session.close()
        gate.opened.set()
        assert len(finish()) == 1
        dawanka.get_info(HALL_LOGIN)
        assert server.connections == 2
        session.close()


def test_session__dropped_without_close():
    """Its connections are closed at once, not when the garbage collector happens to run."""
    ended = threading.Event()

    class Watching(RawServer):
        def serve(self, connection):
            super().serve(connection)
            ended.set()

    gc.collect()
    gc.disable()
    try:
        with Watching(platform) as server:
            dawanka = make_dawanka(server)
            dawanka.get_info(HALL_LOGIN)
            assert not ended.is_set()
            del dawanka
            assert ended.wait(60)
    finally:
        gc.enable()


def test_call__goes_through_few_frames_of_ours(monkeypatch):
    """Between the service and requests there are no more than seven."""
    counted = []
    send = requests.Session.send

    def counting(http, request, **settings):
        frames = traceback.extract_stack()
        counted.append(sum("/qqminigame/" in frame.filename for frame in frames))
        return send(http, request, **settings)

    with RawServer(platform) as server:
        session = Session("1", app_secret="s", base_url=server.url, store="memory:")
        storage, player = CloudStorage(session), LoginState(openid="o", session_key="k")
        storage.set(player, {"a": "1"})
        monkeypatch.setattr(requests.Session, "send", counting)
        storage.set(player, {"a": "2"})
        session.close()
    assert counted == [7]


def test_patience__is_no_longer_than_what_is_left():
    """A step is waited for no longer than it may take, and never beyond the end of all."""
    now = time.monotonic()
    assert Patience(3, now + 1000).seconds() == 3
    assert Patience(1000, now + 3).seconds() <= 3
    with pytest.raises(TimeoutError):
        Patience(1000, now).seconds()
