"""The threads that send rows."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from qqminigame.bulk.rows import Claim
from qqminigame.bulk.sending import Outcome, Sender, StoppedError
from qqminigame.bulk.values import Row

Record = Callable[[Row, Outcome], None]
Work = Callable[[SimpleQueue[Claim | None]], None]


class Threads:
    """Threads, each of which takes a claim at a time."""

    def __init__(
        self, count: int, ahead: int, work: Work, failed: Callable[[BaseException], None]
    ) -> None:
        """Start them.

        Args:
            count: How many.
            ahead: How many claims may wait for them.
            work: What each of them does: sends the claims of a queue up to the None at its end.
            failed: Is told what a thread has raised, which is a defect.
        """
        self._failed = failed
        self._ahead = ahead
        self._claims: SimpleQueue[Claim | None] = SimpleQueue()
        self._threads = [
            threading.Thread(
                target=self._guarded, args=(work,), name="qqminigame-bulk", daemon=True
            )
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def has_room(self) -> bool:
        """Return whether it had better get another claim now."""
        return self._claims.qsize() < self._ahead

    def put(self, claim: Claim) -> None:
        """Hand over a claim."""
        self._claims.put(claim)

    def end(self) -> None:
        """Tell the threads that there are no more claims."""
        for _ in self._threads:
            self._claims.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait until they have ended, so long at most; return whether they have."""
        ends = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(ends - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def _guarded(self, work: Work) -> None:
        try:
            work(self._claims)
        except BaseException as error:
            self._failed(error)


def send_claims(
    claims: SimpleQueue[Claim | None], sender: Sender, record: Record, done: Callable[[Claim], None]
) -> None:
    """Send the rows of claims, one after the other; once the run is to stop, drop them."""
    while (claim := claims.get()) is not None:
        logins = sender.logins(claim.openids())
        while (row := claim.take()) is not None:
            try:
                outcome = sender.send(row, logins)
            except StoppedError:
                continue
            record(row, outcome)
        done(claim)
