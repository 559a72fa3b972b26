"""The calls of a game's page, which ``/_sandbox/mini.js`` makes: storage and login, unsigned.

Sources: tt.setUserCloudStorage, tt.getUserCloudStorage and tt.removeUserCloudStorage with their
error codes; the twins of qq and wx have the same words. A page may come from any origin, so every
reply allows that; each goes on a connection of its own, for on a kept one a browser quietly sends
a dropped call again, and the fault would not be seen.
"""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import resources

from qqminigame.sandbox import storage
from qqminigame.sandbox.accounts import Player, World
from qqminigame.sandbox.bodies import json_object
from qqminigame.sandbox.calls import Call
from qqminigame.sandbox.checks import is_text
from qqminigame.sandbox.dialects import Codes, Dialect, Endpoint, Payload, Reply
from qqminigame.sandbox.refusals import Reason, RefusedError

_PER_CALL = {"Connection": "close", "Cache-Control": "no-store"}

# The script makes errMsg and errorType of these: it needs words for a lost network anyway.
MINI = Dialect(
    code="errorCode",
    message="detail",
    busy=999993,
    headers={"Access-Control-Allow-Origin": "*", **_PER_CALL},
)

_WRONG_PARAMETER = (
    Reason.BODY,
    Reason.KEY_BYTES,
    Reason.PAIR_BYTES,
    Reason.RANKING,
    Reason.PAIRS,
    Reason.TOTAL_BYTES,
)
_CODES: Codes = {Reason.SESSION: 999998, **dict.fromkeys(_WRONG_PARAMETER, 999999)}

# Which objects the script defines, and whether ranking values are looked at for their form.
_RANKING = {"tt": True, "qq": False, "wx": False}

PageRule = Callable[[World, Player, Payload], Payload]


def script() -> Reply:
    """Return ``mini.js``."""
    text = resources.files("qqminigame.sandbox").joinpath("mini.js").read_bytes()
    content_type = "text/javascript; charset=utf-8"
    return Reply(content_type=content_type, headers=_PER_CALL, body=text)


def login(world: World, player: Player, body: Payload) -> Payload:
    """Make a login code, for the page's own back end to exchange."""
    js_code, _ = world.new_js_code(player.openid, None)
    return {"code": js_code}


def set_user_cloud_storage(
    world: World, player: Player, body: Payload, *, ranking: bool
) -> Payload:
    """Store key-value pairs, all or none."""
    _check_session(player)
    storage.store(world, player, body.get("KVDataList"), "KVDataList", ranking=ranking)
    return {}


def get_user_cloud_storage(world: World, player: Player, body: Payload) -> Payload:
    """Return what is stored under those of the keys that there are, each once."""
    _check_session(player)
    keys = dict.fromkeys(storage.read_keys(body.get("keyList"), "keyList"))
    found = [key for key in keys if key in player.storage]
    return {"KVDataList": [{"key": key, "value": player.storage[key]} for key in found]}


def remove_user_cloud_storage(world: World, player: Player, body: Payload) -> Payload:
    """Remove keys; those that are not there are no error."""
    _check_session(player)
    storage.remove(player, body.get("keyList"), "keyList")
    return {}


def _check_session(player: Player) -> None:
    if player.session_ended:
        raise RefusedError(Reason.SESSION, "get session id failed.")


def _endpoint(family: str, name: str, rule: PageRule) -> Endpoint:
    def checked(world: World, call: Call) -> Payload:
        body = json_object(call.body)
        openid = body.get("openid")
        if not is_text(openid) or not openid:
            raise RefusedError(Reason.BODY, "openid must be a text that is not empty")
        return {"errorCode": 0, **rule(world, world.player(openid), body)}

    path = f"/_sandbox/{family}/{name}"
    return Endpoint(method="POST", path=path, dialect=MINI, rule=checked, codes=_CODES)


def _rules(*, ranking: bool) -> Mapping[str, PageRule]:
    return {
        "login": login,
        "setUserCloudStorage": partial(set_user_cloud_storage, ranking=ranking),
        "getUserCloudStorage": get_user_cloud_storage,
        "removeUserCloudStorage": remove_user_cloud_storage,
    }


ENDPOINTS = tuple(
    _endpoint(family, name, rule)
    for family, ranking in _RANKING.items()
    for name, rule in _rules(ranking=ranking).items()
)
