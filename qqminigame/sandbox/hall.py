"""The rules of openapi.minigame.qq.com: the game hall's signature and Dawanka.

Sources: open.qqgame.qq.com wiki 24/35/46/47/47 (common parameters) and 24/255/257/257 (Dawanka).
"""

from qqminigame.sandbox.calls import Call, Endpoint
from qqminigame.sandbox.replies import Dialect, Payload, RefusedError
from qqminigame.sandbox.signed import openapi_sig, same
from qqminigame.sandbox.world import OPENKEY_SECONDS, HallPlayer, World

UNLIMITED = -1
NOTHING_LEFT = 2009999  # undocumented on the platform: the sandbox's own number
_ONLY_IN_V2 = frozenset({3, 4})

# Sent as text/html on purpose: the pages say that the content type may be that.
HALL = Dialect(code="ret", message="msg", busy=2000030, content_type="text/html; charset=utf-8")


def get_dawanka_info(world: World, call: Call) -> Payload:
    """Tell a player's Dawanka level, rebate and remaining uses."""
    player = _hall_player(world, call)
    hidden = frozenset() if call.get("version") == "2" else _ONLY_IN_V2
    payload: Payload = {
        "ret": 0,
        "msg": "",
        "score": player.score,
        "level": 0 if player.level in hidden else player.level,
        "binding": player.binding,
        "discount": player.discount,
        "payReturnCount": player.pay_return_count,
    }
    if player.is_using_card:
        payload["isUsingCard"] = True
        if player.real_level is not None:
            payload["realLevel"] = 0 if player.real_level in hidden else player.real_level
        if player.card_expire_ts is not None:
            payload["CardExpireTs"] = player.card_expire_ts
    return payload


def report_dawanka_pay(world: World, call: Call) -> Payload:
    """Take one use away. Every call that gets here counts: there is no order number."""
    player = _hall_player(world, call)
    if player.pay_return_count == 0:
        raise RefusedError(
            NOTHING_LEFT, "no use left (a number of the sandbox: the platform documents none)"
        )
    if player.pay_return_count != UNLIMITED:
        player.pay_return_count -= 1
    player.used += 1
    player.reports += 1
    return {
        "ret": 0,
        "msg": "report success.",
        "use": player.used,
        "left": player.pay_return_count,
    }


def _hall_player(world: World, call: Call) -> HallPlayer:
    if call.repeated:
        raise RefusedError(1, "a parameter is given twice")
    if call.get("appid") != world.settings.hall_app_id:
        raise RefusedError(2000001, "appid invalid")
    player = world.hall.get(call.get("openid"))
    if player is None:
        raise RefusedError(2000002, "openid invalid")
    if len(call.get("openkey").encode()) != 32:
        raise RefusedError(2000003, "openkey is not 32 bytes")
    if call.get("pf") != "qqgame":
        raise RefusedError(1, "pf must be qqgame")
    if call.query.get("format", "json") != "json":
        raise RefusedError(1, "format must be json: the sandbox does not write xml")
    if not same(call.get("sig"), _expected_sig(world, call)):
        raise RefusedError(2000004, "sig invalid")
    if not _openkey_is_good(world, call.get("openkey"), call.get("openid")):
        raise RefusedError(2000023, "openid/openkey refused")
    return player


def _expected_sig(world: World, call: Call) -> str:
    return openapi_sig(world.settings.app_key, call.method, call.path, call.query)


def _openkey_is_good(world: World, text: str, openid: str) -> bool:
    openkey = world.openkeys.get(text)
    if openkey is None or openkey.openid != openid:
        return False
    return world.clock.now() < openkey.made + OPENKEY_SECONDS


ENDPOINTS = (
    Endpoint(method="GET", path="/v3/user/get_dawanka_info", dialect=HALL, rule=get_dawanka_info),
    Endpoint(
        method="GET", path="/v3/user/report_dawanka_pay", dialect=HALL, rule=report_dawanka_pay
    ),
)
