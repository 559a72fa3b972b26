"""What the local checks cost, and that a refused call costs no connection."""

import contextlib
import json
import statistics
from collections.abc import Callable
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.peers import LOGIN, our_session
from benchmarks.platform import platform
from benchmarks.turns import in_turns, median_ratio, repeated
from qqminigame import CloudStorage, InvalidArgumentError, validation
from qqminigame.limits import MAX_PAIR_BYTES, MAX_PAIRS
from qqminigame.platforms.qq import QQ

_FILLINGS: Final = {"ascii": "x", "chinese": "分"}


def measure(options: Options) -> dict[str, Any]:
    """Compare checking the largest call with making its JSON; then make calls that are refused."""
    return {
        **{name: _ratio(largest(filling), options) for name, filling in _FILLINGS.items()},
        "refused": _refused(options.calls),
    }


def largest(filling: str) -> dict[str, str]:
    """Return as many pairs as a call may have, each as long as it may be."""
    keys = [f"key{number:03}" for number in range(MAX_PAIRS)]
    size = len(filling.encode())
    count, rest = divmod(MAX_PAIR_BYTES - len(keys[0]), size)
    return dict.fromkeys(keys, filling * count + "x" * rest)


def _ratio(pairs: dict[str, str], options: Options) -> dict[str, float]:
    payload = {"kv_list": [{"key": key, "value": value} for key, value in pairs.items()]}
    works: dict[str, Callable[[], object]] = {
        "json": lambda: json.dumps(payload),
        "unescaped": lambda: json.dumps(payload, ensure_ascii=False),
        "checks": lambda: _check(pairs),
    }
    _check(pairs)
    spent = in_turns(
        {name: repeated(work, options.calls) for name, work in works.items()}, options.rounds
    )
    cpu = {name: [turn.cpu for turn in turns] for name, turns in spent.items()}
    return {
        "checks_us": round(statistics.median(cpu["checks"]) / options.calls * 1e6, 1),
        "json_us": round(statistics.median(cpu["json"]) / options.calls * 1e6, 1),
        "unescaped_us": round(statistics.median(cpu["unescaped"]) / options.calls * 1e6, 1),
        "ratio": round(median_ratio(cpu["checks"], cpu["json"]), 3),
    }


def _check(pairs: dict[str, str]) -> None:
    """Check what CloudStorage.set checks."""
    problems: validation.Problems = []
    validation.check_login(LOGIN, problems)
    validation.check_kv(pairs, QQ.storage, problems)
    validation.refuse("CloudStorage.set", problems)


def _refused(count: int) -> dict[str, int]:
    """Make calls that break a limit; return how many there were and what the platform saw."""
    refused = 0
    with platform() as place, our_session(place) as session:
        storage = CloudStorage(session)
        for _ in range(count):
            with contextlib.suppress(InvalidArgumentError):
                storage.set(LOGIN, {"k" * 129: "1"})
                continue
            refused += 1
        connections = place.counts().get("connections", 0)
    return {"calls": refused, "connections": connections}
