"""Real workers on a real Redis: what is left when they, or their messages, are lost or doubled."""

import os
import signal

import pytest
from celery_soak import BAD, soak
from celery_workers import Game
from commands import Commands
from redis import Redis
from sessions import log_in
from waiting import wait_until

from qqminigame import LoginNotFoundError

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]

REPORT = "report_dawanka_pay"
STORAGE = "set_user_storage"
PATIENCE = 120


@pytest.fixture
def game(sandbox, redis_server, tmp_path):
    """A game's app, whose broker delivers again after 4 seconds."""
    game = Game(tmp_path, sandbox, redis_server)
    yield game
    game.stop()


@pytest.fixture
def player(game, sandbox):
    """A player who has logged in."""
    return log_in(game.session, sandbox, "player-1").openid


def calls(sandbox, name):
    """Return the calls of one kind that the platform has seen."""
    return [entry for entry in sandbox.log() if entry["path"].endswith(name)]


def storage(sandbox, openid="player-1"):
    """Return what the platform has of a player."""
    return sandbox.state()["players"][openid]["storage"]


def test_worker__warns_of_settings_and_repeats_what_may_succeed(game, sandbox, player):
    """It says that 4 seconds are short; a busy platform is called again; errors pass as JSON."""
    sandbox.script(*({"kind": "busy", "endpoint": STORAGE} for _ in range(4)))
    game.start()
    assert "visibility_timeout is 4 s" in game.log()
    game.tasks.store_scores.delay(player, {"score": "1"}).get(timeout=PATIENCE)
    assert storage(sandbox) == {"score": "1"}
    assert "retry: Retry in 1" in game.log()
    with pytest.raises(LoginNotFoundError, match="no login of 'nobody'"):
        game.tasks.store_scores.delay("nobody", {"score": "1"}).get(timeout=PATIENCE)
    assert sandbox.state()["token_fetches"] == 1


def test_report__longer_than_the_visibility_timeout(game, sandbox):
    """The broker delivers copies while the report is under way: one is counted."""
    for _ in range(2):
        game.start()
    # 6 s, of the 8 that a call may take
    sandbox.script({"kind": "delay", "seconds": 6, "endpoint": REPORT, "times": -1})
    players = []
    # Of each task a worker says twice that it has it, and of a copy more often. On a busy machine
    # the broker may be late with its copy.
    while sum(game.log(number).count("report_pay[") for number in range(2)) <= 2 * len(players):
        assert len(players) < 5, "there was no copy"
        players.append(sandbox.hall_login(level=1, pay_return_count=3))
        result = game.tasks.report_pay.delay(*players[-1], f"order-{len(players)}")
        assert result.get(timeout=PATIENCE)["state"] in ("finished", "open")
    wait_until(lambda: len(list(game.dawanka.orders("finished"))) == len(players))
    hall = sandbox.state()["hall"]
    assert [hall[openid]["reports"] for openid, _ in players] == [1] * len(players)
    assert len(calls(sandbox, REPORT)) == len(players)


@pytest.mark.parametrize("whole", [True, False], ids=["worker", "child"])
def test_worker__killed_in_the_middle(whole, game, sandbox, player):
    """The task runs again, in a worker that is left or comes back: nothing is lost."""
    game.start(1)
    sandbox.script({"kind": "delay", "seconds": 5, "endpoint": STORAGE})
    result = game.tasks.store_scores.delay(player, {"score": "1"})
    wait_until(lambda: calls(sandbox, STORAGE))
    if whole:
        game.kill(0)
        game.restart(0, 1)
    else:
        os.kill(game.children(0)[0], signal.SIGKILL)
    result.get(timeout=PATIENCE)
    assert storage(sandbox) == {"score": "1"}


def test_task__that_kills_each_worker(game, sandbox):
    """It is given up after five more deliveries, and other tasks go on."""
    game.start(1)
    game.app.tasks["game.end_worker"].delay()
    wait_until(lambda: "was delivered again 6 times" in game.log())
    assert game.log().count("exited with 'signal 9") == 6
    # It is off the broker's list of what is under way, from where it would come again.
    with Redis.from_url(game.app.conf.broker_url) as broker:
        wait_until(lambda: not broker.hlen("unacked"))
        assert broker.llen(game.app.conf.task_default_queue) == 0
    assert game.log().count("exited with 'signal 9") == 6
    assert game.tasks.refresh_token_if_due.delay().get(timeout=PATIENCE)["seconds_left"] > 0


def test_beat__renews_the_token_although_nobody_calls(game, sandbox):
    """Two beats at once fetch one token."""
    game.start(1, "--beat", "--schedule", "one")
    game.start(1, "--beat", "--schedule", "two")
    wait_until(lambda: sandbox.state()["token_fetches"])
    wait_until(lambda: all("succeeded" in game.log(number) for number in range(2)))
    assert sandbox.state()["token_fetches"] == 1


def test_command__has_the_workers_send(game, sandbox, tmp_path):
    """``storage load --celery`` prints, exits and keeps its journal as without workers."""
    for number in range(30):
        log_in(game.session, sandbox, f"player-{number}")
    table = tmp_path / "scores.csv"
    table.write_text("openid,score\n" + "".join(f"player-{n},{n}\n" for n in range(30)) + "who,1\n")
    game.start()
    settings = game.settings["qqminigame"]
    command = Commands(
        **{f"QQMINIGAME_{name}": value for name, value in settings.items()},
        **game.environ,
        HOME=str(tmp_path),
    )
    line = ("storage", "load", "--celery", "celery_app:app", "--journal", str(tmp_path / "journal"))
    line = (*line, "--failures", str(tmp_path / "failures"), "--json", str(table))
    done = command(*line)
    assert (done.code, '"stored": 30' in done.err + done.out) == (3, True), done.err
    again = command(*line)
    assert '"skipped": 30' in again.err + again.out
    assert {storage(sandbox, f"player-{n}")["score"] for n in range(30)} == set(map(str, range(30)))
    doctor = command("doctor", "--offline", "--celery", "celery_app:app")
    assert "visibility_timeout is 4 s" in doctor.out


@pytest.mark.timeout(900)
def test_soak__nothing_lost_and_nothing_doubled(figures):
    """A bulk load and reports, under faults and kills, and with one restart of the broker."""
    loaded, reported = soak(players=1500, orders=150, per_second=100.0, seconds=3.0, seed=3)
    for name, result in (("celery load", loaded), ("celery orders", reported)):
        figures(name, ", ".join(f"{key} {value}" for key, value in result.items()))
    bad = {name: result[name] for result in (loaded, reported) for name in BAD if name in result}
    # On a machine that others use, calls come late, and then together.
    bad.pop("over the limit")
    assert bad == dict.fromkeys(bad, 0)
    assert loaded["token fetches"] <= 2
    assert loaded["kills"] > 1
    assert loaded["broker restarts"] == 1
