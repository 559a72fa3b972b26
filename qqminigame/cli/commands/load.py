"""``qqminigame storage load``."""

import contextlib
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
from attrs import asdict

from qqminigame import bulk
from qqminigame.bulk import BulkReport
from qqminigame.bulk.failures import read as read_failures
from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command
from qqminigame.cli.celery_app import imported
from qqminigame.cli.exits import Exit
from qqminigame.cli.input import Input
from qqminigame.cli.lines import ENCODINGS
from qqminigame.cli.options import Run, changing, option, pairs
from qqminigame.cli.progress import shown
from qqminigame.cli.stopping import draining
from qqminigame.messages import Text, joined

_SHOWN: Final = 20
_PATH: Final = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Command, help=str(texts.STORAGE_LOAD))
@click.argument("file", metavar="[FILE]", default="-", type=click.Path(allow_dash=True))
@option("--format", "form", type=click.Choice(["csv", "ndjson"]), text=texts.FORMAT_OPTION)
@option("--encoding", type=click.Choice(ENCODINGS), default="utf-8", text=texts.ENCODING_OPTION)
@option("--columns", metavar="NAMES", text=texts.COLUMNS_OPTION)
@option("--ranking", multiple=True, metavar="KEY=COLUMN", text=texts.RANKING_OPTION)
@option("--time-column", metavar="COLUMN", text=texts.TIME_COLUMN_OPTION)
@option("--journal", type=_PATH, metavar="FILE", text=texts.JOURNAL_OPTION)
@option("--failures", type=_PATH, metavar="FILE", text=texts.FAILURES_OPTION)
@option("--only-failures", type=_PATH, metavar="FILE", text=texts.ONLY_FAILURES_OPTION)
@option("--workers", type=click.IntRange(1, 1024), default=32, text=texts.WORKERS_OPTION)
@option("--processes", type=click.IntRange(1, 64), default=1, text=texts.PROCESSES_OPTION)
@option("--celery", metavar="MODULE:APP", text=texts.CELERY_OPTION)
@option("--per-second", type=click.FloatRange(0, min_open=True), text=texts.PER_SECOND_OPTION)
@option("--give-up-after", type=click.IntRange(1), text=texts.GIVE_UP_OPTION)
@changing
def load(
    run: Run,
    file: str,
    form: str | None,
    encoding: str,
    columns: str | None,
    ranking: tuple[str, ...],
    time_column: str | None,
    celery: str | None,
    **how: Any,
) -> int:
    """Store the rows of a table."""
    source = Input(
        path=None if file == "-" else Path(file),
        form=form,
        encoding=encoding,
        columns=columns,
        ranking=dict(pairs(ranking)),
        time_column=time_column,
    )
    with (
        draining() as stop,
        run.session() as session,
        source.rows(session.platform.ranking, stop) as rows,
        _failures(run, how.pop("failures")) as failures,
    ):
        if run.dry:
            how["journal"] = None
        else:
            how["through"] = None if celery is None else imported(celery)
            # Without one no row can be stored: that is found out before a file is begun anew.
            session.access_token()
        with shown(source.total) as progress:
            report = bulk.load(
                session, rows, failures=failures, progress=progress, stop=stop.event, **how
            )
        _print(run, report, failures)
        stop.raise_if_stopped()
    return _exit(report)


def _exit(report: BulkReport) -> Exit:
    """Return what the run ends with: why it stopped early counts more than rows that failed."""
    if report.remedy == "fix_settings":
        return Exit.CONFIGURATION
    if report.remedy == "try_later":
        return Exit.TRY_LATER
    return Exit.SOME_FAILED if report.failed or report.stopped_because else Exit.DONE


@contextlib.contextmanager
def _failures(run: Run, path: Path | None) -> Iterator[Path | None]:
    """Return where failures are written; a dry run leaves the file of a real one alone."""
    if not run.dry:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "failures.ndjson"


def _print(run: Run, report: BulkReport, failures: Path | None) -> None:
    """Print what came of it: to a program and to a person always, to cron only what went wrong."""
    stopped = report.stopped_because
    values = {
        **asdict(report),
        "stopped_because": None if stopped is None else stopped.english,
        "dry_run": run.dry,
    }
    said = [(texts.WOULD_LOAD if run.dry else texts.LOADED).of(**values)]
    if run.dry and report.failed and failures is not None:
        said.extend(_first(failures))
    elif report.failed:
        said.append(texts.NAME_A_FILE if failures is None else texts.SEE_FILE.of(path=failures))
    said.extend(filter(None, [stopped]))
    if len(said) == 1:
        run.output.done(values, said[0])
    else:
        run.output.failed(values, joined(said))


def _first(failures: Path) -> Iterator[Text]:
    """Say what is wrong with the first rows of a dry run."""
    for failure in islice(read_failures(failures), _SHOWN):
        why = Text(failure.english, failure.chinese)
        yield texts.ROW.of(row=failure.row, why=why)
