"""The state of the platforms: the clock, the app, players, codes and the hall's players."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

import attrs

from qqminigame.sandbox import tokens
from qqminigame.sandbox.mint import Mint
from qqminigame.sandbox.tokens import AppTokens

JS_CODE_SECONDS = 300
OPENKEY_SECONDS = 7200
OVERLAP_SECONDS = 300
LOGINS_PER_MINUTE = 100


@attrs.frozen(kw_only=True)
class Settings:
    """What a sandbox is started with; `Sandbox` says what each means."""

    app_id: str
    hall_app_id: str
    app_secret: str = attrs.field(repr=False)
    app_key: str = attrs.field(repr=False)
    seed: int | str | None
    awkward: bool
    token_seconds: float
    overlap_seconds: float | None
    session_seconds: float | None
    fetches_a_day: Mapping[str, int]
    allowed_ips: frozenset[str] | None
    total_bytes: int
    ranking_keys: frozenset[str]


class Clock:
    """Unix time in seconds, moved away from the machine's by an offset."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Return the sandbox's time, in unix seconds."""
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock on; a negative number moves it back."""
        self._offset += seconds

    def set(self, now: float) -> None:
        """Make it ``now`` (unix seconds) at this moment."""
        self._offset = now - self._source()

    def reset(self) -> None:
        """Show the machine's time again."""
        self._offset = 0.0


@attrs.define(kw_only=True)
class Player:
    """A player of the mini game on one platform, and what is stored for them.

    Attributes:
        session_key: What signs for them; None before the first login and after the last session.
        session_used: When the session_key came into being or was used last, in unix seconds.
        page_session: Whether the game's page has logged in, and its session was not ended.
    """

    openid: str
    unionid: str | None = None
    session_key: str | None = attrs.field(default=None, repr=False)
    session_used: float = 0.0
    page_session: bool = False
    storage: dict[str, str] = attrs.field(factory=dict)
    interactive: dict[str, int] = attrs.field(factory=dict)
    logins: deque[float] = attrs.field(factory=deque)

    def begin_session(self, session_key: str, now: float) -> None:
        """Log in: the session before it is over."""
        self.session_key, self.session_used = session_key, now

    def end_session(self) -> None:
        """Make the session_key stale, and the page's session too."""
        self.session_key, self.page_session = None, False

    def counts_login(self, now: float) -> bool:
        """Count one login call; False when this minute's are used up."""
        while self.logins and self.logins[0] <= now - 60:
            self.logins.popleft()
        if len(self.logins) >= LOGINS_PER_MINUTE:
            return False
        self.logins.append(now)
        return True

    def describe(self, *, logged_in: bool) -> dict[str, object]:
        """Return what a test may look at."""
        return {
            "storage": dict(self.storage),
            "interactive": dict(self.interactive),
            "logged_in": logged_in,
        }


@attrs.define(kw_only=True)
class JsCode:
    """A login code: good for one login within five minutes."""

    player: Player
    made: float
    used: bool = False


@attrs.define(kw_only=True)
class HallPlayer:
    """A player of the game hall; ``pay_return_count`` -1 means unlimited."""

    level: int = 0
    score: int = 0
    binding: bool = False
    discount: int = 0
    pay_return_count: int = 0
    is_using_card: bool = False
    real_level: int | None = None
    card_expire_ts: int | None = None
    used: int = 0
    reports: int = 0

    def describe(self) -> dict[str, object]:
        """Return it in the platform's words."""
        return {
            "level": self.level,
            "score": self.score,
            "binding": self.binding,
            "discount": self.discount,
            "payReturnCount": self.pay_return_count,
            "isUsingCard": self.is_using_card,
            "realLevel": self.real_level,
            "CardExpireTs": self.card_expire_ts,
            "used": self.used,
            "reports": self.reports,
        }


@attrs.frozen
class HallEntry:
    """What the hall passes to a game when a player opens its page: ``openid, openkey = entry``.

    Attributes:
        openid: The player.
        openkey: The key of this opening, valid for 2 hours.
    """

    openid: str
    openkey: str = attrs.field(repr=False)

    def __iter__(self) -> Iterator[str]:
        """Give the openid, then the openkey."""
        return iter((self.openid, self.openkey))


@attrs.frozen(kw_only=True)
class OpenKey:
    """Whose openkey it is and since when, in unix seconds."""

    openid: str
    made: float


@attrs.define(kw_only=True)
class Platform:
    """What one platform has of the app: its access tokens, players and login codes."""

    tokens: AppTokens
    players: dict[str, Player] = attrs.field(factory=dict)
    js_codes: dict[str, JsCode] = attrs.field(factory=dict)

    def player(self, openid: str) -> Player:
        """Return a player; one not seen before is new from now on."""
        return self.players.setdefault(openid, Player(openid=openid))


_Dated = TypeVar("_Dated", JsCode, OpenKey)


class World:
    """All state of one sandbox. Only the server's event loop touches it, so nothing is locked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock: Final = Clock()
        self.platforms: dict[str, Platform] = {}
        self.reset()

    def reset(self) -> None:
        """Go back to the start: nobody there, the machine's time, the seed's first values.

        Access tokens stay good: a client that is used in many tests still has one from before,
        and no platform would have taken it away.
        """
        for platform in self.platforms.values():
            platform.tokens.start_anew(self.clock.now())
        self.clock.reset()
        self.mint: Mint = Mint(self.settings.seed, awkward=self.settings.awkward)
        self.platforms = {name: Platform(tokens=self._tokens(name)) for name in tokens.PLATFORMS}
        self.hall: dict[str, HallPlayer] = {}
        self.openkeys: dict[str, OpenKey] = {}

    def overlap(self) -> float:
        """Return how many seconds the token before a new one lives on."""
        given = self.settings.overlap_seconds
        return self.mint.overlap(OVERLAP_SECONDS) if given is None else given

    def session_key(self, player: Player) -> str | None:
        """Return a player's session_key unless it is stale."""
        lifetime = self.settings.session_seconds
        if lifetime is not None and self.clock.now() >= player.session_used + lifetime:
            return None
        return player.session_key

    def new_js_code(
        self, platform: str, openid: str | None, unionid: str | None
    ) -> tuple[str, str]:
        """Log a known or a new player in on the page; return the login code and the openid."""
        chosen = self.platforms[platform]
        player = chosen.player(self.mint.openid() if openid is None else openid)
        player.page_session = True
        if unionid is not None:
            player.unionid = unionid
        now = self.clock.now()
        _forget(chosen.js_codes, before=now - 2 * JS_CODE_SECONDS)
        js_code = self.mint.js_code()
        chosen.js_codes[js_code] = JsCode(player=player, made=now)
        return js_code, player.openid

    def new_openkey(self, openid: str) -> str:
        """Make an openkey for a player of the hall."""
        now = self.clock.now()
        _forget(self.openkeys, before=now - 2 * OPENKEY_SECONDS)
        openkey = self.mint.openkey()
        self.openkeys[openkey] = OpenKey(openid=openid, made=now)
        return openkey

    def _tokens(self, name: str) -> AppTokens:
        if name in self.platforms:
            return self.platforms[name].tokens
        settings = self.settings
        return AppTokens(
            name,
            tokens.PLATFORMS[name],
            lifetime=settings.token_seconds,
            a_day=settings.fetches_a_day.get(name),
        )


def _forget(entries: dict[str, _Dated], *, before: float) -> None:
    """Drop what has long expired: a sandbox may run for days."""
    while entries:
        oldest, entry = next(iter(entries.items()))
        if entry.made >= before:
            return
        del entries[oldest]
