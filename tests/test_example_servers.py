"""Both examples under real web servers, with cron beside them: nothing fails, one token serves all.

``tests/servers_soak.py`` does the same in full size.
"""

import sys

import pytest
from example_servers import Crowd, ExampleServer, gunicorn, kills, new_database, problems, uwsgi
from machine import require

PLAYERS = 50  # 200 calls
AT_ONCE = 32
# Each way to fork, each store and each example, but not every combination of them.
CASES = (
    "django_game sync postgresql",
    "django_game gthread database",
    "django_game sync redis",
    "django_game gthread default",
    "flask_game gevent redis",
    "flask_game sync default",
    "flask_game gthread redis",
    "flask_game gevent default",
)

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="gunicorn and /proc are needed"),
    pytest.mark.slow,
    pytest.mark.uncovered,
]


@pytest.fixture
def store(request, tmp_path):
    """Return the variables that choose a store."""

    def variables(name):
        if name == "redis":
            url = request.getfixturevalue("redis_server").url
            return {"QQMINIGAME_STORE": url}
        if name == "postgresql":
            return new_database(request.getfixturevalue("database_servers")("postgresql"))
        return {"QQMINIGAME_STORE": "django:" if name == "database" else ""}

    return variables


@pytest.fixture(autouse=True)
def slow_token(sandbox):
    """Have all workers and all their threads want the token while it is on its way."""
    require("flock")
    sandbox.script({"kind": "delay", "seconds": 0.5, "endpoint": "getToken", "times": -1})


@pytest.mark.parametrize("case", CASES)
def test_calls__while_a_job_starts_every_second(case, sandbox, tmp_path, store):
    """None fails, and one access token is fetched."""
    name, workers, place = case.split()
    command = gunicorn(name, workers)
    with ExampleServer(name, command, sandbox, tmp_path, **store(place)) as server:
        outcome = Crowd(server, sandbox, AT_ONCE).play(PLAYERS)
        assert problems(outcome, sandbox, PLAYERS) == []


@pytest.mark.parametrize(
    "case",
    [
        "django_game sync postgresql",
        "django_game gthread redis",
        "flask_game sync default",
        "flask_game gevent redis",
    ],
)
def test_calls__while_workers_are_replaced_and_killed(case, sandbox, tmp_path, store):
    """What was under way in a killed worker is repeated by the page; nothing is lost."""
    name, workers, place = case.split()
    command = gunicorn(name, workers)
    with ExampleServer(name, command, sandbox, tmp_path, **store(place)) as server:
        outcome = Crowd(server, sandbox, AT_ONCE, kills(server)).play(PLAYERS)
        # Each call that is under way may be lost, once for each end.
        wrong = problems(outcome, sandbox, PLAYERS, most_fetches=2, most_lost=3 * AT_ONCE)
        assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["django_game", "flask_game"])
def test_calls__under_uwsgi(name, sandbox, tmp_path):
    """It forks in C."""
    place = {"QQMINIGAME_STORE": ""}
    with ExampleServer(name, uwsgi(name), sandbox, tmp_path, **place) as server:
        outcome = Crowd(server, sandbox, AT_ONCE).play(PLAYERS)
        assert problems(outcome, sandbox, PLAYERS) == []
