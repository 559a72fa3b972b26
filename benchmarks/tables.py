"""The results as tables: rows of text, then for the terminal or as reStructuredText. Pure."""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

_BAR: Final = 20
_LINE: Final = 100
_MET: Final = {True: "met", False: "MISSED", None: "not measured"}

Results = Mapping[str, Any]


@frozen
class Table:
    """A table.

    Attributes:
        title: What it shows.
        head: The names of its columns.
        rows: Its rows; the first column is text, the others are mostly figures.
    """

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables(results: Results) -> list[Table]:
    """Return all tables that the results fill."""
    figures = results["figures"]
    made = [
        calls(figures),
        latency(figures.get("latency", {})),
        anatomy(figures.get("anatomy", {})),
        stores(figures.get("stores", {})),
        bulk(figures.get("bulk", {})),
        others(figures),
        targets(results["targets"]),
    ]
    return [table for table in made if table.rows]


def calls(figures: Mapping[str, Any]) -> Table:
    """Return what a call costs with each peer, over HTTP and TLS side by side."""
    over = [
        {row["name"]: row for row in figures.get(kind, {}).get("rows", [])}
        for kind in ("http", "tls")
    ]
    rows = []
    for name in over[0] | over[1]:
        texts = []
        for kind in over:
            row = kind.get(name)
            texts += [f"{row['cpu_us']:.0f} µs", f"{row['ratio']:.2f}"] if row else ["–", "–"]
        rows.append((name, *texts))
    return Table("CPU time of a call", ("call", "HTTP", "ratio", "TLS", "ratio"), rows)


def latency(figures: Mapping[str, Any]) -> Table:
    """Return how even the calls are."""
    rows = [
        (
            row["name"],
            f"{row['p50_us']:.0f} µs",
            f"{row['p99_us']:.0f} µs",
            f"{row['p99_to_p50']:.2f}",
        )
        for row in figures.get("rows", [])
    ]
    return Table("Time of a call on the clock", ("call", "p50", "p99", "p99 / p50"), rows)


def anatomy(figures: Mapping[str, Any]) -> Table:
    """Return where the time of one call goes, indented, with bars."""
    rows = []
    for row in figures.get("rows", []):
        bar = "█" * round(max(row["percent"], 0.0) * _BAR / 100)
        label = "  " * row["depth"] + row["label"]
        rows.append((label, f"{row['us']:.1f} µs", f"{row['percent']:.1f} %", bar))
    return Table("Where the CPU time of CloudStorage.set goes", ("step", "time", "", ""), rows)


def stores(figures: Mapping[str, Any]) -> Table:
    """Return what the stores cost with few logins and with many."""
    rows = [
        (
            row["name"],
            f"{row['remember_ms']:.2f} ms",
            f"{row['remember_p99_ms']:.2f} ms",
            f"{row['find_us']:.0f} µs",
            f"{row['find_p99_us']:.0f} µs",
            f"{row['find_many_us']:.1f} µs",
            f"{row['count_ms']:.0f} ms",
        )
        for row in figures.get("rows", [])
    ]
    head = ("store", "remember", "p99", "find", "p99", "each of 500", "count all")
    return Table("Time of a store's operation on the clock", head, rows)


def bulk(figures: Mapping[str, Any]) -> Table:
    """Return how fast many players' scores are written, and at what cost."""
    rows = [
        (
            row["name"],
            f"{row['per_second']}/s",
            f"{row['speed_ratio']:.2f}",
            f"{row['cpu_us']} µs",
            f"{row['cpu_ratio']:.2f}",
            f"{row['peak_mib']:.0f} MiB",
        )
        for row in figures.get("rows", [])
    ]
    title = "{count:,} rows, answers in {answer_ms:g} ms".format(**figures) if rows else ""
    return Table(title, ("rows", "sent", "ratio", "CPU of each", "ratio", "peak memory"), rows)


def others(figures: Mapping[str, Any]) -> Table:
    """Return the figures that stand alone."""
    texts = {
        "threads": "{threads} threads: {ours_per_second} calls/s on one session, "
        "{bare_per_second} on as many bare ones",
        "imports": "import: {requests_ms} ms for a process with requests, {extra_ms} ms more with "
        "CloudStorage and Session",
        "waiting": "{threads} threads on {connections} connections, answers in {answer_ms} ms: p99 "
        "{p99_ms} ms, the longest {longest_ms} ms, a fair share is {share_ms} ms",
        "memory": "memory: {growth_kib} KiB more than {before_kib} KiB after {calls} calls",
        "checks": "checks of the largest call: {ascii[checks_us]} µs, its json.dumps "
        "{ascii[json_us]} µs, {ascii[unescaped_us]} with ensure_ascii=False; in Chinese "
        "{chinese[checks_us]}, {chinese[json_us]}, {chinese[unescaped_us]} µs",
        "tokens": "cached token: {read_us} µs a read; 16 threads take {threads_to_one} times as "
        "long as one for the same reads",
        "stores": "{threads} threads: {finds_per_second} finds/s in one SQLite file",
    }
    rows = [
        (text.format(**figures[name]),)
        for name, text in texts.items()
        if name in figures and "skipped" not in figures[name]
    ]
    rows += [
        (f"{name}: not measured, {each['skipped']}",)
        for name, each in figures.items()
        if "skipped" in each
    ]
    absent = sorted(
        {package for each in figures.values() for package in each.get("not_installed", [])}
    )
    rows += [(f"{package}: not installed, so not compared",) for package in absent]
    return Table("Other figures", ("figure",), rows)


def targets(judged: Sequence[Mapping[str, Any]]) -> Table:
    """Return the targets beside their figures."""
    rows = []
    for each in judged:
        figure = "–" if each["figure"] is None else _number(each["figure"], each["unit"])
        limit = f"{each['kind']} {_number(each['limit'], each['unit'])}"
        rows.append((each["target"], limit, figure, _MET[each["met"]]))
    return Table("Targets", ("figure", "target", "measured", ""), rows)


def machine(results: Results) -> str:
    """Return in a sentence what the figures were measured on."""
    of = results["machine"]
    packages = ", ".join(
        f"{name} {version}" for name, version in of["packages"].items() if version is not None
    )
    return (
        f"{of['date']}, {of['cpu']} ({of['cores']} cores), {of['system']}, {of['python']}, "
        f"OpenSSL {of['openssl']}, {packages}; load {of['load'][0]} before, {of['load'][1]} after"
    )


def rst(results: Results) -> str:
    """Return the tables of calls and targets as reStructuredText, with the machine named."""
    parts = [_simple(calls(results["figures"])), _simple(targets(results["targets"]))]
    words = textwrap.fill(f"Measured on {machine(results)}.", _LINE, break_on_hyphens=False)
    return "\n\n".join([*parts, words]) + "\n"


def _simple(table: Table) -> str:
    """Return a simple table of reStructuredText."""
    lines = [table.head, *table.rows]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    texts = [_padded(line, widths) for line in lines]
    return "\n".join([rule, texts[0], rule, *texts[1:], rule])


def _padded(texts: tuple[str, ...], widths: list[int]) -> str:
    first = texts[0] + " " * (widths[0] - _width(texts[0]))
    rest = [
        " " * (width - _width(text)) + text
        for text, width in zip(texts[1:], widths[1:], strict=True)
    ]
    return "  ".join([first, *rest]).rstrip()


def _width(text: str) -> int:
    """Return how many columns a text takes; docutils counts wide characters as two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _number(figure: float, unit: str) -> str:
    if unit:
        return f"{figure:g} {unit}"
    return f"{figure:.4f}" if 0 < abs(figure) < 0.01 else f"{figure:g}"
