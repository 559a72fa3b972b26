"""Reports an order, and settles one whose outcome is unknown."""

import logging
import math
from collections.abc import Callable
from typing import Final

from attrs import frozen

from qqminigame import messages, validation
from qqminigame.clock import Deadline
from qqminigame.dawanka.orders import Look, PayOrders
from qqminigame.dawanka.records import ENDPOINT
from qqminigame.exceptions import (
    ConfigurationError,
    OutcomeUnknownError,
    Problem,
    QQMiniGameError,
    StoreError,
    TransportError,
)
from qqminigame.limits import UNLIMITED
from qqminigame.messages import Text
from qqminigame.models import DawankaInfo, HallLogin, PayOrder, PayReport

_log: Final = logging.getLogger("qqminigame")

Ask = Callable[[HallLogin, Deadline], DawankaInfo]
Send = Callable[[HallLogin, Deadline], PayReport]


class NothingLeftError(Exception):
    """The player has no use left, and nothing was reported."""


@frozen(kw_only=True, eq=False, repr=False)
class OrderReports:
    """Reports orders, each of them once.

    Attributes:
        address: Scheme and host of the platform.
        orders: The records.
        ask: Asks for a player's uses.
        send: Sends a report.
    """

    address: str
    orders: PayOrders
    ask: Ask
    send: Send

    def report(
        self,
        call: str,
        hall_login: HallLogin,
        order_id: str,
        deadline: Deadline,
        *,
        if_left: bool = False,
    ) -> PayReport:
        """Report an order, or return its report where it is finished.

        Args:
            call: What the user called, for the errors.
            hall_login: The player.
            order_id: The order.
            deadline: When it has to be over.
            if_left: Whether to report only where the player has a use left.

        Raises:
            NothingLeftError: The player has none.
            QQMiniGameError: As :meth:`qqminigame.Dawanka.report_pay`.
        """
        while True:
            look = self.orders.look(order_id, hall_login.openid, deadline)
            if look.order is not None:
                return self._recorded(call, look.order, hall_login, deadline)
            info = self.ask(hall_login, deadline)
            if if_left and not info.has_bonus_left:
                raise NothingLeftError
            order = self.orders.begin(order_id, hall_login, look, info, deadline)
            if order is not None:
                return self._send_order(order, look, hall_login, deadline)

    def settle(
        self,
        call: str,
        hall_login: HallLogin,
        order_id: str,
        counted: bool | None,
        deadline: Deadline,
    ) -> PayReport | None:
        """Close an open order.

        Args:
            call: What the user called, for the errors.
            hall_login: The player.
            order_id: The order.
            counted: Whether it was counted, where the user knows; None to find out.
            deadline: When it has to be over.

        Returns:
            The report; None where the order was not counted.
        """
        order = self.orders.find(order_id, deadline)
        if order is None:
            return self._record(hall_login, order_id, deadline) if counted else None
        _check_owner(call, order, hall_login)
        if order.report is not None:
            return order.report
        left = None
        if counted is None:
            left = self._left_if_counted(call, order, hall_login, deadline)
            counted = left is not None
        report = PayReport(use=None, left=left) if counted else None
        if not self._close(order, report, deadline):
            raise _unknown(call, order, _CHANGED, 0.0)
        return report

    def _record(self, hall_login: HallLogin, order_id: str, deadline: Deadline) -> PayReport:
        """Record an order that only the caller knows of, so that it is not reported again."""
        report = PayReport(use=None, left=None)
        if self.orders.record(order_id, hall_login.openid, report, deadline):
            return report
        raise TransportError(
            messages.ORDER_JUST_BEGUN.of(call="Dawanka.settle", order_id=order_id),
            endpoint=ENDPOINT,
        )

    def _close(self, order: PayOrder, report: PayReport | None, deadline: Deadline) -> bool:
        if report is None:
            return self.orders.forget(order, deadline)
        return self.orders.finish_if_open(order, report, deadline)

    def _recorded(
        self, call: str, order: PayOrder, hall_login: HallLogin, deadline: Deadline
    ) -> PayReport:
        """Return the report of an order that was begun before."""
        _check_owner(call, order, hall_login)
        self._check_address(call, order)
        if order.report is None:
            wait = self.orders.seconds_to_wait(order, deadline)
            raise _unknown(call, order, _EARLIER, wait)
        return order.report

    def _send_order(
        self, order: PayOrder, look: Look, hall_login: HallLogin, deadline: Deadline
    ) -> PayReport:
        """Send an order's report and write down its end."""
        try:
            self.orders.check(order, deadline)
            report = self.send(hall_login, deadline)
        except QQMiniGameError as error:
            failure = error
        else:
            _write_down(order, lambda: self.orders.finish(order, report, deadline))
            return report
        if isinstance(failure, OutcomeUnknownError):
            raise _unclear(failure, order, self._wait(order, deadline))
        _write_down(order, lambda: self.orders.withdraw(order, look, deadline))
        raise failure

    def _wait(self, order: PayOrder, deadline: Deadline) -> float:
        """Return how long to wait for ``settle``; where the store does not say, the longest."""
        try:
            return self.orders.seconds_to_wait(order, deadline)
        except StoreError:
            return order.settle_from - order.begun_at

    def _left_if_counted(
        self, call: str, order: PayOrder, hall_login: HallLogin, deadline: Deadline
    ) -> int | None:
        """Return the uses left if an order's report was counted, None if it was not."""
        self._check_address(call, order)
        before = order.uses_before
        wait = self.orders.seconds_to_wait(order, deadline)
        if wait > 0:
            raise _unknown(call, order, _UNDER_WAY, wait)
        if before is None:
            raise _unknown(call, order, _UNRESOLVED, wait)
        info = self.ask(hall_login, deadline)
        after = info.pay_return_count
        # Asked last: an order begun before the count was read may be in it.
        if not self.orders.is_latest(order, deadline):
            raise _unknown(call, order, _LATER, wait)
        if info.level.value != order.level_before:
            raise _unknown(call, order, _OTHER_LEVEL, wait)
        if UNLIMITED in (before, after):
            raise _unknown(call, order, _UNLIMITED_USES, wait)
        if after not in (before, before - 1):
            raise _unknown(call, order, _uses_went(before, after), wait)
        return after if after == before - 1 else None

    def _check_address(self, call: str, order: PayOrder) -> None:
        """Refuse an order that went to another address: who knows what counts uses there."""
        if order.address != self.address:
            raise ConfigurationError(
                messages.ORDER_ELSEWHERE.of(
                    call=call, order_id=order.order_id, address=order.address, here=self.address
                )
            )


def _write_down(order: PayOrder, end: Callable[[], None]) -> None:
    """Write down an end that is certain; where that fails, the order stays open."""
    try:
        end()
    except StoreError as error:
        _log.warning(messages.ORDER_NOT_RECORDED.of(order_id=order.order_id, failure=error.text))


def _check_owner(call: str, order: PayOrder, hall_login: HallLogin) -> None:
    if order.openid != hall_login.openid:
        problems = [Problem(where="order_id", text=messages.OF_ANOTHER_PLAYER)]
        validation.refuse(call, problems)


@frozen(eq=False, repr=False)
class _Doubt:
    """Why it is not known.

    Attributes:
        text: The reason.
        ends: Whether time or another try ends it; otherwise only the caller can know.
    """

    text: Text
    ends: bool = False


_EARLIER: Final = _Doubt(messages.DOUBT_EARLIER, ends=True)
_UNDER_WAY: Final = _Doubt(messages.DOUBT_UNDER_WAY, ends=True)
_CHANGED: Final = _Doubt(messages.DOUBT_CHANGED, ends=True)
_UNRESOLVED: Final = _Doubt(messages.DOUBT_UNRESOLVED)
_LATER: Final = _Doubt(messages.DOUBT_LATER)
_OTHER_LEVEL: Final = _Doubt(messages.DOUBT_LEVEL)
_UNLIMITED_USES: Final = _Doubt(messages.DOUBT_UNLIMITED)


def _uses_went(before: int, after: int) -> _Doubt:
    """Return the doubt of a count that neither stayed nor fell by one."""
    return _Doubt(messages.DOUBT_COUNT.of(before=before, after=after))


def _unknown(call: str, order: PayOrder, doubt: _Doubt, wait: float) -> OutcomeUnknownError:
    """Return the error of a call that cannot tell whether an order was counted.

    Args:
        call: What the user called.
        order: The order.
        doubt: Why.
        wait: In how many seconds ``settle`` can decide.
    """
    advice, seconds = _advice(order, wait, ends=doubt.ends)
    return OutcomeUnknownError(
        messages.ORDER_DOUBTFUL.of(
            call=call, order_id=order.order_id, doubt=doubt.text, advice=advice
        ),
        endpoint=ENDPOINT,
        sent=None,
        order_id=order.order_id,
        settle_in=seconds,
    )


def _unclear(failure: OutcomeUnknownError, order: PayOrder, wait: float) -> OutcomeUnknownError:
    """Return the error of a report that went out and had no clear answer.

    Args:
        failure: How the call ended.
        order: The order.
        wait: In how many seconds ``settle`` can decide.
    """
    advice, seconds = _advice(order, wait, ends=True)
    return OutcomeUnknownError(
        messages.ORDER_UNCLEAR.of(failure=failure.failure, order_id=order.order_id, advice=advice),
        endpoint=ENDPOINT,
        code=failure.code,
        message=failure.message,
        attempts=failure.attempts,
        sent=failure.sent,
        failure=failure.failure,
        order_id=order.order_id,
        settle_in=seconds,
    )


def _advice(order: PayOrder, wait: float, *, ends: bool) -> tuple[Text, int | None]:
    """Return what to do, and in how many seconds."""
    if not ends or order.uses_before in (None, UNLIMITED):
        return messages.SETTLE_BY_HAND.of(order_id=order.order_id), None
    seconds = max(0, math.ceil(wait))
    text = messages.SETTLE_LATER if seconds else messages.SETTLE_NOW
    return text.of(order_id=order.order_id, seconds=seconds), seconds
