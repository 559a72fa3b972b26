"""What a worker of a task queue does with a chunk of rows."""

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Event
from typing import Any, Final

from attrs import field, frozen

from qqminigame import messages
from qqminigame.bulk.chunks import BEGUN, KEPT_SECONDS, Chunk, Result
from qqminigame.bulk.operations import in_single_attempts, operation_of
from qqminigame.bulk.pace import Pace
from qqminigame.bulk.sending import Logins, Operation, Outcome, Sender, StoppedError
from qqminigame.bulk.speed import pace_of
from qqminigame.bulk.values import Row, Stop
from qqminigame.exceptions import ConfigurationError, QQMiniGameError, StoreError
from qqminigame.per_process import PerProcess
from qqminigame.session import Session

# So soon a worker sees that the load has ended.
_LOOK_SECONDS: Final = 0.5


@frozen
class _Lane:
    """How fast a process sends the rows of one load, and the lock for its next turn."""

    pace: Pace
    queue: Any = field(factory=threading.Lock)


class Chunks:
    """Carries out the chunks of bulk loads with a session, in a worker of a task queue.

    Create one per process or before a fork; several threads may use it at once.
    """

    def __init__(self, session: Session) -> None:
        """Use a session; its store must be the one of the session that loads."""
        self._session = session
        self._lanes: PerProcess[dict[tuple[str, float | None], _Lane]] = PerProcess(dict)

    def carry_out(self, message: Mapping[str, Any]) -> None:
        """Send the rows of a chunk, unless another worker does or has, or the load has ended.

        What came of them goes into the session's store, where the load looks for it.

        Args:
            message: What the load has posted.

        Raises:
            StoreError: The store cannot be used; the load will send the chunk again.
        """
        chunk = Chunk.of(message)
        store, seconds = self._session.store, self._session.deadline_seconds
        if not self._is_wanted(chunk):
            return
        owner = store.try_lock(chunk.key, chunk.lease_seconds(seconds), timeout=seconds)
        if owner is None:
            return
        try:
            # Again, under the lock: whoever held it may have done the chunk meanwhile.
            if self._is_wanted(chunk):
                store.set(chunk.key, BEGUN, KEPT_SECONDS, timeout=seconds)
                # A load ends, and then looks which chunks are begun: so this one looks once more.
                if self._is_wanted(chunk):
                    result = self._result(chunk)
                    store.set(chunk.key, result.text(), KEPT_SECONDS, timeout=seconds)
        finally:
            # If that fails, the lock expires soon.
            with contextlib.suppress(StoreError):
                store.unlock(chunk.key, owner, timeout=seconds)

    def _is_wanted(self, chunk: Chunk) -> bool:
        """Return whether the load still runs and lacks the result."""
        keys = (chunk.run_key, chunk.key)
        found = self._session.store.get_many(keys, timeout=self._session.deadline_seconds)
        return found.get(chunk.run_key) == chunk.run and found.get(chunk.key, BEGUN) == BEGUN

    def _has_ended(self, chunk: Chunk) -> bool:
        """Return whether the load has ended; where the store does not say, it has not."""
        with contextlib.suppress(StoreError):
            return not self._is_wanted(chunk)
        return False

    def _result(self, chunk: Chunk) -> Result:
        """Send the rows; a session that cannot do what the load does ends the load."""
        try:
            operation = operation_of(self._session, chunk.kind)
            if operation.load == chunk.load:
                return Result.of(chunk.rows, self._outcomes(chunk, operation))
            failure = messages.CHUNK_OF_ANOTHER.of(wanted=chunk.load, found=operation.load)
        except ConfigurationError as error:
            failure = error.text
        stop = Stop(messages.STOP_REFUSED.of(failure=failure), "fix_settings")
        return Result.of(chunk.rows, {chunk.rows[0].number: stop})

    def _outcomes(self, chunk: Chunk, operation: Operation) -> dict[int, Outcome]:
        """Send the rows: those of one player one after the other, in their order."""
        stopping, lane = Event(), self._lane(chunk)
        if chunk.per_second is not None:
            operation = in_single_attempts(self._session, operation)
        sender = Sender(self._session, operation, lane.pace, stopping, lane.queue)
        # Threads that waited for the token between their turns and their calls would call at once.
        with contextlib.suppress(QQMiniGameError):
            self._session.access_token()
        rows = _by_player(chunk.rows)
        send = partial(_send, sender, sender.logins(rows), stopping)
        with ThreadPoolExecutor(min(chunk.threads, len(rows))) as pool:
            pending = [pool.submit(send, some) for some in rows.values()]
            self._watch(chunk, pending, stopping)
        return {number: end for done in pending for number, end in done.result().items()}

    def _watch(self, chunk: Chunk, pending: Iterable[Future[Any]], stopping: Event) -> None:
        """Wait for the rows; let no further one begin when the time is up or the load has ended."""
        ends = time.monotonic() + chunk.seconds
        unfinished = set(pending)
        try:
            while unfinished:
                _, unfinished = wait(unfinished, timeout=_LOOK_SECONDS)
                if unfinished and (time.monotonic() > ends or self._has_ended(chunk)):
                    stopping.set()
        finally:
            stopping.set()

    def _lane(self, chunk: Chunk) -> _Lane:
        """Return this process's lane of a load: it remembers when the platform was busy."""
        lanes = self._lanes.get()
        key = chunk.load, chunk.per_second
        if key not in lanes:
            pace = pace_of(self._session, chunk.load, chunk.per_second, 1)
            lanes.setdefault(key, _Lane(pace))
        return lanes[key]


def _by_player(rows: Iterable[Row]) -> dict[str, list[Row]]:
    players: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        players[row.openid].append(row)
    return players


def _send(sender: Sender, logins: Logins, stopping: Event, rows: list[Row]) -> dict[int, Outcome]:
    """Send the rows of a player; return how those ended that were sent."""
    outcomes: dict[int, Outcome] = {}
    for row in rows:
        try:
            outcomes[row.number] = sender.send(row, logins)
        except StoppedError:
            break
        if isinstance(outcomes[row.number], Stop):
            stopping.set()
    return outcomes
