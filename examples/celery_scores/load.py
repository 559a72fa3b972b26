"""Stores the scores of all players; run it again after a stop or kill, and it goes on."""

import sys

from game import app, tasks
from qqminigame import bulk


def scores(players):
    """Yield a row for each player, as a query of the game's database would."""
    for number in range(players):
        yield f"player-{number}", {"score": str(number * 7 % 1000)}


def show(progress):
    """Print how far it is."""
    print(
        f"{progress.rows:6} rows, {progress.per_second:5.0f} a second, {progress.failed} failed",
        flush=True,
    )


def main():
    """Load the scores; the exit code is 0 if all are stored."""
    with bulk.stop_on_signals() as stop:
        report = bulk.load(
            tasks.sessions["default"],
            scores(int(sys.argv[1])),
            through=app,
            journal="scores.journal",
            failures="failures.ndjson",
            progress=show,
            stop=stop,
        )
    print(f"stored {report.stored}, skipped {report.skipped}, failed {report.failed}")
    if report.stopped_because:
        print(report.stopped_because)
    return 1 if report.failed or report.stopped_because else 0


if __name__ == "__main__":
    sys.exit(main())
