"""Where the time of one signed call goes: its steps, timed in the real code as it runs."""

import contextlib
import functools
import importlib
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import mock

from attrs import field, frozen

from benchmarks.options import Options
from benchmarks.peers import OurSet
from benchmarks.platform import platform
from benchmarks.turns import repeated

_clock = time.thread_time


@frozen
class Step:
    """A step of the call, and the functions that do it.

    Attributes:
        label: What the table calls it.
        depth: How many steps it is within.
        functions: ``module:attribute`` of each, where the caller looks it up.
    """

    label: str
    depth: int
    functions: tuple[str, ...]


# Whoever renames a function mends its row here; the test names the row.
STEPS: Final = (
    Step("CloudStorage.set", 0, ("qqminigame.cloud_storage:CloudStorage.set",)),
    Step(
        "validate",
        1,
        (
            "qqminigame.validation:check_login",
            "qqminigame.validation:check_kv",
            "qqminigame.validation:refuse",
        ),
    ),
    Step("access token", 1, ("qqminigame.tokens:AccessTokens.get",)),
    Step("build the request", 1, ("qqminigame.wire:login_state_request",)),
    Step("write the JSON", 2, ("qqminigame.wire:_json_bytes",)),
    Step("sign", 2, ("qqminigame.wire:sign_body",)),
    Step("send", 1, ("qqminigame.transport:Transport.send",)),
    Step("requests", 2, ("requests.sessions:Session.send",)),
    Step("the connection", 3, ("qqminigame.connections:Connection.exchange",)),
    Step("the answer's head", 4, ("qqminigame.connections:Answer.begin",)),
    Step("the kernel: send", 4, ("socket:socket.sendall",)),
    Step("the kernel: receive", 4, ("socket:socket.recv_into",)),
    Step("decode the answer", 1, ("qqminigame.wire:decode_reply",)),
)


@frozen
class Stopwatch:
    """Adds up what wrapped functions take, free of what the wrapping takes.

    Attributes:
        inside: What a wrapper adds to its own figure.
        around: What a wrapper adds to that of the function around it.
        seconds: What each label took.
        own: The same without what other labels took within it.
        times: How often each ran.
    """

    inside: float = 0.0
    around: float = 0.0
    seconds: dict[str, float] = field(factory=lambda: defaultdict(float))
    own: dict[str, float] = field(factory=lambda: defaultdict(float))
    times: dict[str, int] = field(factory=lambda: defaultdict(int))
    _open: list[list[float]] = field(factory=lambda: [[0.0, 0.0]])

    def wrap(self, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same and is timed."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            self._open.append([0.0, 0.0])
            since = _clock()
            try:
                return function(*arguments, **named)
            finally:
                spent = _clock() - since
                wrappers, within = self._open.pop()
                net = spent - self.inside - wrappers * self.around
                self.seconds[label] += net
                self.own[label] += net - within
                self.times[label] += 1
                outer = self._open[-1]
                outer[0] += wrappers + 1
                outer[1] += net

        return timed


def calibrated() -> Stopwatch:
    """Return a stopwatch that knows what its wrappers take."""
    count = 20_000

    def nothing() -> None:
        """Do nothing."""

    trials = []
    for _ in range(5):
        watch = Stopwatch()
        timed = watch.wrap("nothing", nothing)
        since = _clock()
        repeated(nothing, count)()
        between = _clock()
        repeated(timed, count)()
        bare = (between - since) / count
        trials.append(
            (watch.seconds["nothing"] / count - bare, (_clock() - between) / count - bare)
        )
    inside, around = (statistics.median(each) for each in zip(*trials, strict=True))
    return Stopwatch(max(inside, 0.0), max(around, 0.0))


def measure(options: Options) -> dict[str, Any]:
    """Time the steps of many calls on the processors; the median over the rounds."""
    rounds = []
    with platform() as place:
        peer = OurSet(place)
        repeated(peer.call, 50)()
        for _ in range(options.rounds):
            watch = calibrated()
            with timed_steps(watch):
                repeated(peer.call, options.calls)()
            rounds.append(watch)
        peer.close()
    return {"calls": options.calls, "rows": _rows(rounds, options.calls)}


@contextlib.contextmanager
def timed_steps(watch: Stopwatch) -> Iterator[None]:
    """While the block runs, the steps' functions are timed."""
    with contextlib.ExitStack() as stack:
        for step in STEPS:
            for owner, name in filter(None, map(found, step.functions)):
                timed = watch.wrap(step.label, getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, timed))
        yield


def found(function: str) -> tuple[Any, str] | None:
    """Return the owner of a function and its name there; None where there is no such function."""
    module, _, path = function.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in owners:
        owner = getattr(owner, each, None)
    return (owner, name) if hasattr(owner, name) else None


def _rows(rounds: list[Stopwatch], calls: int) -> list[dict[str, Any]]:
    """Return the steps that were taken, in order, each with what is left of it unnamed."""
    taken = [step for step in STEPS if rounds[0].times[step.label]]
    whole = statistics.median(watch.seconds[taken[0].label] for watch in rounds)
    rows = []
    for number, step in enumerate(taken):
        seconds = statistics.median(watch.seconds[step.label] for watch in rounds)
        rows.append(_row(step.label, step.depth, seconds, whole, calls))
        following = taken[number + 1] if number + 1 < len(taken) else step
        if following.depth > step.depth:
            own = statistics.median(watch.own[step.label] for watch in rounds)
            rows.append(_row("(the rest of it)", step.depth + 1, own, whole, calls))
    return rows


def _row(label: str, depth: int, seconds: float, whole: float, calls: int) -> dict[str, Any]:
    return {
        "label": label,
        "depth": depth,
        "us": round(seconds / calls * 1e6, 1),
        "percent": round(100 * seconds / whole, 1),
    }
