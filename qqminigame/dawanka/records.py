"""How orders are written down, and whether these are the records that were used before."""

import hashlib
import logging
import secrets
from typing import Final

from attrs import define, field, frozen

from qqminigame import codec, messages
from qqminigame.clock import Deadline
from qqminigame.exceptions import StoreError, TransportError
from qqminigame.models import PayOrder, PayReport
from qqminigame.stores.base import Store

_log: Final = logging.getLogger("qqminigame")

ENDPOINT: Final = "report_dawanka_pay"
# What writing down an outcome may take where the call has no time left.
_LEAST_SECONDS: Final = 0.25

_ORDER_KIND: Final = "order1"
_LATEST_KIND: Final = "latest1"
_TEXT: Final = (str,)
_TIME: Final = (float,)
_MAYBE: Final = (int, type(None))
_ORDER: Final = (
    *(_TEXT, _TEXT, _TEXT, _TEXT),
    *(_TIME, _TIME, _MAYBE, (int,), _TIME),
    *((float, type(None)), _MAYBE, _MAYBE),
)
_PLAIN: Final = (
    *("order_id", "openid", "address", "mark", "begun_at", "settle_from"),
    *("uses_before", "level_before", "quiet_from"),
)


@frozen(eq=False, repr=False)
class Keys:
    """The keys of one app's orders.

    Attributes:
        app: Names the app.
    """

    app: str

    def order(self, order_id: str) -> str:
        """Return the key of an order."""
        return f"{self.orders}{order_id}"

    def latest(self, openid: str) -> str:
        """Return the key of a player's latest order."""
        return f"pay:{self.app}:player:{openid}"

    def open(self, mark: str) -> str:
        """Return the key of an open order in the list of open ones."""
        return f"{self.open_orders}{mark}"

    def openkey(self, mark: str) -> str:
        """Return the key of the openkey of an open order."""
        return f"pay:{self.app}:openkey:{mark}"

    @property
    def orders(self) -> str:
        """The start of the keys of all orders."""
        return f"pay:{self.app}:order:"

    @property
    def open_orders(self) -> str:
        """The start of the keys of the list of open orders."""
        return f"pay:{self.app}:open:"

    @property
    def place(self) -> str:
        """The key of the id that tells these records from any others."""
        return f"pay:{self.app}:place"


@frozen(eq=False, repr=False)
class Latest:
    """A player's latest order, as its beginning recorded it."""

    order_id: str
    mark: str
    settle_from: float
    quiet_from: float


def left(deadline: Deadline) -> float:
    """Return the time for a step before anything is sent.

    Raises:
        TransportError: There is none left.
    """
    seconds = deadline.left()
    if seconds <= 0:
        raise TransportError(
            messages.PAST_DEADLINE.of(call=ENDPOINT, seconds=deadline.seconds),
            endpoint=ENDPOINT,
        )
    return seconds


def least(deadline: Deadline) -> float:
    """Return the time for writing down an outcome: it is not lost over a deadline just passed."""
    return max(deadline.left(), _LEAST_SECONDS)


def order_text(order: PayOrder) -> str:
    """Return the text of an order; the same order is always the same text."""
    report = order.report or PayReport(use=None, left=None)
    return codec.to_text(
        _ORDER_KIND,
        *(order.order_id, order.openid, order.address, order.mark),
        *(order.begun_at, order.settle_from),
        *(order.uses_before, order.level_before, order.quiet_from),
        *(order.ended_at, report.use, report.left),
    )


def order_or_none(text: str) -> PayOrder | None:
    """Return the order of a text; None, and a line in the log, where it is unreadable."""
    values = codec.from_text(text, _ORDER_KIND, *_ORDER)
    if values is None:
        _log.warning(messages.ORDER_SKIPPED)
        return None
    *plain, ended_at, use, left = values
    return PayOrder(
        **dict(zip(_PLAIN, plain, strict=True)),
        ended_at=ended_at,
        report=None if ended_at is None else PayReport(use=use, left=left),
    )


def order_of(text: str) -> PayOrder:
    """Return the order of a text.

    Raises:
        StoreError: It is unreadable.
    """
    order = order_or_none(text)
    if order is None:
        # To take it for an order that was never begun could count it twice.
        raise StoreError(messages.ORDER_UNREADABLE)
    return order


def latest_text(order: PayOrder) -> str:
    """Return the text that says that an order is its player's latest."""
    return codec.to_text(
        _LATEST_KIND, order.order_id, order.mark, order.settle_from, order.quiet_from
    )


def latest_of(text: str) -> Latest:
    """Return the latest order that a text tells.

    Raises:
        StoreError: It is unreadable.
    """
    values = codec.from_text(text, _LATEST_KIND, (str,), (str,), (float,), (float,))
    if values is None:
        raise StoreError(messages.LATEST_UNREADABLE)
    return Latest(*values)


@define(kw_only=True, eq=False, repr=False)
class Place:
    """The id of an app's order records, and what remembers it.

    Records that were deleted, or another program's, do not know what was reported: an order would
    be counted twice. So the records have an id, which two remember: this process, from its first
    order on, and the session's own store, which is kept elsewhere.

    Attributes:
        key: Where both keep it.
        store: Holds the records.
        witness: Another store of the app's processes, which remembers the id.
    """

    key: str
    store: Store
    witness: Store
    _known: str | None = field(init=False, default=None)

    def check(self, place: str | None, deadline: Deadline) -> None:
        """Compare the id that was found with the one that is remembered.

        Raises:
            StoreError: They differ; nothing may be sent.
        """
        if place is not None and place == self._known:
            return
        place = place or self._made(deadline)
        self._known = self._remembered(place, deadline)
        if place != self._known:
            raise StoreError(messages.ORDERS_CHANGED.of(store=self.store))

    def trust(self, deadline: Deadline) -> None:
        """Remember the id that the records have now."""
        place = self.store.get(self.key, timeout=left(deadline)) or self._made(deadline)
        self.witness.set(self.key, place, timeout=left(deadline))
        self._known = place

    def _made(self, deadline: Deadline) -> str:
        """Give the records an id, unless another process has just done so."""
        place = _new_place()
        if self.store.add(self.key, place, timeout=left(deadline)):
            return place
        return self.store.get(self.key, timeout=left(deadline)) or place

    def _remembered(self, place: str, deadline: Deadline) -> str:
        """Return the id that is remembered; where none is, it is this one from now on."""
        known = self._known or place
        try:
            if self.witness.add(self.key, known, timeout=left(deadline)):
                return known
            remembered = self.witness.get(self.key, timeout=left(deadline))
            if remembered is not None and _is_place(remembered):
                return remembered
            self.witness.set(self.key, known, timeout=left(deadline))
        except StoreError as error:
            _log.warning(messages.ORDERS_NOT_COMPARED.of(failure=error.text))
        return known


def _new_place() -> str:
    """Return an id that shows damage: what remembers it may be a cache that nobody repairs."""
    name = secrets.token_hex(8)
    return f"{name}-{_check_of(name)}"


def _is_place(text: str) -> bool:
    name, _, check = text.partition("-")
    return check == _check_of(name)


def _check_of(name: str) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
