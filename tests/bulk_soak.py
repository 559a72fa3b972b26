"""A bulk load that is killed again and again, on a platform that fails at random.

``python tests/bulk_soak.py --players 100000 --kills 10`` writes two rows for some of that many
players, and one for the others, among them rows that cannot be stored. The platform is busy, resets
connections and is slow at random; the process is killed at random moments of its progress and
started again.

In the end every good row has to be stored, with a player's last value, and every bad row has to be
in the file of failures once. What was sent more than once has to have been under way at a kill.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fault_scripts import scattered
from sessions import js_code, make_session

from qqminigame import Login, RetryPolicy, Session, bulk
from qqminigame.sandbox import Sandbox

WORKERS = 16
# What a process has sent and not yet put into its journal: see Journal and the run's ticks.
UNDER_WAY = 50 + WORKERS
FAULTS = (
    {"kind": "busy"},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "delay", "seconds": 0.3},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
)
STORAGE = "set_user_storage"
_EVERY = 20
BAD = ("missing", "wrong", "not in failures", "wrongly in failures", "sent too often")


def rows_of(players):
    """Return the rows: every tenth player has a later row too, and one in 200 rows is bad."""
    for number in range(players):
        yield f"player-{number}", {"score": f"{number}", "first": "1"}
        if number % 10 == 9:
            yield f"player-{number - 5}", {"score": f"{number} again"}
        if number % 200 == 0:
            yield f"stranger-{number}", {"score": "1"}  # has never logged in
        if number % 500 == 0:
            yield f"player-{number}", {"score": number}  # not a str


def is_stale(number):
    """Return whether the platform has ended this player's session."""
    return number % 200 == 11


def work(job):
    """Be the process: load the rows, and be killed after so many attempts."""
    attempts = 0

    def count(event):
        nonlocal attempts
        attempts += 1
        if attempts == job["kill_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    session = Session(
        **job["session"],
        retry=RetryPolicy(base_seconds=0.01, max_seconds=0.05),
        on_call=count,
    )
    report = bulk.load(
        session,
        rows_of(job["players"]),
        journal=job["journal"],
        failures=job["failures"],
        workers=WORKERS,
    )
    print(json.dumps([report.stored, report.skipped, report.failed, report.stopped_because]))


class BulkSoak:
    """A sandbox, its players, and the processes that load their rows."""

    def __init__(self, sandbox, folder, players, kills, seed):
        self._sandbox = sandbox
        self._folder = Path(folder)
        self._players = players
        self._kills = kills
        self._dice = random.Random(seed)
        self._store = f"sqlite:///{folder}/store.db"

    def run(self):
        """Do it; return the figures."""
        self._log_in()
        self._sandbox.script(*scattered(self._dice, FAULTS, STORAGE, self._players, _EVERY))
        starts = 1
        while (report := self._work(starts)) is None:
            starts += 1
        return {**self._result(starts - 1), "report": report}

    def _log_in(self):
        with make_session(self._sandbox, store=self._store) as session:
            login = Login(session)

            def log_in(number):
                openid = f"player-{number}"
                login.code2session(js_code(session, self._sandbox, openid))
                if is_stale(number):
                    self._sandbox.end_session(openid)

            with ThreadPoolExecutor(4) as pool:
                for start in range(0, self._players, 1000):
                    list(pool.map(log_in, range(start, min(start + 1000, self._players))))

    def _work(self, start):
        """Run the process to its end; return its report, None if it was killed."""
        share = self._players // (self._kills + 1)
        kill_at = self._dice.randint(share // 2, share) if start <= self._kills else 0
        job = {
            "session": {
                "app_id": self._sandbox.app_id,
                "app_secret": self._sandbox.app_secret,
                "base_url": self._sandbox.url,
                "store": self._store,
            },
            "players": self._players,
            "journal": str(self._folder / "journal.db"),
            "failures": str(self._folder / "failures.ndjson"),
            "kill_at": kill_at,
        }
        done = subprocess.run(
            [sys.executable, __file__, "--worker"],
            input=json.dumps(job),
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0
        return json.loads(done.stdout)

    def _result(self, kills):
        rows = list(enumerate(rows_of(self._players), 1))
        good = [(number, openid, kv) for number, (openid, kv) in rows if is_good(openid, kv)]
        expected = {}
        for _, openid, kv in good:
            expected.setdefault(openid, {}).update(kv)
        state = self._sandbox.state()
        stored = {
            openid: player["storage"]
            for openid, player in state["players"].items()
            if player["storage"]
        }
        lines = (self._folder / "failures.ndjson").read_text(encoding="utf-8").splitlines()
        failed = Counter(json.loads(line)["row"] for line in lines)
        bad = {number for number, _ in rows} - {number for number, _, _ in good}
        handled = Counter(
            entry["query"]["openid"]
            for entry in self._sandbox.log()
            if entry["handled"] and entry["fault"] is None and entry["path"].endswith(STORAGE)
        )
        # A stale login's row is sent too, once: only the platform knows that it is stale.
        wanted = Counter(openid for _, (openid, kv) in rows if is_sendable(openid, kv))
        again = sum((handled - wanted).values())
        return {
            "rows": len(rows),
            "kills": kills,
            "token fetches": state["token_fetches"],
            "sent again": again,
            "missing": len(expected.keys() - stored.keys()),
            "wrong": sum(stored.get(openid) != kv for openid, kv in expected.items()),
            "not in failures": len(bad - failed.keys()),
            "wrongly in failures": len(failed.keys() - bad)
            + sum(count - 1 for count in failed.values()),
            "sent too often": max(0, again - kills * UNDER_WAY),
        }


def is_sendable(openid, kv):
    """Return whether a row gets as far as the platform."""
    return openid.startswith("player-") and isinstance(kv["score"], str)


def is_good(openid, kv):
    """Return whether a row can be stored."""
    return is_sendable(openid, kv) and not is_stale(int(openid.partition("-")[2]))


def soak(players, kills, seed=None):
    """Run it; return the figures."""
    log_size = players * 3
    with tempfile.TemporaryDirectory() as folder, Sandbox(log_size=log_size) as sandbox:
        return BulkSoak(sandbox, folder, players, kills, seed).run()


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--players", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, help="repeat a run's dice")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(json.load(sys.stdin))
        return 0
    since = time.monotonic()
    result = soak(arguments.players, arguments.kills, arguments.seed)
    print(*(f"{name} {count}" for name, count in result.items()), sep=", ", end=", ")
    print(f"{time.monotonic() - since:.0f} s")
    return 1 if any(result[name] for name in BAD) or result["token fetches"] > 2 else 0


if __name__ == "__main__":
    sys.exit(main())
