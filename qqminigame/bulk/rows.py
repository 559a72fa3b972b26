"""Which rows there are, and who sends them: the rows of one player one after the other."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

from qqminigame import messages
from qqminigame.bulk.values import Row
from qqminigame.exceptions import InvalidArgumentError

ROWS_OF_A_CLAIM: Final = 16
# So much longer a claim gets where its players have further rows.
_LONGEST_CLAIM: Final = 256
# Where rows come slowly, those that are there are not kept waiting for the next.
_GATHER_SECONDS: Final = 0.05


def numbered(rows: Iterable[Any]) -> Iterator[Row]:
    """Return the rows with their numbers, each with a copy of its data.

    Raises:
        InvalidArgumentError: A row number does not increase.
    """
    last = 0
    for item in rows:
        row = item if isinstance(item, Row) else _row(item, last + 1)
        if row.number <= last:
            raise InvalidArgumentError(messages.ROWS_OUT_OF_ORDER.of(number=row.number, last=last))
        last = row.number
        yield row.settled()


def _row(item: object, number: int) -> Row:
    if isinstance(item, tuple | list) and len(item) == 2:
        return Row(number=number, login=item[0], data=item[1])
    text = messages.NOT_A_ROW.of(number=number, kind=type(item).__name__)
    return Row(number=number, error=InvalidArgumentError(text))


def gathered(rows: Iterator[Row], most: int = ROWS_OF_A_CLAIM) -> Iterator[list[Row]]:
    """Return the rows a few at a time; those read before an error, before it is raised."""
    some: list[Row] = []
    since = time.monotonic()
    try:
        for row in rows:
            some.append(row)
            if len(some) == most or time.monotonic() - since > _GATHER_SECONDS:
                yield some
                some, since = [], time.monotonic()
    except Exception:
        yield some
        raise
    yield some


class Claim:
    """Rows that one thread sends, one after the other.

    Attributes:
        number: Tells it from other claims.
    """

    def __init__(self, number: int, rows: Iterable[Row] = ()) -> None:
        self.number = number
        self._rows = deque(rows)
        self._players: set[str] = {row.openid for row in self._rows}
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def players(self) -> set[str]:
        """Whose rows it has or had."""
        return self._players

    def add(self, row: Row) -> bool:
        """Add a row, unless the claim is closed; return whether it was added."""
        with self._lock:
            if not self._is_closed:
                self._rows.append(row)
                self._players.add(row.openid)
            return not self._is_closed

    def is_full(self) -> bool:
        """Return whether it had better get no further row for now."""
        return len(self._rows) >= _LONGEST_CLAIM

    def openids(self) -> list[str]:
        """Return the players whose logins have to be looked up."""
        with self._lock:
            return [row.openid for row in self._rows if isinstance(row.login, str)]

    def take_all(self) -> list[Row]:
        """Return all rows that it has at present; where there are none, close the claim."""
        with self._lock:
            rows = list(self._rows)
            self._rows.clear()
            self._is_closed = not rows
            return rows

    def take(self) -> Row | None:
        """Return the next row; where there is none, close the claim and return None."""
        with self._lock:
            if self._rows:
                return self._rows.popleft()
            self._is_closed = True
            return None


class Claims:
    """The claims that are under way. One thread makes them; any may send their rows."""

    def __init__(self) -> None:
        self._of_player: dict[str, Claim] = {}
        self._done: deque[Claim] = deque()
        self._count = 0

    def made(self, rows: Iterable[Row]) -> tuple[Claim | None, list[Row]]:
        """Hand out rows: a player's next row to the claim that has the one before.

        Returns:
            A claim for the others, if there are any; and the rows whose claim is full at present.
        """
        self._forget_done()
        new = Claim(self._count)
        waiting: list[Row] = []
        players_waiting: set[str] = set()
        for row in rows:
            claim = self._of_player.get(row.openid, new)
            if row.openid in players_waiting or claim.is_full():
                players_waiting.add(row.openid)
                waiting.append(row)
            elif not claim.add(row):
                new.add(row)
                self._of_player[row.openid] = new
            else:
                self._of_player[row.openid] = claim
        if not new.players:
            return None, waiting
        self._count += 1
        return new, waiting

    def done(self, claim: Claim) -> None:
        """Take note that all rows of a claim have been sent."""
        self._done.append(claim)

    def _forget_done(self) -> None:
        while self._done:
            claim = self._done.popleft()
            for player in claim.players:
                if self._of_player.get(player) is claim:
                    del self._of_player[player]
