"""What the store knows of bonus reports, by the game's own order id.

The platform knows no orders: each report it counts takes a use. So an order is written down before
its report goes out and after its answer came in; one that was begun and not finished is open, and
nobody sends its report again before it is settled.
"""

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Final

from attrs import evolve, frozen

from qqminigame.exceptions import OutcomeUnknownError, StoreError, TransportError
from qqminigame.models import PayReport
from qqminigame.stores.base import Store

# So long after the end of its call, a report has come in or never will.
MARGIN_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05


@frozen(kw_only=True)
class PayOrder:
    """An order whose report was begun.

    Attributes:
        order_id: The game's id of it.
        openid: The player.
        mark: Tells this beginning from any other of the same order.
        settle_from: When its report is under way no longer, in unix seconds.
        before: The player's uses left before; None where another order of the player was open, so
            that the count decides nothing.
        report: The answer; None while the order is open.
    """

    order_id: str
    openid: str
    mark: str
    settle_from: float
    before: int | None
    report: PayReport | None = None


class PayOrders:
    """The orders of one app."""

    def __init__(
        self,
        *,
        prefix: str,
        store: Store,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep orders in a store, under keys that start with ``prefix``."""
        self._prefix = prefix
        self._store = store
        self._clock = clock
        self._sleep = sleep

    def find(self, order_id: str) -> PayOrder | None:
        """Return an order; None where it was never begun, or known not to have happened."""
        text = self._store.get(self._order_key(order_id))
        return None if text is None else _from_text(text)

    @contextlib.contextmanager
    def turn(self, openid: str, seconds: float) -> Iterator[None]:
        """Keep others from beginning an order of this player; wait so long for one of them.

        The block may take so long too: there is one question to the platform in it.

        Raises:
            TransportError: Another process has its turn for too long; nothing was sent.
        """
        name = f"{self._prefix}player:{openid}"
        polls = int(seconds / _POLL_SECONDS) + 1
        while (owner := self._store.try_lock(name, 2 * seconds)) is None:
            polls -= 1
            if not polls:
                raise TransportError(
                    "report_dawanka_pay: another order of this player is being begun",
                    endpoint="report_dawanka_pay",
                )
            self._sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            self._store.unlock(name, owner)

    def begin(self, order_id: str, openid: str, before: int, seconds: float) -> PayOrder:
        """Write down that an order's report is about to go out, in this player's turn.

        Args:
            order_id: The order; it must not have been begun.
            openid: The player.
            before: The player's uses left.
            seconds: How long the call may take.
        """
        last = self._last(openid)
        order = PayOrder(
            order_id=order_id,
            openid=openid,
            mark=secrets.token_hex(8),
            settle_from=self._clock() + seconds + MARGIN_SECONDS,
            before=before if last is None or last.report is not None else None,
        )
        # In this order: killed in between, it leaves behind a last order that was never begun.
        self._store.set(self._last_key(openid), order_id)
        if not self._store.add(self._order_key(order_id), _to_text(order)):
            raise OutcomeUnknownError(
                f"report_dawanka_pay: another process has just begun order {order_id[:64]!r}",
                endpoint="report_dawanka_pay",
            )
        return order

    def finish(self, order: PayOrder, report: PayReport) -> None:
        """Write down the answer."""
        self._store.set(self._order_key(order.order_id), _to_text(evolve(order, report=report)))

    def forget(self, order: PayOrder) -> None:
        """Strike an order out that did not happen, so that it can be reported again."""
        self._store.delete_if(self._order_key(order.order_id), _to_text(order))

    def may_be_under_way(self, order: PayOrder) -> bool:
        """Say whether the report of an open order may still come in."""
        return self._clock() < order.settle_from

    def is_last(self, order: PayOrder) -> bool:
        """Say whether no later order of the player was begun."""
        return self._store.get(self._last_key(order.openid)) == order.order_id

    def _last(self, openid: str) -> PayOrder | None:
        order_id = self._store.get(self._last_key(openid))
        return None if order_id is None else self.find(order_id)

    def _order_key(self, order_id: str) -> str:
        return f"{self._prefix}order:{order_id}"

    def _last_key(self, openid: str) -> str:
        return f"{self._prefix}last:{openid}"


def _to_text(order: PayOrder) -> str:
    report = None if order.report is None else [order.report.use, order.report.left]
    return json.dumps(
        [order.order_id, order.openid, order.mark, order.settle_from, order.before, report]
    )


def _from_text(text: str) -> PayOrder:
    try:
        order_id, openid, mark, settle_from, before, report = json.loads(text)
        return PayOrder(
            order_id=order_id,
            openid=openid,
            mark=mark,
            settle_from=settle_from,
            before=before,
            report=None if report is None else PayReport(use=report[0], left=report[1]),
        )
    except (TypeError, ValueError, KeyError, IndexError):
        pass
    # To take it for an order that was never begun could double a report.
    raise StoreError("what the store has of an order cannot be read")
