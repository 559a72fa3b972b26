"""What the figures are to be."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from attrs import frozen

from benchmarks.peers import OurInfo, OurSet


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


TARGETS: Final = (
    Target("CloudStorage.set / bare requests post", ("http", OurSet.name, "ratio"), 0.5),
    Target("Dawanka.get_info / bare requests get", ("http", OurInfo.name, "ratio"), 0.5),
    Target("CloudStorage.set / bare requests post, TLS", ("tls", OurSet.name, "ratio"), 0.5),
    Target("Dawanka.get_info / bare requests get, TLS", ("tls", OurInfo.name, "ratio"), 0.5),
    Target("p99 of a call / its median", ("latency", OurSet.name, "p99_to_p50"), 2.0),
    Target("16 threads on one session / 16 bare sessions", ("threads", "ratio"), 1.0, "", "≥"),
    Target("import qqminigame, after requests", ("imports", "extra_ms"), 15.0, "ms"),
    Target("memory's growth over the long run", ("memory", "growth_kib"), 1024.0, "KiB"),
    Target("checks of the largest call / its json.dumps", ("checks", "ascii", "ratio"), 0.5),
    Target("the same with Chinese values", ("checks", "chinese", "ratio"), 0.5),
    Target("read of a cached token / bare post", ("tokens", "read_to_post"), 0.01),
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
