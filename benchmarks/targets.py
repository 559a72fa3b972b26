"""What the figures are to be."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from attrs import frozen

from benchmarks.bulk import LOADED
from benchmarks.peers import OurInfo, OurSet
from benchmarks.stores import SIZES


@frozen
class Target:
    """A bound for one figure.

    Attributes:
        words: What is bounded.
        path: Where the figure stands among the results; a name among rows names one of them.
        limit: The bound.
        unit: What the figure counts; empty for a ratio.
        kind: Whether the figure has to be at most or at least the bound.
    """

    words: str
    path: tuple[str, ...]
    limit: float
    unit: str = ""
    kind: Literal["≤", "≥"] = "≤"

    def judged(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """Return the target beside its figure; the figure is None where it was not measured."""
        figure = _figure(figures, self.path)
        met = None
        if figure is not None:
            met = figure <= self.limit if self.kind == "≤" else figure >= self.limit
        return {
            "target": self.words,
            "limit": self.limit,
            "kind": self.kind,
            "unit": self.unit,
            "figure": figure,
            "met": met,
        }


def _sqlite(size: int) -> tuple[str, ...]:
    return "stores", f"SQLite, {size:,} logins"


TARGETS: Final = (
    *(
        Target(f"{words} / {rival}{over}", (kind, peer.name, ratio), limit)
        for kind, over in (("http", ""), ("tls", ", TLS"))
        for words, peer in (("CloudStorage.set", OurSet), ("Dawanka.get_info", OurInfo))
        for ratio, rival, limit in (
            ("ratio", "bare requests", 0.45),
            ("to_pool", "bare urllib3", 1.0),
            ("to_plain", "requests without environment", 0.60),
        )
    ),
    Target("p99 of a call / its median", ("latency", OurSet.name, "p99_to_p50"), 2.0),
    Target("16 threads on one session / 16 bare sessions", ("threads", "ratio"), 1.0, "", "≥"),
    Target("import CloudStorage and Session, after requests", ("imports", "extra_ms"), 60.0, "ms"),
    Target("200 threads on 32 connections: p99 / fair share", ("waiting", "p99_to_share"), 1.6),
    Target("memory's growth over the long run", ("memory", "growth_kib"), 1024.0, "KiB"),
    Target("checks of the largest call / its json.dumps", ("checks", "ascii", "ratio"), 0.5),
    Target("the same with Chinese values", ("checks", "chinese", "ratio"), 0.5),
    Target("read of a cached token / bare post", ("tokens", "read_to_post"), 0.01),
    *(
        target
        for size in SIZES
        for target in (
            Target(f"remember, {size:,} logins", (*_sqlite(size), "remember_ms"), 2.0, "ms"),
            Target(f"find, {size:,} logins", (*_sqlite(size), "find_us"), 60.0, "µs"),
            Target(
                f"find_many, {size:,} logins, each", (*_sqlite(size), "find_many_us"), 10.0, "µs"
            ),
        )
    ),
    Target("finds of 64 threads", ("stores", "finds_per_second"), 20_000, "a second", "≥"),
    Target(
        "rows/s of bulk.load / the obvious script", ("bulk", LOADED, "speed_ratio"), 3.0, "", "≥"
    ),
    Target("CPU of a row of bulk.load / the script's", ("bulk", LOADED, "cpu_ratio"), 0.6),
    Target("peak memory of bulk.load", ("bulk", LOADED, "peak_mib"), 64.0, "MiB"),
    Target("connections of refused calls", ("checks", "refused", "connections"), 0.0),
)


def _figure(figures: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    """Return the figure at a path; None where there is none."""
    found: Any = figures
    for name in path:
        rows = {row["name"]: row for row in found.get("rows", [])}
        found = found.get(name, rows.get(name))
        if found is None:
            return None
    number: float = found
    return number
