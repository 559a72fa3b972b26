"""What to say where nobody knows whether an order was counted. Pure."""

import math
from typing import Final

from attrs import frozen

from qqminigame.exceptions import OutcomeUnknownError
from qqminigame.limits import UNLIMITED
from qqminigame.models import PayOrder
from qqminigame.pay_orders.forms import ENDPOINT


@frozen
class Doubt:
    """Why it is not known.

    Attributes:
        english: The reason.
        chinese: The same in Chinese.
        ends: Whether time or another try ends it; otherwise only the caller can know.
    """

    english: str
    chinese: str
    ends: bool = False


EARLIER: Final = Doubt(
    "an earlier attempt has no recorded outcome", "之前的上报没有记录到结果", ends=True
)
UNDER_WAY: Final = Doubt("its report may still be under way", "上报可能仍在途中", ends=True)
CHANGED: Final = Doubt("another process has just changed it", "其他进程刚刚更改了它", ends=True)
UNRESOLVED: Final = Doubt(
    "another report for this player was unresolved when it was begun",
    "开始上报时，该玩家还有其他结果未知的上报",
)
LATER: Final = Doubt("another report for this player was begun after it", "之后该玩家又有其他上报")
OTHER_LEVEL: Final = Doubt(
    "the player's level has changed since, and the uses left with it",
    "该玩家的等级已变化，剩余次数随之变化",
)
UNLIMITED_USES: Final = Doubt(
    "the player has unlimited uses, so their count proves nothing",
    "该玩家的充值加赠次数不限，无法用次数核实",
)


def uses_went(before: int, after: int) -> Doubt:
    """Return the doubt of a count that neither stayed nor fell by one."""
    return Doubt(
        f"the uses left went from {before} to {after}", f"剩余次数由 {before} 变为 {after}"
    )


def unknown(call: str, order: PayOrder, doubt: Doubt, wait: float) -> OutcomeUnknownError:
    """Return the error of a call that cannot tell whether an order was counted.

    Args:
        call: What the user called.
        order: The order.
        doubt: Why.
        wait: In how many seconds ``settle`` can decide.
    """
    english, chinese, seconds = _advice(order, wait, ends=doubt.ends)
    return _error(
        f"{call}: cannot tell whether order {order.order_id!r} was counted: {doubt.english}; "
        f"{english}. 无法确定订单 {order.order_id!r} 是否已计数：{doubt.chinese}；{chinese}。",
        order,
        seconds,
    )


def unclear(failure: OutcomeUnknownError, order: PayOrder, wait: float) -> OutcomeUnknownError:
    """Return the error of a report that went out and had no clear answer.

    Args:
        failure: How the call ended.
        order: The order.
        wait: In how many seconds ``settle`` can decide.
    """
    english, chinese, seconds = _advice(order, wait, ends=True)
    error = _error(
        f"{failure}; it was order {order.order_id!r}: {english}. "
        f"订单 {order.order_id!r} 已发出，但没有明确的答复，平台是否计数未知；{chinese}。",
        order,
        seconds,
    )
    error.code, error.message = failure.code, failure.message
    error.attempts, error.sent = failure.attempts, failure.sent
    return error


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


def _error(text: str, order: PayOrder, settle_in: int | None) -> OutcomeUnknownError:
    error = OutcomeUnknownError(text, endpoint=ENDPOINT, sent=None)
    error.order_id, error.settle_in = order.order_id, settle_in
    return error
