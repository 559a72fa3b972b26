"""One access token for all: real processes with threads, against the sandbox."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sessions import make_session
from waiting import wait_until

from qqminigame import Login
from qqminigame.sandbox import Sandbox
from qqminigame.tokens import LEASE_SECONDS

WORKER = Path(__file__).parent / "worker.py"
# A token is renewed 111 minutes after it was fetched, and the one before it lives on for 5: from
# here on before that, and until here after it, each minute counts.
BEFORE_MINUTES, AFTER_MINUTES = 106, 8


class Fleet:
    """Worker processes that share one store."""

    def __init__(self, sandbox, store, count, clock=None):
        with make_session(sandbox) as session:
            login = Login(session).code2session(sandbox.js_code())
        self._setup = {
            "login": {"openid": login.openid, "session_key": login.session_key},
            "clock": clock,
            "session": {
                "app_id": sandbox.app_id,
                "app_secret": sandbox.app_secret,
                "base_url": sandbox.url,
                "store": store,
            },
        }
        self.workers = [self._start() for _ in range(count)]
        for worker in self.workers:
            assert self.answer(worker) == "ready"

    def _start(self):
        worker = subprocess.Popen(
            [sys.executable, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.send(worker, self._setup)
        return worker

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            worker.kill()
            worker.wait()
            worker.stdin.close()
            worker.stdout.close()

    def ask(self, do, **command):
        """Give all workers a command at once."""
        for worker in self.workers:
            self.send(worker, {"do": do, **command})

    def outcomes(self):
        """Return how the calls of all workers ended."""
        return sum((Counter(self.answer(worker)) for worker in self.workers), Counter())

    @staticmethod
    def send(worker, command):
        """Give one worker a command."""
        worker.stdin.write(json.dumps(command) + "\n")
        worker.stdin.flush()

    @staticmethod
    def answer(worker):
        """Return what one worker answers."""
        return json.loads(worker.stdout.readline())


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.slow)])
def store(request, tmp_path):
    """The address of a store that processes share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("redis_server").url


def minutes_of_a_day(sandbox, every):
    """Give the minutes around the renewal of a token, and of the others one in so many.

    Args:
        sandbox: The platform; its clock is moved to each minute.
        every: One in how many of the minutes in which nothing happens to a token.

    Yields:
        The number of the minute, and the time.
    """
    start, fetched, fetches = sandbox.state()["now"], 0, 0
    for minute in range(24 * 60):
        age = minute - fetched
        if AFTER_MINUTES < age < BEFORE_MINUTES and minute % every:
            continue
        now = start + 60 * minute
        sandbox.advance(now - sandbox.state()["now"])
        yield minute, now
        if sandbox.state()["token_fetches"] > fetches:
            fetched, fetches = minute, sandbox.state()["token_fetches"]


def test_8_processes_of_16_threads__one_fetch_at_the_start_and_one_when_revoked(
    sandbox, store, figures
):
    """A cold start is one fetch; a token revoked in mid-burst is one more; no call fails."""
    with Fleet(sandbox, store, 8) as fleet:
        fleet.ask("burst", threads=16, calls=1)
        cold = fleet.outcomes()
        cold_fetches = sandbox.state()["token_fetches"]
        fleet.ask("burst", threads=16, calls=6)
        wait_until(lambda: len(sandbox.log()) > 300)
        sandbox.revoke_tokens()
        hot = fleet.outcomes()
        # However early the burst was over, somebody calls after it.
        fleet.ask("burst", threads=1, calls=1)
        hot += fleet.outcomes()
    fetches = sandbox.state()["token_fetches"]
    figures("8 processes x 16 threads, cold", f"{cold_fetches} fetch, {dict(cold)}")
    figures("8 processes x 16 threads, revoked", f"{fetches - cold_fetches} fetch, {dict(hot)}")
    assert (cold, cold_fetches) == ({"ok": 128}, 1)
    assert (hot, fetches) == ({"ok": 128 * 6 + 8}, 2)


@pytest.mark.slow
@pytest.mark.uncovered
def test_a_day__4_processes_and_a_cron_job_every_ten_minutes(lasting_sandbox, store, figures):
    """In a day of the clock at most 13 fetches; no call fails, none is repeated for its token."""
    sandbox = lasting_sandbox
    total, wanted = Counter(), 0
    with Fleet(sandbox, store, 4, clock=sandbox.state()["now"]) as fleet:
        for minute, now in minutes_of_a_day(sandbox, every=10):
            fleet.ask("tick", now=now, cron=False)
            total += fleet.outcomes()
            wanted += 4
            if minute % 10 == 0:
                fleet.send(fleet.workers[0], {"do": "tick", "now": now, "cron": True})
                total += Counter(fleet.answer(fleet.workers[0]))
                wanted += 2
    rejected = sum("100050019" in entry["reply"] for entry in sandbox.log())
    fetches = sandbox.state()["token_fetches"]
    figures("a day of 4 processes and cron", f"{fetches} fetches, {rejected} rejected, {total}")
    assert total == {"ok": wanted}
    assert wanted > 4 * 144 + 2 * 144
    assert 12 <= fetches <= 13
    assert rejected == 0


def test_every_token_rejected__one_call(sandbox, store, figures):
    """One call ends in one typed error after two fetches at most."""
    sandbox.script({"kind": "code", "code": 40014, "endpoint": "set_user_storage", "times": -1})
    with Fleet(sandbox, store, 1) as fleet:
        fleet.ask("burst", threads=1, calls=1)
        outcomes = fleet.outcomes()
        fetches = sandbox.state()["token_fetches"]
        fleet.ask("burst", threads=16, calls=20)
        more = fleet.outcomes()
    figures("every token rejected, one call", f"{fetches} fetches, {dict(outcomes)}")
    figures(
        "every token rejected, 320 more",
        f"{sandbox.state()['token_fetches'] - fetches} fetches, {dict(more)}",
    )
    assert (outcomes, fetches) == ({"AccessTokenError": 1}, 2)
    assert more == {"AccessTokenError": 320}
    assert sandbox.state()["token_fetches"] == 2


def test_every_token_rejected__4_processes(sandbox, store, figures):
    """All processes together stay far below the budget of fetches."""
    sandbox.script({"kind": "code", "code": 40014, "endpoint": "set_user_storage", "times": -1})
    with Fleet(sandbox, store, 4) as fleet:
        fleet.ask("burst", threads=4, calls=20)
        outcomes = fleet.outcomes()
    fetches = sandbox.state()["token_fetches"]
    figures("every token rejected, 4 processes", f"{fetches} fetches, {dict(outcomes)}")
    assert outcomes == {"AccessTokenError": 320}
    assert 2 <= fetches <= 6


@pytest.mark.slow
def test_no_overlap__4_processes_of_20_calls_a_second(store, figures):
    """Where a new token kills the old one at once, one fetch serves all and every call succeeds."""
    with Sandbox(overlap_seconds=0) as sandbox, Fleet(sandbox, store, 4) as fleet:
        fleet.ask("burst", threads=1, calls=30, pause=0.05)
        outcomes = fleet.outcomes()
        fetches = sandbox.state()["token_fetches"]
    figures("no overlap, 4 x 20 calls a second", f"{fetches} fetch, {dict(outcomes)}")
    assert (outcomes, fetches) == ({"ok": 120}, 1)


@pytest.mark.slow
def test_no_overlap__a_day(store):
    """Renewals without overlap cost some calls a repeat, and none its success."""
    with Sandbox(overlap_seconds=0) as sandbox:
        total, wanted = Counter(), 0
        with Fleet(sandbox, store, 4, clock=sandbox.state()["now"]) as fleet:
            for _, now in minutes_of_a_day(sandbox, every=30):
                fleet.ask("tick", now=now, cron=False)
                total += fleet.outcomes()
                wanted += 4
        assert total == {"ok": wanted}
        assert 12 <= sandbox.state()["token_fetches"] <= 13


@pytest.mark.slow
def test_the_holder_of_the_lock_is_killed(sandbox, store, figures):
    """SIGKILL in mid-fetch holds the others up for the lease at most; then one of them fetches."""
    sandbox.script({"kind": "no_answer", "endpoint": "getToken"})
    with Fleet(sandbox, store, 3) as fleet:
        victim, *others = fleet.workers
        fleet.send(victim, {"do": "burst", "threads": 1, "calls": 1})
        wait_until(lambda: any(entry["path"] == "/api/getToken" for entry in sandbox.log()))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        since = time.monotonic()
        fleet.workers = others
        fleet.ask("burst", threads=4, calls=1)
        outcomes = fleet.outcomes()
        seconds = time.monotonic() - since
        fleet.workers = [victim, *others]
    figures("holder of the lock killed", f"others held up {seconds:.1f} s, {dict(outcomes)}")
    assert outcomes == {"ok": 8}
    assert sandbox.state()["token_fetches"] == 1
    assert seconds < 4 * LEASE_SECONDS  # and not for ever, or until the token's end


def test_redis__stopped_and_started_again_under_load(sandbox, own_redis, figures):
    """Calls go on with the token in memory; when Redis is back, empty, one token is fetched."""
    start = sandbox.state()["now"]
    total = Counter()
    with Fleet(sandbox, own_redis.url, 4, clock=start) as fleet:
        for tick in range(12):
            if tick == 4:
                own_redis.stop()
            if tick == 8:
                own_redis.start()
            # A minute on, every process wants to look into the store again.
            fleet.ask("tick", now=start + 61 * tick, cron=False)
            total += fleet.outcomes()
    fetches = sandbox.state()["token_fetches"]
    figures("Redis stopped and started", f"{fetches} fetches, {dict(total)}")
    assert total == {"ok": 48}
    assert fetches <= 2
