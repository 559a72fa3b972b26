"""Scores and data of any number of players, written as fast as the platform allows.

    from qqminigame import Session, bulk

    rows = ((player.openid, {"score": str(player.score)}) for player in players)
    report = bulk.load(Session.from_env(), rows, journal="scores.db", failures="failures.ndjson")

A run that was stopped or killed goes on where it was: start it again with the same rows and the
same journal.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

from qqminigame import messages, settings
from qqminigame.bulk import processes
from qqminigame.bulk.chunks import Queue, TaskApp, key_of_runs
from qqminigame.bulk.dispatch import Way, check_store
from qqminigame.bulk.operations import in_single_attempts, operation_of
from qqminigame.bulk.run import Settings, carry_out
from qqminigame.bulk.signals import stop_on_signals
from qqminigame.bulk.speed import pace_of, speed
from qqminigame.bulk.values import BulkReport, Failure, Kind, Progress, Row
from qqminigame.bulk.worker import Chunks
from qqminigame.exceptions import ConfigurationError
from qqminigame.models import LoginState
from qqminigame.session import Session

__all__ = [
    "BulkReport",
    "Chunks",
    "Failure",
    "Options",
    "Progress",
    "Queue",
    "Row",
    "load",
    "remove",
    "set_interactive",
    "stop_on_signals",
]

# The name under which :mod:`qqminigame.integrations.celery` registers the task that carries chunks.
TASK: Final = "qqminigame.load_chunk"

File = str | os.PathLike[str]
Player = LoginState | str


class Options(TypedDict, total=False):
    """The options of :func:`load`, which describes them."""

    journal: File | None
    failures: File | None
    only_failures: File | None
    workers: int
    processes: int
    through: Queue | TaskApp | None
    per_second: float | None
    give_up_after: int | None
    progress: Callable[[Progress], object] | None
    stop: threading.Event | None


def load(
    session: Session,
    rows: Iterable[tuple[Player, Mapping[str, str] | Iterable[tuple[str, str]]] | Row],
    *,
    journal: File | None = None,
    failures: File | None = None,
    only_failures: File | None = None,
    workers: int = 32,
    processes: int = 1,
    through: Queue | TaskApp | None = None,
    per_second: float | None = None,
    give_up_after: int | None = 100,
    progress: Callable[[Progress], object] | None = None,
    stop: threading.Event | None = None,
) -> BulkReport:
    """Store pairs for many players, as :meth:`CloudStorage.set` does for one.

    A row that fails is a failure and not the end. What may succeed a moment later is tried up to
    six times. The rows of one player are sent one after the other, in their order, so that the last
    value is stored last. Where the platform says that it is busy or that there are too many calls,
    the run slows down by itself, and speeds up again.

    Args:
        session: Makes the calls.
        rows: Pairs of a login and its pairs, or :class:`Row` values. They are read as they are
            needed, in this thread, a few hundred ahead. A login is a LoginState, or the openid of
            one that the session's store remembers.
        journal: A file that keeps which rows were stored. The next run with this journal passes
            over them where they have not changed. It is created if there is none; one process at a
            time can use it.
        failures: A file for the rows that were not stored, one JSON object a line, with the fields
            of :class:`Failure`. Each run begins it anew; one that goes on with a journal goes on
            with it too, and sends those rows again that may succeed later.
        only_failures: A file of failures: only its rows are sent, and later ones of these players.
        workers: How many threads send, in each process. More than the session's ``pool_size`` are
            of no use.
        processes: How many processes send; more than one where one core is not enough. They are
            forked, and share the session's store, which must not be in memory.
        through: Has the workers of a task queue send the rows: a Celery app, after
            :func:`qqminigame.integrations.celery.register`, or a queue of your own. Workers and
            this session need the same store; ``workers`` are the threads of each worker process.
            Only openids go into the queue, so the store has to remember the logins.
        per_second: How many calls are made a second at most. All programs that use one Redis as
            their store share this; other stores do not share it, and cannot limit workers of a
            queue.
        give_up_after: After so many failures of one kind in a row the run ends; None for never.
        progress: Is called in this thread about four times a second, and at the end. What it
            raises is logged and changes nothing.
        stop: Ends the run when set: calls under way end within their deadline, the other rows stay
            unsent. See :func:`stop_on_signals`.

    Returns:
        The counts, and why it ended early, if it did.

    Raises:
        InvalidArgumentError: The row numbers do not increase.
        ConfigurationError: An argument is wrong; another process uses the journal; a file is not
            one that this library wrote, and was not changed.
        StoreError: The journal or the failures file cannot be used.
    """
    return _run(
        session,
        "load",
        rows,
        Options(
            journal=journal,
            failures=failures,
            only_failures=only_failures,
            workers=workers,
            processes=processes,
            through=through,
            per_second=per_second,
            give_up_after=give_up_after,
            progress=progress,
            stop=stop,
        ),
    )


def remove(
    session: Session,
    rows: Iterable[tuple[Player, Iterable[str]] | Row],
    **options: Unpack[Options],
) -> BulkReport:
    """Remove keys of many players, as :meth:`CloudStorage.remove` does for one.

    Args:
        session: Makes the calls.
        rows: Pairs of a login and its keys, or :class:`Row` values.
        **options: As :func:`load`.

    Raises:
        QQMiniGameError: As :func:`load`.
    """
    return _run(session, "remove", rows, options)


def set_interactive(
    session: Session,
    rows: Iterable[tuple[Player, Mapping[str, int] | Iterable[tuple[str, int]]] | Row],
    **options: Unpack[Options],
) -> BulkReport:
    """Set the interactive data of many players, as :meth:`InteractiveData.set` does for one.

    Args:
        session: Makes the calls.
        rows: Pairs of a login and its data, or :class:`Row` values.
        **options: As :func:`load`.

    Raises:
        QQMiniGameError: As :func:`load`.
    """
    return _run(session, "set_interactive", rows, options)


def _run(session: Session, kind: Kind, rows: Iterable[Any], options: Options) -> BulkReport:
    operation = operation_of(session, kind)
    checked = _settings(session, operation.load, options)
    if options.get("per_second") is not None:
        operation = in_single_attempts(session, operation)
    return carry_out(session, operation, rows, checked)


def _settings(session: Session, load: str, options: Options) -> Settings:
    """Return the options, checked.

    Raises:
        ConfigurationError: One of them is wrong.
    """
    count = settings.count("processes", options.get("processes", 1))
    if count > 1:
        processes.check(count, session.store)
    journal, failures, only_failures = (
        None if path is None else Path(path)
        for path in (
            options.get("journal"),
            options.get("failures"),
            options.get("only_failures"),
        )
    )
    if failures is not None and failures == only_failures:
        raise ConfigurationError(messages.SAME_FAILURE_FILE.of(path=failures))
    give_up_after = options.get("give_up_after", 100)
    workers = settings.count("workers", options.get("workers", 32))
    per_second, through = speed(options.get("per_second")), options.get("through")
    return Settings(
        journal=journal,
        failures=failures,
        only_failures=only_failures,
        workers=workers,
        processes=count,
        way=None
        if through is None
        else Way(
            queue=_queue(session, through, count, per_second),
            run_key=key_of_runs(load, journal),
            threads=workers,
            per_second=per_second,
        ),
        pace=partial(pace_of, session, load, per_second, count),
        give_up_after=None
        if give_up_after is None
        else settings.count("give_up_after", give_up_after),
        progress=options.get("progress"),
        stop=options.get("stop"),
    )


def _queue(
    session: Session, through: Queue | TaskApp, count: int, per_second: float | None
) -> Queue:
    """Return the queue whose workers send.

    Raises:
        ConfigurationError: There is no queue behind what was given, or its workers cannot share
            what they have to.
    """
    # A Celery app stands for the one task of it that takes chunks.
    tasks = getattr(through, "tasks", {})
    queue = tasks[TASK] if isinstance(tasks, Mapping) and TASK in tasks else through
    if not isinstance(queue, Queue):
        raise ConfigurationError(messages.NOT_A_QUEUE.of(kind=type(through).__name__))
    if count > 1:
        raise ConfigurationError(messages.QUEUE_WITH_PROCESSES.of(count=count))
    check_store(session.store, per_second)
    return queue
