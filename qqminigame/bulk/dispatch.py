"""Claims that the workers of a task queue send: posts chunks, and looks what came of them."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from queue import Empty, SimpleQueue
from threading import Event
from typing import Final

from attrs import define, field, frozen

from qqminigame import messages
from qqminigame.bulk.chunks import (
    BEGUN,
    Chunk,
    Queue,
    Result,
    can_travel,
    new_name,
)
from qqminigame.bulk.crew import Record
from qqminigame.bulk.rows import Claim
from qqminigame.bulk.sending import Operation, Sender, StoppedError
from qqminigame.bulk.values import Row, Stop
from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.session import Session
from qqminigame.stores import MemoryStore, Store
from qqminigame.stores.base import TurnKeeper

_LOOK_SECONDS: Final = 0.05
# A chunk that no worker has begun may be lost with its message, and is posted again: first after so
# long, then after twice that time.
_POST_AGAIN_SECONDS: Final = 60.0
# After the queue could not be reached.
_PAUSE_SECONDS: Final = 2.0
# As many chunks wait in the queue as are being worked on, and at least so many.
_LEAST_WAITING: Final = 4
_MOST_ROWS: Final = 100
# Nobody works, or with another store.
_WARN_SECONDS: Final = 60.0
_SILENCE_SECONDS: Final = 600.0
# A run that has ended without saying so is forgotten after so long.
_RUN_SECONDS: Final = 3600.0
_KEEP_RUN_SECONDS: Final = 60.0

_log: Final = logging.getLogger("qqminigame")


@frozen(kw_only=True)
class Way:
    """How the rows of a load reach the workers of a queue.

    Attributes:
        queue: Takes the chunks there.
        run_key: Where the store keeps which run of the load is the present one.
        threads: How many threads send, in each worker.
        per_second: How many calls all workers together make a second at most.
    """

    queue: Queue
    run_key: str
    threads: int
    per_second: float | None

    @property
    def rows(self) -> int:
        """How many rows a chunk has: no more than can be sent in half a second."""
        if self.per_second is None:
            return _MOST_ROWS
        return max(1, min(_MOST_ROWS, int(self.per_second / 2)))

    @property
    def chunks(self) -> float:
        """How many chunks may be unfinished: few, where turns are rare."""
        return float("inf") if self.per_second is None else max(2.0, 4 * self.per_second)


def check_store(store: Store, per_second: float | None) -> None:
    """Refuse a store that workers do not share, or whose users cannot share a speed.

    Raises:
        ConfigurationError: It says what is needed.
    """
    if isinstance(store, MemoryStore):
        raise ConfigurationError(messages.QUEUE_NEEDS_A_STORE)
    if per_second is not None and not isinstance(store, TurnKeeper):
        raise ConfigurationError(messages.QUEUE_NEEDS_TURNS.of(store=store))


@define(eq=False)
class _Posted:
    """A chunk that is not done.

    Attributes:
        chunk: The chunk.
        claim: Whose rows it has.
        again_at: When it is posted (again), if nothing is heard of it until then.
        posts: How often it was posted since a worker began it, if one has.
        is_begun: Whether a worker works on it.
    """

    chunk: Chunk
    claim: Claim
    again_at: float
    posts: int = 0
    is_begun: bool = False


@frozen(kw_only=True)
class Ends:
    """Who is told how things end.

    Attributes:
        record: Is told how a row ended.
        done: Is told of a claim all of whose rows have ended.
        stop: Ends the load.
    """

    record: Record
    done: Callable[[Claim], None]
    stop: Callable[[Stop], None]


@define(kw_only=True, eq=False)
class Dispatch:
    """Has the workers of a queue send the rows of claims.

    Attributes:
        session: Has the store that the workers share.
        operation: What they do with each row.
        way: How rows reach them.
        ends: Who is told.
        sender: Sends the rows that cannot travel: it refuses them as a run without a queue would.
    """

    session: Session
    operation: Operation
    way: Way
    ends: Ends
    sender: Sender
    run: str = field(init=False, factory=new_name)
    _numbers: Iterator[int] = field(init=False, factory=count)
    _posted: dict[str, _Posted] = field(init=False, factory=dict)
    _heard_at: float = field(init=False, factory=time.monotonic)
    _warned_at: float = field(init=False, default=0.0)
    _kept_at: float = field(init=False, default=0.0)
    _is_over: bool = field(init=False, default=False)

    def serve(self, claims: SimpleQueue[Claim | None], stopping: Event) -> None:
        """Have the rows sent until there are no more claims, or the load is to stop."""
        self._begin(stopping)
        try:
            has_ended = False
            while (self._posted or not has_ended) and not stopping.is_set():
                has_ended = has_ended or self._take(claims)
                self._look()
                stopping.wait(_LOOK_SECONDS)
        finally:
            self._end()
        # Workers see within a second that the load has ended; what they have sent is not lost. One
        # that has not begun by now sends nothing.
        self._look_for_results()
        ends = time.monotonic() + self.session.deadline_seconds + _PAUSE_SECONDS
        while any(each.is_begun for each in self._posted.values()) and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS)  # what workers have done stands in the store
            self._look_for_results()

    def _begin(self, stopping: Event) -> None:
        """Make this the present run; let what an earlier one has left under way come to its end."""
        seconds = self.session.deadline_seconds
        with self._patient():
            earlier = self.session.store.get(self.way.run_key, timeout=seconds)
            self._keep_run()
            if earlier is not None:
                _log.info(messages.QUEUE_WAITS.of(seconds=seconds))
                stopping.wait(seconds + 1.0)

    def _end(self) -> None:
        self._is_over = True
        store, seconds = self.session.store, self.session.deadline_seconds
        with self._patient():
            store.delete_if(self.way.run_key, self.run, timeout=seconds)

    def _keep_run(self) -> None:
        self._kept_at = time.monotonic()
        store, seconds = self.session.store, self.session.deadline_seconds
        store.set(self.way.run_key, self.run, _RUN_SECONDS, timeout=seconds)

    def _take(self, claims: SimpleQueue[Claim | None]) -> bool:
        """Take as many claims as workers may be busy with; return whether that was the last."""
        while self._has_room():
            try:
                claim = claims.get_nowait()
            except Empty:
                return False
            if claim is None:
                return True
            self._hand_over(claim, claim.take_all())
        return False

    def _has_room(self) -> bool:
        begun = sum(each.is_begun for each in self._posted.values())
        waiting = len(self._posted) - begun
        return waiting < max(_LEAST_WAITING, begun) and len(self._posted) < self.way.chunks

    def _hand_over(self, claim: Claim, rows: list[Row]) -> None:
        """Post the rows that a claim has, or has got since."""
        while rows:
            travelling = tuple(row for row in rows if self._travels(row))
            if travelling:
                chunk = self._chunk(travelling)
                posted = self._posted[chunk.name] = _Posted(chunk, claim, again_at=0.0)
                self._post(posted)
                return
            rows = claim.take_all()
        self.ends.done(claim)

    def _chunk(self, rows: tuple[Row, ...]) -> Chunk:
        return Chunk(
            name=f"{self.run}:{next(self._numbers)}",
            run=self.run,
            run_key=self.way.run_key,
            kind=self.operation.kind,
            load=self.operation.load,
            threads=self.way.threads,
            per_second=self.way.per_second,
            rows=rows,
        )

    def _travels(self, row: Row) -> bool:
        """Return whether a worker can send a row; what is wrong with another is found out here."""
        if can_travel(row):
            return True
        with suppress(StoppedError):
            self.ends.record(row, self.sender.send(row, {}))
        return False

    def _post(self, posted: _Posted) -> None:
        now = time.monotonic()
        posted.is_begun = False
        try:
            self.way.queue.post(posted.chunk.message())
        except StoreError as error:
            _log.warning(messages.QUEUE_FAILED.of(failure=error.text))
            posted.again_at = now + _PAUSE_SECONDS
            return
        posted.again_at = now + _POST_AGAIN_SECONDS * 2**posted.posts
        posted.posts += 1

    def _look(self) -> None:
        """Look how far the chunks are, and post again those that nobody works on."""
        now = time.monotonic()
        self._look_for_results()
        for posted in list(self._posted.values()):
            if now > posted.again_at:
                self._post(posted)
        self._look_for_silence(now)
        if now > self._kept_at + _KEEP_RUN_SECONDS:
            self._look_for_another_run()

    def _look_for_results(self) -> None:
        keys = {posted.chunk.key: posted for posted in self._posted.values()}
        if not keys:
            self._heard_at = time.monotonic()
            return
        with self._patient():
            found = self.session.store.get_many(list(keys), timeout=self.session.deadline_seconds)
            for key, text in found.items():
                if text != BEGUN:
                    self._finish(keys[key], Result.from_text(text))
                elif not keys[key].is_begun:
                    self._note_begun(keys[key])

    def _note_begun(self, posted: _Posted) -> None:
        """Give the worker its time: longer than its lock on the chunk holds."""
        posted.is_begun, posted.posts = True, 0
        self._heard_at = now = time.monotonic()
        posted.again_at = now + posted.chunk.lease_seconds(self.session.deadline_seconds) + 1.0

    def _finish(self, posted: _Posted, result: Result) -> None:
        """Record what came of a chunk; post the rows that were not sent again."""
        self._heard_at = time.monotonic()
        del self._posted[posted.chunk.name]
        for row, failure in result.ends(posted.chunk.rows):
            self.ends.record(row, failure)
        if result.stop is not None:
            self.ends.stop(result.stop)
        if result.stop is not None or self._is_over:
            return
        unsent = [row for row in posted.chunk.rows if row.number in result.unsent]
        self._hand_over(posted.claim, unsent or posted.claim.take_all())

    def _look_for_silence(self, now: float) -> None:
        silence = now - self._heard_at
        if silence > _SILENCE_SECONDS:
            reason = messages.STOP_NO_WORKER.of(seconds=silence, store=self.session.store)
            self.ends.stop(Stop(reason, "try_later"))
        elif silence > _WARN_SECONDS and now > self._warned_at + _WARN_SECONDS:
            self._warned_at = now
            _log.warning(messages.QUEUE_SILENT.of(seconds=silence, store=self.session.store))

    def _look_for_another_run(self) -> None:
        """Keep this run the present one, unless another has taken its place."""
        store, seconds = self.session.store, self.session.deadline_seconds
        with self._patient():
            present = store.get(self.way.run_key, timeout=seconds)
            if present in (None, self.run):
                self._keep_run()
            else:
                self.ends.stop(Stop(messages.STOP_REPLACED, "try_later"))

    @contextmanager
    def _patient(self) -> Iterator[None]:
        """Go on where the store cannot be used for a moment: workers go on, too."""
        try:
            yield
        except StoreError as error:
            _log.warning(messages.QUEUE_FAILED.of(failure=error.text))
            time.sleep(_PAUSE_SECONDS)  # the store may be back by then
