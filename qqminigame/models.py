"""The values that go in and come out. Frozen; secrets are left out of their ``repr``."""

import functools
from collections.abc import Mapping
from enum import Enum
from typing import Any, Self

from attrs import field, frozen

from qqminigame.exceptions import InvalidArgumentError, Problem
from qqminigame.limits import UNLIMITED


@frozen(kw_only=True)
class LoginState:
    """A player's login, as ``code2session`` answers it.

    Attributes:
        openid: The player in this game.
        session_key: Signs what is sent for the player. Secret: it must never reach the game client.
        unionid: The player across one developer's games; None where the platform gives none.
    """

    openid: str
    session_key: str = field(repr=False)
    unionid: str | None = None


@frozen(kw_only=True)
class HallLogin:
    """A player who came in through the QQ game hall.

    Attributes:
        openid: The player in this game.
        openkey: The hall's key for this page opening. Secret; pass it on unchanged. It lives two
            hours, and each opening has its own: never mix one with another opening's openid.
        pf: The platform word of the hall; Dawanka accepts only ``"qqgame"``.
        userip: The player's IP address, sent and signed when given.

    Source: https://open.qqgame.qq.com/wiki/24/35/46/47/47.html
    """

    openid: str
    openkey: str = field(repr=False)
    pf: str = "qqgame"
    userip: str | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, Any]) -> Self:
        """Read the login from the query the hall opens the game's page with.

        Args:
            query: A request's query: Django's ``request.GET``, Flask's ``request.args`` or any
                mapping of str to str. ``openid`` and ``openkey`` are required, ``pf`` is not.

        Raises:
            InvalidArgumentError: A required parameter is missing, empty or not a str.
        """
        given: dict[str, Any] = {name: query.get(name) for name in ("openid", "openkey", "pf")}
        given["pf"] = given["pf"] or "qqgame"
        problems = tuple(
            Problem(where=f"query[{name!r}]", what="is missing or not a non-empty str")
            for name, value in given.items()
            if not (isinstance(value, str) and value)
        )
        if problems:
            raise InvalidArgumentError(
                "not a query of the hall: " + "; ".join(map(str, problems)), problems=problems
            )
        return cls(**given)


@frozen(kw_only=True)
class CallEvent:
    """One attempt at a call, for metrics and logs. It holds no secret.

    Attributes:
        endpoint: The platform's word for the call, such as ``"set_user_storage"``.
        attempt: 1 for the first.
        outcome: ``"ok"``, or how it ended: ``"not_sent"``, ``"unanswered"``, ``"unavailable"``,
            ``"throttled"``, ``"busy"``, ``"garbled"``, ``"refused"``; ``"interrupted"`` where
            something else than a failure ended it, such as Ctrl-C.
        code: The platform's code; None where it answered none, or success.
        seconds: How long the attempt took.
        sent_bytes: Size of the body that was sent.
        received_bytes: Size of the body that came back.
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
    """An access token and its life, in unix seconds.

    Attributes:
        value: The token. Secret.
        fetched_at: When it was asked for (before the request, so that its life is never overrated).
        expires_at: When the platform lets it die.
    """

    value: str = field(repr=False)
    fetched_at: float
    expires_at: float


@functools.total_ordering
class DawankaLevel(Enum):
    """A player's Dawanka level.

    The platform's numbers do not rise with the rank. Comparing two levels compares their ranks::

        info.level >= DawankaLevel.DAWANKA

    Attributes:
        value: The platform's number.
        rank: 0 for the lowest to 4 for the highest.
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

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, DawankaLevel) else NotImplemented


@frozen(kw_only=True)
class DawankaInfo:
    """What ``get_dawanka_info`` tells of a player.

    Attributes:
        score: The player's Dawanka score.
        level: The level in force, that of a trial card included.
        binding: Whether a super Dawanka has bound the player and the bond is still valid.
        discount: Recharge rebate in percent; 20 means 20 %.
        pay_return_count: Bonus uses left; -1 means unlimited, see :attr:`is_unlimited`.
        is_using_card: Whether a trial card is in use.
        real_level: The level without the card; None when no card is in use.
        card_expire_ts: When the card ends, in unix seconds; None when no card is in use.
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
        """Whether the player's bonus uses have no limit."""
        return self.pay_return_count == UNLIMITED

    @property
    def has_bonus_left(self) -> bool:
        """Whether the player can use a bonus now."""
        return self.is_unlimited or self.pay_return_count > 0


@frozen(kw_only=True)
class PayReport:
    """What ``report_dawanka_pay`` answers.

    Attributes:
        use: Bonus uses the player has used up at the present level; None where the answer was lost
            and ``Dawanka.settle`` found out that the report was counted.
        left: Bonus uses left at the present level; None where only the caller knew it was counted.
    """

    use: int | None
    left: int | None
