"""How much many threads get done on one session, beside a bare session for each of them."""

import statistics
import threading
from collections.abc import Callable
from typing import Any, Final

from benchmarks.calls import connect
from benchmarks.options import Options
from benchmarks.peers import OurSet, RequestsPost
from benchmarks.platform import platform
from benchmarks.turns import in_turns, median_ratio, repeated

_THREADS: Final = 16


def measure(options: Options) -> dict[str, Any]:
    """Measure both in turns, on the clock."""
    each = max(1, options.calls // 2)
    with platform() as place:
        ours = connect(place, OurSet)
        bare = [connect(place, RequestsPost) for _ in range(_THREADS)]
        works = {
            "bare": together([repeated(peer.call, each) for peer in bare]),
            "ours": together([repeated(ours.call, each)] * _THREADS),
        }
        for work in works.values():
            work()
        spent = in_turns(works, options.rounds)
        for peer in (ours, *bare):
            peer.close()
    walls = {name: [turn.wall for turn in turns] for name, turns in spent.items()}
    rates = {
        name: round(_THREADS * each / statistics.median(walls[name])) for name in ("bare", "ours")
    }
    return {
        "threads": _THREADS,
        "ours_per_second": rates["ours"],
        "bare_per_second": rates["bare"],
        "ratio": round(median_ratio(walls["bare"], walls["ours"]), 2),
    }


def together(works: list[Callable[[], None]]) -> Callable[[], None]:
    """Return what runs the works at once, each in a thread, and ends with the last.

    What a work raises is raised, so that a failure is not taken for speed.
    """

    def run() -> None:
        failures: list[Exception] = []
        threads = [threading.Thread(target=_guarded, args=(work, failures)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    return run


def _guarded(work: Callable[[], None], failures: list[Exception]) -> None:
    try:
        work()
    except Exception as failure:
        failures.append(failure)
