"""The calls and the jobs, against a sandbox: manage.py test."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from game import rounds
from game.models import Purchase, Score
from qqminigame import Clock
from qqminigame.integrations.django.testing import SandboxTestCase


class Later:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def time(self) -> float:
        """Return the time."""
        return time.time() + self.seconds


LATER = Later()


class GameTestCase(SandboxTestCase):
    """Posts what the page posts."""

    minigame_settings = {"CLOCK": Clock(time=LATER.time)}

    def setUp(self) -> None:
        """Begin now, with an empty folder, without TLS."""
        super().setUp()
        LATER.seconds = 0.0
        self.data = Path(self.enterContext(TemporaryDirectory()))
        self.enterContext(override_settings(DATA=self.data, HTTPS=False, SECURE_SSL_REDIRECT=False))

    def post(self, path: str, token: str = "", **body: Any) -> Any:
        """Make a call; return the answer with its object as ``answer.said``."""
        headers = {"Authorization": f"Bearer {token}"}
        answer: Any = self.client.post(path, body, "application/json", headers=headers)
        answer.said = answer.json()
        return answer

    def log_in(self, openid: str) -> str:
        """Log a player in; return the token."""
        token: str = self.post("/api/login", code=self.players.js_code(openid)).said["token"]
        return token

    def played(self, openid: str) -> str:
        """Return a round that a player has just come to the end of."""
        with mock.patch("game.rounds.time") as clock:
            clock.time.return_value = time.time() - 11
            return rounds.start(openid)


class ScoreTest(GameTestCase):
    """Logins, rounds and scores."""

    def test_score__is_kept_and_stored_for_the_rankings(self) -> None:
        """The best one, whatever comes later."""
        token = self.log_in("AB")
        for stars in (7, 12, 9):
            answer = self.post("/api/score", token, round=self.played("AB"), stars=stars)
        self.assertEqual(answer.said, {"best": 12})
        self.assertIn('"score":12', self.players.stored("AB")["rank"])
        self.assertEqual(Score.objects.get().best, 12)
        again = self.post("/api/login", code=self.players.js_code("AB"))
        self.assertEqual(again.said["best"], 12)

    def test_score__that_nobody_can_have(self) -> None:
        """It is refused, and nothing is sent."""
        token, other = self.log_in("AB"), self.played("CD")
        new = self.post("/api/round", token).said["round"]
        played = self.played("AB")
        wrong: list[tuple[object, object]] = [(new, 3), (other, 3), ("no round", 3), (None, 3)]
        wrong += [(played, stars) for stars in (41, -1, True, 3.0, "3", None)]
        requests = len(self.sandbox.log())
        for game_round, stars in wrong:
            answer = self.post("/api/score", token, round=game_round, stars=stars)
            self.assertEqual((answer.status_code, answer.said["retry"]), (400, False))
        self.assertEqual(len(self.sandbox.log()), requests)
        self.assertFalse(Score.objects.exists())

    def test_score__while_the_platform_is_busy(self) -> None:
        """The game keeps it, and the nightly job stores it."""
        token = self.log_in("AB")
        self.sandbox.script({"kind": "busy", "times": 3})
        with self.assertLogs("qqminigame", "WARNING"):
            answer = self.post("/api/score", token, round=self.played("AB"), stars=7)
        self.assertEqual((answer.status_code, answer.said["retry"]), (503, True))
        self.assertEqual(self.players.stored("AB"), {})
        call_command("nightly")
        self.assertIn('"score":7', self.players.stored("AB")["rank"])

    def test_nightly__of_a_player_who_has_to_log_in(self) -> None:
        """The failure has a line in a file, and the exit code is not 0."""
        Score.record("gone", 7)
        with self.assertRaises(SystemExit) as ended, mock.patch("sys.stderr"):
            call_command("nightly")
        self.assertEqual(ended.exception.code, 3)
        self.assertIn('"gone"', (self.data / "failures.ndjson").read_text())

    def test_wish__is_shown_to_friends(self) -> None:
        """And taken back."""
        token = self.log_in("AB")
        for on in (True, False):
            self.assertEqual(self.post("/api/wish", token, on=on).status_code, 200)
            marks = self.sandbox.state()["players"]["AB"]["interactive"]
            self.assertEqual(marks, {"1": int(on)})

    def test_login__that_cannot_be_saved(self) -> None:
        """No token is given for a login that no later call would find."""
        nowhere = {**settings.QQMINIGAME["default"], "STORE": "sqlite:////dev/null/store.db"}
        with override_settings(QQMINIGAME={"default": nowhere}):
            answer = self.post("/api/login", code=self.players.js_code("AB"))
        self.assertEqual((answer.status_code, answer.said["log_in"]), (401, True))

    def test_token__missing_or_of_another_kind(self) -> None:
        """The player has to log in; a signed round is not a token."""
        for token in ("", "no token", self.played("AB")):
            for path in ("/api/round", "/api/score", "/api/wish"):
                answer = self.post(path, token)
                self.assertEqual((answer.status_code, answer.said["log_in"]), (401, True))

    def test_body__that_is_no_object(self) -> None:
        """It is refused."""
        for body in ("", "[]", "7", "{"):
            answer = self.client.post("/api/login", body, "application/json")
            self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.post("/api/login", code=7).status_code, 400)


class HallTest(GameTestCase):
    """The shop."""

    def enter(self, **values: Any) -> dict[str, str]:
        """Return the query with which the hall opens the page for a player."""
        entry = self.players.enter_hall("CD", **values)
        return {"openid": entry.openid, "openkey": entry.openkey}

    def test_buy__counts_once(self) -> None:
        """Also where the page sends it again."""
        query = self.enter(level=1, discount=20, pay_return_count=3)
        said = self.post("/api/hall", **query).said
        self.assertEqual((said["level_name"], said["uses_left"]), ("大玩咖", 3))
        for _ in range(2):
            bought = self.post("/api/hall/buy", **query, offer=said["offer"])
            self.assertEqual(bought.said, {"granted": True})
        said = self.post("/api/hall", **query).said
        self.assertEqual((said["gems"], said["uses_left"]), (72, 2))

    def test_buy__without_a_bonus_left(self) -> None:
        """There is no offer, and an old one does nothing."""
        offer = self.post("/api/hall", **self.enter(pay_return_count=1)).said["offer"]
        query = self.enter(pay_return_count=0)
        self.assertIsNone(self.post("/api/hall", **query).said["offer"])
        bought = self.post("/api/hall/buy", **query, offer=offer)
        self.assertEqual(bought.said, {"granted": False})

    def test_buy__somebody_elses_offer(self) -> None:
        """It is refused."""
        offer = self.post("/api/hall", **self.enter(pay_return_count=1)).said["offer"]
        other = self.players.enter_hall("EF", pay_return_count=1)
        query = {"openid": other.openid, "openkey": other.openkey}
        for refused in (offer, "no offer", None):
            answer = self.post("/api/hall/buy", **query, offer=refused)
            self.assertEqual(answer.status_code, 400)

    def test_buy__whose_outcome_is_unknown(self) -> None:
        """The page may not repeat it; a minute later the job has found out, and gives the gems."""
        query = self.enter(pay_return_count=3)
        offer = self.post("/api/hall", **query).said["offer"]
        self.sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
        with self.assertLogs("qqminigame", "WARNING"):
            answer = self.post("/api/hall/buy", **query, offer=offer)
        self.assertEqual((answer.status_code, answer.said["retry"]), (409, False))
        call_command("settle")
        self.assertEqual(Purchase.gems_of("CD"), 0)
        LATER.seconds = answer.said["settle_in"] + 1
        call_command("settle")
        self.assertEqual(Purchase.gems_of("CD"), 60)

    def test_buy__by_a_worker_that_is_killed_before_the_gems(self) -> None:
        """The nightly job gives them."""
        query = self.enter(pay_return_count=3)
        offer = self.post("/api/hall", **query).said["offer"]
        killed = mock.patch("game.models.Purchase.grant", side_effect=SystemExit)
        with killed, self.assertRaises(SystemExit):
            self.post("/api/hall/buy", **query, offer=offer)
        self.assertEqual(Purchase.gems_of("CD"), 0)
        call_command("nightly")
        self.assertEqual(Purchase.gems_of("CD"), 60)

    def test_hall__without_an_openkey(self) -> None:
        """A page that the hall has not opened gets nothing."""
        self.assertEqual(self.post("/api/hall", openid="CD").status_code, 400)
        refused = self.post("/api/hall", openid="CD", openkey="0" * 32)
        self.assertGreaterEqual(refused.status_code, 400)


class PageTest(GameTestCase):
    """The pages."""

    def test_pages__allow_their_own_scripts_only(self) -> None:
        """They hold nothing of a player, and tell other sites nothing."""
        for path in ("/", "/hall?openid=CD&openkey=0123"):
            page = self.client.get(path)
            self.assertEqual(page.status_code, 200)
            self.assertNotIn("0123", page.content.decode())
            self.assertIn("default-src 'none'", page["Content-Security-Policy"])
            self.assertEqual(page["Referrer-Policy"], "no-referrer")
