"""How fast scores of many players are written, beside the script that most people would write.

``python -m benchmarks.bulk NAME URL STORE ROWS`` writes so many rows in one of the ways and says in
one line of JSON what it took; each runs in a process of its own, for its peak of memory.
"""

import contextlib
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.peers import APP_ID, SECRET, SET_PATH
from benchmarks.platform import platform
from qqminigame import CloudStorage, LoginState, Session, bulk

_ANSWER_SECONDS: Final = 0.03
_STATUS: Final = Path("/proc/self/status")
_THREADS: Final = 64
LOADED: Final = f"bulk.load, {_THREADS} threads"

Rows = Iterable[tuple[str, dict[str, str]]]


def measure(options: Options) -> dict[str, Any]:
    """Write the rows in each way, on a platform that takes its time to answer."""
    if not _STATUS.exists():
        return {"skipped": f"this system has no {_STATUS}"}
    rows = []
    with tempfile.TemporaryDirectory() as folder, platform(delay=_ANSWER_SECONDS) as place:
        store = f"sqlite:///{folder}/store.db"
        fill(store, place.url, options.rows)
        sent = 0
        for name in WAYS:
            rows.append({"name": name, **_run(name, place.url, store, options.rows)})
            before, sent = sent, place.counts()[SET_PATH]
            assert sent - before == options.rows, "a row was not sent, or sent twice"
    obvious = rows[0]
    for row in rows:
        row["speed_ratio"] = round(row["per_second"] / obvious["per_second"], 2)
        row["cpu_ratio"] = round(row["cpu_us"] / obvious["cpu_us"], 2)
    return {"rows": rows, "count": options.rows, "answer_ms": _ANSWER_SECONDS * 1e3}


def obvious(session: Session, rows: Rows, folder: str) -> None:
    """Write them as most people would: all at once into a pool of threads."""
    storage = CloudStorage(session)
    with ThreadPoolExecutor(32) as pool:
        futures = [pool.submit(storage.set, openid, kv) for openid, kv in rows]
        for future in futures:
            future.result()


def loaded(session: Session, rows: Rows, folder: str) -> None:
    """Write them with a journal."""
    _load(session, rows, folder, workers=_THREADS)


def loaded_by_two(session: Session, rows: Rows, folder: str) -> None:
    """The same in two processes."""
    _load(session, rows, folder, workers=_THREADS // 2, processes=2)


def _load(session: Session, rows: Rows, folder: str, **options: Any) -> None:
    files = {"journal": f"{folder}/journal.db", "failures": f"{folder}/failures.ndjson"}
    report = bulk.load(session, rows, **files, **options)
    assert report.failed == 0
    assert report.stopped_because is None


WAYS: Final[dict[str, Callable[[Session, Rows, str], None]]] = {
    "ThreadPoolExecutor(32), all at once": obvious,
    LOADED: loaded,
    "bulk.load, 2 processes": loaded_by_two,
}


def openid(number: int) -> str:
    """Return a player."""
    return f"{number:032X}"


def session_to(url: str, store: str) -> Session:
    """Return a session with a connection for each thread."""
    return Session(APP_ID, app_secret=SECRET, base_url=url, store=store, pool_size=_THREADS)


def fill(store: str, url: str, count: int) -> None:
    """Put the players' logins into a store, behind its back, which is much faster."""
    with session_to(url, store) as session:
        first = openid(0)
        session.logins.remember(LoginState(openid=first, session_key="c2Vzc2lvbl9rZXkxMjM0NQ=="))
    path = store.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        ((key, text),) = connection.execute("SELECT key, text FROM texts")
        connection.executemany(
            "INSERT INTO texts VALUES (?, ?, NULL)",
            (
                (key.replace(first, openid(number)), text.replace(first, openid(number)))
                for number in range(1, count)
            ),
        )


def _rows(count: int) -> Iterator[tuple[str, dict[str, str]]]:
    for number in range(count):
        yield openid(number), {"score": str(number), "gold": "3000"}


def _run(name: str, url: str, store: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bulk", name, url, store, str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _main(name: str, url: str, store: str, count: int) -> dict[str, float]:
    with session_to(url, store) as session, tempfile.TemporaryDirectory() as folder:
        since = time.perf_counter()
        WAYS[name](session, _rows(count), folder)
        seconds = time.perf_counter() - since
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return {
        "per_second": round(count / seconds),
        "cpu_us": round(cpu / count * 1e6),
        "peak_mib": round(_peak_kib() / 1024, 1),
    }


def _peak_kib() -> int:
    (line,) = (each for each in _STATUS.read_text().splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1])


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:4], int(sys.argv[4]))))
