"""The calls and the jobs, against a sandbox: pytest."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask import Flask

from qqminigame import Clock
from qqminigame.sandbox import Sandbox
from stars import create_app, records, rounds


class Later:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def time(self) -> float:
        """Return the time."""
        return time.time() + self.seconds


class Game:
    """Posts what the page posts, and runs the jobs."""

    def __init__(self, app: Flask, sandbox: Sandbox, later: Later) -> None:
        self.app = app
        self.sandbox = sandbox
        self.later = later
        self.client = app.test_client()

    def post(self, path: str, token: str = "", **body: Any) -> tuple[int, Any]:
        """Make a call; return the status and the object that is answered."""
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.client.post(path, json=body, headers=headers)
        return answer.status_code, answer.json

    def log_in(self, openid: str) -> str:
        """Log a player in; return the token."""
        _, said = self.post("/api/login", code=self.sandbox.js_code(openid))
        return str(said["token"])

    def played(self, openid: str) -> str:
        """Return a round that a player has just come to the end of."""
        with mock.patch("stars.rounds.time") as clock, self.app.app_context():
            clock.time.return_value = time.time() - 11
            return rounds.start(openid)

    def enter_hall(self, openid: str, **values: Any) -> dict[str, str]:
        """Return the query with which the hall opens the page for a player."""
        entry = self.sandbox.hall_login(openid, **values)
        return {"openid": entry.openid, "openkey": entry.openkey}

    def run(self, job: str) -> int:
        """Run a job as cron does; return its exit code."""
        runner = self.app.test_cli_runner(catch_exceptions=False)
        return int(runner.invoke(args=[job]).exit_code)

    def stored(self, openid: str) -> dict[str, str]:
        """Return what the platform has stored for a player."""
        return dict(self.sandbox.state()["players"][openid]["storage"])

    def gems_of(self, openid: str) -> int:
        """Return how many gems a player has."""
        with self.app.app_context():
            return records.gems_of(openid)


@pytest.fixture
def game(tmp_path: Path, qqminigame_app: Callable[[Flask], Sandbox]) -> Game:
    """Make the app, with a folder and a sandbox of its own."""
    later = Later()
    app = create_app(DATA=tmp_path, QQMINIGAME_CLOCK=Clock(time=later.time))
    sandbox = qqminigame_app(app)
    with app.app_context():
        records.create_tables()
    return Game(app, sandbox, later)


def test_score__is_kept_and_stored_for_the_rankings(game: Game) -> None:
    """The best one, whatever comes later."""
    token = game.log_in("AB")
    answers = [
        game.post("/api/score", token, round=game.played("AB"), stars=stars) for stars in (7, 12, 9)
    ]
    assert answers == [(200, {"best": 7}), (200, {"best": 12}), (200, {"best": 12})]
    assert '"score":12' in game.stored("AB")["rank"]
    _, said = game.post("/api/login", code=game.sandbox.js_code("AB"))
    assert said["best"] == 12


def test_score__that_nobody_can_have(game: Game) -> None:
    """It is refused, and nothing is sent."""
    token, other = game.log_in("AB"), game.played("CD")
    _, said = game.post("/api/round", token)
    played = game.played("AB")
    wrong: list[tuple[object, object]] = [
        *[(text, 3) for text in (said["round"], other, token, "no round", None)],
        *[(played, stars) for stars in (41, -1, True, 3.0, "3", None)],
    ]
    requests = len(game.sandbox.log())
    for text, stars in wrong:
        status, said = game.post("/api/score", token, round=text, stars=stars)
        assert (status, said["retry"]) == (400, False)
    assert len(game.sandbox.log()) == requests


def test_score__while_the_platform_is_busy(game: Game) -> None:
    """The game keeps it, and the nightly job stores it."""
    token = game.log_in("AB")
    game.sandbox.script({"kind": "busy", "times": 3})
    status, said = game.post("/api/score", token, round=game.played("AB"), stars=7)
    assert (status, said["retry"]) == (503, True)
    assert game.stored("AB") == {}
    assert game.run("nightly") == 0
    assert '"score":7' in game.stored("AB")["rank"]


def test_nightly__of_a_player_who_has_to_log_in(game: Game) -> None:
    """The failure has a line in a file, and the exit code is not 0."""
    with game.app.app_context():
        records.record_score("gone", 7)
    assert game.run("nightly") == 3
    assert '"gone"' in (game.app.config["DATA"] / "failures.ndjson").read_text()


def test_wish__is_shown_to_friends(game: Game) -> None:
    """And taken back."""
    token = game.log_in("AB")
    for on in (True, False):
        assert game.post("/api/wish", token, on=on) == (200, {})
        assert game.sandbox.state()["players"]["AB"]["interactive"] == {"1": int(on)}


def test_login__that_cannot_be_saved(game: Game) -> None:
    """No token is given for a login that no later call would find."""
    game.app.config["QQMINIGAME_STORE"] = "sqlite:////dev/null/store.db"
    game.app.extensions["qqminigame"].close()
    status, said = game.post("/api/login", code=game.sandbox.js_code("AB"))
    assert (status, said["log_in"]) == (401, True)


def test_token__missing_or_of_another_kind(game: Game) -> None:
    """The player has to log in; a signed round is not a token."""
    for token in ("", "no token", game.played("AB")):
        for path in ("/api/round", "/api/score", "/api/wish"):
            status, said = game.post(path, token)
            assert (status, said["log_in"]) == (401, True)


def test_body__that_is_no_object(game: Game) -> None:
    """It is refused."""
    for body in ("", "[]", "7", "{"):
        answer = game.client.post("/api/login", data=body, content_type="application/json")
        assert answer.status_code == 400
    assert game.post("/api/login", code=7)[0] == 400


def test_buy__counts_once(game: Game) -> None:
    """Also where the page sends it again."""
    query = game.enter_hall("CD", level=1, discount=20, pay_return_count=3)
    _, said = game.post("/api/hall", **query)
    assert (said["level_name"], said["uses_left"]) == ("大玩咖", 3)
    for _ in range(2):
        bought = game.post("/api/hall/buy", **query, offer=said["offer"])
        assert bought == (200, {"granted": True})
    _, said = game.post("/api/hall", **query)
    assert (said["gems"], said["uses_left"]) == (72, 2)


def test_buy__without_a_bonus_left(game: Game) -> None:
    """There is no offer, and an old one does nothing."""
    _, said = game.post("/api/hall", **game.enter_hall("CD", pay_return_count=1))
    query = game.enter_hall("CD", pay_return_count=0)
    assert game.post("/api/hall", **query)[1]["offer"] is None
    bought = game.post("/api/hall/buy", **query, offer=said["offer"])
    assert bought == (200, {"granted": False})


def test_buy__somebody_elses_offer(game: Game) -> None:
    """It is refused."""
    _, said = game.post("/api/hall", **game.enter_hall("CD", pay_return_count=1))
    query = game.enter_hall("EF", pay_return_count=1)
    for offer in (said["offer"], "no offer", None):
        assert game.post("/api/hall/buy", **query, offer=offer)[0] == 400


def test_buy__whose_outcome_is_unknown(game: Game) -> None:
    """The page may not repeat it; a minute later the job has found out, and gives the gems."""
    query = game.enter_hall("CD", pay_return_count=3)
    _, said = game.post("/api/hall", **query)
    game.sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
    status, answer = game.post("/api/hall/buy", **query, offer=said["offer"])
    assert (status, answer["retry"]) == (409, False)
    assert game.run("settle") == 0
    assert game.gems_of("CD") == 0
    game.later.seconds = answer["settle_in"] + 1
    assert game.run("settle") == 0
    assert game.gems_of("CD") == 60


def test_buy__by_a_worker_that_is_killed_before_the_gems(game: Game) -> None:
    """The nightly job gives them."""
    query = game.enter_hall("CD", pay_return_count=3)
    _, said = game.post("/api/hall", **query)
    with mock.patch("stars.records.grant", side_effect=SystemExit), pytest.raises(SystemExit):
        game.post("/api/hall/buy", **query, offer=said["offer"])
    assert game.gems_of("CD") == 0
    assert game.run("nightly") == 0
    assert game.gems_of("CD") == 60


def test_pages__allow_their_own_scripts_only(game: Game) -> None:
    """They hold nothing of a player, and tell other sites nothing."""
    for path in ("/", "/hall?openid=CD&openkey=0123"):
        page = game.client.get(path)
        assert page.status_code == 200
        assert "0123" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
