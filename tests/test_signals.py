"""Signal handlers may make calls, and what is thrown into a call at any moment leaves no trace."""

import contextlib
import ctypes
import gc
import os
import random
import signal
import sys
import threading
from pathlib import Path

import pytest
from connection_server import answer
from programs import Program
from raw_server import RawServer, http, platform

from qqminigame import CloudStorage, Login, LoginState, QQMiniGameError, RetryPolicy, Session

PROGRAM = Path(__file__).parent / "interrupted.py"
SECONDS = 30  # the deadline of a call is 8: what takes this long hangs


def respond(request):
    """Answer as the platform; the js_code of a login is the openid."""
    line = request.split(b"\r\n")[0]
    if b"jscode2session" in line:
        return answer(line.partition(b"js_code=")[2].partition(b"&")[0].split()[0].decode())
    return platform(request)


class Interrupting:
    """Answers as the platform, but interrupts the process that asks for one thing first."""

    def __init__(self, what):
        self.pid = None
        self.go_on = threading.Event()
        self._what = what
        self._lock = threading.Lock()

    def __call__(self, request):
        with self._lock:
            hit = self._what in request.split(b"\r\n")[0]
            if hit:
                self._what = b"nothing more"
        if hit:
            os.kill(self.pid, signal.SIGUSR1)
            self.go_on.wait(SECONDS)
        return respond(request)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("pool_size", [1, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("store", [pytest.param("memory", marks=pytest.mark.slow), "sqlite"])
@pytest.mark.parametrize("where", ["call", "token fetch", "store operation"])
def test_handler__its_calls_end_within_their_deadline(tmp_path, where, store, pool_size):
    """Wherever the signal comes, calls in the handler end with an answer or an error in words.

    The call that was interrupted goes on and succeeds, and so does the next one.
    """
    hold = {"call": b"js_code=outer", "token fetch": b"getToken", "store operation": b"nothing"}
    interrupting = Interrupting(hold[where])
    with RawServer(interrupting) as server:
        setup = {
            "where": where,
            "store": "memory:" if store == "memory" else f"sqlite:///{tmp_path / 'store.db'}",
            "session": {
                "app_id": "1",
                "app_secret": "secret",
                "base_url": server.url,
                "pool_size": pool_size,
            },
        }
        with Program(PROGRAM, SECONDS) as program:
            program.write(setup)
            interrupting.pid = program.read()
            program.write("begin")
            inner = program.read()
            interrupting.go_on.set()
            rest = program.rest()
    assert inner, program.errors
    assert all(end == "ok" or "Error: " in end for end in inner)
    assert rest == ["ok", "ok"], program.errors


class Thrown(BaseException):
    """What a time limit throws into a call, at any moment."""


class Gate:
    """Answers at once; or, closed, only when so many requests are there at the same time."""

    def __init__(self):
        self.barrier = None
        self.reject_token = False

    def __call__(self, request):
        if self.barrier is not None and b"js_code=last" in request:
            self.barrier.wait(SECONDS)
        if self.reject_token and b"set_user_storage" in request:
            self.reject_token = False
            return http('{"errcode":40014,"errmsg":"invalid access_token"}')
        return respond(request)


# What hits a finalizer, or a worker between two calls, is printed; sockets wait for a collection.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
# What measures coverage has locks of its own, which an exception leaves held.
@pytest.mark.uncovered
@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_thrown_at_any_moment__no_connection_and_no_lock_is_lost(tmp_path, store, monkeypatch):
    """200 exceptions are thrown into calls; then pool_size calls still run at the same time.

    And a token that is refused then is fetched again, which needs its locks.
    """
    # A worker may be hit between two calls, and the hook that reports it be hit in turn.
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    gate = Gate()
    pool_size = 4
    with RawServer(gate) as server:
        session = Session(
            "1",
            app_secret="secret",
            base_url=server.url,
            pool_size=pool_size,
            store="memory:" if store == "memory" else f"sqlite:///{tmp_path / 'store.db'}",
            retry=RetryPolicy(deadline_seconds=20),
        )
        player = LoginState(openid="o", session_key="k")
        throw_into_calls(
            [
                lambda: Login(session).code2session("code"),
                lambda: CloudStorage(session).set(player, {"a": "1"}),
            ],
            threads=4,
            times=200,
        )
        gate.barrier = threading.Barrier(pool_size)
        assert together(lambda: Login(session).code2session("last").openid, pool_size) == (
            ["last"] * pool_size
        )
        gate.barrier, gate.reject_token = None, True
        assert together(lambda: CloudStorage(session).set(player, {"a": "2"}), 2) == [None] * 2
        session.close()
    gc.collect()


def throw_into_calls(calls, threads, times):
    """Make calls in threads, and throw into them so often at random moments."""
    dice = random.Random(7)
    over = threading.Event()

    def work(call):
        while not over.is_set():
            with contextlib.suppress(Thrown, QQMiniGameError):
                call()

    def start(number):
        worker = threading.Thread(target=work, args=(calls[number % len(calls)],))
        worker.start()
        return worker

    workers = [start(number) for number in range(threads)]
    for _ in range(times):
        number = dice.randrange(threads)
        if not workers[number].is_alive():  # hit between two calls
            workers[number] = start(number)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(workers[number].ident), ctypes.py_object(Thrown)
        )
        over.wait(dice.uniform(0, 0.006))
    over.set()
    for worker in workers:
        worker.join(SECONDS)
        assert not worker.is_alive()


def together(call, count):
    """Make calls at the same time; return what they returned or raised."""
    ends = []

    def run():
        try:
            ends.append(call())
        except QQMiniGameError as error:
            ends.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
