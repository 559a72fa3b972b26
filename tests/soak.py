"""Exactly once, for hours if you like: faults, kills, stopped processes, wrong clocks, lost files.

``python tests/soak.py --orders 20000`` lets worker processes report that many orders and write as
many scores, while the platform fails at random, workers are killed or stopped at any step and
started again, each with a clock of its own that may be 300 s wrong, and the cache is deleted or
damaged. With ``--records redis`` Redis is killed and started again as well.

In the end every order has to be counted once, or to be one of those of which an error has said
that nobody can know; and every score stored has to be the last one written.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests
from hooked_store import HookedStore
from redis_server import MovedRedisStore, RedisServer
from sessions import make_session

from qqminigame import (
    Clock,
    CloudStorage,
    Dawanka,
    HallLogin,
    Login,
    LoginState,
    MemoryStore,
    OutcomeUnknownError,
    QQMiniGameError,
    RetryPolicy,
    Session,
    SQLiteStore,
)
from qqminigame.sandbox import Sandbox

WORKERS = 4
# How a process ends: stopped by itself, killed by itself, or killed from outside (0 is no signal).
ENDS = (signal.SIGSTOP, signal.SIGKILL, 0)
# A settlement has to wait until the report cannot be under way any more.
MINUTE = 70
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
    {"kind": "code", "code": 2000023},
)
ENDPOINTS = ("get_dawanka_info", "report_dawanka_pay", "report_dawanka_pay", "set_user_storage")


class Tally:
    """A number that processes add to: the size of a file."""

    def __init__(self, path):
        self._path = Path(path)
        self._path.touch()

    def __call__(self):
        return self._path.stat().st_size

    def add(self, number=1):
        """Add to it."""
        with self._path.open("ab", buffering=0) as file:
            file.write(b"." * number)


def open_records(address, ahead):
    """Return the order records at an address; their clock is ahead by what the job's time is."""
    if address.startswith("redis:"):
        return MovedRedisStore(address, ahead)
    return SQLiteStore(address, durable=True, clock=lambda: time.time() + ahead())


class Worker:
    """A process that reports its orders and writes its scores, one after the other."""

    def __init__(self, job):
        self._job = job
        self._ahead = Tally(job["ahead"])
        self._steps = Tally(job["steps"])
        self._total = Tally(job["total"])
        self._progress = Path(job["progress"])
        self._unknown = Path(job["unknown"])
        records = HookedStore(open_records(job["records"], self._ahead))
        records.before = records.after = self._step
        self._session = Session(
            **job["session"],
            # Short, because a fault of silence costs it; long enough for a machine that is busy.
            timeout=(2.0, 1.0),
            retry=RetryPolicy(attempts=8, base_seconds=0.01, max_seconds=0.05),
            clock=Clock(
                time=lambda: time.time() + self._ahead() + job["wrong"],
                monotonic=lambda: time.monotonic() + self._ahead(),
            ),
            on_call=self._step,
        )
        self._dawanka = Dawanka(self._session, orders=records)
        self._hall_login = HallLogin(**job["hall_login"])
        self._storage = CloudStorage(self._session)
        self._login = LoginState(**job["login"])

    def _step(self, *_):
        self._total.add()
        self._steps.add()
        if self._steps() == self._job["ends_at"]:
            os.kill(os.getpid(), self._job["signal"])

    def run(self):
        """Go on after the last order whose end is known."""
        done = int(self._progress.read_text() or 0) if self._progress.exists() else 0
        for number in range(done, self._job["orders"]):
            self._report(f"{self._job['name']}-{number}")
            # One that was stopped and goes on beside its successor would write old scores.
            if self._job["signal"] != signal.SIGSTOP or number + 1 == self._job["orders"]:
                self._write(number)
            # Replaced as a whole: a kill leaves the old number or the new one.
            fresh = self._progress.with_suffix(f".{os.getpid()}")
            fresh.write_text(str(number + 1))
            os.replace(fresh, self._progress)

    def _report(self, order_id):
        while True:
            try:
                self._dawanka.report_pay(self._hall_login, order_id)
            except OutcomeUnknownError:
                if self._settle(order_id):
                    return
            except QQMiniGameError:
                time.sleep(0.01)
            else:
                return

    def _settle(self, order_id):
        """Return whether the order is done with."""
        while True:
            self._let_a_minute_pass()
            try:
                return self._dawanka.settle(self._hall_login, order_id) is not None
            except OutcomeUnknownError as error:
                if error.settle_in is None:
                    with self._unknown.open("a") as file:
                        file.write(f"{order_id}\n")
                    return True
            except QQMiniGameError:
                time.sleep(0.01)

    def _let_a_minute_pass(self):
        """Move the clock, and wait until whatever was sent has been handled.

        In a real minute it would have been. Here the platform may be so busy that a report waits to
        be let in, while a question on a kept connection is answered at once; a further connection
        comes after both.
        """
        self._ahead.add(MINUTE)
        url = self._job["session"]["base_url"]
        requests.get(f"{url}/_sandbox/faults", timeout=60).close()

    def _write(self, number):
        while True:
            with contextlib.suppress(QQMiniGameError):
                self._storage.set(self._login, {"score": str(number)})
                return
            time.sleep(0.01)


class Life:
    """A worker process, from its start to its end."""

    def __init__(self, job):
        self.job = job
        self.steps = Tally(job["steps"])
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker"], stdin=subprocess.PIPE, text=True
        )
        self.process.stdin.write(json.dumps(job))
        self.process.stdin.close()

    def has_stopped(self):
        """Return whether it has just been stopped."""
        flags = os.WSTOPPED | os.WNOHANG
        return self.process.poll() is None and os.waitid(os.P_PID, self.process.pid, flags)

    def is_to_be_killed(self):
        """Return whether it has come to its end, wherever that is by now."""
        is_late = not self.job["signal"] and self.steps() >= self.job["ends_at"]
        return self.process.poll() is None and is_late

    def kill(self):
        """End it."""
        self.process.kill()
        self.process.wait()


class Job:
    """A player's orders, and the processes that report them: one, or one and a stopped one."""

    def __init__(self, setting, dice, counts):
        self._setting = setting
        self._dice = dice
        self._counts = counts
        self.ahead = Tally(setting["ahead"])
        self._lives = self._dice.randrange(len(ENDS))
        self._working = self._start()
        self._stopped = None
        self._woken = None

    def _start(self):
        self._lives += 1
        return Life(
            {
                **self._setting,
                "steps": f"{self._setting['progress']}.{self._lives}.steps",
                "ends_at": self._dice.randint(5, 200),
                "signal": int(ENDS[self._lives % len(ENDS)]),
                "wrong": self._dice.uniform(-300, 300),
            }
        )

    def look(self):
        """Look after the processes; return whether they are done."""
        if self._woken is not None:
            self._look_after_woken()
        if self._working.has_stopped():
            self._replace_stopped()
        if self._working.is_to_be_killed():
            self._working.kill()
        ended = self._working.process.poll()
        if ended == -signal.SIGKILL:
            self._counts["kills"] += 1
            self._wake()
            self._working = self._start()
        elif ended == 0:
            self._wake()
            return self._woken is None
        elif ended is not None:
            raise RuntimeError(f"{self._setting['name']} ended with {ended}")
        elif self._stopped is not None and self._working.steps() >= 60:
            self._wake()
        return False

    def _replace_stopped(self):
        """Let a minute pass, and let another process take over."""
        self._counts["stops"] += 1
        self.end(self._woken, self._stopped)
        self._stopped, self._woken = self._working, None
        self.ahead.add(MINUTE)
        self._working = self._start()

    def _wake(self):
        if self._stopped is not None:
            self._stopped.process.send_signal(signal.SIGCONT)
            self._stopped, self._woken = None, self._stopped

    def _look_after_woken(self):
        """Let one that was woken go on for a while beside its successor."""
        if self._woken.steps() > self._woken.job["ends_at"] + 60:
            self._woken.kill()
        if self._woken.process.poll() is not None:
            self._woken = None

    def end(self, *lives):
        """End processes; all of them without a name."""
        for life in lives or (self._working, self._stopped, self._woken):
            if life is not None:
                life.kill()


class Soak:
    """The platform, its faults, and all that happens to the workers."""

    def __init__(self, sandbox, orders, folder, seed, redis):
        self._sandbox = sandbox
        self._orders = orders // WORKERS
        self._folder = Path(folder)
        self._cache = self._folder / "cache" / "cache.db"
        self._redis = redis
        self._records = redis.url if redis else str(self._folder / "orders.db")
        self._dice = random.Random(seed)
        self._total = Tally(self._folder / "total")
        self._breaks_at = 50
        self._counts = Counter(orders=self._orders * WORKERS)
        self._settings = [self._setting(f"worker{n}") for n in range(WORKERS)]

    def _setting(self, name):
        with make_session(self._sandbox) as session:
            login = Login(session).code2session(self._sandbox.js_code())
        openid, openkey = self._sandbox.hall_login(pay_return_count=10**6)
        return {
            "name": name,
            "orders": self._orders,
            "records": self._records,
            "total": str(self._folder / "total"),
            "hall_login": {"openid": openid, "openkey": openkey},
            "login": {"openid": login.openid, "session_key": login.session_key},
            **{
                place: str(self._folder / f"{name}.{place}")
                for place in ("ahead", "progress", "unknown")
            },
            "session": {
                "app_id": self._sandbox.app_id,
                "app_secret": self._sandbox.app_secret,
                "hall_app_id": self._sandbox.hall_app_id,
                "app_key": self._sandbox.app_key,
                "base_url": self._sandbox.url,
                "store": f"sqlite:///{self._cache}",
            },
        }

    def run(self):
        """Let the workers work until all orders are done with."""
        jobs = [Job(setting, self._dice, self._counts) for setting in self._settings]
        running = list(jobs)
        try:
            while running:
                time.sleep(0.02)
                self._script_faults()
                self._break_something()
                running = [job for job in running if not job.look()]
        finally:
            for job in jobs:
                job.end()

    def _break_something(self):
        """Break a store, whenever the workers have come so much further."""
        if self._total() < self._breaks_at:
            return
        self._breaks_at = self._total() + self._dice.randint(50, 300)
        breaks = [self._delete_cache, self._damage_cache, *([self._kill_redis] * bool(self._redis))]
        self._dice.choice(breaks)()

    def _delete_cache(self):
        self._cache.unlink(missing_ok=True)
        self._counts["caches deleted"] += 1

    def _kill_redis(self):
        self._redis.stop()
        self._redis.start()
        self._counts["redis killed"] += 1

    def _damage_cache(self):
        with contextlib.suppress(OSError, ValueError), self._cache.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            # Not the first page: a file that does not say whose it is, is left as it is.
            file.seek(self._dice.randrange(4096, size))
            file.write(self._dice.randbytes(200))
            self._counts["caches damaged"] += 1

    def _script_faults(self):
        # Kept to a number: were they to pile up, the last worker would meet nothing else.
        pending = requests.get(f"{self._sandbox.url}/_sandbox/faults", timeout=60).json()
        self._sandbox.script(
            *(
                {
                    **self._dice.choice(FAULTS),
                    "endpoint": self._dice.choice(ENDPOINTS),
                    "skip": self._dice.randrange(10),
                }
                for _ in range(8 - len(pending))
            )
        )

    def result(self):
        """Compare what the platform has counted with what the records say."""
        state, result = self._sandbox.state(), self._counts
        for setting in self._settings:
            counted = state["hall"][setting["hall_login"]["openid"]]["reports"]
            finished, unknown = self._ends(setting)
            result["counted"] += counted
            result["finished"] += len(finished)
            result["unknown"] += len(unknown)
            result["doubled"] += max(0, counted - len(finished) - len(unknown))
            result["lost"] += max(0, len(finished) - counted)
            result["missing"] += self._orders - len(finished | unknown)
            score = state["players"][setting["login"]["openid"]]["storage"].get("score")
            result["wrong scores"] += score != str(self._orders - 1)
        return result

    def _ends(self, setting):
        """Return the finished orders of a job, and those that are open or were said to be unknown.

        An order is open too where Redis was killed before the answer was written down.
        """
        records = open_records(self._records, Tally(setting["ahead"]))
        with make_session(self._sandbox, store=MemoryStore()) as session:
            orders = [
                order
                for order in Dawanka(session, orders=records).orders()
                if order.openid == setting["hall_login"]["openid"]
            ]
        finished = {order.order_id for order in orders if order.state == "finished"}
        still_open = {order.order_id for order in orders if order.state == "open"}
        unknown = Path(setting["unknown"])
        told = set(unknown.read_text().splitlines()) if unknown.exists() else set()
        # Another process may have found out what one could not.
        return finished, (told | still_open) - finished


def soak(orders, seed=None, *, with_redis=False):
    """Run it; return the figures."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        sandbox = stack.enter_context(Sandbox(log_size=1))
        redis = None
        if with_redis:
            redis = RedisServer(folder, "--appendonly", "yes", "--appendfsync", "always")
            redis.start()
            stack.callback(redis.stop)
        run = Soak(sandbox, orders, folder, seed, redis)
        run.run()
        return run.result()


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=20_000, help="how many in all")
    parser.add_argument("--records", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--seed", type=int, help="repeat a run's dice")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        Worker(json.load(sys.stdin)).run()
        return 0
    since = time.monotonic()
    result = soak(arguments.orders, arguments.seed, with_redis=arguments.records == "redis")
    print(*(f"{name} {count}" for name, count in result.items()), sep=", ", end=", ")
    print(f"{time.monotonic() - since:.0f} s")
    return 1 if any(result[name] for name in BAD) else 0


BAD = ("doubled", "lost", "missing", "wrong scores")


if __name__ == "__main__":
    sys.exit(main())
