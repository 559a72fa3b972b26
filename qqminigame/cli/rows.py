"""The rows of a table, from the lines of a CSV or NDJSON file."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from qqminigame import validation
from qqminigame.bulk import Row
from qqminigame.cli import texts
from qqminigame.cli.lines import Line
from qqminigame.cli.usage import BadUsageError
from qqminigame.exceptions import InvalidArgumentError
from qqminigame.messages import Text
from qqminigame.platforms.base import RankingRules
from qqminigame.ranking import ranking_value

# What a line says by the names of its columns; or why it cannot be read.
Record = Mapping[str, Any] | Text

_OPENID: Final = "openid"
# What a spreadsheet makes of an id of many digits: 1.23E+17.
_ROUNDED: Final = re.compile(r"\d([.,]\d+)?[eE]\+\d+")


@frozen(kw_only=True)
class Table:
    """What the columns of a file mean.

    Attributes:
        ranking: For each ranking key, the column of its score.
        time_column: The column of the time at which scores were reached; None for ``time``.
        time: When they were reached, in unix seconds. It must not change from run to run, or
            every row has changed when a load goes on.
        rules: The platform's ranking values.
    """

    ranking: Mapping[str, str]
    time_column: str | None
    time: int
    rules: RankingRules

    def rows(self, records: Iterable[tuple[int, Record]]) -> Iterator[Row]:
        """Yield a row for each record; a record that cannot be read is a row with an error."""
        for number, record in records:
            yield _failed(number, record) if isinstance(record, Text) else self._row(number, record)

    def check(self, columns: Sequence[str]) -> None:
        """Refuse columns that make no table.

        Raises:
            BadUsageError: It says which.
        """
        twice = {name for name in columns if columns.count(name) > 1}
        if twice:
            raise BadUsageError(texts.COLUMN_TWICE.of(name=min(twice)))
        wanted = [_OPENID, *self.ranking.values(), *filter(None, [self.time_column])]
        for name in wanted:
            if name not in columns:
                raise BadUsageError(texts.NO_COLUMN.of(name=name, columns=", ".join(columns)[:200]))

    def _row(self, number: int, record: Mapping[str, Any]) -> Row:
        openid = record.get(_OPENID)
        if not isinstance(openid, str) or not openid:
            return _failed(number, texts.NO_OPENID)
        if _ROUNDED.fullmatch(openid):
            return _failed(number, texts.ROUNDED_OPENID.of(openid=openid))
        try:
            return Row(number=number, login=openid, data=self._pairs(record))
        except InvalidArgumentError as failure:
            error = failure
        return Row(number=number, login=openid, error=error)

    def _pairs(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is written for a player."""
        special = {_OPENID, self.time_column, *self.ranking.values()}
        pairs = {name: _text(value) for name, value in record.items() if name not in special}
        for key, column in self.ranking.items():
            if column in record:
                pairs[key] = self._score(record, column)
        return pairs

    def _score(self, record: Mapping[str, Any], column: str) -> str:
        when = self.time if self.time_column is None else _number(record, self.time_column)
        problems: validation.Problems = []
        value = ranking_value(self.rules, _number(record, column), when, {}, problems)
        validation.refuse("CloudStorage.set_score", problems)
        return value


def csv_records(
    lines: Iterator[Line], columns: Sequence[str] | None, table: Table
) -> Iterator[tuple[int, Record]]:
    """Return the cells of each line by the names of their columns; empty cells are left out.

    The names are checked at once, before anything is done with a row.

    Args:
        lines: The lines.
        columns: The names; None where the first line holds them.
        table: Checks them.

    Raises:
        BadUsageError: They make no table.
    """
    names = [name.strip() for name in (_header(lines) if columns is None else columns)]
    if names:
        table.check(names)
    return ((line.number, line.problem or _record(line.text, names)) for line in lines)


def ndjson_records(lines: Iterator[Line]) -> Iterator[tuple[int, Record]]:
    """Yield the object of each line."""
    for line in lines:
        yield line.number, line.problem or _object(line.text)


def _failed(number: int, problem: Text) -> Row:
    return Row(number=number, error=InvalidArgumentError(problem))


def _header(lines: Iterator[Line]) -> list[str]:
    """Return the cells of the first line; none of an empty file."""
    line = next(lines, None)
    if line is None:
        return []
    cells = line.problem or _cells(line.text)
    if isinstance(cells, Text):
        raise BadUsageError(texts.BAD_HEADER.of(problem=cells))
    return cells


def _record(text: str, names: list[str]) -> Record:
    cells = _cells(text)
    if isinstance(cells, Text):
        return cells
    if len(cells) != len(names):
        return texts.RAGGED.of(found=len(cells), wanted=len(names))
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell}


def _cells(text: str) -> list[str] | Text:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        return texts.BAD_CSV.of(reason=error)


def _object(text: str) -> Record:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return texts.BAD_JSON
    return found if isinstance(found, dict) else texts.BAD_JSON


def _text(value: object) -> object:
    """Return a whole number as a text; anything else as it is, for the checks to look at."""
    return str(value) if type(value) is int else value


def _number(record: Mapping[str, Any], column: str) -> object:
    """Return a whole number that may stand as a text; anything else as it is."""
    value = record.get(column)
    try:
        return int(value) if isinstance(value, str) else value
    except ValueError:
        return value
