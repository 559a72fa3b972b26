"""Exactly once, for hours if you like: random faults, and workers that are killed at any moment.

``python tests/soak.py --orders 20000`` lets worker processes report that many orders and write as
many scores, while the platform fails at random and the workers are killed and started again. In the
end every order has to be counted once, and every score stored has to be the last one written.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests
from attrs import frozen
from sessions import make_session

from qqminigame import (
    CloudStorage,
    Dawanka,
    HallLogin,
    Login,
    LoginState,
    OutcomeUnknownError,
    QQMiniGameError,
    RetryPolicy,
    Session,
    StoreError,
)
from qqminigame.sandbox import Sandbox

WORKERS = 4
FAULTS = (
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "reset_midway"},
    {"kind": "cut_off"},
    {"kind": "no_answer"},
    {"kind": "no_answer_after"},
    {"kind": "busy"},
    {"kind": "html"},
    {"kind": "status", "status": 502},
    {"kind": "close_idle"},
)
ENDPOINTS = ("get_dawanka_info", "report_dawanka_pay", "report_dawanka_pay", "set_user_storage")


class Worker:
    """A process that reports its orders and writes its scores, one after the other."""

    def __init__(self, job, progress):
        self._job = job
        self._progress = Path(progress)
        # A settlement has to wait until the report cannot be under way any more: here, by this.
        self._ahead = 0.0
        self._session = Session(
            **job["session"],
            timeout=(1.0, 0.15),
            retry=RetryPolicy(attempts=8, base_seconds=0.01, max_seconds=0.05),
            clock=lambda: time.time() + self._ahead,
        )
        self._dawanka = Dawanka(self._session)
        self._hall_login = HallLogin(**job["hall_login"])
        self._storage = CloudStorage(self._session)
        self._login = LoginState(**job["login"])

    def run(self):
        """Go on after the last order whose end is known."""
        done = int(self._progress.read_text() or 0) if self._progress.exists() else 0
        for number in range(done, self._job["orders"]):
            self._report(f"{self._job['name']}-{number}")
            self._write(number)
            # Replaced as a whole: a kill leaves the old number or the new one.
            fresh = self._progress.with_suffix(".new")
            fresh.write_text(str(number + 1))
            os.replace(fresh, self._progress)

    def _report(self, order_id):
        while True:
            with contextlib.suppress(QQMiniGameError):
                self._dawanka.report_pay(self._hall_login, order_id)
                return
            self._settle(order_id)

    def _settle(self, order_id):
        while True:
            try:
                self._dawanka.settle(self._hall_login, order_id)
            except OutcomeUnknownError as error:
                if "under way" not in str(error):
                    raise
                self._let_a_minute_pass()
            except StoreError:
                raise
            except QQMiniGameError:
                continue
            else:
                return

    def _let_a_minute_pass(self):
        """Move the clock, once whatever was sent has been handled.

        In a real minute it would have been. Here the platform may be so busy that a report waits to
        be let in, while a question on a kept connection is answered at once; a further connection
        comes after both.
        """
        url = self._job["session"]["base_url"]
        requests.get(f"{url}/_sandbox/faults", timeout=60).close()
        self._ahead += 70.0

    def _write(self, number):
        while True:
            with contextlib.suppress(QQMiniGameError):
                self._storage.set(self._login, {"score": str(number)})
                return


@frozen
class Life:
    """A worker process, and when it will be killed."""

    job: dict
    process: subprocess.Popen
    ends: float


class Soak:
    """The platform, its faults, and the workers that are killed."""

    def __init__(self, sandbox, store, orders, folder, seed):
        self._sandbox = sandbox
        self._store = store
        self._orders = orders // WORKERS
        self._folder = Path(folder)
        self._random = random.Random(seed)
        self.kills = 0
        self._jobs = [self._job(f"worker{n}") for n in range(WORKERS)]

    def _job(self, name):
        with make_session(self._sandbox) as session:
            login = Login(session).code2session(self._sandbox.js_code())
        openid, openkey = self._sandbox.hall_login(pay_return_count=10**6)
        return {
            "name": name,
            "orders": self._orders,
            "hall_login": {"openid": openid, "openkey": openkey},
            "login": {"openid": login.openid, "session_key": login.session_key},
            "session": {
                "app_id": self._sandbox.app_id,
                "app_secret": self._sandbox.app_secret,
                "hall_app_id": self._sandbox.hall_app_id,
                "app_key": self._sandbox.app_key,
                "base_url": self._sandbox.url,
                "store": self._store,
            },
        }

    def run(self):
        """Let the workers work, each until it is killed and started again, until all are done."""
        running = [self._start(job) for job in self._jobs]
        try:
            while running:
                time.sleep(0.1)
                self._script_faults()
                running = [self._look_after(life) for life in running]
                running = [life for life in running if life is not None]
        finally:
            for life in running:
                self._kill(life)

    def _look_after(self, life):
        """Return the worker as it lives on; None where it is done."""
        if life.process.poll() == 0:
            return None
        if life.process.returncode is not None:
            raise RuntimeError(f"{life.job['name']} ended with {life.process.returncode}")
        if time.monotonic() < life.ends:
            return life
        self._kill(life)
        return self._start(life.job)

    def _start(self, job):
        process = subprocess.Popen(
            [sys.executable, __file__, "--worker", self._folder / job["name"]],
            stdin=subprocess.PIPE,
            text=True,
        )
        process.stdin.write(json.dumps(job))
        process.stdin.close()
        return Life(job, process, time.monotonic() + self._random.uniform(0.4, 6.0))

    def _kill(self, life):
        life.process.kill()
        life.process.wait()
        self.kills += 1

    def _script_faults(self):
        # Kept to a number: were they to pile up, the last worker would meet nothing else.
        pending = requests.get(f"{self._sandbox.url}/_sandbox/faults", timeout=10).json()
        self._sandbox.script(
            *(
                {
                    **self._random.choice(FAULTS),
                    "endpoint": self._random.choice(ENDPOINTS),
                    "skip": self._random.randrange(10),
                }
                for _ in range(8 - len(pending))
            )
        )

    def result(self):
        """Compare what the platform has counted with what the workers have finished."""
        state = self._sandbox.state()
        result = Counter(orders=self._orders * WORKERS, kills=self.kills)
        for job in self._jobs:
            reports = state["hall"][job["hall_login"]["openid"]]["reports"]
            result["counted"] += reports
            result["doubled"] += max(0, reports - self._orders)
            result["lost"] += max(0, self._orders - reports)
            score = state["players"][job["login"]["openid"]]["storage"].get("score")
            result["wrong scores"] += score != str(self._orders - 1)
        return result


def soak(orders, store=None, seed=None):
    """Run it; return the figures."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(log_size=1) as sandbox:
        address = store or f"sqlite:///{folder}/store.db"
        run = Soak(sandbox, address, orders, folder, seed)
        run.run()
        return run.result()


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=20_000, help="how many in all")
    parser.add_argument("--store", help="address of a store; a file of its own without")
    parser.add_argument("--seed", type=int, help="repeat a run's dice")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        Worker(json.load(sys.stdin), arguments.worker).run()
        return 0
    since = time.monotonic()
    result = soak(arguments.orders, arguments.store, arguments.seed)
    print(*(f"{name} {count}" for name, count in result.items()), sep=", ", end=", ")
    print(f"{time.monotonic() - since:.0f} s")
    return 1 if result["doubled"] or result["lost"] or result["wrong scores"] else 0


if __name__ == "__main__":
    sys.exit(main())
