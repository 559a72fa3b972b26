"""Dawanka: the game hall's privileges for players who pay."""

import logging
from collections.abc import Callable
from typing import Final

from qqminigame import validation
from qqminigame.exceptions import (
    BusyError,
    OutcomeUnknownError,
    Problem,
    QQMiniGameError,
    StoreError,
)
from qqminigame.limits import MAX_ORDER_ID_BYTES, UNLIMITED
from qqminigame.models import DawankaInfo, DawankaLevel, HallLogin, PayReport
from qqminigame.pay_orders import PayOrder
from qqminigame.platforms.qqgame import PF
from qqminigame.session import Session
from qqminigame.wire import Result

_log: Final = logging.getLogger("qqminigame")


class Dawanka:
    """Asks for a player's Dawanka privileges and reports that a bonus was used."""

    def __init__(self, session: Session) -> None:
        """Use a session; it needs the app_key and the hall's own app id.

        Raises:
            ConfigurationError: The session has no app_key, or the platform no Dawanka.
        """
        platform = session.platform
        self._session = session
        self._get_info = session.endpoint(platform.get_dawanka, "Dawanka")
        self._report_pay = session.endpoint(platform.report_dawanka, "Dawanka")
        self._orders = session.pay_orders

    def get_info(self, hall_login: HallLogin, version: int = 2) -> DawankaInfo:
        """Ask for a player's level, score and privileges.

        Args:
            hall_login: The player, as the hall's query names them.
            version: 2 for all levels; 1 for the older data, which knows only
                ``DawankaLevel.DAWANKA`` and ``SUPER_DAWANKA``.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            LoginExpiredError: The openkey is not valid any more.
            SignatureError: The app_key is wrong.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        problems: validation.Problems = []
        validation.check_hall_login(hall_login, PF, problems)
        validation.check_integer(version, 1, 2, "version", problems)
        validation.refuse("Dawanka.get_info", problems)
        return self._session.call(self._get_info, {"version": str(version)}, hall_login, _info)

    def report_pay(self, hall_login: HallLogin, order_id: str | None = None) -> PayReport:
        """Report that the player used a bonus; it takes one use away.

        The platform knows no order numbers: each success takes a use, so a report is never sent
        again once it may have been received. With an ``order_id``, which costs one
        ``get_dawanka_info``, no process that shares the store reports the same order twice, not
        even after a crash: a finished order is answered from the store, an open one is refused
        until :meth:`settle` has closed it.

        Args:
            hall_login: The player, as the hall's query names them.
            order_id: The game's own id of the payment, 1 to 128 bytes; None for a report that
                nothing is remembered of.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            OutcomeUnknownError: It may or may not have been counted. With an ``order_id``, let
                :meth:`settle` find out, from a minute later.
            TransportError: It certainly never went out.
            LoginExpiredError: The openkey is not valid any more.
            SignatureError: The app_key is wrong.
            StoreError: The order cannot be recorded; nothing was sent.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        _check("Dawanka.report_pay", hall_login, order_id)
        if order_id is None:
            return self._send(hall_login)
        order = self._begin(hall_login, order_id)
        return order.report or self._send_order(hall_login, order)

    def report_pay_if_left(
        self, hall_login: HallLogin, order_id: str | None = None
    ) -> PayReport | None:
        """Report that the player used a bonus, after asking whether there is one to use.

        Args:
            hall_login: The player, as the hall's query names them.
            order_id: As for :meth:`report_pay`; an order reported before is answered as then.

        Returns:
            The answer; None where the player has no use left, and nothing was reported.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            QQMiniGameError: As :meth:`report_pay`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        _check("Dawanka.report_pay_if_left", hall_login, order_id)
        known = None if order_id is None else self._orders.find(order_id)
        if known is None and not self.get_info(hall_login).has_bonus_left:
            return None
        return self.report_pay(hall_login, order_id)

    def settle(
        self, hall_login: HallLogin, order_id: str, happened: bool | None = None
    ) -> PayReport | None:
        """Close an order whose report had an unclear end.

        Whether it was counted shows in the player's uses left before and after. Where they cannot
        tell, the caller has to know it from elsewhere and say so.

        Args:
            hall_login: The player, with an openkey that is valid now.
            order_id: The order.
            happened: The caller's word that the report was counted, or was not; None to find out.

        Returns:
            The report, if it was counted: the order is finished. None if it was not: the order is
            forgotten and may be reported again.

        Raises:
            InvalidArgumentError: An argument is wrong, or the order is another player's.
            OutcomeUnknownError: It cannot be decided, and why: the report may still be under way,
                the player's uses are unlimited, or another report came in between.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        problems: validation.Problems = []
        validation.check_hall_login(hall_login, PF, problems)
        validation.check_text(order_id, "order_id", problems, most_bytes=MAX_ORDER_ID_BYTES)
        if happened not in (None, True, False):
            problems.append(Problem(where="happened", what="must be True, False or None"))
        validation.refuse("Dawanka.settle", problems)
        order = self._orders.find(order_id)
        if order is None:
            return None
        _check_owner(order, hall_login)
        if order.report is not None:
            return order.report
        left = None
        if happened is None:
            left = self._uses_left_if_counted(hall_login, order)
            happened = left is not None
        if not happened:
            self._orders.forget(order)
            return None
        report = PayReport(use=None, left=left)
        self._orders.finish(order, report)
        return report

    def _send(self, hall_login: HallLogin) -> PayReport:
        return self._session.call(self._report_pay, {}, hall_login, _report)

    def _begin(self, hall_login: HallLogin, order_id: str) -> PayOrder:
        """Return an order that is finished, or that is begun now."""
        seconds = self._session.deadline_seconds
        with self._orders.turn(hall_login.openid, seconds):
            order = self._orders.find(order_id)
            if order is None:
                before = self.get_info(hall_login).pay_return_count
                return self._orders.begin(order_id, hall_login.openid, before, seconds)
        _check_owner(order, hall_login)
        if order.report is None:
            raise _unknown(order, "its report was begun before, and its end is not known")
        return order

    def _send_order(self, hall_login: HallLogin, order: PayOrder) -> PayReport:
        """Send an order's report and write down its end."""
        try:
            report = self._send(hall_login)
        except QQMiniGameError as error:
            failure = error
        else:
            self._write_down(lambda: self._orders.finish(order, report))
            return report
        # Whether a busy platform has counted is documented nowhere: such an order stays open.
        if not isinstance(failure, OutcomeUnknownError | BusyError):
            self._write_down(lambda: self._orders.forget(order))
        raise failure

    def _write_down(self, end: Callable[[], None]) -> None:
        """Write down an end that is certain; where that fails, the order stays open."""
        try:
            end()
        except StoreError as error:
            _log.warning("the end of an order cannot be written down: %s", error)

    def _uses_left_if_counted(self, hall_login: HallLogin, order: PayOrder) -> int | None:
        """Return the uses left if an order's report was counted, None if it was not."""
        before = order.before
        if self._orders.may_be_under_way(order):
            raise _unknown(order, "its report may still be under way; settle it in a minute or two")
        if before is None:
            raise _unknown(order, "another order of the player was open when it was begun")
        after = self.get_info(hall_login).pay_return_count
        # Asked last: an order begun before the count was read may be in it.
        if not self._orders.is_last(order):
            raise _unknown(order, "another order of the player was begun after it")
        if UNLIMITED in (before, after):
            raise _unknown(order, "the player's uses are unlimited, so their count tells nothing")
        if after not in (before, before - 1):
            raise _unknown(order, f"the uses left went from {before} to {after}")
        return after if after == before - 1 else None


def _check(call: str, hall_login: HallLogin, order_id: str | None) -> None:
    problems: validation.Problems = []
    validation.check_hall_login(hall_login, PF, problems)
    if order_id is not None:
        validation.check_text(order_id, "order_id", problems, most_bytes=MAX_ORDER_ID_BYTES)
    validation.refuse(call, problems)


def _check_owner(order: PayOrder, hall_login: HallLogin) -> None:
    if order.openid != hall_login.openid:
        problems = [Problem(where="order_id", what="is an order of another player")]
        validation.refuse("Dawanka", problems)


def _unknown(order: PayOrder, why: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"report_dawanka_pay: whether order {order.order_id!r} was counted cannot be said: {why}. "
        "settle(hall_login, order_id) finds out where the uses left can tell; with happened=True "
        "or happened=False it takes your word for it",
        endpoint="report_dawanka_pay",
        sent=None,
    )


def _report(result: Result) -> PayReport:
    return PayReport(use=result.integer("use"), left=result.integer("left"))


def _info(result: Result) -> DawankaInfo:
    using_card = result.boolean("isUsingCard") if "isUsingCard" in result.fields else False
    # The page writes CardExpireTs, among fields that all start with a small letter.
    expiry = "CardExpireTs" if "CardExpireTs" in result.fields else "cardExpireTs"
    return DawankaInfo(
        score=result.integer("score"),
        level=_level(result, "level"),
        binding=result.boolean("binding"),
        discount=result.integer("discount"),
        pay_return_count=result.integer("payReturnCount"),
        is_using_card=using_card,
        real_level=_level(result, "realLevel") if "realLevel" in result.fields else None,
        card_expire_ts=result.integer(expiry) if expiry in result.fields else None,
    )


def _level(result: Result, name: str) -> DawankaLevel:
    number = result.integer(name)
    level = next((level for level in DawankaLevel if level.value == number), None)
    if level is None:
        result.refuse(name)
    return level
