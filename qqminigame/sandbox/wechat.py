"""The calls of api.weixin.qq.com; the login is QQ's row, for path and words are the same.

Sources: the WeChat mini game server pages (getAccessToken, getStableAccessToken, setUserStorage,
removeUserStorage, setUserInteractiveData). What they leave open is as on QQ.
"""

from qqminigame.sandbox.accounts import World
from qqminigame.sandbox.bodies import json_object
from qqminigame.sandbox.calls import Call
from qqminigame.sandbox.checks import is_signed
from qqminigame.sandbox.credentials import fetch_token, stable_token
from qqminigame.sandbox.dialects import Codes, Endpoint, Payload
from qqminigame.sandbox.qq import DONE, QQ, SIGNED_CODES, TOKEN_CODES
from qqminigame.sandbox.refusals import Reason
from qqminigame.sandbox.signed import SignedCalls

_TOKEN_CODES: Codes = {**TOKEN_CODES, Reason.BODY: 47001}
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
    return fetch_token(world, "wechat", call.query)


def get_stable_token(world: World, call: Call) -> Payload:
    """Hand out the newest access token while it lives."""
    return stable_token(world, "wechat", json_object(call.body))


_SIGNED = SignedCalls(platform="wechat", dialect=QQ, codes=_SIGNED_CODES, done=DONE)

ENDPOINTS = (
    Endpoint(method="GET", path="/cgi-bin/token", dialect=QQ, rule=get_token, codes=_TOKEN_CODES),
    Endpoint(
        method="POST",
        path="/cgi-bin/stable_token",
        dialect=QQ,
        rule=get_stable_token,
        codes=_TOKEN_CODES,
    ),
    _SIGNED.set_user_storage("/wxa/set_user_storage"),
    _SIGNED.remove_user_storage("/wxa/remove_user_storage"),
    _SIGNED.set_interactive_data(
        "/wxa/setuserinteractivedata", lambda value: is_signed(value, 32), "a 32-bit integer"
    ),
)
