"""The values that go in and come out. Frozen; secrets are left out of their ``repr``."""

import functools
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, Self

from attrs import field, frozen

from qqminigame import messages
from qqminigame.exceptions import InvalidArgumentError, Problem, QQMiniGameError
from qqminigame.limits import UNLIMITED
from qqminigame.redaction import drop_frames


@frozen(kw_only=True)
class LoginState:
    """A player's login, as ``code2session`` returns it.

    Attributes:
        openid: The player in this game.
        session_key: Signs what is sent for the player. Secret: it must never reach the game's
            client.
        unionid: The player across one developer's games; None if the platform gives none.
        remembered: Whether the session's store has the login, so that later calls need only the
            openid; False if ``code2session`` could not save it. Ignored in comparisons.
    """

    openid: str
    session_key: str = field(repr=False)
    unionid: str | None = None
    remembered: bool = field(default=False, eq=False)


@frozen(kw_only=True)
class HallLogin:
    """A player who entered through the QQ game hall.

    Attributes:
        openid: The player in this game.
        openkey: The hall's key for this opening of the page. Secret; pass it on unchanged. It is
            valid for 2 hours, and only with the openid of the same opening.
        pf: The hall's name of the platform; Dawanka accepts only ``"qqgame"``.
        userip: The player's IP address, sent and signed when given.

    Source: https://open.qqgame.qq.com/wiki/24/35/46/47/47.html
    """

    openid: str
    openkey: str = field(repr=False)
    pf: str = "qqgame"
    userip: str | None = None

    @classmethod
    @drop_frames
    def from_query(cls, query: Mapping[str, Any]) -> Self:
        """Read the login from the query with which the hall opens the game's page.

        Args:
            query: A request's query: Django's ``request.GET``, Flask's ``request.args`` or any
                mapping of str to str. ``openid`` and ``openkey`` are required, ``pf`` is not.

        Raises:
            InvalidArgumentError: A required parameter is missing, empty or not a str.
        """
        given: dict[str, Any] = {name: query.get(name) for name in ("openid", "openkey", "pf")}
        given["pf"] = given["pf"] or "qqgame"
        problems = tuple(
            Problem(where=f"query[{name!r}]", text=messages.MISSING_PARAMETER)
            for name, value in given.items()
            if not (isinstance(value, str) and value)
        )
        if problems:
            shown = messages.joined(problem.whole for problem in problems)
            raise InvalidArgumentError(
                messages.NOT_A_HALL_QUERY.of(problems=shown), problems=problems
            )
        return cls(**given)


@frozen(kw_only=True)
class CallEvent:
    """One attempt at a call, for metrics and logs. It contains no secret.

    Attributes:
        endpoint: The platform's name of the call, such as ``"set_user_storage"``.
        attempt: 1 for the first.
        outcome: ``"ok"``, or how it ended: ``"not_sent"``, ``"unanswered"``, ``"unavailable"``,
            ``"throttled"``, ``"busy"``, ``"garbled"``, ``"refused"``; ``"interrupted"`` if
            something other than a failure ended it, such as Ctrl-C.
        code: The platform's code; None for a success, or if there was none.
        seconds: How long the attempt took.
        sent_bytes: Size of the request's body.
        received_bytes: Size of the reply's body.
    """

    endpoint: str
    attempt: int
    outcome: str
    code: int | None
    seconds: float
    sent_bytes: int
    received_bytes: int


@frozen(kw_only=True)
class AccessToken:
    """An access token and its validity, in Unix seconds.

    Attributes:
        value: The token. Secret.
        fetched_at: When it was requested: taken before the request, so that its validity is never
            overestimated.
        expires_at: When it expires.
    """

    value: str = field(repr=False)
    fetched_at: float
    expires_at: float


@functools.total_ordering
class DawankaLevel(Enum):
    """A player's Dawanka level.

    The platform's numbers do not rise with the rank. Comparing two levels compares their ranks::

        info.level >= DawankaLevel.DAWANKA

    An undocumented number is kept: ``DawankaLevel(7)`` is a level whose value is 7. It ranks below
    all others, because its privileges are unknown.

    Attributes:
        value: The platform's number.
        rank: 0 for the lowest to 4 for the highest; -1 for a level that is not documented.
        chinese: The platform's name.

    Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
    """

    rank: int
    chinese: str

    NONE = 0, 0, "非大玩咖"
    POTENTIAL = 3, 1, "潜力咖"
    CANDIDATE = 4, 2, "准玩咖"
    DAWANKA = 1, 3, "大玩咖"
    SUPER_DAWANKA = 2, 4, "超级大玩咖"

    def __new__(cls, number: int, rank: int = 0, chinese: str = "") -> Self:
        """Build a member; with defaults, so that type checkers accept ``DawankaLevel(1)``."""
        level = object.__new__(cls)
        level._value_ = number
        level.rank = rank
        level.chinese = chinese
        return level

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """Keep a number that is not documented."""
        if type(value) is not int:
            return None
        level = object.__new__(cls)
        level._name_, level._value_ = f"LEVEL_{value}", value
        level.rank, level.chinese = -1, "未知等级"
        return level

    def __eq__(self, other: object) -> bool:
        return self.value == other.value if isinstance(other, DawankaLevel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, DawankaLevel) else NotImplemented


@frozen(kw_only=True)
class DawankaInfo:
    """A player's Dawanka privileges, as ``get_dawanka_info`` returns them.

    Attributes:
        score: The player's Dawanka score.
        level: The current level, including that of a trial card.
        binding: Whether the player is bound by a super Dawanka, and the binding is still valid.
        discount: Recharge rebate in percent; 20 means 20 %.
        pay_return_count: Bonus uses left; -1 means unlimited, see :attr:`is_unlimited`.
        is_using_card: Whether a trial card is in use.
        real_level: The level without the card; None when no card is in use.
        card_expire_ts: When the card expires, in Unix seconds; None when no card is in use.
    """

    score: int
    level: DawankaLevel
    binding: bool
    discount: int
    pay_return_count: int
    is_using_card: bool = False
    real_level: DawankaLevel | None = None
    card_expire_ts: int | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether the player has an unlimited number of bonus uses."""
        return self.pay_return_count == UNLIMITED

    @property
    def has_bonus_left(self) -> bool:
        """Whether the player can use a bonus now."""
        return self.is_unlimited or self.pay_return_count > 0


@frozen(kw_only=True)
class PayReport:
    """The result of ``report_dawanka_pay``.

    Attributes:
        use: Bonus uses that the player has spent at the current level; None if the reply was lost
            and ``Dawanka.settle`` found out that the report was counted.
        left: Bonus uses left at the current level; None if only the caller knew that it was
            counted.
    """

    use: int | None
    left: int | None


@frozen(kw_only=True)
class PayOrder:
    """The record of a ``report_dawanka_pay`` with an order id. It contains no secret.

    Attributes:
        order_id: The game's own id of the payment.
        openid: The player.
        address: Scheme and host that the report goes to.
        mark: Distinguishes this attempt at the order from any other.
        begun_at: When the report was started, in Unix seconds of the order store's clock.
        settle_from: From when ``Dawanka.settle`` can decide, by the same clock: then the report can
            no longer be under way.
        uses_before: The player's remaining uses before the report; None if another report of the
            player might have been counted at the time, so that the number proves nothing.
        quiet_from: From when no earlier report of the player can be under way, by the same clock.
        ended_at: When the outcome was recorded, by the same clock; None while the order is open.
        report: The result; None while the order is open.
        has_openkey: Whether the records still have the player's openkey, so that
            ``Dawanka.settle_due`` can settle the order without the player. Ignored in comparisons.
    """

    order_id: str
    openid: str
    address: str
    mark: str
    begun_at: float
    settle_from: float
    uses_before: int | None
    level_before: int
    quiet_from: float
    ended_at: float | None = None
    report: PayReport | None = None
    has_openkey: bool = field(default=False, eq=False)

    @property
    def state(self) -> str:
        """``"open"`` until the outcome is known and recorded, then ``"finished"``."""
        return "open" if self.report is None else "finished"


@frozen(kw_only=True)
class DueOrder:
    """What became of one order in ``Dawanka.settle_due``.

    Attributes:
        order: The order, as it was found.
        outcome: ``"counted"``: the order is finished. ``"not_counted"``: its record was removed,
            and it may be reported again. ``"undecided"``: only the caller can know. ``"waiting"``:
            it can be settled when the player is back. ``"failed"``: a later sweep tries again.
        report: The result; None unless it was counted.
        hall_login: The player, for reporting the order again; None unless it was not counted.
        error: Why it was not settled; None if it was, or if its openkey was gone before.
    """

    order: PayOrder
    outcome: Literal["counted", "not_counted", "undecided", "waiting", "failed"]
    report: PayReport | None = None
    hall_login: HallLogin | None = None
    error: QQMiniGameError | None = None


@frozen(kw_only=True)
class SettleReport:
    """The result of ``Dawanka.settle_due``.

    Attributes:
        orders: The orders that were due, except those that another process was settling.
        stopped_because: The error that every further order would have met too; None if there was
            none.
    """

    orders: tuple[DueOrder, ...]
    stopped_because: QQMiniGameError | None = None
