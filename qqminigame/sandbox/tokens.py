"""Access tokens: what each platform's pages say of them, and which are alive."""

from collections import deque
from itertools import chain
from typing import Final

import attrs

DAY = 86400
MINUTE = 60
_REMEMBERED = 100  # dead tokens are kept for the state's list only
_BEIJING = 8 * 3600


@attrs.frozen(kw_only=True)
class TokenRules:
    """What a platform's pages say of its access tokens; None where they name no limit.

    Attributes:
        fetches_a_day: How often a day the plain call may be made.
        stable_a_minute: How often a minute the stable call may be made.
        stable_a_day: How often a day the stable call may be made.
        forced_a_day: How often a day the stable call may come with ``force_refresh``.
        forced_apart: Seconds after a forced refresh in which the next one changes nothing.
        stable_isolated: Whether the stable call has tokens of its own, which the plain call
            neither sees nor ends.
        stable_ahead: How many seconds before the end of a stable token a new one is given.
    """

    fetches_a_day: int | None = None
    stable_a_minute: int | None = None
    stable_a_day: int | None = None
    forced_a_day: int | None = None
    forced_apart: float = 0
    stable_isolated: bool = False
    stable_ahead: float = 0


# QQ's page of getToken names no limit. Douyin's of getAccessToken neither; its genStableAccessToken
# and WeChat's auth.getStableAccessToken name theirs. WeChat's auth.getAccessToken has 45009 in its
# table of codes without a number; 2000 a day is what WeChat's page API_Call_Limits says.
PLATFORMS: dict[str, TokenRules] = {
    "qq": TokenRules(),
    "douyin": TokenRules(stable_a_minute=10_000, stable_a_day=500_000, forced_a_day=20),
    "wechat": TokenRules(
        fetches_a_day=2000,
        stable_a_minute=10_000,
        stable_a_day=500_000,
        forced_a_day=20,
        forced_apart=30,
        stable_isolated=True,
        stable_ahead=300,
    ),
}


@attrs.define
class Quota:
    """How many calls there may be in each minute or day; days begin at midnight in Beijing.

    Attributes:
        limit: The number; None for any.
        seconds: The length of a period.
    """

    limit: int | None
    seconds: int
    _period: int = attrs.field(default=-1, init=False)
    _used: int = attrs.field(default=0, init=False)

    def use(self, now: float) -> bool:
        """Count a call; False when there were too many in this period."""
        period = int(now + _BEIJING) // self.seconds
        if period != self._period:
            self._period, self._used = period, 0
        self._used += 1
        return self.limit is None or self._used <= self.limit


@attrs.define(kw_only=True)
class Token:
    """An access token; all times in unix seconds."""

    text: str = attrs.field(repr=False)
    issued: float
    expires: float
    revoked: bool = False

    def alive(self, now: float) -> bool:
        """Tell whether the platform accepts it."""
        return not self.revoked and now < self.expires


class TokenBook:
    """Tokens of one app, of which a new one puts an end to those before it.

    Rule: q.qq.com/wiki/develop/game/server/open-port/getAccessToken.html

    Attributes:
        name: Tells it from the other books of a sandbox.
    """

    def __init__(self, name: str, lifetime: float) -> None:
        self.name = name
        self._lifetime = lifetime
        self._earlier: list[Token] = []
        self._live: dict[str, Token] = {}
        self._listed: deque[Token] = deque(maxlen=_REMEMBERED)
        self.fetches: int = 0

    def start_anew(self, now: float) -> None:
        """Know of no token; what was handed out stays good to its end, whatever comes now."""
        self._earlier = [
            token for token in (*self._earlier, *self._live.values()) if token.alive(now)
        ]
        self._live = {}
        self._listed.clear()
        self.fetches = 0

    def issue(self, text: str, now: float, *, overlap: float) -> Token:
        """Register a new token; the one before it lives on for the overlap at most."""
        previous = self._listed[-1] if self._listed else None
        for token in self._live.values():
            if token is not previous or not overlap:
                token.revoked = True
            token.expires = min(token.expires, now + overlap)
        token = Token(text=text, issued=now, expires=now + self._lifetime)
        self._live = {old.text: old for old in self._live.values() if not old.revoked}
        # With a seed a text comes again after each new start.
        self._earlier = [old for old in self._earlier if old.text != text]
        self._live[text] = token
        self._listed.append(token)
        self.fetches += 1
        return token

    def newest(self, now: float) -> Token | None:
        """Return the token fetched last, if it is still alive."""
        token = self._listed[-1] if self._listed else None
        return token if token is not None and token.alive(now) else None

    def accepts(self, text: str, now: float) -> bool:
        """Tell whether a call may come with this token."""
        token = self._live.get(text)
        if token is not None:
            return token.alive(now)
        return any(token.text == text and token.alive(now) for token in self._earlier)

    def revoke_all(self) -> None:
        """Make every token dead at once."""
        for token in self._live.values():
            token.revoked = True
        self._live.clear()
        self._earlier.clear()

    def describe(self, now: float) -> list[dict[str, object]]:
        """List the latest tokens, oldest first, without their texts."""
        return [
            {
                "age": now - token.issued,
                "expires_in": token.expires - now,
                "alive": token.alive(now),
            }
            for token in self._listed
        ]


class AppTokens:
    """All access tokens of the app on one platform, with the quotas of fetching them.

    Attributes:
        plain: Those of the plain call.
        stable: Those of the stable call: the same book where the platform does not keep them apart.
    """

    def __init__(
        self, platform: str, rules: TokenRules, *, lifetime: float, a_day: int | None
    ) -> None:
        """Follow a platform's rules.

        Args:
            platform: The platform's name.
            rules: What the platform's pages say.
            lifetime: How many seconds a token lives.
            a_day: How often a day each call may be made; None for what the pages say.
        """
        self.rules = rules
        self._a_day = a_day
        self.plain: Final = TokenBook(platform, lifetime)
        isolated = rules.stable_isolated
        self.stable: Final = TokenBook(f"{platform} stable", lifetime) if isolated else self.plain
        self._count_anew()

    def start_anew(self, now: float) -> None:
        """Know of no token and no call; what was handed out stays good to its end."""
        for book in self.books:
            book.start_anew(now)
        self._count_anew()

    @property
    def books(self) -> tuple[TokenBook, ...]:
        """The books there are, each once."""
        return (self.plain, self.stable) if self.rules.stable_isolated else (self.plain,)

    @property
    def fetches(self) -> int:
        """How many tokens were handed out."""
        return sum(book.fetches for book in self.books)

    def accepts(self, text: str, now: float) -> bool:
        """Tell whether a call may come with this token."""
        return any(book.accepts(text, now) for book in self.books)

    def revoke_all(self) -> None:
        """Make every token dead at once."""
        for book in self.books:
            book.revoke_all()

    def describe(self, now: float) -> list[dict[str, object]]:
        """List the latest tokens, those of the plain call first, without their texts."""
        return list(chain.from_iterable(book.describe(now) for book in self.books))

    def _count_anew(self) -> None:
        rules, a_day = self.rules, self._a_day
        self.plain_quotas: list[Quota] = [
            Quota(rules.fetches_a_day if a_day is None else a_day, DAY)
        ]
        self.stable_quotas: list[Quota] = [
            Quota(rules.stable_a_minute, MINUTE),
            Quota(rules.stable_a_day if a_day is None else a_day, DAY),
        ]
        self.forced_quota: Quota = Quota(rules.forced_a_day, DAY)
        self.forced_at: float = float("-inf")
