"""A run: reads the rows in the thread of the caller, and has them sent by others."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any, Final

from attrs import frozen

from qqminigame import messages
from qqminigame.bulk import failures, processes
from qqminigame.bulk.crew import Threads, Work, send_claims
from qqminigame.bulk.dispatch import Dispatch, Ends, Way
from qqminigame.bulk.failures import FailureFile
from qqminigame.bulk.journal import Journal
from qqminigame.bulk.ledger import Ledger
from qqminigame.bulk.pace import Pace
from qqminigame.bulk.rows import ROWS_OF_A_CLAIM, Claim, Claims, gathered, numbered
from qqminigame.bulk.sending import Operation, Sender
from qqminigame.bulk.values import BulkReport, Failure, Progress, Row, Stop
from qqminigame.session import Session

_log: Final = logging.getLogger("qqminigame")

_TICK_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 0.02
# What is under way when a run is stopped may take this much longer than its deadline.
_GRACE_SECONDS: Final = 5.0
# Claims that are read before workers of a queue have room for them.
_AHEAD_OF_A_QUEUE: Final = 4


@frozen(kw_only=True)
class Settings:
    """The arguments of a run, checked; :func:`qqminigame.bulk.load` describes them."""

    journal: Path | None
    failures: Path | None
    only_failures: Path | None
    workers: int
    processes: int
    way: Way | None
    pace: Callable[[], Pace]
    give_up_after: int | None
    progress: Callable[[Progress], object] | None
    stop: Event | None


def carry_out(
    session: Session, operation: Operation, rows: Iterable[Any], settings: Settings
) -> BulkReport:
    """Send all rows that are not stored yet."""
    sender = partial(_sender, session, operation, settings.pace)
    count = settings.processes if settings.processes > 1 else 0
    with (
        # Before there is a thread or an open file, neither of which is to be in two processes.
        processes.forked(count, settings.workers, sender) as children,
        Journal(settings.journal, operation.load) as journal,
    ):
        if settings.only_failures is not None:
            journal.want_only(failures.read(settings.only_failures))
        with _failure_file(settings.failures, journal) as file:
            ledger = Ledger(journal, file, settings.journal, settings.give_up_after)
            crew = Crew(session, operation, sender(ledger.stopping), children)
            started = Run(crew, settings, ledger)
            if started.send(rows):
                journal.finish()
            return started.report()


def _sender(
    session: Session, operation: Operation, pace: Callable[[], Pace], stopping: Event
) -> Sender:
    return Sender(session, operation, pace(), stopping)


def _failure_file(path: Path | None, journal: Journal) -> FailureFile:
    """Begin the file; go on with it where the journal shows that the run before did not end."""
    if path is None or not journal.is_unfinished or not path.exists():
        return FailureFile(path)
    file = FailureFile(path, keep=_lasting(failures.read(path)))
    journal.expect_failed(failures.read(path))
    return file


def _lasting(found: Iterator[Failure]) -> Iterator[Failure]:
    """Leave out what is worth another try."""
    return (failure for failure in found if not failure.may_retry)


@frozen
class Crew:
    """Who can send rows.

    Attributes:
        session: Says how long a call may take.
        operation: What is done with each row.
        sender: Sends rows.
        children: The processes to send them instead.
    """

    session: Session
    operation: Operation
    sender: Sender
    children: list[processes.Child]


class Run:
    """One run."""

    def __init__(self, crew: Crew, settings: Settings, ledger: Ledger) -> None:
        """Start the threads; nothing is sent yet.

        Args:
            crew: Who can send rows.
            settings: The arguments of the run.
            ledger: Takes down how rows end.
        """
        self._ledger = ledger
        self._progress = settings.progress
        self._stop = settings.stop
        self._drain_seconds = crew.session.deadline_seconds + _GRACE_SECONDS
        self._claims = Claims()
        self._defect: BaseException | None = None
        self._began = self._ticked = time.monotonic()
        self._sent_before, self._rate = 0, 0.0
        self._rows_of_a_claim = ROWS_OF_A_CLAIM if settings.way is None else settings.way.rows
        if settings.way is not None:
            count, ahead, work = 1, _AHEAD_OF_A_QUEUE, self._dispatch(crew, settings.way)
        elif crew.children:
            count, ahead = len(crew.children), settings.workers * settings.processes
            work = self._serve(crew.children, settings.workers)
        else:
            count = ahead = settings.workers
            work = partial(
                send_claims, sender=crew.sender, record=ledger.record, done=self._claims.done
            )
        self._threads = Threads(count, ahead, work, self._fail)

    def send(self, rows: Iterable[Any]) -> bool:
        """Send the rows; return whether that was all of them.

        Raises:
            InvalidArgumentError: A row number does not increase.
            BaseException: What reading the rows raised; those read before it are sent.
        """
        try:
            self._read(rows)
        except Exception:
            raise
        except BaseException:
            self._ledger.stop(Stop(messages.STOP_ASKED))
            raise
        finally:
            self._drain()
        if self._defect is not None:
            raise self._defect
        return not self._ledger.stopping.is_set()

    def report(self) -> BulkReport:
        """Return how it ended."""
        ledger = self._ledger
        return BulkReport(
            stored=ledger.stored,
            skipped=ledger.skipped,
            failed=ledger.failed,
            seconds=time.monotonic() - self._began,
            stopped_because=ledger.stopped_because,
            remedy=ledger.remedy,
        )

    def _read(self, rows: Iterable[Any]) -> None:
        for some in gathered(numbered(rows), self._rows_of_a_claim):
            self._tick()
            if self._ledger.stopping.is_set():
                return
            self._hand_out(self._ledger.unsent(some))

    def _hand_out(self, rows: list[Row]) -> None:
        """Give the rows to whoever sends them, and wait until there is room for more."""
        while rows and not self._ledger.stopping.is_set():
            claim, rows = self._claims.made(rows)
            if claim is not None:
                self._threads.put(claim)
            if rows:
                self._rest()
        while not self._threads.has_room() and not self._ledger.stopping.is_set():
            self._rest()

    def _rest(self) -> None:
        time.sleep(_LOOK_SECONDS)
        self._tick()

    def _drain(self) -> None:
        """Wait for what is under way, once the run is to stop only as long as a call may take."""
        self._threads.end()
        ends = None
        while not self._threads.wait(_TICK_SECONDS):
            self._tick()
            if self._ledger.stopping.is_set():
                ends = ends or time.monotonic() + self._drain_seconds
                if time.monotonic() > ends:
                    break
        self._ledger.commit()
        self._tell()

    def _tick(self) -> None:
        if self._stop is not None and self._stop.is_set():
            self._ledger.stop(Stop(messages.STOP_ASKED))
        if time.monotonic() - self._ticked >= _TICK_SECONDS:
            self._ledger.commit()
            self._tell()

    def _tell(self) -> None:
        ledger, now = self._ledger, time.monotonic()
        sent = ledger.stored + ledger.failed
        if now - self._ticked >= _TICK_SECONDS:
            self._rate = (sent - self._sent_before) / (now - self._ticked)
            self._ticked, self._sent_before = now, sent
        if self._progress is None:
            return
        progress = Progress(
            stored=ledger.stored,
            skipped=ledger.skipped,
            failed=ledger.failed,
            seconds=now - self._began,
            per_second=self._rate,
        )
        try:
            self._progress(progress)
        except Exception:
            _log.exception(messages.PROGRESS_FAILED)

    def _serve(self, children: list[processes.Child], threads: int) -> Work:
        """Return what each of as many threads as there are children does."""
        ledger = self._ledger
        services = [
            processes.Service(child, threads, ledger.record, self._claims.done)
            for child in children
        ]

        def serve(claims: SimpleQueue[Claim | None]) -> None:
            try:
                services.pop().run(claims, ledger.stopping)
            except (EOFError, OSError):
                ledger.stop(Stop(messages.STOP_PROCESS_GONE, "try_later"))

        return serve

    def _dispatch(self, crew: Crew, way: Way) -> Work:
        """Return what the one thread does that has the workers of a queue send."""
        ledger = self._ledger
        ends = Ends(record=ledger.record, done=self._claims.done, stop=ledger.stop)
        dispatch = Dispatch(
            session=crew.session,
            operation=crew.operation,
            way=way,
            ends=ends,
            sender=crew.sender,
        )
        return partial(dispatch.serve, stopping=ledger.stopping)

    def _fail(self, error: BaseException) -> None:
        self._defect = error
        self._ledger.stopping.set()
