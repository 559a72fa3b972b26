"""The state of the platforms: the app, players, codes and the game hall's players."""

from collections import deque
from typing import TypeVar

import attrs

from qqminigame.sandbox.clock import Clock
from qqminigame.sandbox.mint import Mint
from qqminigame.sandbox.tokens import TokenBook

JS_CODE_SECONDS = 300
OPENKEY_SECONDS = 7200
LOGINS_PER_MINUTE = 100
PLATFORMS = ("qq", "douyin", "wechat")  # each takes its own access tokens only


@attrs.frozen(kw_only=True)
class Settings:
    """What a sandbox is started with; durations in seconds, sizes in bytes."""

    app_id: str
    hall_app_id: str
    app_secret: str = attrs.field(repr=False)
    app_key: str = attrs.field(repr=False)
    seed: int | str | None
    token_seconds: float
    overlap_seconds: float
    total_bytes: int
    ranking_keys: frozenset[str]


@attrs.define(kw_only=True)
class Player:
    """A player of the mini game and what is stored for them.

    Attributes:
        session_ended: Whether somebody ended the session; a player who never logged in has none
            to end.
    """

    openid: str
    unionid: str | None = None
    session_key: str | None = attrs.field(default=None, repr=False)
    session_ended: bool = False
    storage: dict[str, str] = attrs.field(factory=dict)
    interactive: dict[str, int] = attrs.field(factory=dict)
    logins: deque[float] = attrs.field(factory=deque)

    def begin_session(self, session_key: str) -> None:
        """Log in: the session before it is over."""
        self.session_key, self.session_ended = session_key, False

    def end_session(self) -> None:
        """Make the session_key stale."""
        self.session_key, self.session_ended = None, True

    def counts_login(self, now: float) -> bool:
        """Count one login call; False when this minute's are used up."""
        while self.logins and self.logins[0] <= now - 60:
            self.logins.popleft()
        if len(self.logins) >= LOGINS_PER_MINUTE:
            return False
        self.logins.append(now)
        return True


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


@attrs.frozen(kw_only=True)
class OpenKey:
    """Whose openkey it is and since when, in unix seconds."""

    openid: str
    made: float


_Dated = TypeVar("_Dated", JsCode, OpenKey)


class World:
    """All state of one sandbox. Only the server's event loop touches it, so nothing is locked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.reset()

    def reset(self) -> None:
        """Go back to the start: nobody there, the machine's time, the seed's first values."""
        self.clock.reset()
        self.mint = Mint(self.settings.seed)
        lifetime, overlap = self.settings.token_seconds, self.settings.overlap_seconds
        self.tokens = {
            platform: TokenBook(lifetime=lifetime, overlap=overlap) for platform in PLATFORMS
        }
        self.players: dict[str, Player] = {}
        self.js_codes: dict[str, JsCode] = {}
        self.hall: dict[str, HallPlayer] = {}
        self.openkeys: dict[str, OpenKey] = {}

    def player(self, openid: str) -> Player:
        """Return a player; one not seen before is new from now on."""
        return self.players.setdefault(openid, Player(openid=openid))

    def new_js_code(self, openid: str | None, unionid: str | None) -> tuple[str, str]:
        """Make a login code for a known or a new player; return it and the openid."""
        openid = self.mint.openid() if openid is None else openid
        player = self.player(openid)
        if unionid is not None:
            player.unionid = unionid
        now = self.clock.now()
        _forget(self.js_codes, before=now - 2 * JS_CODE_SECONDS)
        js_code = self.mint.js_code()
        self.js_codes[js_code] = JsCode(player=player, made=now)
        return js_code, openid

    def new_openkey(self, openid: str) -> str:
        """Make an openkey for a player of the hall."""
        now = self.clock.now()
        _forget(self.openkeys, before=now - 2 * OPENKEY_SECONDS)
        openkey = self.mint.openkey()
        self.openkeys[openkey] = OpenKey(openid=openid, made=now)
        return openkey


def _forget(entries: dict[str, _Dated], *, before: float) -> None:
    """Drop what has long expired: a sandbox may run for days."""
    while entries:
        oldest, entry = next(iter(entries.items()))
        if entry.made >= before:
            return
        del entries[oldest]
