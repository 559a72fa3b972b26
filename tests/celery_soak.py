"""A bulk load and bonus reports through Celery, while workers are killed and the broker restarts.

``python tests/celery_soak.py --players 20000 --orders 2000`` loads a row for each player and
reports each order, over two workers of four processes, on a platform that is busy, resets
connections and is slow at random. Every few seconds a worker, or one of its processes, is killed
with SIGKILL; once the redis-server, which is broker, store and record of orders, is killed and
started again.

In the end every row has to be stored, every order has to be counted once, and no second has to have
seen more than 5 % more calls than were allowed.
"""

import argparse
import contextlib
import gc
import math
import os
import random
import signal
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from celery_workers import Game
from fault_scripts import scattered
from redis_server import RedisServer
from sessions import js_code

from qqminigame import HallLogin, Login, bulk
from qqminigame.sandbox import Sandbox

# As many threads as it takes: with more, calls that were held up come in larger crowds.
WORKERS, PROCESSES, THREADS = 2, 4, 4
STORAGE = "set_user_storage"
REPORT = "report_dawanka_pay"
# Of a hundred calls, two are answered with "busy", one gets no answer, one a slow one.
_EVERY = 25
FAULTS = (
    {"kind": "busy"},
    {"kind": "busy"},
    {"kind": "reset_after"},
    {"kind": "delay", "seconds": 0.5},
)
# In a stream of hundreds of calls a second, there is no such gap.
_GAP_SECONDS = 0.1
# So that there are kills while orders are reported.
_ORDER_SECONDS = 0.02
# Longer than the broker takes to deliver again what a worker that was killed had.
_PATIENCE_SECONDS = 40.0
BAD = ("lost", "wrong", "not counted", "doubled", "left open", "over the limit", "failed")


class Chaos:
    """Kills workers and their processes now and then, and the broker once.

    Args:
        game: Has the workers.
        broker: The redis-server.
        dice: Chooses.
        seconds: The time between two kills.
    """

    def __init__(self, game, broker, dice, seconds):
        self._game, self._broker, self._dice, self._seconds = game, broker, dice, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.kills = self.restarts = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.wait(self._seconds):
            number = self._dice.randrange(WORKERS)
            if self.kills == 2 and not self.restarts:
                self.restarts += 1
                self._broker.stop()
                self._over.wait(1.0)
                self._broker.start()
            elif self.kills % 2:
                self._game.kill(number)
                self._game.restart(number, PROCESSES)
            else:
                children = self._game.children(number)
                with contextlib.suppress(ProcessLookupError, IndexError):
                    os.kill(self._dice.choice(children), signal.SIGKILL)
            self.kills += 1


def busiest_second(times):
    """Return how many calls there were in the busiest second."""
    ordered = sorted(times)
    return max(
        (number + 1 - bisect_left(ordered, each - 1.0) for number, each in enumerate(ordered)),
        default=0,
    )


def most_ahead(times, per_second):
    """Return how many calls more than allowed there were at most, over any span of time.

    The sandbox is in this process, which stands still while it starts a worker. Calls that came
    meanwhile are seen together afterwards: they may fill the gap that they have left.
    """
    level = most = 0.0
    for before, after in pairwise(sorted(times)):
        gap = after - before
        floor = -math.inf if gap > _GAP_SECONDS else min(level, 0.0)
        level = max(floor, level - gap * per_second) + 1
        most = max(most, level)
    return round(most)


@contextlib.contextmanager
def no_collections():
    """Let this process go on without a pause, for the platform is in it.

    For a full collection it would stand still for a tenth of a second, and what came meanwhile
    would be seen together afterwards.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def load(game, sandbox, chaos, dice, players, per_second, folder):
    """Load a row for each player; return the figures."""
    openids = [f"player-{number}" for number in range(players)]
    login = Login(game.session)
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(lambda each: login.code2session(js_code(game.session, sandbox, each)), openids)
        )
    sandbox.script(*scattered(dice, FAULTS, STORAGE, players, _EVERY))
    rows = ((openid, {"score": openid}) for openid in openids)
    with chaos, no_collections():
        report = bulk.load(
            game.session,
            rows,
            through=game.app,
            journal=folder / "journal.db",
            failures=folder / "failures.ndjson",
            per_second=per_second,
            workers=THREADS,
        )
    found = sandbox.state()["players"]
    storages = [found[openid]["storage"] for openid in openids]
    times = [each["time"] for each in sandbox.log() if each["path"].endswith(STORAGE)]
    ahead = most_ahead(times, per_second)
    return {
        "players": players,
        "stored": report.stored,
        "failed": report.failed,
        "lost": storages.count({}),
        "wrong": sum(
            bool(found) and found != {"score": openid}
            for openid, found in zip(openids, storages, strict=True)
        ),
        "calls": len(times),
        "busiest second": busiest_second(times),
        "most ahead": ahead,
        "over the limit": max(0, ahead - round(per_second * 0.05)),
        "token fetches": sandbox.state()["token_fetches"],
        "kills": chaos.kills,
        "broker restarts": chaos.restarts,
        "seconds": round(report.seconds),
        "stopped because": report.stopped_because,
    }


def report(game, sandbox, chaos, dice, orders):
    """Report an order for each of as many players; return the figures."""
    halls = [sandbox.hall_login(level=1, pay_return_count=3) for _ in range(orders)]
    logins = {
        f"order-{number}": HallLogin(openid=openid, openkey=openkey)
        for number, (openid, openkey) in enumerate(halls)
    }
    sandbox.script(*scattered(dice, FAULTS, REPORT, orders, _EVERY))
    since = time.monotonic()
    with chaos:
        sent = {}
        for order_id, login in logins.items():
            sent[order_id] = post(game, login, order_id)
            time.sleep(_ORDER_SECONDS)  # the pace of the orders
        again = send_again(game, logins, sent)
    left = settle(game, logins)
    counted = [each["reports"] for each in sandbox.state()["hall"].values()]
    return {
        "orders": orders,
        "counted": sum(counted),
        "not counted": counted.count(0),
        "doubled": sum(each > 1 for each in counted),
        "left open": left,
        "sent again": again,
        "kills": chaos.kills,
        "broker restarts": chaos.restarts,
        "seconds": round(time.monotonic() - since),
    }


def post(game, login, order_id):
    """Send a task, as often as it takes for the broker to have it."""
    while True:
        try:
            return game.tasks.report_pay.delay(login.openid, login.openkey, order_id)
        except game.tasks.report_pay.OperationalError:
            time.sleep(0.2)  # until the broker is there again


def send_again(game, logins, sent):
    """Wait for all results, as a game does; send again what has none for a while.

    A broker that is killed may lose what was just on its way, a task or its result: it costs
    nothing to send a task again. The results stay in ``sent``: Celery complains of one that is
    dropped while its backend is away.
    """
    count, heard_at = 0, time.monotonic()
    ends, waiting = heard_at + 600, set(sent)
    while waiting and time.monotonic() < ends:
        time.sleep(0.5)  # as a game looks now and then
        # The broker may be away, and its connections broken.
        with contextlib.suppress(Exception):
            ready = {order_id for order_id in waiting if sent[order_id].ready()}
            heard_at = time.monotonic() if ready else heard_at
            waiting -= ready
        if waiting and time.monotonic() > heard_at + _PATIENCE_SECONDS:
            count += len(waiting)
            heard_at = time.monotonic()
            sent |= {order_id: post(game, logins[order_id], order_id) for order_id in waiting}
    return count


def settle(game, logins):
    """Have due orders settled, and report again those not counted; return what is left."""
    ends = time.monotonic() + 240
    while time.monotonic() < ends and next(game.dawanka.orders("open"), None):
        for order_id in game.tasks.settle_due.delay().get(timeout=60)["not_counted"]:
            game.tasks.report_pay.delay(*_arguments(logins, order_id)).get(timeout=60)
        time.sleep(1.0)  # orders come due by the clock of the records
    return len(list(game.dawanka.orders("open")))


def _arguments(logins, order_id):
    login = logins[order_id]
    return login.openid, login.openkey, order_id


def soak(players, orders, *, per_second=300.0, seconds=4.0, seed=None):
    """Run it; return the figures of the load and of the orders."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, Sandbox(log_size=players * 2 + 1000) as sandbox:
        folder = Path(name)
        # What the broker has said it keeps, it keeps.
        broker = RedisServer(folder, "--appendonly", "yes", "--appendfsync", "always")
        broker.start()
        game = Game(folder, sandbox, broker, visible=20)
        try:
            for _ in range(WORKERS):
                game.start(PROCESSES)
            chaos = Chaos(game, broker, dice, seconds)
            loaded = load(game, sandbox, chaos, dice, players, per_second, folder)
            chaos = Chaos(game, broker, dice, seconds)
            return loaded, report(game, sandbox, chaos, dice, orders)
        finally:
            game.stop()
            broker.stop()


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--players", type=int, default=20_000)
    parser.add_argument("--orders", type=int, default=2_000)
    parser.add_argument("--per-second", type=float, default=300.0)
    parser.add_argument("--seconds", type=float, default=4.0, help="between two kills")
    parser.add_argument("--seed", type=int, help="repeat a run's dice")
    given = parser.parse_args()
    results = soak(
        given.players,
        given.orders,
        per_second=given.per_second,
        seconds=given.seconds,
        seed=given.seed,
    )
    for result in results:
        print(*(f"{name} {figure}" for name, figure in result.items()), sep=", ")
    is_bad = any(result.get(name) for result in results for name in BAD)
    return 1 if is_bad or results[0]["token fetches"] > 2 else 0


if __name__ == "__main__":
    sys.exit(main())
