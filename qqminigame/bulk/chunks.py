"""Rows on their way to the workers of a task queue, and what came of them on the way back.

A queue may deliver a message late, twice or never, so nothing depends on how it delivers. A chunk
has a name; in the store that the load and the workers share, the name says how far the chunk is and
what came of it. A load sends a chunk again where nobody has worked on it for too long, and a worker
does nothing about a chunk that is done, is being done, or belongs to a load that has ended.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, Self, cast, runtime_checkable

from attrs import asdict, evolve, field, frozen

from qqminigame import settings
from qqminigame.bulk.sending import Outcome
from qqminigame.bulk.values import Failure, Kind, Row, Stop
from qqminigame.messages import Text

# How long the store keeps what came of a chunk: no copy of its message is that late.
KEPT_SECONDS: Final = 86_400.0
BEGUN: Final = "begun"
# A worker begins no further row of a chunk after so long, so that the chunks of one that was killed
# are soon sent again.
_SECONDS: Final = 10.0
# Where few rows may be sent a second, a worker waits this many intervals for its turn.
_INTERVALS: Final = 4
_MARGIN_SECONDS: Final = 5.0


@runtime_checkable
class Queue(Protocol):
    """Takes chunks to the workers, which have :class:`Chunks` carry them out."""

    def post(self, chunk: dict[str, Any]) -> None:
        """Put a chunk, which JSON can encode, into the queue.

        Raises:
            StoreError: It cannot be reached.
        """


class TaskApp(Protocol):
    """A Celery app: its tasks by name."""

    @property
    def tasks(self) -> Mapping[str, Any]:
        """The tasks that are registered."""


@frozen(kw_only=True)
class Chunk:
    """Some rows for one worker.

    Attributes:
        name: Tells it from all others.
        run: The run of the load that it belongs to.
        run_key: Where the store keeps which run of the load is the present one.
        kind: What to do with each row.
        load: Names what is loaded, and where to.
        threads: How many threads send.
        per_second: How many calls all workers together make a second at most.
        rows: The rows.
    """

    name: str
    run: str
    run_key: str
    kind: Kind
    load: str
    threads: int
    per_second: float | None
    rows: tuple[Row, ...] = field(repr=False)

    @property
    def key(self) -> str:
        """Where the store keeps how far it is."""
        return f"bulk:chunk:{self.name}"

    @property
    def seconds(self) -> float:
        """For how long a worker begins rows of it."""
        return _SECONDS + (_INTERVALS / self.per_second if self.per_second else 0.0)

    def lease_seconds(self, call_seconds: float) -> float:
        """Return after how long a worker that has begun it is certainly through with it."""
        return self.seconds + call_seconds + _MARGIN_SECONDS

    def message(self) -> dict[str, Any]:
        """Return what goes into the queue: no secret, and nothing that JSON cannot encode."""
        rows = [[row.number, row.openid, row.data] for row in self.rows]
        return {**asdict(self, recurse=False), "rows": rows}

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        """Return the chunk of a message."""
        rows = tuple(
            Row(number=number, login=openid, data=_with_tuples(data))
            for number, openid, data in message["rows"]
        )
        return cls(**{**message, "rows": rows})


def key_of_runs(load: str, journal: Path | None) -> str:
    """Return where the store keeps which run of a load is the present one.

    Runs with one journal follow each other; any others may go on side by side.

    Args:
        load: Names what is loaded, and where to.
        journal: The journal of the run; None for a run that none will follow.
    """
    series = new_name() if journal is None else str(journal.absolute())
    return f"bulk:run:{settings.digest(f'{load} {series}')}"


def new_name() -> str:
    """Return the name of a new run."""
    return secrets.token_hex(8)


def can_travel(row: Row) -> bool:
    """Return whether JSON keeps a row as it is; it does not where the data is wrong."""
    if row.error is not None:
        return False
    try:
        return bool(_with_tuples(json.loads(json.dumps(row.data))) == row.data)
    except (TypeError, ValueError, RecursionError):
        return False


@frozen(kw_only=True)
class Result:
    """What came of a chunk. Rows of which it says nothing were stored.

    Attributes:
        failed: The failures.
        unsent: The numbers of the rows that were not sent for lack of time.
        stop: Why no row can succeed; None if some can.
    """

    failed: tuple[Failure, ...] = ()
    unsent: tuple[int, ...] = ()
    stop: Stop | None = None

    @classmethod
    def of(cls, rows: tuple[Row, ...], outcomes: Mapping[int, Outcome]) -> Self:
        """Return the result of the rows that have ended; all others are unsent."""
        found = outcomes.values()
        ended = {number for number, end in outcomes.items() if not isinstance(end, Stop)}
        return cls(
            failed=tuple(each for each in found if isinstance(each, Failure)),
            unsent=tuple(row.number for row in rows if row.number not in ended),
            stop=next((each for each in found if isinstance(each, Stop)), None),
        )

    def text(self) -> str:
        """Return the text that the store keeps."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the result of a text."""
        found = json.loads(text)
        stop = found["stop"]
        return cls(
            failed=tuple(Failure(**each) for each in found["failed"]),
            unsent=tuple(found["unsent"]),
            stop=None if stop is None else Stop(Text(**stop["reason"]), stop["remedy"]),
        )

    def ends(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Failure | None]]:
        """Yield the rows that were sent, each with its failure or None."""
        failed = {each.row: each for each in self.failed}
        for row in rows:
            failure = failed.get(row.number)
            if failure is not None:
                # The digest of the row as it was before its way through JSON.
                yield row, evolve(failure, digest=row.digest().hex())
            elif row.number not in self.unsent:
                yield row, None


def _with_tuples(data: object) -> object:
    """Return data as a row has it: JSON knows lists alone."""
    if not isinstance(data, list):
        return data
    return tuple(
        tuple(cast(list[object], each)) if isinstance(each, list) else each for each in data
    )
