"""The records of bonus reports, by the game's own order id, so that none is counted twice.

The platform knows no orders: each report it counts takes a use. So an order is written down before
its report goes out and after its answer came in; one that was begun and not finished is open, and
no process sends its report again before it is settled.

Five kinds of keys, each written in one step that no other process can come in between:

- ``order:<order id>``: the order. Only one process can add it.
- ``player:<openid>``: the player's latest order. Each beginning replaces the one that it has read,
  so that of two that begin at once, one finds out and looks again: no lock is held over a call.
- ``open:<mark>``: the same text as an open order's, so that the open ones are found among millions.
- ``openkey:<mark>``: an open order's openkey, with which a sweep can settle it.
- ``place``: an id that tells these records from any others.

All times are the store's, which has one clock for all processes and machines.
"""

import contextlib
import heapq
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from attrs import define, evolve, field, frozen

from qqminigame import messages
from qqminigame.clock import Deadline
from qqminigame.dawanka.openkeys import OpenKeys
from qqminigame.dawanka.records import (
    ENDPOINT,
    Keys,
    Latest,
    Place,
    latest_of,
    latest_text,
    least,
    left,
    order_of,
    order_or_none,
    order_text,
)
from qqminigame.exceptions import StoreError, TransportError
from qqminigame.models import DawankaInfo, DawankaLevel, HallLogin, PayOrder, PayReport
from qqminigame.stores.base import Store, check_durable

# This long after the end of its call, a report has come in or never will.
MARGIN_SECONDS: Final = 60.0
_PAGE: Final = 500


@frozen(kw_only=True, eq=False, repr=False)
class Look:
    """What the records say before an order is begun.

    Attributes:
        order: The order; None where it was never begun, or is known not to have been counted.
        now: The time.
        latest: The text of the player's latest order; None where there is none.
        quiet_from: From when no report of the player may be under way.
    """

    order: PayOrder | None
    now: float
    latest: str | None
    quiet_from: float


@define(kw_only=True, eq=False, repr=False)
class PayOrders:
    """The orders of one app in the game hall.

    Every method that takes a deadline raises TransportError where it has passed, and StoreError
    where the store cannot be used within it.

    Attributes:
        keys: Names the app; all who report for it have to use the same.
        address: Scheme and host that reports go to; part of the record.
        store: Where the records are kept.
        openkeys: The openkeys of open orders, kept there too.
        place: Makes sure of the records; None for records that are not shared.
        page_time: Starts the time that reading one page of orders may take.
    """

    keys: Keys
    address: str
    store: Store
    openkeys: OpenKeys
    place: Place | None
    page_time: Callable[[], Deadline]
    _checked: bool = field(init=False, default=False)

    def find(self, order_id: str, deadline: Deadline) -> PayOrder | None:
        """Return an order; None where it was never begun, or is known not to have been counted.

        Raises:
            StoreError: The records cannot be read, or are not those that were used before: an order
                that they do not have may have been reported all the same.
            ConfigurationError: The store may lose what it keeps.
        """
        text = self._read((self.keys.order(order_id),), deadline).get(self.keys.order(order_id))
        return None if text is None else order_of(text)

    def look(self, order_id: str, openid: str, deadline: Deadline) -> Look:
        """Return what has to be known before the player's uses are asked for.

        Raises:
            StoreError: As :meth:`find`.
        """
        order_key, latest_key = self.keys.order(order_id), self.keys.latest(openid)
        now = self.store.now(timeout=left(deadline))
        found = self._read((order_key, latest_key), deadline)
        order, latest = found.get(order_key), found.get(latest_key)
        return Look(
            order=None if order is None else order_of(order),
            now=now,
            latest=latest,
            quiet_from=0.0
            if latest is None
            else self._quiet_from(latest_of(latest), now, deadline),
        )

    def begin(
        self,
        order_id: str,
        hall_login: HallLogin,
        look: Look,
        info: DawankaInfo,
        deadline: Deadline,
    ) -> PayOrder | None:
        """Write down that an order's report is about to go out.

        Args:
            order_id: The order.
            hall_login: The player.
            look: What the records said before the platform was asked.
            info: What the platform answered of the player.
            deadline: When the call has to be over.

        Returns:
            The order; None where this one or another of the player was begun since the look.
        """
        sealed = self.openkeys.seal(hall_login.openkey)
        order = PayOrder(
            order_id=order_id,
            openid=hall_login.openid,
            address=self.address,
            mark=secrets.token_hex(8),
            begun_at=look.now,
            settle_from=look.now + deadline.seconds + MARGIN_SECONDS,
            uses_before=info.pay_return_count if look.now >= look.quiet_from else None,
            level_before=info.level.value,
            quiet_from=look.quiet_from,
        )
        failure = None
        try:
            if not self._become_latest(order, look.latest, deadline):
                return None
            # Both before the order: one that is open without them would never be settled.
            self.openkeys.keep(order.mark, sealed, deadline)
            self.store.set(self.keys.open(order.mark), order_text(order), timeout=left(deadline))
            key = self.keys.order(order_id)
            if self.store.add(key, order_text(order), timeout=left(deadline)):
                return order
        except (StoreError, TransportError) as error:
            failure = error
        # What failed may have been written all the same.
        with contextlib.suppress(StoreError):
            self.withdraw(order, look, deadline)
        if failure is not None:
            raise failure
        return None

    def check(self, order: PayOrder, deadline: Deadline) -> None:
        """Make sure that an order's report may still go out; to be called right before.

        The process may have been stopped since it began the order, for as long as you like.

        Raises:
            TransportError: It may not; nothing was sent.
        """
        late = self.store.now(timeout=left(deadline)) - order.begun_at > deadline.seconds
        text = self.store.get(self.keys.order(order.order_id), timeout=left(deadline))
        if late or text != order_text(order):
            raise TransportError(
                messages.ORDER_TOO_LATE.of(order_id=order.order_id, seconds=deadline.seconds),
                endpoint=ENDPOINT,
            )

    def withdraw(self, order: PayOrder, look: Look, deadline: Deadline) -> None:
        """Undo a beginning: the order was certainly not counted and may be reported again."""
        self.forget(order, deadline)
        key, text, timeout = self.keys.latest(order.openid), latest_text(order), least(deadline)
        if look.latest is None:
            self.store.delete_if(key, text, timeout=timeout)
        else:
            self.store.replace_if(key, text, look.latest, timeout=timeout)

    def forget(self, order: PayOrder, deadline: Deadline) -> bool:
        """Strike out an order that was not counted; return whether it was as open as it is here."""
        key = self.keys.order(order.order_id)
        deleted = self.store.delete_if(key, order_text(order), timeout=least(deadline))
        self._close(order, deadline)
        return deleted

    def finish(self, order: PayOrder, report: PayReport, deadline: Deadline) -> None:
        """Write down the answer, whatever the record says by now: it was counted."""
        done = self._done(order, report, deadline)
        self.store.set(self.keys.order(order.order_id), order_text(done), timeout=least(deadline))
        self._close(order, deadline)

    def finish_if_open(self, order: PayOrder, report: PayReport, deadline: Deadline) -> bool:
        """Write down that an order was counted; return whether it was as open as it is here."""
        done = self._done(order, report, deadline)
        key = self.keys.order(order.order_id)
        replaced = self.store.replace_if(
            key, order_text(order), order_text(done), timeout=least(deadline)
        )
        self._close(order, deadline)
        return replaced

    def record(self, order_id: str, openid: str, report: PayReport, deadline: Deadline) -> bool:
        """Write down that an order was counted that has no record; return whether it had none."""
        now = self.store.now(timeout=left(deadline))
        order = PayOrder(
            order_id=order_id,
            openid=openid,
            address=self.address,
            mark=secrets.token_hex(8),
            begun_at=now,
            settle_from=now,
            uses_before=None,
            level_before=DawankaLevel.NONE.value,
            quiet_from=now,
            ended_at=now,
            report=report,
        )
        key = self.keys.order(order_id)
        return self.store.add(key, order_text(order), timeout=left(deadline))

    def seconds_to_wait(self, order: PayOrder, deadline: Deadline) -> float:
        """Return how long the report of an open order may still be under way; 0 for no longer."""
        return max(0.0, order.settle_from - self.store.now(timeout=least(deadline)))

    def is_latest(self, order: PayOrder, deadline: Deadline) -> bool:
        """Return whether no order of the player was begun after this one."""
        text = self.store.get(self.keys.latest(order.openid), timeout=left(deadline))
        return text is not None and latest_of(text).mark == order.mark

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
            orders = filter(None, map(order_or_none, page.values()))
            chosen = [order for order in orders if state in (None, order.state)]
            keys = [self.keys.openkey(order.mark) for order in chosen if order.report is None]
            found = self.store.get_many(keys, timeout=left(self.page_time())) if keys else {}
            yield from (self.openkeys.noted(order, found) for order in chosen)

    def due(self, limit: int) -> list[PayOrder]:
        """Return open orders whose reports are no longer under way.

        Those that can be settled without the player come first, and the oldest of them before all.

        Args:
            limit: How many at most.

        Raises:
            StoreError: As :meth:`find`.
        """
        deadline = self.page_time()
        self._read((), deadline)
        self.openkeys.sweep(deadline)
        now = self.store.now(timeout=left(deadline))
        due = (
            order
            for order in self.orders("open")
            if order.settle_from <= now and order.address == self.address
        )
        found = heapq.nsmallest(limit, due, key=_turn)
        return list(dict.fromkeys(found))

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

    def trust(self, deadline: Deadline) -> None:
        """Go on with these records, whichever were used before."""
        if self.place is not None:
            self.place.trust(deadline)

    def _read(self, keys: Sequence[str], deadline: Deadline) -> dict[str, str]:
        """Return the texts of some keys, after making sure that these are the right records."""
        if not self._checked:
            check_durable(self.store, timeout=left(deadline))
            self._checked = True
        found = self.store.get_many((*keys, self.keys.place), timeout=left(deadline))
        if self.place is not None:
            self.place.check(found.get(self.keys.place), deadline)
        return found

    def _become_latest(self, order: PayOrder, latest: str | None, deadline: Deadline) -> bool:
        key, text = self.keys.latest(order.openid), latest_text(order)
        if latest is None:
            return self.store.add(key, text, timeout=left(deadline))
        return self.store.replace_if(key, latest, text, timeout=left(deadline))

    def _quiet_from(self, latest: Latest, now: float, deadline: Deadline) -> float:
        """Return from when no report of the player may be under way."""
        unclear = max(latest.quiet_from, latest.settle_from)
        if now >= unclear:
            return unclear
        order = self.find(latest.order_id, deadline)
        ended = order is not None and order.report is not None
        return latest.quiet_from if ended else unclear

    def _done(self, order: PayOrder, report: PayReport, deadline: Deadline) -> PayOrder:
        return evolve(order, report=report, ended_at=self.store.now(timeout=least(deadline)))

    def _close(self, order: PayOrder, deadline: Deadline) -> None:
        """Take an order out of the list of open ones, and forget its openkey."""
        self.openkeys.drop(order.mark, deadline)
        key = self.keys.open(order.mark)
        self.store.delete_if(key, order_text(order), timeout=least(deadline))

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
        # Openkeys first: they are removed after the end of their order is written down.
        keys = [self.keys.openkey(order.mark) for order in listed.values()]
        keys += [self.keys.order(order.order_id) for order in listed.values()]
        found = self.store.get_many(keys, timeout=left(self.page_time()))
        return {
            key: self.openkeys.noted(order, found)
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


def _turn(order: PayOrder) -> tuple[bool, float]:
    return not order.has_openkey, order.settle_from
