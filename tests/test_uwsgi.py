"""Under a real uWSGI, which forks its workers in C, every player gets the own login."""

import sys

import pytest
from machine import require
from web_servers import PROGRAM, WebServer, players_of, program

WAYS = {
    "prefork": [],
    "threads": ["--enable-threads", "--threads", "2"],
    "osafterfork": ["--py-call-osafterfork"],
    "fork hooks": ["--enable-threads", "--py-call-uwsgi-fork-hooks"],
    "lazy apps": ["--lazy-apps"],
}
# The way in which most went wrong once, for every run of the tests.
QUICK = "prefork"


@pytest.mark.skipif(sys.platform == "win32", reason="uWSGI does not run on Windows")
@pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, id=name, marks=[] if name == QUICK else pytest.mark.slow)
        for name, way in WAYS.items()
    ],
)
def test_uwsgi__each_player_gets_the_own_login(sandbox, tmp_path, way):
    """A call at import, then 4 workers and 400 logins: none is another player's, none fails."""
    command = [
        require(program("pyuwsgi")),
        "--http-socket",
        "127.0.0.1:{port}",
        "--master",
        "-p",
        "4",
    ]
    command += ["--module", PROGRAM, "--need-app", "--die-on-term", "--disable-logging", *way]
    # With a network's delay, the workers' requests are under way at the same time.
    sandbox.script({"kind": "delay", "seconds": 0.01, "endpoint": "jscode2session", "times": -1})
    server = WebServer(command, sandbox, tmp_path, at_import="store")
    players = players_of(sandbox, 400)
    with server:
        wrong, failed, processes = server.log_in(players, at_once=16)
    assert wrong == []
    assert failed == []
    assert len(processes) > 1
    assert "Traceback" not in server.shown()  # a hook that fails is printed and passed over
