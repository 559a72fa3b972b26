"""The picture: a bar for each peer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_OURS: Final = "#c2410c"
_OTHERS: Final = "#94a3b8"


def draw(results: Mapping[str, Any], file: Path) -> None:
    """Draw what a call costs with each peer, as SVG; the same results give the same file."""
    # It takes half a second, and most who import this draw nothing.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figures = results["figures"]
    kinds = [kind for kind in ("http", "tls") if "rows" in figures[kind]]
    style: Any = {
        "svg.hashsalt": "qqminigame",  # ids are random without
        "svg.fonttype": "none",  # text stays text
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(11, 3.8), layout="constrained")
        for number, kind in enumerate(kinds, 1):
            axes = figure.add_subplot(1, len(kinds), number)
            _bars(axes, figures[kind]["rows"], labels=number == 1)
            axes.set_title({"http": "over HTTP", "tls": "over TLS"}[kind], fontsize=10)
            axes.set_xlabel("µs of CPU time for a call")
        figure.suptitle("One call: less is better", fontsize=11)
        figure.savefig(file, metadata={"Date": None, "Creator": None})


def _bars(axes: Any, rows: list[dict[str, Any]], *, labels: bool) -> None:
    names = [row["name"] for row in rows]
    colours = [_OURS if name.startswith("qqminigame") else _OTHERS for name in names]
    bars = axes.barh(names, [row["cpu_us"] for row in rows], color=colours)
    texts = [f" {row['cpu_us']:.0f}  ({row['ratio']:.2f})" for row in rows]
    axes.bar_label(bars, texts, fontsize=9)
    axes.margins(x=0.25)
    axes.invert_yaxis()
    if not labels:
        axes.set_yticks([])
