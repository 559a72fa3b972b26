"""How long threads wait for a connection when there are more threads than connections."""

import threading
import time
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.peers import HALL_LOGIN, our_session
from benchmarks.platform import platform
from benchmarks.turns import percentile
from qqminigame import Dawanka

_THREADS: Final = 200
_CONNECTIONS: Final = 32
_ANSWER_SECONDS: Final = 0.03
_CALLS: Final = 10


def measure(options: Options) -> dict[str, Any]:
    """Have all threads make calls; a fair share is what each waits if none is overtaken."""
    with platform(delay=_ANSWER_SECONDS) as place:
        session = our_session(place)
        dawanka = Dawanka(session)
        dawanka.get_info(HALL_LOGIN)
        took: list[float] = []
        start = threading.Barrier(_THREADS)

        def work() -> None:
            start.wait()
            for _ in range(_CALLS):
                since = time.perf_counter()
                dawanka.get_info(HALL_LOGIN)
                took.append(time.perf_counter() - since)

        threads = [threading.Thread(target=work) for _ in range(_THREADS)]
        since = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - since
        session.close()
    # At the throughput there was, each of the threads gets its turn after so long.
    share = elapsed / len(took) * _THREADS
    return {
        "threads": _THREADS,
        "connections": _CONNECTIONS,
        "answer_ms": _ANSWER_SECONDS * 1e3,
        "share_ms": round(share * 1e3),
        "p99_ms": round(percentile(took, 99) * 1e3),
        "longest_ms": round(max(took) * 1e3),
        "p99_to_share": round(percentile(took, 99) / share, 2),
    }
