"""What a test may do to the sandbox: Python methods, and as JSON under ``/_sandbox/``."""

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from operator import itemgetter
from typing import Any

import attrs

from qqminigame.sandbox import mini
from qqminigame.sandbox.calls import is_int, is_seconds, is_text
from qqminigame.sandbox.faults import BOOL, Fault, FaultScript, Wanted, whole_number_from
from qqminigame.sandbox.log import RequestLog
from qqminigame.sandbox.replies import Reply
from qqminigame.sandbox.world import HallEntry, HallPlayer, World

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

        ``platforms`` has the tokens and players of each. ``token_fetches``, ``tokens`` and
        ``players`` are of all together; an openid that two platforms know is in ``platforms`` only.
        """
        world = self._world
        platforms = self._platforms()
        tokens = chain.from_iterable(each["tokens"] for each in platforms.values())
        return {
            "now": world.clock.now(),
            "app_id": world.settings.app_id,
            "hall_app_id": world.settings.hall_app_id,
            "token_fetches": sum(each["token_fetches"] for each in platforms.values()),
            "tokens": sorted(tokens, key=itemgetter("age"), reverse=True),
            "platforms": platforms,
            "players": _of_one_platform(each["players"] for each in platforms.values()),
            "hall": {openid: player.describe() for openid, player in world.hall.items()},
        }

    def _platforms(self) -> dict[str, dict[str, Any]]:
        world = self._world
        now = world.clock.now()
        return {
            name: {
                "token_fetches": platform.tokens.fetches,
                "tokens": platform.tokens.describe(now),
                "players": {
                    openid: player.describe(logged_in=world.session_key(player) is not None)
                    for openid, player in platform.players.items()
                },
            }
            for name, platform in world.platforms.items()
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

    def js_code(
        self, openid: object = None, unionid: object = None, platform: object = "qq"
    ) -> tuple[str, str]:
        """Make a login code; return it and the openid of the player it is for."""
        known = self._world.platforms
        if not isinstance(platform, str) or platform not in known:
            raise ValueError("platform must be one of " + ", ".join(known))
        return self._world.new_js_code(platform, _name("openid", openid), _name("unionid", unionid))

    def hall_login(self, /, openid: object = None, **fields: object) -> HallEntry:
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
        return HallEntry(key, world.new_openkey(key))

    def revoke_tokens(self) -> None:
        """Make every access token of every platform dead at once."""
        for platform in self._world.platforms.values():
            platform.tokens.revoke_all()

    def end_session(self, openid: object) -> None:
        """Make a player's session_key and page session stale, wherever the openid is known."""
        name = _name("openid", openid) or ""
        players = [
            platform.players[name]
            for platform in self._world.platforms.values()
            if name in platform.players
        ]
        if not players:
            raise ValueError("openid must be one of a player: see players in the state")
        for player in players:
            player.end_session()

    def reset(self) -> None:
        """Go back to the start; requests held up by a fault lose their connection.

        Access tokens stay good: see `World.reset`.
        """
        self._drop_waiting()
        self._world.reset()
        self._log.clear()
        self._faults.clear()


def _of_one_platform(known: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Put players together, without the openids that more than one platform knows."""
    found: dict[str, list[Any]] = {}
    for openid, player in chain.from_iterable(players.items() for players in known):
        found.setdefault(openid, []).append(player)
    return {openid: players[0] for openid, players in found.items() if len(players) == 1}


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


PREFIX = "/_sandbox/"

_DONE: object = {"ok": True}


@attrs.frozen
class Route:
    """One control call: what it does, and the fields its body may have (None: any JSON)."""

    act: Callable[[Control, Any], object]
    fields: frozenset[str] | None = frozenset()


def _clock(control: Control, body: dict[str, object]) -> object:
    if len(body) != 1:
        raise ValueError('the body must be {"advance": seconds} or {"now": unix_seconds}')
    moves = {"advance": control.advance, "now": control.set_now}
    [(name, value)] = body.items()
    return {"now": moves[name](value)}


def _script(control: Control, body: Any) -> object:
    control.script(body if isinstance(body, list) else [body])
    return control.pending_faults()


def _js_code(control: Control, body: dict[str, object]) -> object:
    js_code, openid = control.js_code(**body)
    return {"js_code": js_code, "openid": openid}


def _hall_login(control: Control, body: dict[str, object]) -> object:
    return attrs.asdict(control.hall_login(**body))


_ROUTES: Mapping[str, Mapping[str, Route]] = {
    "state": {"GET": Route(lambda control, _: control.state())},
    "log": {
        "GET": Route(lambda control, _: control.log()),
        "DELETE": Route(lambda control, _: control.clear_log()),
    },
    "clock": {
        "GET": Route(lambda control, _: {"now": control.now()}),
        "POST": Route(_clock, frozenset({"advance", "now"})),
    },
    "faults": {
        "GET": Route(lambda control, _: control.pending_faults()),
        "POST": Route(_script, None),
        "DELETE": Route(lambda control, _: control.clear_faults()),
    },
    "js_code": {"POST": Route(_js_code, frozenset({"openid", "unionid", "platform"}))},
    "hall_login": {"POST": Route(_hall_login, frozenset({"openid", *HALL_FIELDS}))},
    "revoke_tokens": {"POST": Route(lambda control, _: control.revoke_tokens())},
    "end_session": {
        "POST": Route(
            lambda control, body: control.end_session(body.get("openid")), frozenset({"openid"})
        )
    },
    "mini.js": {"GET": Route(lambda _, __: mini.script())},
    "reset": {"POST": Route(lambda control, _: control.reset())},
}


def answer_control(control: Control, method: str, path: str, body: bytes) -> Reply:
    """Carry out a control call; wrong input is a 400 that says what would be right."""
    methods = _ROUTES.get(path.removeprefix(PREFIX))
    if methods is None:
        return _error(
            404, "no such path; there are " + ", ".join(PREFIX + name for name in _ROUTES)
        )
    if method not in methods:
        return _error(405, "allowed methods: " + ", ".join(methods))
    try:
        result = _carry_out(control, methods[method], body)
    except ValueError as problem:
        return _error(400, str(problem))
    if isinstance(result, Reply):
        return result
    return _json(200, _DONE if result is None else result)


def _carry_out(control: Control, route: Route, body: bytes) -> object:
    value = _parse(body)
    if route.fields is not None:
        if not isinstance(value, dict):
            raise ValueError("the body must be a JSON object")
        unknown = sorted(set(value) - route.fields)
        if unknown:
            allowed = ", ".join(sorted(route.fields)) or "none"
            raise ValueError(f"unknown: {', '.join(unknown)}; allowed: {allowed}")
    return route.act(control, value)


def _parse(body: bytes) -> object:
    try:
        return json.loads(body) if body else {}
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None


def _error(status: int, message: str) -> Reply:
    return _json(status, {"error": message})


def _json(status: int, value: object) -> Reply:
    return Reply(status=status, body=json.dumps(value, ensure_ascii=False).encode())
