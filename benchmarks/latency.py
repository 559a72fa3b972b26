"""How even the calls are: the median and the 99th of a hundred, on the clock."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.calls import connect
from benchmarks.options import Options
from benchmarks.peers import OurInfo, OurSet, RequestsPost
from benchmarks.platform import platform
from benchmarks.turns import percentile


def measure(options: Options) -> dict[str, Any]:
    """Time every call; the median over the rounds of each round's figures."""
    with platform() as place:
        peers = [connect(place, peer) for peer in (OurSet, OurInfo, RequestsPost)]
        rounds = [
            {peer.name: _seconds(peer.call, options.calls * 10) for peer in peers}
            for _ in range(options.rounds)
        ]
        for peer in peers:
            peer.close()
    rows = []
    for peer in peers:
        halves = [percentile(times[peer.name], 50) for times in rounds]
        tails = [percentile(times[peer.name], 99) for times in rounds]
        ratios = [tail / half for tail, half in zip(tails, halves, strict=True)]
        rows.append(
            {
                "name": peer.name,
                "p50_us": round(statistics.median(halves) * 1e6, 1),
                "p99_us": round(statistics.median(tails) * 1e6, 1),
                "p99_to_p50": round(statistics.median(ratios), 2),
            }
        )
    return {"rows": rows}


def _seconds(call: Callable[[], object], count: int) -> list[float]:
    """Return what each of so many calls took."""
    taken = []
    for _ in range(count):
        since = time.perf_counter()
        call()
        taken.append(time.perf_counter() - since)
    return taken
