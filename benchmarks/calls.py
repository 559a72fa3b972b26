"""What a call costs, beside its peers."""

import importlib.util
import statistics
from collections import Counter
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.peers import (
    PEERS,
    Peer,
    RequestsGetWithoutEnvironment,
    RequestsPostWithoutEnvironment,
    Urllib3,
)
from benchmarks.platform import Platform, platform
from benchmarks.turns import Spent, in_turns, median_ratio, repeated

_WARM_UP: Final = 20
# What else a peer is compared with, where there is one for its task.
_RIVALS: Final = {
    "to_pool": Urllib3,
    "to_plain": (RequestsPostWithoutEnvironment, RequestsGetWithoutEnvironment),
}


def measure(options: Options, *, tls: bool) -> dict[str, Any]:
    """Measure all peers in one run; ratios are of CPU time, to the first peer of the same task."""
    with platform(tls=tls) as place:
        peers = [peer(place) for peer in PEERS if not _missing(peer)]
        before = Counter(place.counts())
        for peer in peers:
            repeated(peer.call, _WARM_UP)()
        works = {peer.name: repeated(peer.call, options.calls) for peer in peers}
        spent = in_turns(works, options.rounds)
        answered = Counter(place.counts()) - before
        for peer in peers:
            peer.close()
    rows = []
    for peer in peers:
        turns = spent[peer.name]
        cpu = [turn.cpu for turn in turns]
        rivals = [each for each in peers if each.task == peer.task]
        rows.append(
            {
                "name": peer.name,
                "path": peer.path,
                "task": peer.task,
                "cpu_us": round(statistics.median(cpu) / options.calls * 1e6, 1),
                "wall_us": round(
                    statistics.median(turn.wall for turn in turns) / options.calls * 1e6, 1
                ),
                "ratio": _ratio(cpu, spent, rivals[0]),
                **{
                    word: _ratio(cpu, spent, rival)
                    for word, kind in _RIVALS.items()
                    for rival in rivals
                    if isinstance(rival, kind)
                },
            }
        )
    return {
        "rows": rows,
        "not_installed": [peer.package for peer in PEERS if _missing(peer)],
        "calls_of_a_peer": _WARM_UP + options.calls * options.rounds,
        "answered": {peer.path: answered[peer.path] for peer in peers},
    }


def _ratio(cpu: list[float], spent: dict[str, list[Spent]], rival: Peer) -> float:
    return round(median_ratio(cpu, [turn.cpu for turn in spent[rival.name]]), 3)


def _missing(peer: type[Peer]) -> bool:
    return bool(peer.package) and importlib.util.find_spec(peer.package) is None


def connect(place: Platform, peer: type[Peer]) -> Peer:
    """Return a peer that has its connection and has run warm."""
    made = peer(place)
    repeated(made.call, _WARM_UP)()
    return made
