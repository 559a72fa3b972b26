"""The command line: measure, print, and write the results if asked to."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from attrs import asdict, fields
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from benchmarks import chart, machine, page, tables
from benchmarks.measurements import MEASUREMENTS, run
from benchmarks.options import Options
from benchmarks.targets import TARGETS

RESULTS: Final = Path(__file__).parent / "results"
PAGE: Final = RESULTS.parent.parent / "docs" / "performance.rst"
_STYLES: Final = {"met": "green", "MISSED": "bold red"}


def measure(names: list[str], options: Options, console: Console) -> dict[str, Any]:
    """Return the results of these measurements."""
    before = machine.load()
    figures: dict[str, Any] = {}
    for name in names:
        with console.status(f"{name}: {len(figures) + 1} of {len(names)}"):
            figures[name] = run(name, options)
    return {
        "machine": {**machine.describe(), "load": [before, machine.load()]},
        "options": asdict(options),
        "figures": figures,
        "targets": [target.judged(figures) for target in TARGETS if target.path[0] in figures],
    }


def show(results: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    for table in tables.tables(results):
        if len(table.head) == 1:
            lines = [table.title, *(f"  {text}" for (text,) in table.rows)]
            console.print(*lines, sep="\n", markup=False, highlight=False, soft_wrap=True)
            continue
        shown = RichTable(title=table.title, title_justify="left")
        for number, name in enumerate(table.head):
            figures = number and name
            shown.add_column(name, justify="right" if figures else "left", no_wrap=bool(number))
        for row in table.rows:
            shown.add_row(*(Text(text, _STYLES.get(text, "")) for text in row))
        console.print(shown)
    console.print(tables.machine(results), markup=False, highlight=False, soft_wrap=True)


def save(results: dict[str, Any], folder: Path) -> None:
    """Write the results, their tables, and the picture."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, ensure_ascii=False, indent=1)
    (folder / "latest.json").write_text(text + "\n", encoding="utf-8")
    (folder / "latest.rst").write_text(tables.rst(results), encoding="utf-8")
    chart.draw(results, folder / "calls.svg")


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do what it says; a missed target is shown and is no failure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What calls cost, beside other clients in one run."
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        choices=list(MEASUREMENTS),
        help=f"measure only this, may be given more than once: {', '.join(MEASUREMENTS)}",
    )
    for option in fields(Options):
        words = option.metadata["help"]
        parser.add_argument(f"--{option.name}", type=int, default=option.default, help=words)
    parser.add_argument(
        "--save",
        nargs="?",
        type=Path,
        const=RESULTS,
        metavar="FOLDER",
        help="write the results here; without a folder, to where the repository keeps them, "
        "docs/performance.rst included",
    )
    given = parser.parse_args(arguments)
    if given.only and given.save:
        parser.error("--save writes all results, so it does not go with --only")
    counts = {option.name: getattr(given, option.name) for option in fields(Options)}
    if min(counts.values()) < 1:
        parser.error("each number has to be 1 or more")
    console = Console()
    results = measure(given.only or list(MEASUREMENTS), Options(**counts), console)
    show(results, console)
    if given.save:
        save(results, given.save)
    if given.save == RESULTS:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page.put_into(text, tables.rst(results)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
