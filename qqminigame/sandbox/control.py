"""What a test may do to the sandbox; both the Python methods and the control endpoints end here."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from operator import itemgetter
from typing import Any

import attrs

from qqminigame.sandbox.accounts import HallPlayer, World
from qqminigame.sandbox.checks import (
    BOOL,
    Wanted,
    is_int,
    is_seconds,
    is_text,
    whole_number_from,
)
from qqminigame.sandbox.faults import Fault, FaultScript
from qqminigame.sandbox.log import RequestLog

_LEVEL = Wanted("0, 1, 2, 3 or 4", lambda value: is_int(value) and 0 <= value <= 4)
HALL_FIELDS: Mapping[str, Wanted] = {
    "level": _LEVEL,
    "score": whole_number_from(0),
    "binding": BOOL,
    "discount": whole_number_from(0),
    "pay_return_count": whole_number_from(0, or_minus_one="for unlimited"),
    "is_using_card": BOOL,
    "real_level": _LEVEL,
    "card_expire_ts": whole_number_from(0),
}


class Control:
    """Looks into the sandbox and moves its state; all in the server's event loop."""

    def __init__(
        self,
        world: World,
        log: RequestLog,
        faults: FaultScript,
        drop_waiting: Callable[[], None],
    ) -> None:
        self._world = world
        self._log = log
        self._faults = faults
        self._drop_waiting = drop_waiting

    def state(self) -> dict[str, Any]:
        """Return what the platforms know: the clock, tokens, players, the hall's players.

        ``token_fetches`` and ``tokens`` are of all platforms together, ``platforms`` of each.
        """
        world = self._world
        now = world.clock.now()
        tokens = {name: book.describe(now) for name, book in world.tokens.items()}
        return {
            "now": now,
            "app_id": world.settings.app_id,
            "hall_app_id": world.settings.hall_app_id,
            "token_fetches": sum(book.fetches for book in world.tokens.values()),
            "tokens": sorted(chain(*tokens.values()), key=itemgetter("age"), reverse=True),
            "platforms": {
                name: {"token_fetches": book.fetches, "tokens": tokens[name]}
                for name, book in world.tokens.items()
            },
            "players": {
                openid: {
                    "storage": dict(player.storage),
                    "interactive": dict(player.interactive),
                    "logged_in": player.session_key is not None,
                }
                for openid, player in world.players.items()
            },
            "hall": {openid: _describe_hall(player) for openid, player in world.hall.items()},
        }

    def log(self) -> list[dict[str, Any]]:
        """Return the platform requests so far, oldest first, secrets masked."""
        return self._log.describe()

    def clear_log(self) -> None:
        """Empty the log."""
        self._log.clear()

    def now(self) -> float:
        """Return the sandbox's time in unix seconds."""
        return self._world.clock.now()

    def advance(self, seconds: object) -> float:
        """Move the clock; return the new time."""
        self._world.clock.advance(_seconds("advance", seconds))
        return self.now()

    def set_now(self, now: object) -> float:
        """Set the clock to a unix time in seconds; return it."""
        self._world.clock.set(_seconds("now", now))
        return self.now()

    def script(self, faults: Iterable[Fault | Mapping[str, object]]) -> None:
        """Add faults, all or none."""
        self._faults.add(faults)

    def pending_faults(self) -> list[dict[str, object]]:
        """List the faults still to come."""
        return self._faults.describe()

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def js_code(self, openid: object = None, unionid: object = None) -> tuple[str, str]:
        """Make a login code; return it and the openid of the player it is for."""
        return self._world.new_js_code(_name("openid", openid), _name("unionid", unionid))

    def hall_login(self, /, openid: object = None, **fields: object) -> tuple[str, str]:
        """Make or change a player of the hall; return the openid and a fresh openkey."""
        given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        for name, value in given.items():
            if not HALL_FIELDS[name].accepts(value):
                raise ValueError(f"{name} must be {HALL_FIELDS[name].words}")
        world = self._world
        key = _name("openid", openid) or world.mint.openid()
        old = world.hall.get(key, HallPlayer())
        player: HallPlayer = attrs.evolve(old, **given)
        if player.level != old.level:
            player.used = 0  # the platform's "use" counts at the current level
        world.hall[key] = player
        return key, world.new_openkey(key)

    def revoke_tokens(self) -> None:
        """Make every access token of every platform dead at once."""
        for book in self._world.tokens.values():
            book.revoke_all()

    def end_session(self, openid: object) -> None:
        """Make a player's session_key stale."""
        player = self._world.players.get(_name("openid", openid) or "")
        if player is None:
            raise ValueError("openid must be one of a player: see players in the state")
        player.end_session()

    def reset(self) -> None:
        """Go back to the start; requests held up by a fault lose their connection."""
        self._drop_waiting()
        self._world.reset()
        self._log.clear()
        self._faults.clear()


def _describe_hall(player: HallPlayer) -> dict[str, object]:
    return {
        "level": player.level,
        "score": player.score,
        "binding": player.binding,
        "discount": player.discount,
        "payReturnCount": player.pay_return_count,
        "isUsingCard": player.is_using_card,
        "realLevel": player.real_level,
        "CardExpireTs": player.card_expire_ts,
        "used": player.used,
        "reports": player.reports,
    }


def _seconds(name: str, value: object) -> float:
    if not is_seconds(value):
        raise ValueError(f"{name} must be a number of seconds")
    return value


def _name(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not is_text(value) or not value:
        raise ValueError(f"{name} must be a text that is not empty")
    return value
