"""A progress bar, for a person at a terminal."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from qqminigame.bulk import Progress
from qqminigame.cli import texts
from qqminigame.cli.output import is_terminal


@contextlib.contextmanager
def shown(total: Callable[[], int | None]) -> Iterator[Callable[[Progress], None] | None]:
    """Show how far a load is; nothing where nobody looks.

    Args:
        total: Counts the rows; None where that is unknown.

    Yields:
        What is to be told of the progress.
    """
    if not is_terminal(sys.stderr):
        yield None
        return
    # Completion loads the commands at each Tab, and this takes as long as all the rest.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress as Bar,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
        TextColumn(str(texts.FAILED_SO_FAR), style="red"),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total(), rate=0.0, failed=0)

        def show(progress: Progress) -> None:
            bar.update(
                task, completed=progress.rows, rate=progress.per_second, failed=progress.failed
            )

        yield show
