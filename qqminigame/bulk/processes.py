"""More than one core: processes that send, for the one that reads and keeps the journal."""

import contextlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Any, Final, Literal

from attrs import frozen

from qqminigame import messages
from qqminigame.bulk.crew import Record, Threads, send_claims
from qqminigame.bulk.rows import Claim
from qqminigame.bulk.sending import Outcome, Sender
from qqminigame.bulk.values import Row
from qqminigame.exceptions import ConfigurationError
from qqminigame.stores import MemoryStore, Store

_LOOK_SECONDS: Final = 0.02
# All claims are done with by then.
_END_SECONDS: Final = 10.0

Message = tuple[int, list[Row]] | Literal["stop", "end"]

_log: Final = logging.getLogger("qqminigame")


def check(count: int, store: Store) -> None:
    """Refuse what more than one process cannot do.

    Raises:
        ConfigurationError: This system has no fork, or the processes would not share the store.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        raise ConfigurationError(messages.PROCESSES_NEED_FORK.of(count=count))
    if isinstance(store, MemoryStore):
        raise ConfigurationError(messages.PROCESSES_NEED_A_STORE.of(count=count))


@frozen
class Child:
    """A worker process and this end of the pipe to it."""

    process: Any
    pipe: "Connection[Message, Any]"


@contextlib.contextmanager
def forked(count: int, threads: int, sender: Callable[[Event], Sender]) -> Iterator[list[Child]]:
    """Fork worker processes; they end with the block.

    They have this process's session, but none of its threads; so fork before starting any.

    Args:
        count: How many.
        threads: How many threads each of them sends with.
        sender: Makes what sends, in the new process, given what is set when it is to stop.
    """
    children: list[Child] = []
    try:
        for _ in range(count):
            children.append(_fork(children, threads, sender))
        yield children
    finally:
        for child in children:
            child.pipe.close()
        for child in children:
            child.process.join()


def _fork(siblings: list[Child], threads: int, sender: Callable[[Event], Sender]) -> Child:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    # A copy of another's end would keep that one from seeing that this process is gone.
    others = [child.pipe for child in siblings]
    process = context.Process(
        target=_be_child, args=(theirs, [ours, *others], threads, sender), daemon=True
    )
    process.start()
    theirs.close()
    return Child(process, ours)


def _be_child(
    pipe: "Connection[Any, Message]",
    others: list["Connection[Any, Any]"],
    threads: int,
    sender: Callable[[Event], Sender],
) -> None:
    """Send the claims that come through the pipe; end at once where its other end is gone."""
    for other in others:
        other.close()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent is told, and tells its children
    stopping, lock = Event(), Lock()
    sending = sender(stopping)

    def report(*words: object) -> None:
        with lock:
            pipe.send(words)

    def work(claims: SimpleQueue[Claim | None]) -> None:
        send_claims(
            claims,
            sending,
            record=lambda row, outcome: report(row.number, outcome),
            done=lambda claim: report(claim.number),
        )

    def fail(error: BaseException) -> None:
        _log.error(messages.PROCESS_DEFECT, exc_info=error)
        os._exit(1)

    crew = Threads(threads, threads, work, fail)
    try:
        while (message := pipe.recv()) != "end":
            if message == "stop":
                stopping.set()
            else:
                crew.put(Claim(*message))
    except (EOFError, OSError):
        os._exit(1)
    crew.end()
    crew.wait(_END_SECONDS)


class Service:
    """What the parent does for one child: gives it claims, and records what comes of their rows."""

    def __init__(
        self, child: Child, most: int, record: Record, done: Callable[[Claim], None]
    ) -> None:
        """Give nothing yet.

        Args:
            child: The child.
            most: How many claims the child has at a time.
            record: Records how a row ended.
            done: Is told of claims all of whose rows are done with.
        """
        self._child = child
        self._most = most
        self._record = record
        self._done = done
        self._claims: dict[int, Claim] = {}
        self._rows: dict[int, Row] = {}

    def run(self, claims: SimpleQueue[Claim | None], stopping: Event) -> None:
        """Serve the child until there are no more claims.

        Args:
            claims: The claims, and None at their end.
            stopping: Is set when the child is to send no further row.

        Raises:
            EOFError, OSError: The child has ended.
        """
        has_ended = is_told = False
        while self._claims or not has_ended:
            if stopping.is_set() and not is_told:
                self._child.pipe.send("stop")
                is_told = True
            has_ended = has_ended or self._give(claims)
            if self._child.pipe.poll(_LOOK_SECONDS):
                self._take_report(*self._child.pipe.recv())
        self._child.pipe.send("end")

    def _give(self, claims: SimpleQueue[Claim | None]) -> bool:
        """Give the child as many claims as it takes; return whether that was the last."""
        while len(self._claims) < self._most:
            try:
                claim = claims.get_nowait()
            except Empty:
                return False
            if claim is None:
                return True
            self._claims[claim.number] = claim
            self._hand_over(claim)
        return False

    def _hand_over(self, claim: Claim) -> None:
        """Give the child the rows that a claim has, or has got since."""
        rows = claim.take_all()
        if rows:
            self._rows.update((row.number, row) for row in rows)
            self._child.pipe.send((claim.number, rows))
        else:
            del self._claims[claim.number]
            self._done(claim)

    def _take_report(self, number: int, *outcome: Outcome) -> None:
        """Read what the child says: how a row ended, or which claim is done."""
        if outcome:
            self._record(self._rows.pop(number), *outcome)
        else:
            self._hand_over(self._claims[number])
