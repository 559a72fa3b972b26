"""Finds and removes the records of orders, a page of the store at a time."""

from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from qqminigame.deadline import Deadline
from qqminigame.models import PayOrder
from qqminigame.pay_orders.forms import Keys, latest_text, left, order_or_none
from qqminigame.stores.base import Store

_PAGE: Final = 500


@frozen(kw_only=True)
class OrderList:
    """The records of one app's orders.

    Attributes:
        keys: Their keys.
        store: Where they are.
        page_time: Starts the time that one page may take.
    """

    keys: Keys
    store: Store
    page_time: Callable[[], Deadline]

    def orders(self, state: str | None) -> Iterator[PayOrder]:
        """Yield orders; one may come twice where others are recorded meanwhile.

        Args:
            state: ``"open"``, ``"finished"``, or None for both.
        """
        if state == "open":
            for page in self._pages(self.keys.open_orders):
                yield from self._still_open(page).values()
            return
        for page in self._pages(self.keys.orders):
            orders = map(order_or_none, page.values())
            yield from (order for order in orders if order and state in (None, order.state))

    def prune(self, older_than: float, limit: int) -> int:
        """Remove finished orders that ended longer ago than that many seconds.

        Returns:
            How many were removed; at most ``limit``.
        """
        until = self.store.now(timeout=left(self.page_time())) - older_than
        removed = 0
        for page in self._pages(self.keys.orders):
            deadline = self.page_time()
            for key, text in page.items():
                order = order_or_none(text)
                if order is None or order.ended_at is None or order.ended_at > until:
                    continue
                if removed == limit:
                    return removed
                removed += self.store.delete_if(key, text, timeout=left(deadline))
                latest = self.keys.latest(order.openid)
                self.store.delete_if(latest, latest_text(order), timeout=left(deadline))
        self._tidy(until)
        return removed

    def _tidy(self, until: float) -> None:
        """Take out of the list of open orders what processes that were killed have left in it."""
        for page in self._pages(self.keys.open_orders):
            deadline = self.page_time()
            still_open = self._still_open(page)
            for key, text in page.items():
                order = order_or_none(text)
                if key not in still_open and order is not None and order.settle_from < until:
                    self.store.delete_if(key, text, timeout=left(deadline))

    def _still_open(self, page: dict[str, str]) -> dict[str, PayOrder]:
        """Return the orders of a page of the list that are open indeed."""
        listed = {key: order for key, text in page.items() if (order := order_or_none(text))}
        keys = [self.keys.order(order.order_id) for order in listed.values()]
        found = self.store.get_many(keys, timeout=left(self.page_time()))
        return {
            key: order
            for key, order in listed.items()
            if found.get(self.keys.order(order.order_id)) == page[key]
        }

    def _pages(self, prefix: str) -> Iterator[dict[str, str]]:
        cursor = ""
        while True:
            found, cursor = self.store.scan(
                prefix, cursor=cursor, limit=_PAGE, timeout=left(self.page_time())
            )
            yield dict(found)
            if not cursor:
                return
