"""After a fork that Python is not told of, each process uses its own connections, locks and stores.

uWSGI forks like this: in C, so that ``os.register_at_fork`` is not run, or only in the child.
"""

import json
import os
import sys
import threading
from pathlib import Path

import pytest
from programs import Program
from raw_server import RawServer, http, platform
from sessions import make_session

from qqminigame import Login

FORKER = Path(__file__).parent / "forker.py"
# CPython 3.13 aborts where only the child is told: it looks for a lock that the parent took.
CHILD_TOLD = ["C, child told"] if sys.version_info < (3, 13) else []
FORKS = ["C", *CHILD_TOLD, "C, all told", "os.fork"]
SECONDS = 40  # the deadline of a call is 8: what takes this long hangs

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def login_of(sandbox):
    """Log a player in, as another program that shares the store would have."""
    with make_session(sandbox) as session:
        login = Login(session).code2session(sandbox.js_code())
    return {
        "first": sandbox.js_code(),
        "openid": login.openid,
        "session_key": login.session_key,
    }


def arguments(url, app_id="1110766236", app_secret="sandbox-app-secret", **more):
    """Return what a session to a server is made of."""
    return {"app_id": app_id, "app_secret": app_secret, "base_url": url, **more}


def store_address(kind, tmp_path):
    """Return the address of a store of a kind."""
    return "memory:" if kind == "memory" else f"sqlite:///{tmp_path / 'store.db'}"


@pytest.mark.parametrize(
    ("call", "store"),
    [
        # Not with a store in memory: each process would fetch a token, and kill the others'.
        pytest.param("connection", "sqlite", marks=pytest.mark.slow),
        pytest.param("token", "memory", marks=pytest.mark.slow),
        pytest.param("token", "sqlite", marks=pytest.mark.slow),
        ("both", "memory"),
        ("both", "sqlite"),
    ],
)
@pytest.mark.parametrize("fork", FORKS)
def test_children__each_player_gets_the_own_login(sandbox, tmp_path, fork, call, store):
    """A program makes a call and forks; parent and children log 100 players in: none is mixed up.

    What is stored for each player afterwards is the player's own, too.
    """
    openids = [[f"player-{child}-{n}" for n in range(20)] for child in range(5)]
    players = [[(sandbox.js_code(openid), openid) for openid in each] for each in openids]
    setup = {
        "do": "children",
        "fork": fork,
        "call": call,
        "players": players,
        "login": login_of(sandbox),
        "session": arguments(sandbox.url, sandbox.app_id, sandbox.app_secret),
        "store": store_address(store, tmp_path),
    }
    with Program(FORKER, SECONDS) as forker:
        forker.write(setup)
        reports = forker.rest()
    done = [report for report in reports if "players" in report]
    assert [wrong for report in done for wrong in report["wrong"]] == []
    assert [failed for report in done for failed in report["failed"]] == []
    assert sum(report["players"] for report in done) == 100, forker.errors
    assert [report["exit"] for report in reports if "exit" in report] == [0] * 4
    stored = sandbox.state()["players"]
    assert all(
        stored[openid]["storage"] == {"owner": openid} for each in openids for openid in each
    )
    assert "qqminigame" not in forker.errors  # a hook that fails is printed and passed over


class HeldPlatform:
    """Answers as the platform; the logins of the player who is to be held wait for the test.

    Attributes:
        arrived: Set when a request to be held is there.
        opened: Set by the test to let it go on.
    """

    def __init__(self, hold):
        self._hold = hold
        self._armed = False
        self.arrived = threading.Event()
        self.opened = threading.Event()

    def __call__(self, request):
        line = request.split(b"\r\n")[0]
        if b"js_code=parent" in line:
            self._armed = True
        if self._armed and self._hold in line and not self.arrived.is_set():
            self.arrived.set()
            self.opened.wait(SECONDS)
        if b"jscode2session" in line:
            return self._login(
                line.partition(b"js_code=")[2].partition(b"&")[0].split()[0].decode()
            )
        return platform(request)

    @staticmethod
    def _login(openid):
        return http(json.dumps({"errcode": 0, "openid": openid, "session_key": f"key of {openid}"}))


@pytest.mark.parametrize("store", [pytest.param("memory", marks=pytest.mark.slow), "sqlite"])
@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("hold", ["jscode2session", "set_user_storage"])
def test_middle_of_a_call__the_child_calls_and_does_not_hang(tmp_path, hold, fork, store):
    """A thread of the parent has the only connection and waits for its answer: the child calls."""
    held = HeldPlatform(hold.encode())
    with RawServer(held) as server:
        setup = {
            "do": "middle",
            "middle": "call",
            "fork": fork,
            "players": [[("parent", "parent")], [("child", "child"), ("child2", "child2")]],
            "login": {"first": "first", "openid": "o", "session_key": "k"},
            "session": arguments(server.url, pool_size=1),
            "store": store_address(store, tmp_path),
        }
        with Program(FORKER, SECONDS) as forker:
            forker.write(setup)
            assert held.arrived.wait(SECONDS)
            forker.write()
            # The child is done before the parent has its answer.
            reports = [forker.read() for _ in range(3)]
            held.opened.set()
            more = forker.rest()
    assert {"forked": True} in reports
    assert {"exit": 0} in reports
    assert {"players": 2, "wrong": [], "failed": []} in reports, reports
    assert {"players": 1, "wrong": [], "failed": []} in more, more
    assert "qqminigame" not in forker.errors


@pytest.mark.parametrize("fork", FORKS)
def test_middle_of_a_store_operation__in_memory(sandbox, tmp_path, fork):
    """A thread of the parent is in the middle of an operation: the child's calls succeed."""
    reports = fork_in_store_operation(sandbox, "memory:", fork)
    assert {"players": 2, "wrong": [], "failed": []} in reports, reports


@pytest.mark.parametrize("fork", FORKS)
def test_middle_of_a_store_operation__in_a_file(sandbox, tmp_path, fork):
    """The child's calls end within their deadline, with an answer or an error of this library.

    (SQLite keeps the state of its file locks in memory: after a fork in C in the middle of a write,
    the child may find the file locked for good. Then it says so, and does not wait for ever.)
    """
    reports = fork_in_store_operation(sandbox, f"sqlite:///{tmp_path / 'store.db'}", fork)
    child = next(report for report in reports if report.get("players") == 2)
    assert child["wrong"] == []


def fork_in_store_operation(sandbox, store, fork):
    """Fork while a thread is in the middle of a store operation; return what was reported."""
    players = [["parent"], ["child", "child2"]]
    setup = {
        "do": "middle",
        "middle": "store operation",
        "fork": fork,
        "players": [[(sandbox.js_code(openid), openid) for openid in each] for each in players],
        "login": login_of(sandbox),
        "session": arguments(sandbox.url, sandbox.app_id, sandbox.app_secret),
        "store": store,
    }
    with Program(FORKER, SECONDS) as forker:
        forker.write(setup)
        reports = forker.rest()
    assert {"exit": 0} in reports, forker.errors
    assert {"players": 1, "wrong": [], "failed": []} in reports, reports
    return reports
