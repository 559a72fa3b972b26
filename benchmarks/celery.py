"""How many rows Celery workers store, by the number of their processes, and what memory they need.

``python -m benchmarks.celery redis://localhost:6379`` prints the table of ``docs/celery.rst``. It
needs a Redis that nobody else uses, so it is no part of ``make bench``. With ``--tasks 100000`` it
also sends so many single tasks to a worker of two processes, and says how its memory has grown.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from redis import Redis

from benchmarks.bulk import openid, session_to
from benchmarks.peers import APP_ID, SECRET
from benchmarks.platform import platform
from qqminigame import LoginState, Session, bulk

_ANSWER_SECONDS: Final = 0.03
_PROCESSES: Final = (1, 2, 4)
_APP: Final = """
import os
from celery import Celery
from qqminigame.integrations.celery import register

app = Celery("game", broker=os.environ["REDIS_URL"] + "/0")
app.conf.update(worker_prefetch_multiplier=1, task_ignore_result=True)
app.conf.broker_connection_retry_on_startup = True
app.conf.qqminigame = {"default": {
    "APP_ID": os.environ["APP_ID"],
    "APP_SECRET": os.environ["APP_SECRET"],
    "BASE_URL": os.environ["BASE_URL"],
    "STORE": os.environ["REDIS_URL"] + "/1",
}}
tasks = register(app)
"""


@contextlib.contextmanager
def worker(folder: str, processes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of the app in a folder."""
    command = [sys.executable, "-m", "celery", "-A", "measured_app", "worker"]
    with (Path(folder) / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-c", str(processes), "-l", "WARNING"], cwd=folder, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes of a worker."""
    return [int(each) for each in _proc(process.pid, f"task/{process.pid}/children").split()]


def resident_kib(pid: int) -> int:
    """Return how much memory a process has, in KiB."""
    (line,) = (each for each in _proc(pid, "status").splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1])


def _proc(pid: int, name: str) -> str:
    return (Path("/proc") / str(pid) / name).read_text()


def fill(session: Session, count: int) -> None:
    """Have the store remember the players."""
    for number in range(count):
        session.logins.remember(
            LoginState(openid=openid(number), session_key="c2Vzc2lvbl9rZXkxMjM0NQ==")
        )


def load(module: Any, session: Session, rows: int) -> float:
    """Load rows through the workers; return how many it were a second."""
    given = ((openid(number), {"score": str(number)}) for number in range(rows))
    report = bulk.load(session, given, through=module.app)
    assert report.stored == rows, report
    return rows / report.seconds


def send_tasks(module: Any, watch: Callable[[int], None], count: int) -> float:
    """Send single tasks, a few hundred ahead of the workers; return how many ran a second."""
    queue = module.app.conf.task_default_queue
    with Redis.from_url(module.app.conf.broker_url) as broker:
        since = time.monotonic()
        for number in range(count):
            module.tasks.store_scores.delay(openid(number % 100), {"score": str(number)})
            if number % 200 == 0:
                _wait_while(lambda: broker.llen(queue) > 400)
                watch(number)
        _wait_while(lambda: broker.llen(queue) > 0)
    return count / (time.monotonic() - since)


def _wait_while(is_so: Callable[[], bool]) -> None:
    while is_so():
        time.sleep(0.02)  # nothing tells when it changes


def measure(redis_url: str, folder: str, rows: int, tasks: int) -> Iterator[str]:
    """Yield the lines of the table, and then a line about the single tasks."""
    with (
        platform(delay=_ANSWER_SECONDS) as place,
        session_to(place.url, f"{redis_url}/1") as session,
    ):
        os.environ.update(_environment(redis_url, place.url))
        module = import_module("measured_app")
        fill(session, rows)
        for processes in _PROCESSES:
            with worker(folder, processes) as running:
                load(module, session, 200)  # until all of them are there
                speed = load(module, session, rows)
                memory = max(map(resident_kib, children(running))) / 1024
            yield f"{processes:<9}  {speed:>13.0f}  {memory:>17.0f} MiB"
        if tasks:
            yield from _single(module, folder, tasks)


def _single(module: Any, folder: str, tasks: int) -> Iterator[str]:
    seen: list[int] = []
    with worker(folder, 2) as running:

        def watch(number: int) -> None:
            if number >= tasks // 10:
                seen.append(max(map(resident_kib, children(running))))

        _wait_while(lambda: len(children(running)) < 2)
        speed = send_tasks(module, watch, tasks)
    yield (
        f"{tasks} single tasks, 2 processes: {speed:.0f} a second, "
        f"{seen[0]} KiB after a tenth, {seen[-1]} KiB at the end"
    )


def _environment(redis_url: str, address: str) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url,
        "BASE_URL": address,
        "APP_ID": APP_ID,
        "APP_SECRET": SECRET,
        "PYTHONPATH": os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")])),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("redis", help="such as redis://localhost:6379")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "measured_app.py").write_text(_APP)
        sys.path.insert(0, folder)
        print("processes  rows a second  memory of each one")
        for line in measure(given.redis, folder, given.rows, given.tasks):
            print(line, flush=True)


if __name__ == "__main__":
    main()
