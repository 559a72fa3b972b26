"""Reports an order, and settles one whose outcome is unknown."""

import logging
import math
from collections.abc import Callable
from typing import Final

from attrs import frozen

from qqminigame import validation
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
from qqminigame.models import DawankaInfo, HallLogin, PayOrder, PayReport

_log: Final = logging.getLogger("qqminigame")

Ask = Callable[[HallLogin, Deadline], DawankaInfo]
Send = Callable[[HallLogin, Deadline], PayReport]


class NothingLeftError(Exception):
    """The player has no use left, and nothing was reported."""


@frozen(kw_only=True, eq=False)
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
            order = self.orders.begin(order_id, hall_login.openid, look, info, deadline)
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
            f"order {order_id!r} was begun by another process just now; call Dawanka.settle() "
            f"again. 其他进程刚刚开始上报订单 {order_id!r}，请重新调用 Dawanka.settle()。",
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
                f"{call}: order {order.order_id!r} was reported to {order.address}, and this "
                f"session calls {self.address}: use the same base_url, or records of their own "
                f"for each, Dawanka(session, orders=...). 订单 {order.order_id!r} 已向 "
                f"{order.address} 上报，而当前会话调用 {self.address}：请使用相同的 base_url，"
                "或用 Dawanka(session, orders=...) 分开保存订单。"
            )


def _write_down(order: PayOrder, end: Callable[[], None]) -> None:
    """Write down an end that is certain; where that fails, the order stays open."""
    try:
        end()
    except StoreError as error:
        _log.warning(
            "could not record the outcome of order %r; settle it later: %s", order.order_id, error
        )


def _check_owner(call: str, order: PayOrder, hall_login: HallLogin) -> None:
    if order.openid != hall_login.openid:
        problems = [Problem(where="order_id", what="belongs to another player")]
        validation.refuse(call, problems)


@frozen
class _Doubt:
    """Why it is not known.

    Attributes:
        english: The reason.
        chinese: The same in Chinese.
        ends: Whether time or another try ends it; otherwise only the caller can know.
    """

    english: str
    chinese: str
    ends: bool = False


_EARLIER: Final = _Doubt(
    "an earlier attempt has no recorded outcome", "之前的上报没有记录到结果", ends=True
)
_UNDER_WAY: Final = _Doubt("its report may still be under way", "上报可能仍在途中", ends=True)
_CHANGED: Final = _Doubt("another process has just changed it", "其他进程刚刚更改了它", ends=True)
_UNRESOLVED: Final = _Doubt(
    "another report for this player was unresolved when it was begun",
    "开始上报时，该玩家还有其他结果未知的上报",
)
_LATER: Final = _Doubt(
    "another report for this player was begun after it", "之后该玩家又有其他上报"
)
_OTHER_LEVEL: Final = _Doubt(
    "the player's level has changed since, and the uses left with it",
    "该玩家的等级已变化，剩余次数随之变化",
)
_UNLIMITED_USES: Final = _Doubt(
    "the player has unlimited uses, so their count proves nothing",
    "该玩家的充值加赠次数不限，无法用次数核实",
)


def _uses_went(before: int, after: int) -> _Doubt:
    """Return the doubt of a count that neither stayed nor fell by one."""
    return _Doubt(
        f"the uses left went from {before} to {after}", f"剩余次数由 {before} 变为 {after}"
    )


def _unknown(call: str, order: PayOrder, doubt: _Doubt, wait: float) -> OutcomeUnknownError:
    """Return the error of a call that cannot tell whether an order was counted.

    Args:
        call: What the user called.
        order: The order.
        doubt: Why.
        wait: In how many seconds ``settle`` can decide.
    """
    english, chinese, seconds = _advice(order, wait, ends=doubt.ends)
    return OutcomeUnknownError(
        f"{call}: cannot tell whether order {order.order_id!r} was counted: {doubt.english}; "
        f"{english}. 无法确定订单 {order.order_id!r} 是否已计数：{doubt.chinese}；{chinese}。",
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
    english, chinese, seconds = _advice(order, wait, ends=True)
    return OutcomeUnknownError(
        f"{failure}; it was order {order.order_id!r}: {english}. "
        f"订单 {order.order_id!r} 已发出，但没有明确的答复，平台是否计数未知；{chinese}。",
        endpoint=ENDPOINT,
        code=failure.code,
        message=failure.message,
        attempts=failure.attempts,
        sent=failure.sent,
        order_id=order.order_id,
        settle_in=seconds,
    )


def _advice(order: PayOrder, wait: float, *, ends: bool) -> tuple[str, str, int | None]:
    """Return what to do, in both languages, and in how many seconds."""
    call = f"Dawanka.settle(hall_login, {order.order_id!r}"
    if not ends or order.uses_before in (None, UNLIMITED):
        return (
            f"do not report it again; once you know, call {call}, happened=True) or happened=False",
            "请勿重复上报；确认结果后，请调用 Dawanka.settle() 并传入 happened=True 或 False",
            None,
        )
    seconds = math.ceil(wait)
    english, chinese = f"in {seconds} s", f"{seconds} 秒后"
    if seconds <= 0:
        english, chinese = "now", "现在即可"
    return (
        f"do not report it again, call {call}) {english}",
        f"请勿重复上报，{chinese}调用 Dawanka.settle() 核实",
        max(0, seconds),
    )
