"""Settles the orders that are due, without their players: one sweep of a cron job or of beat."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

from qqminigame import reactions
from qqminigame.clock import Deadline
from qqminigame.dawanka.records import left
from qqminigame.dawanka.reporting import OrderReports
from qqminigame.exceptions import (
    LoginExpiredError,
    OutcomeUnknownError,
    QQMiniGameError,
    RateLimitError,
    StoreError,
)
from qqminigame.models import DueOrder, HallLogin, PayOrder, SettleReport
from qqminigame.redaction import drop_frames

_CALL: Final = "Dawanka.settle_due"
# An order is claimed for this many times the deadline of its settlement. Claims are not given back:
# what failed is not tried again at once.
_LEASES: Final = 2
# The platform, and not the order, is to blame for so many failures in a row.
_FAILURES: Final = 3


class _TakenError(Exception):
    """Another process settles the order, or has settled it."""


@frozen(kw_only=True, eq=False)
class Sweep:
    """One pass over the orders that are due.

    Attributes:
        reports: Settles an order.
        deadline: Starts the time that settling one order may take.
    """

    reports: OrderReports
    deadline: Callable[[], Deadline]

    def run(self, limit: int) -> SettleReport:
        """Settle what can be settled.

        Args:
            limit: How many orders to look at, at most.

        Raises:
            StoreError: The records cannot be read.
            ConfigurationError: The store may lose what it keeps.
        """
        ends: list[DueOrder] = []
        for order in self.reports.orders.due(limit):
            with contextlib.suppress(_TakenError):
                ends.append(self._end(order))
                stop = _reason_to_stop(ends)
                if stop is not None:
                    return SettleReport(orders=tuple(ends), stopped_because=stop)
        return SettleReport(orders=tuple(ends))

    def _end(self, order: PayOrder) -> DueOrder:
        """Return what became of an order.

        Raises:
            _TakenError: Another process is at it.
        """
        if not order.has_openkey:
            return DueOrder(order=order, outcome="waiting")
        try:
            return self._settle(order, self.deadline())
        except QQMiniGameError as error:
            failure = error
        return self._unsettled(order, failure)

    # The errors are handed to the caller: no openkey may hang on their frames.
    @drop_frames
    def _settle(self, order: PayOrder, deadline: Deadline) -> DueOrder:
        openkey = self._claim(order, deadline)
        hall_login = HallLogin(openid=order.openid, openkey=openkey)
        report = self.reports.settle(_CALL, hall_login, order.order_id, None, deadline)
        if report is None:
            return DueOrder(order=order, outcome="not_counted", hall_login=hall_login)
        return DueOrder(order=order, outcome="counted", report=report)

    def _claim(self, order: PayOrder, deadline: Deadline) -> str:
        """Return the openkey of an order that no other process settles meanwhile."""
        orders = self.reports.orders
        lock, lease = orders.keys.openkey(order.mark), _LEASES * deadline.seconds
        if orders.store.try_lock(lock, lease, timeout=left(deadline)) is None:
            raise _TakenError
        # Looked for again: another process may have been done before the lock was taken.
        openkey = orders.openkeys.find(order.mark, deadline)
        if openkey is None:
            raise _TakenError
        return openkey

    def _unsettled(self, order: PayOrder, failure: QQMiniGameError) -> DueOrder:
        if isinstance(failure, OutcomeUnknownError):
            if failure.settle_in is not None:
                raise _TakenError
            self._forget_openkey(order)
            return DueOrder(order=order, outcome="undecided", error=failure)
        if isinstance(failure, LoginExpiredError):
            self._forget_openkey(order)
            return DueOrder(order=order, outcome="waiting", error=failure)
        return DueOrder(order=order, outcome="failed", error=failure)

    def _forget_openkey(self, order: PayOrder) -> None:
        """Leave an order to its player and its game.

        If it is undecided, the uses that a later sweep finds could fit by chance.
        """
        with contextlib.suppress(StoreError):
            self.reports.orders.openkeys.drop(order.mark, self.deadline())


def _reason_to_stop(ends: Sequence[DueOrder]) -> QQMiniGameError | None:
    """Return the error that the next order would meet too."""
    last = ends[-1]
    if last.outcome != "failed" or last.error is None:
        return None
    if isinstance(last.error, StoreError | RateLimitError):
        return last.error
    if last.error.reaction is reactions.MISCONFIGURED:
        return last.error
    recent = [end.outcome for end in ends[-_FAILURES:]]
    return last.error if recent == ["failed"] * _FAILURES else None
