"""The calls of a game's page, which ``/_sandbox/mini.js`` makes: storage and login, unsigned.

Sources: tt.setUserCloudStorage, tt.getUserCloudStorage and tt.removeUserCloudStorage with their
error codes; the twins of qq and wx have the same words. A page may come from any origin, so every
reply allows that; each goes on a connection of its own, for on a kept one a browser quietly sends
a dropped call again, and the fault would not be seen.
"""

from collections.abc import Callable, Mapping
from importlib import resources

import attrs

from qqminigame.sandbox import storage
from qqminigame.sandbox.calls import Call, Endpoint, is_text, json_object
from qqminigame.sandbox.replies import Codes, Dialect, Payload, Reason, RefusedError, Reply
from qqminigame.sandbox.world import Player, World

_PER_CALL = {"Connection": "close", "Cache-Control": "no-store"}

# The script makes each family's own fields of these: it needs words for a lost network anyway.
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

# The objects that the script defines, and whose players they are for.
_FAMILIES = {"tt": "douyin", "qq": "qq", "wx": "wechat"}


@attrs.frozen
class Page:
    """A page that makes a call: the platform it runs on, and its player."""

    world: World
    platform: str
    player: Player
    call: Call


PageRule = Callable[[Page, Payload], Payload]


def script() -> Reply:
    """Return ``mini.js``."""
    text = resources.files("qqminigame.sandbox").joinpath("mini.js").read_bytes()
    content_type = "text/javascript; charset=utf-8"
    return Reply(content_type=content_type, headers=_PER_CALL, body=text)


def login(page: Page, body: Payload) -> Payload:
    """Begin the page's session, and make a login code for its own back end to exchange."""
    js_code, _ = page.world.new_js_code(page.platform, page.player.openid, None)
    return {"code": js_code}


def set_user_cloud_storage(page: Page, body: Payload) -> Payload:
    """Store key-value pairs, all or none."""
    _check_session(page)
    items = body.get("KVDataList")
    storage.store(page.world, page.platform, page.player, items, "KVDataList")
    page.call.warnings.extend(storage.warnings(page.platform, items))
    return {}


def get_user_cloud_storage(page: Page, body: Payload) -> Payload:
    """Return what is stored under those of the keys that there are, each once."""
    _check_session(page)
    keys = dict.fromkeys(storage.read_keys(body.get("keyList"), "keyList"))
    stored = page.player.storage
    return {"KVDataList": [{"key": key, "value": stored[key]} for key in keys if key in stored]}


def remove_user_cloud_storage(page: Page, body: Payload) -> Payload:
    """Remove keys; those that are not there are no error."""
    _check_session(page)
    storage.remove(page.player, body.get("keyList"), "keyList")
    return {}


_RULES: Mapping[str, PageRule] = {
    "login": login,
    "setUserCloudStorage": set_user_cloud_storage,
    "getUserCloudStorage": get_user_cloud_storage,
    "removeUserCloudStorage": remove_user_cloud_storage,
}


def _check_session(page: Page) -> None:
    if not page.player.page_session:
        raise RefusedError(Reason.SESSION, "get session id failed.")


def _endpoint(family: str, name: str) -> Endpoint:
    platform, rule = _FAMILIES[family], _RULES[name]

    def checked(world: World, call: Call) -> Payload:
        body = json_object(call.body)
        openid = body.get("openid")
        if not is_text(openid) or not openid:
            raise RefusedError(Reason.BODY, "openid must be a text that is not empty")
        page = Page(world, platform, world.platforms[platform].player(openid), call)
        return {"errorCode": 0, **rule(page, body)}

    path = f"/_sandbox/{family}/{name}"
    return Endpoint(method="POST", path=path, dialect=MINI, rule=checked, codes=_CODES)


ENDPOINTS = tuple(_endpoint(family, name) for family in _FAMILIES for name in _RULES)
