"""The calls of api.weixin.qq.com: QQ's at other paths, with some codes of their own.

Sources: the WeChat mini game server pages (getAccessToken, getStableAccessToken, code2Session,
setUserStorage, removeUserStorage, setUserInteractiveData). What they leave open is as on QQ.
"""

from qqminigame.sandbox.calls import Call, Endpoint, is_signed, json_object
from qqminigame.sandbox.credentials import fetch_token, stable_token
from qqminigame.sandbox.qq import DONE, LOGIN_CODES, QQ, SIGNED_CODES, TOKEN_CODES, login_rule
from qqminigame.sandbox.replies import Codes, Payload, Reason, RefusedError
from qqminigame.sandbox.signed import SignedCalls
from qqminigame.sandbox.world import World

_TOKEN_CODES: Codes = {**TOKEN_CODES, Reason.BODY: 47001, Reason.IP: 40164}
_LOGIN_CODES: Codes = {
    **LOGIN_CODES,
    Reason.APP_ID: 40013,
    Reason.APP_SECRET: 40125,
    Reason.GRANT_TYPE: 40002,
    Reason.JS_CODE_USED: 40163,
}
_SIGNED_CODES: Codes = {
    **SIGNED_CODES,
    Reason.TOKEN_MISSING: 41001,
    Reason.AUTH_MISSING: 41001,
    Reason.TOKEN: 40001,
    Reason.OPENID: 87081,
    Reason.SIGNATURE: 87009,
    Reason.INTERACTIVE_KEY: 87082,
}


def get_token(world: World, call: Call) -> Payload:
    """Hand out a new access token for the app's credentials."""
    _check_ip(world, call)
    return fetch_token(world, "wechat", call.query)


def get_stable_token(world: World, call: Call) -> Payload:
    """Hand out the stable access token, which getToken knows nothing of."""
    fields = json_object(call.body)
    _check_ip(world, call)
    return stable_token(world, "wechat", fields)


def _check_ip(world: World, call: Call) -> None:
    allowed = world.settings.allowed_ips
    if allowed is not None and call.peer not in allowed:
        message = f"invalid ip {call.peer}, not in whitelist"
        raise RefusedError(Reason.IP, message)


_SIGNED = SignedCalls(platform="wechat", dialect=QQ, codes=_SIGNED_CODES, done=DONE)

# At QQ's path: `endpoints` tells the two apart.
LOGIN = Endpoint(
    method="GET",
    path="/sns/jscode2session",
    dialect=QQ,
    rule=login_rule("wechat"),
    codes=_LOGIN_CODES,
)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/cgi-bin/token",
        dialect=QQ,
        rule=get_token,
        codes=_TOKEN_CODES,
        fetches_token=True,
    ),
    Endpoint(
        method="POST",
        path="/cgi-bin/stable_token",
        dialect=QQ,
        rule=get_stable_token,
        codes=_TOKEN_CODES,
        fetches_token=True,
    ),
    _SIGNED.set_user_storage("/wxa/set_user_storage"),
    _SIGNED.remove_user_storage("/wxa/remove_user_storage"),
    _SIGNED.set_interactive_data(
        "/wxa/setuserinteractivedata", lambda value: is_signed(value, 32), "a 32-bit integer"
    ),
)
