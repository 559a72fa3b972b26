"""The calls of minigame.zijieapi.com, which the older developer.toutiao.com answers as well.

Sources: the Douyin mini game server pages (getAccessToken, getStableAccessToken, code2Session,
setUserStorage, removeUserStorage) and tt.setUserCloudStorage for the form of a ranking value.
"""

from collections.abc import Callable

from qqminigame.sandbox.calls import Call, Endpoint, Rule, json_object
from qqminigame.sandbox.credentials import (
    Fields,
    begin_session,
    check_app,
    check_fresh,
    fetch_token,
    known_js_code,
    stable_token,
)
from qqminigame.sandbox.replies import Codes, Dialect, Payload, Reason, RefusedError
from qqminigame.sandbox.signed import NO_JSON_TYPE, SignedCalls
from qqminigame.sandbox.world import World

PREFIXES = ("/mgplatform/api/apps/", "/api/apps/")

# errmsg says what is wrong, message nothing of use: whoever shows the wrong one is found out.
DOUYIN = Dialect(
    code="errcode",
    message="errmsg",
    busy=-1,
    on_failure={"error": 1, "message": "the request was refused"},
)
# A failure keeps its data, with an empty token.
DOUYIN_TOKEN = Dialect(
    code="err_no",
    message="err_tips",
    busy=-1,
    on_failure={"data": {"access_token": "", "expires_in": 0}},
)

_TOKEN_CODES: Codes = {
    Reason.BODY: 40020,
    Reason.GRANT_TYPE: 40020,
    Reason.APP_ID: 40015,
    Reason.APP_SECRET: 40017,
    Reason.FETCH_RATE: 28005139,
}
_LOGIN_CODES: Codes = {
    Reason.NO_CODE: 40014,
    Reason.APP_ID: 40015,
    Reason.APP_SECRET: 40017,
    Reason.JS_CODE: 40018,
    Reason.ANONYMOUS_CODE: 40019,
}
_SIGNED_CODES: Codes = {
    Reason.TOKEN_MISSING: 40002,
    Reason.AUTH_MISSING: 28001038,
    Reason.AUTH_MALFORMED: 28001038,
    Reason.TOKEN: 28001003,
    Reason.OPENID: 28001004,
    Reason.SIGNATURE: 28001039,
    Reason.BODY: 28001038,
    Reason.KEY_BYTES: 40009,
    Reason.PAIR_BYTES: 40010,
    Reason.RANKING: 40011,
    Reason.PAIRS: 60001,
    Reason.TOTAL_BYTES: 60001,
}


def code_to_session(world: World, call: Call) -> Payload:
    """Exchange one-time codes; each one's fields are empty where it did not come."""
    check_app(world, call.query)
    code, anonymous_code = call.get("code"), call.get("anonymous_code")
    if not code and not anonymous_code:
        raise RefusedError(Reason.NO_CODE, "code or anonymous_code is needed")
    payload: Payload = dict.fromkeys(("openid", "session_key", "unionid", "anonymous_openid"), "")
    found = {
        reason: known_js_code(world, "douyin", text, reason)
        for reason, text in ((Reason.JS_CODE, code), (Reason.ANONYMOUS_CODE, anonymous_code))
        if text
    }
    for reason, js_code in found.items():
        check_fresh(world, js_code, reason)
    if Reason.ANONYMOUS_CODE in found:
        anonymous = found[Reason.ANONYMOUS_CODE]
        anonymous.used = True
        payload["anonymous_openid"] = f"anonymous-{anonymous.player.openid}"
    if Reason.JS_CODE in found:
        player = found[Reason.JS_CODE].player
        payload |= {"openid": player.openid, "unionid": player.unionid or ""}
        payload["session_key"] = begin_session(world, found[Reason.JS_CODE])
    return {"error": 0, **payload}


def _token_rule(hand_out: Callable[[World, str, Fields], Payload]) -> Rule:
    def rule(world: World, call: Call) -> Payload:
        if not call.says_json:
            raise RefusedError(Reason.BODY, NO_JSON_TYPE)
        data = hand_out(world, "douyin", json_object(call.body))
        return {"err_no": 0, "err_tips": "success", "data": data}

    return rule


_SIGNED = SignedCalls(
    platform="douyin",
    dialect=DOUYIN,
    codes=_SIGNED_CODES,
    done={"error": 0},
    needs_json_type=True,
)


def _endpoints(prefix: str) -> tuple[Endpoint, ...]:
    tokens = (("v2/token", fetch_token), ("stable_token", stable_token))
    return (
        *(
            Endpoint(
                method="POST",
                path=prefix + name,
                dialect=DOUYIN_TOKEN,
                rule=_token_rule(hand_out),
                codes=_TOKEN_CODES,
                fetches_token=True,
            )
            for name, hand_out in tokens
        ),
        Endpoint(
            method="GET",
            path=f"{prefix}jscode2session",
            dialect=DOUYIN,
            rule=code_to_session,
            codes=_LOGIN_CODES,
        ),
        _SIGNED.set_user_storage(f"{prefix}set_user_storage"),
        _SIGNED.remove_user_storage(f"{prefix}remove_user_storage"),
    )


ENDPOINTS = tuple(endpoint for prefix in PREFIXES for endpoint in _endpoints(prefix))
