"""Things that are compared take turns, so that what disturbs the machine disturbs all of them."""

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen


@frozen
class Spent:
    """What one turn took, in seconds.

    Attributes:
        cpu: Of this process on the processors, system calls included.
        wall: On the clock.
    """

    cpu: float
    wall: float


def in_turns(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Spent]]:
    """Let each work have its turn in each round, and return what the turns took.

    Who begins changes with the round. The garbage collector stays on, as users have it; it runs
    before each turn, so that none pays for another's garbage.
    """
    names = list(works)
    spent: dict[str, list[Spent]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            works[name]()
            turn = Spent(time.process_time() - cpu, time.perf_counter() - wall)
            spent[name].append(turn)
    return spent


def repeated(work: Callable[[], object], count: int) -> Callable[[], None]:
    """Return what does a work so often."""

    def repeat() -> None:
        for _ in range(count):
            work()

    return repeat


def median_ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """Return the median of the ratios within each round."""
    return statistics.median(one / other for one, other in zip(these, those, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]
