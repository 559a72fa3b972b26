"""Under a real gunicorn, whatever its workers are, no call fails and one token serves all."""

import sys

import pytest
from machine import require
from web_servers import PROGRAM, WebServer, players_of, program

WORKERS = {
    "sync": ["--worker-class", "sync", "--workers", "4"],
    "gthread": ["--worker-class", "gthread", "--workers", "2", "--threads", "8"],
    "gevent": ["--worker-class", "gevent", "--workers", "2"],
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix"),
]


@pytest.mark.parametrize("at_import", ["login", "store"])
@pytest.mark.parametrize("workers", WORKERS.values(), ids=WORKERS)
def test_preload__no_call_fails_and_one_token_is_fetched(sandbox, tmp_path, workers, at_import):
    """A call at import before the fork (and before gevent's patch), then 2,000 calls."""
    check(sandbox, tmp_path, [*workers, "--preload"], at_import)


@pytest.mark.parametrize("workers", WORKERS.values(), ids=WORKERS)
def test_no_preload__no_call_fails_and_one_token_is_fetched(sandbox, tmp_path, workers):
    """Each worker makes its call at import when it starts, all at the same time."""
    check(sandbox, tmp_path, workers, "store")


def check(sandbox, cache, arguments, at_import):
    """Let 1,000 players come in, 32 at a time, and store something for each."""
    # All workers and all their threads want the token while it is on its way.
    sandbox.script({"kind": "delay", "seconds": 0.5, "endpoint": "getToken", "times": -1})
    command = [require(program("gunicorn")), "--bind", "127.0.0.1:{port}", *arguments, PROGRAM]
    players = players_of(sandbox, 1000)
    server = WebServer(command, sandbox, cache, at_import)
    with server:
        wrong, failed, processes = server.log_in(players, at_once=32, path="/store")
    assert wrong == []
    assert failed == [], server.shown()
    assert len(processes) > 1
    state = sandbox.state()
    assert all(state["players"][openid]["storage"] == {"owner": openid} for _, openid in players)
    assert state["token_fetches"] == 1
