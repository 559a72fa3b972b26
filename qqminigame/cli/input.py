"""The file that a load reads, or stdin."""

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from qqminigame.bulk import Row
from qqminigame.cli import texts
from qqminigame.cli.lines import count, lines
from qqminigame.cli.rows import Table, csv_records, ndjson_records
from qqminigame.cli.stopping import Stop
from qqminigame.exceptions import ConfigurationError
from qqminigame.platforms.base import RankingRules

_NDJSON: Final = (".ndjson", ".jsonl")


@frozen(kw_only=True)
class Input:
    """Where rows come from, and how they are written.

    Attributes:
        path: The file; None for stdin.
        form: ``"csv"`` or ``"ndjson"``; None for what the file's name says.
        encoding: Of its text.
        columns: The names of the columns where no header names them.
        ranking: For each ranking key, its column.
        time_column: The column of the time of a score.
    """

    path: Path | None
    form: str | None
    encoding: str
    columns: str | None
    ranking: Mapping[str, str]
    time_column: str | None

    @contextlib.contextmanager
    def rows(self, rules: RankingRules, stop: Stop) -> Iterator[Iterator[Row]]:
        """Open the file and yield its rows.

        Args:
            rules: The platform's ranking values.
            stop: Ends the rows where the next one keeps us waiting.

        Raises:
            BadUsageError: The columns make no table.
            ConfigurationError: The file cannot be read.
        """
        with self._opened() as file:
            table = Table(
                ranking=self.ranking,
                time_column=self.time_column,
                time=self._time(),
                rules=rules,
            )
            found = lines(file, self.encoding, stop.event.is_set)
            names = None if self.columns is None else self.columns.split(",")
            records = (
                ndjson_records(found) if self._is_ndjson() else csv_records(found, names, table)
            )
            yield table.rows(records)

    def total(self) -> int | None:
        """Return about how many rows there are; None where that is unknown."""
        if self.path is None or not self.path.is_file():
            return None
        has_header = self.columns is None and not self._is_ndjson()
        return count(self.path) - has_header

    def _opened(self) -> BinaryIO:
        if self.path is None:
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        try:
            return self.path.open("rb", buffering=0)
        except OSError as error:
            reason = error.strerror or str(error)
        raise ConfigurationError(texts.NO_INPUT.of(path=self.path, reason=reason))

    def _is_ndjson(self) -> bool:
        if self.form is not None:
            return self.form == "ndjson"
        return self.path is not None and self.path.suffix.lower() in _NDJSON

    def _time(self) -> int:
        """Return when the scores were reached: not after the file was written."""
        return int(time.time() if self.path is None else self.path.stat().st_mtime)
