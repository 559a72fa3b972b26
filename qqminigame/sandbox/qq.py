"""The calls of api.q.qq.com: tokens, login, cloud storage, interactive data.

Sources: the QQ mini game server pages (getAccessToken, session-signature, setUserStorage,
removeUserStorage, setUserInteractiveData).
"""

import attrs

from qqminigame.sandbox.calls import Call, Endpoint, Rule
from qqminigame.sandbox.credentials import (
    begin_session,
    check_app,
    check_fresh,
    fetch_token,
    known_js_code,
)
from qqminigame.sandbox.replies import Codes, Dialect, Payload, Reason, RefusedError
from qqminigame.sandbox.signed import SignedCalls
from qqminigame.sandbox.world import World

QQ = Dialect(code="errcode", message="errmsg", busy=-1)

# A failed login still carries the fields of a successful one, empty.
QQ_LOGIN = attrs.evolve(QQ, on_failure={"openid": "", "session_key": ""})

DONE: Payload = {"errcode": 0, "errmsg": "ok"}

TOKEN_CODES: Codes = {
    Reason.GRANT_TYPE: 40002,
    Reason.APP_ID: 40013,
    Reason.APP_SECRET: 40001,
    Reason.FETCH_RATE: 45009,
}
LOGIN_CODES: Codes = {
    Reason.APP_ID: -101222100,
    Reason.APP_SECRET: -101222100,
    Reason.GRANT_TYPE: -2100,
    Reason.JS_CODE: 40029,
    Reason.JS_CODE_USED: 40029,
    Reason.LOGIN_RATE: 45011,
}
SIGNED_CODES: Codes = {
    Reason.TOKEN_MISSING: -4,
    Reason.AUTH_MISSING: -4,
    Reason.AUTH_MALFORMED: -3,
    Reason.TOKEN: -100050019,
    Reason.OPENID: -100050007,
    Reason.SIGNATURE: -100050007,
    Reason.BODY: -2,
    Reason.INTERACTIVE_KEY: -2,
    Reason.KEY_BYTES: 87019,
    Reason.PAIR_BYTES: 87016,
    Reason.PAIRS: 87018,
    Reason.TOTAL_BYTES: 87017,
}


def get_token(world: World, call: Call) -> Payload:
    """Hand out a new access token for the app's credentials."""
    return fetch_token(world, "qq", call.query)


def login_rule(platform: str) -> Rule:
    """Exchange a one-time login code for the player's openid and a new session_key."""

    def rule(world: World, call: Call) -> Payload:
        check_app(world, call.query)
        if call.get("grant_type") != "authorization_code":
            raise RefusedError(Reason.GRANT_TYPE, "invalid grant_type")
        js_code = known_js_code(world, platform, call.get("js_code"), Reason.JS_CODE)
        player = js_code.player
        if not player.counts_login(world.clock.now()):
            message = "more than 100 calls of this user within a minute"
            raise RefusedError(Reason.LOGIN_RATE, message)
        check_fresh(world, js_code, Reason.JS_CODE, if_used=Reason.JS_CODE_USED)
        payload: Payload = {"openid": player.openid, "session_key": begin_session(world, js_code)}
        if player.unionid is not None:
            payload["unionid"] = player.unionid
        return payload | DONE

    return rule


_SIGNED = SignedCalls(platform="qq", dialect=QQ, codes=SIGNED_CODES, done=DONE)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/getToken",
        dialect=QQ,
        rule=get_token,
        codes=TOKEN_CODES,
        fetches_token=True,
    ),
    # WeChat's login has the same path: `endpoints` tells the two apart.
    Endpoint(
        method="GET",
        path="/sns/jscode2session",
        dialect=QQ_LOGIN,
        rule=login_rule("qq"),
        codes=LOGIN_CODES,
    ),
    _SIGNED.set_user_storage("/api/openDataContext/set_user_storage"),
    _SIGNED.remove_user_storage("/api/openDataContext/remove_user_storage"),
    _SIGNED.set_interactive_data(
        "/api/setuserinteractivedata", lambda value: value in (0, 1), "the number 0 or 1"
    ),
)
