"""Dawanka: privileges of the game hall for paying players."""

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal

from qqminigame import messages, settings, validation
from qqminigame.clock import Deadline
from qqminigame.dawanka.due import Sweep
from qqminigame.dawanka.openkeys import Cipher, OpenKeys
from qqminigame.dawanka.orders import PayOrders
from qqminigame.dawanka.records import Keys, Place
from qqminigame.dawanka.reporting import NothingLeftError, OrderReports
from qqminigame.exceptions import ConfigurationError, Problem
from qqminigame.limits import MAX_ORDER_ID_BYTES
from qqminigame.models import (
    DawankaInfo,
    DawankaLevel,
    HallLogin,
    PayOrder,
    PayReport,
    SettleReport,
)
from qqminigame.platforms.qqgame import PF
from qqminigame.redaction import drop_frames
from qqminigame.session import Session, checked
from qqminigame.stores import MemoryStore, SQLiteStore, Store, default_order_store, open_order_store
from qqminigame.wire import Result

# An order that is removed can be counted again, so none is before any repeat of it is over.
_DAY: Final = 86_400
_HAPPENED: Final = messages.NOT_A_CHOICE.of(choices="True, False, None")
_STATE: Final = messages.NOT_A_CHOICE.of(choices="'open', 'finished', None")


class Dawanka:
    """Asks for a player's Dawanka privileges and reports that a bonus was used.

    Create one per process and share it, like the session: it keeps a connection to the order
    records.
    """

    def __init__(
        self,
        session: Session,
        orders: Store | str | None = None,
        *,
        cipher: Cipher | None = None,
    ) -> None:
        """Use a session; it needs the app_key and the hall's own app id.

        Args:
            session: The session.
            orders: Where reports with an order id are recorded: a store, or the address of one. All
                processes that report for the app must use the same. By default an SQLite file in
                the user's *state* folder, shared by all processes of this user. These are records,
                not a cache: if they are lost, an order can be counted twice.
            cipher: Encrypts the openkeys of open orders in these records, such as
                ``cryptography.fernet.Fernet(key)``; all processes need the same key. Without it,
                an openkey stands there as it is, until its order is finished or 2 hours are over.

        Raises:
            ConfigurationError: The session has no app_key, the platform does not have Dawanka,
                ``orders`` cannot be used for records, or ``cipher`` is not a cipher.
        """
        platform = checked(session, "Dawanka").platform
        self._session = session
        self._get_info = session.endpoint(platform.get_dawanka, "Dawanka")
        self._report_pay = session.endpoint(platform.report_dawanka, "Dawanka")
        app_id, address = session.target(self._report_pay)
        store = _order_store(orders, session)
        keys = Keys(f"{platform.name}:{app_id}")
        self._orders = PayOrders(
            keys=keys,
            address=address,
            store=store,
            openkeys=OpenKeys(
                keys=keys,
                store=store,
                cipher=None if cipher is None else settings.instance("cipher", cipher, Cipher),
            ),
            # Records in memory are new in each process, as their user asked for.
            place=None
            if isinstance(store, MemoryStore)
            else Place(key=keys.place, store=store, witness=session.store),
            page_time=session.deadline,
        )
        self._address = address

    @drop_frames
    def get_info(self, hall_login: HallLogin, version: int = 2) -> DawankaInfo:
        """Ask for a player's level, score and privileges.

        Args:
            hall_login: The player, from the hall's query.
            version: 2 for all levels; 1 for the older data, which has only ``DawankaLevel.DAWANKA``
                and ``SUPER_DAWANKA``.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            LoginExpiredError: The openkey is no longer valid.
            SignatureError: The app_key is wrong.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        deadline = self._session.deadline()
        problems: validation.Problems = []
        validation.check_hall_login(hall_login, PF, problems)
        validation.check_integer(version, 1, 2, "version", problems)
        validation.refuse("Dawanka.get_info", problems)
        return self._ask(hall_login, deadline, version)

    @drop_frames
    def report_pay(self, hall_login: HallLogin, order_id: str | None = None) -> PayReport:
        """Report that the player used a bonus, which takes one of the player's uses.

        The platform has no order numbers: each success takes a use, so a report is never sent again
        once it may have been received. With an ``order_id``, which costs one call of
        ``get_dawanka_info``, processes that use the same records never report the same order twice,
        not even after a crash: a finished order is answered from the records, and an open one is
        refused until :meth:`settle` has closed it.

        Args:
            hall_login: The player, from the hall's query.
            order_id: The game's own id of the payment, 1 to 128 bytes; None reports without a
                record.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            OutcomeUnknownError: The report may or may not have been counted. With an ``order_id``,
                call :meth:`settle` after ``error.settle_in`` seconds: by default 68 s after the
                start of the report (8 s for the call, and 60 s for a report still under way).
            TransportError: The report was certainly not sent.
            LoginExpiredError: The openkey is no longer valid; the report was not counted.
            SignatureError: The app_key is wrong; the report was not counted.
            StoreError: The order could not be recorded; nothing was sent.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        deadline = self._session.deadline()
        _check("Dawanka.report_pay", hall_login, order_id)
        if order_id is None:
            return self._send(hall_login, deadline)
        return self._reports().report("Dawanka.report_pay", hall_login, order_id, deadline)

    @drop_frames
    def report_pay_if_left(
        self, hall_login: HallLogin, order_id: str | None = None
    ) -> PayReport | None:
        """Report that the player used a bonus, if the player has any uses left.

        Args:
            hall_login: The player, from the hall's query.
            order_id: As for :meth:`report_pay`; an order that was reported before is answered from
                the records.

        Returns:
            The report; None if the player had no uses left, and nothing was reported.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            QQMiniGameError: As :meth:`report_pay`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        call = "Dawanka.report_pay_if_left"
        deadline = self._session.deadline()
        _check(call, hall_login, order_id)
        if order_id is None:
            left = self._ask(hall_login, deadline).has_bonus_left
            return self._send(hall_login, deadline) if left else None
        try:
            return self._reports().report(call, hall_login, order_id, deadline, if_left=True)
        except NothingLeftError:
            return None

    @drop_frames
    def settle(
        self, hall_login: HallLogin, order_id: str, happened: bool | None = None
    ) -> PayReport | None:
        """Close an order whose outcome is unknown.

        The player's remaining uses, before and after, show whether it was counted. If they prove
        nothing, only the caller can decide. Settle soon: uses that the player gains or spends
        meanwhile change the number.

        Args:
            hall_login: The player, with an openkey that is valid now.
            order_id: The order.
            happened: Whether the report was counted, if the caller knows; None to find out.

        Returns:
            The report if it was counted; then the order is finished, even one without a record that
            only the caller knows of. None if it was not counted; then its record is removed, and it
            may be reported again.

        Raises:
            InvalidArgumentError: An argument is wrong, or the order belongs to another player.
            OutcomeUnknownError: It cannot be decided, and the message says why: the report may
                still be under way (``error.settle_in`` says for how long), the player's uses are
                unlimited, the level has changed, or another report came in between.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        deadline = self._session.deadline()
        problems: validation.Problems = []
        validation.check_hall_login(hall_login, PF, problems)
        validation.check_text(order_id, "order_id", problems, most_bytes=MAX_ORDER_ID_BYTES)
        if happened not in (None, True, False):
            problems.append(Problem(where="happened", text=_HAPPENED))
        validation.refuse("Dawanka.settle", problems)
        return self._reports().settle("Dawanka.settle", hall_login, order_id, happened, deadline)

    @drop_frames
    def settle_due(self, limit: int = 100) -> SettleReport:
        """Close the open orders that can be closed without their players.

        An order is due when its report can no longer be under way: by default 68 s after its start.
        Settling it takes the player's openkey, which the records keep for 2 hours at most. Call
        this every minute, from cron or a scheduler; several processes may do so at once.

        Args:
            limit: How many orders to look at, at most. Those whose openkey is there come first, and
                the oldest of them before all.

        Returns:
            What became of each order. It stops early when every further order would fail the same
            way: a wrong app_key, a platform that does not answer three orders in a row.

        Raises:
            InvalidArgumentError: The limit is wrong.
            StoreError: The records cannot be read, or are not those that were used before.
            QQMiniGameError: Any other failure before the first order; later ones are in the result.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        problems: validation.Problems = []
        validation.check_integer(limit, 1, sys.maxsize, "limit", problems)
        validation.refuse("Dawanka.settle_due", problems)
        return Sweep(reports=self._reports(), deadline=self._session.deadline).run(limit)

    def orders(
        self, state: Literal["open", "finished"] | None = None, limit: int | None = None
    ) -> Iterator[PayOrder]:
        """Yield the recorded orders, in no particular order; they are read in pages, as needed.

        Listing open orders does not read finished ones. An order may appear twice if others are
        recorded meanwhile.

        Args:
            state: ``"open"`` for orders whose outcome is unknown or pending, ``"finished"``, or
                None for both.
            limit: How many at most; None for all.

        Raises:
            InvalidArgumentError: An argument is wrong.
            StoreError: The records cannot be read.
        """
        problems: validation.Problems = []
        if state not in ("open", "finished", None):
            problems.append(Problem(where="state", text=_STATE))
        if limit is not None:
            validation.check_integer(limit, 1, sys.maxsize, "limit", problems)
        validation.refuse("Dawanka.orders", problems)
        return islice(self._orders.orders(state), limit)

    def prune(self, older_than: float, limit: int = 10_000) -> int:
        """Remove the records of finished orders; open ones stay.

        An order that was removed is unknown: reported again, it is counted again.

        Args:
            older_than: Only orders that ended more than this many seconds ago; at least 86,400 (a
                day).
            limit: How many to remove at most.

        Returns:
            How many were removed.

        Raises:
            InvalidArgumentError: An argument is wrong.
            StoreError: The records cannot be changed.
        """
        problems: validation.Problems = []
        validation.check_integer(older_than, _DAY, sys.maxsize, "older_than", problems)
        validation.check_integer(limit, 1, sys.maxsize, "limit", problems)
        validation.refuse("Dawanka.prune", problems)
        return self._orders.prune(older_than, limit)

    def trust_orders(self) -> None:
        """Accept the records that ``orders=`` names, after a StoreError about other ones.

        Call it once, after the records were moved on purpose or lost for good, and only if no order
        that is missing from them will be reported again.

        Raises:
            StoreError: The records cannot be used.
        """
        self._orders.trust(self._session.deadline())

    def _reports(self) -> OrderReports:
        # Made for each call: kept, it and this service would hold each other, and the session's
        # connections would stay open until the garbage collector runs.
        return OrderReports(
            address=self._address, orders=self._orders, ask=self._ask, send=self._send
        )

    def _ask(self, hall_login: HallLogin, deadline: Deadline, version: int = 2) -> DawankaInfo:
        payload = {"version": str(version)}
        return self._session.call(self._get_info, payload, hall_login, _info, deadline)

    def _send(self, hall_login: HallLogin, deadline: Deadline) -> PayReport:
        return self._session.call(self._report_pay, {}, hall_login, _report, deadline)


def _order_store(orders: Store | str | None, session: Session) -> Store:
    if orders is None:
        return default_order_store(session.clock.time)
    opened = open_order_store(orders, session.clock.time) if isinstance(orders, str) else orders
    store = settings.instance("orders", opened, Store)
    cache = session.store
    if (
        isinstance(store, SQLiteStore)
        and isinstance(cache, SQLiteStore)
        and store.path == cache.path
    ):
        raise ConfigurationError(messages.ORDERS_IN_CACHE.of(path=store.path))
    return store


def _check(call: str, hall_login: HallLogin, order_id: str | None) -> None:
    problems: validation.Problems = []
    validation.check_hall_login(hall_login, PF, problems)
    if order_id is not None:
        validation.check_text(order_id, "order_id", problems, most_bytes=MAX_ORDER_ID_BYTES)
    validation.refuse(call, problems)


def _report(result: Result) -> PayReport:
    return PayReport(use=result.integer("use"), left=result.integer("left"))


def _info(result: Result) -> DawankaInfo:
    using_card = result.boolean("isUsingCard") if "isUsingCard" in result.fields else False
    # The page writes CardExpireTs, among fields that all start with a small letter.
    expiry = "CardExpireTs" if "CardExpireTs" in result.fields else "cardExpireTs"
    return DawankaInfo(
        score=result.integer("score"),
        level=DawankaLevel(result.integer("level")),
        binding=result.boolean("binding"),
        discount=result.integer("discount"),
        pay_return_count=result.integer("payReturnCount"),
        is_using_card=using_card,
        real_level=DawankaLevel(result.integer("realLevel"))
        if "realLevel" in result.fields
        else None,
        card_expire_ts=result.integer(expiry) if expiry in result.fields else None,
    )
