"""What comes of the rows: counted, kept, and watched for signs that going on is useless."""

import threading
from pathlib import Path

from qqminigame import messages
from qqminigame.bulk.failures import FailureFile
from qqminigame.bulk.journal import Journal
from qqminigame.bulk.sending import Outcome
from qqminigame.bulk.values import Failure, Remedy, Row, Stop, remedy_of
from qqminigame.exceptions import StoreError
from qqminigame.messages import Text, joined


class Ledger:
    """Takes down how each row ended. Any thread may do so.

    Attributes:
        stopping: Is set when no further row is to be sent.
        stored: How many rows were stored.
        skipped: How many were passed over.
        failed: How many were not stored.
    """

    def __init__(
        self,
        journal: Journal,
        failures: FailureFile,
        journal_path: Path | None,
        give_up_after: int | None,
    ) -> None:
        """Begin with no row.

        Args:
            journal: Keeps what was stored.
            failures: Keeps what was not.
            journal_path: Where the journal is, for the words about how to go on.
            give_up_after: After so many failures of one kind in a row the run ends; None for never.
        """
        self.stopping = threading.Event()
        self.stored = self.skipped = self.failed = 0
        self._journal = journal
        self._failures = failures
        self._journal_path = journal_path
        self._give_up_after = give_up_after
        self._lock = threading.Lock()
        self._stop: Stop | None = None
        self._streak = 0
        self._kind: tuple[str, int | None] | None = None

    @property
    def remedy(self) -> Remedy | None:
        """What helps where the run ends early by itself; None if it does not."""
        return None if self._stop is None else self._stop.remedy

    @property
    def stopped_because(self) -> Text | None:
        """Why the run ends early and how to go on; None if it does not."""
        if self._stop is None:
            return None
        if self._journal_path is None:
            resume = messages.RUN_AGAIN_FROM_START
        else:
            resume = messages.RUN_AGAIN.of(path=self._journal_path)
        return joined([self._stop.reason, resume])

    def stop(self, stop: Stop) -> None:
        """End the run; the first reason counts."""
        with self._lock:
            self._stop = self._stop or stop
        self.stopping.set()

    def unsent(self, rows: list[Row]) -> list[Row]:
        """Return those of the next rows that are to be sent; count the others."""
        try:
            rows, skipped, failed = self._journal.sort_out(rows)
        except StoreError as error:
            self._stop_after(error)
            return []
        with self._lock:
            self.skipped += skipped
            self.failed += failed
        return rows

    def record(self, row: Row, outcome: Outcome) -> None:
        """Take down how a row ended."""
        try:
            if outcome is None:
                self._record_stored(row)
            elif isinstance(outcome, Failure):
                self._record_failure(outcome)
            else:
                self.stop(outcome)
        except StoreError as error:
            self._stop_after(error)

    def commit(self) -> None:
        """Have the journal keep what was recorded."""
        try:
            self._journal.commit()
        except StoreError as error:
            self._stop_after(error)

    def _record_stored(self, row: Row) -> None:
        self._journal.add(row)
        with self._lock:
            self.stored += 1
            self._streak = 0

    def _record_failure(self, failure: Failure) -> None:
        self._failures.write(failure)
        kind = failure.error, failure.code
        with self._lock:
            self.failed += 1
            self._streak = self._streak + 1 if kind == self._kind else 1
            self._kind = kind
            count = self._streak
        if count == self._give_up_after:
            last = Text(failure.english, failure.chinese)
            self.stop(Stop(messages.STOP_STREAK.of(count=count, failure=last), failure.remedy))

    def _stop_after(self, error: StoreError) -> None:
        self.stop(Stop(error.text, remedy_of(error)))
