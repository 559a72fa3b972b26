"""The made-up platform's own side: rows of the sandbox, which checks and stores for real."""

import contextlib
from collections.abc import Iterator

import pytest

from qqminigame.sandbox import endpoints, tokens
from qqminigame.sandbox.calls import Call, Endpoint, json_object
from qqminigame.sandbox.credentials import (
    begin_session,
    check_app,
    check_fresh,
    fetch_token,
    known_js_code,
)
from qqminigame.sandbox.replies import Codes, Dialect, Payload, Reason
from qqminigame.sandbox.signed import SignedCalls
from qqminigame.sandbox.tokens import TokenRules
from qqminigame.sandbox.world import World

_NAME = "made-up"
_DIALECT = Dialect(code="result", message="reason", busy=7, on_failure={"payload": None})
_CODES: Codes = {
    Reason.GRANT_TYPE: 100,
    Reason.APP_ID: 101,
    Reason.APP_SECRET: 102,
    Reason.JS_CODE: 201,
    Reason.TOKEN: 301,
    Reason.SIGNATURE: 302,
    Reason.OPENID: 303,
    Reason.BODY: 400,
    Reason.KEY_BYTES: 401,
    Reason.PAIR_BYTES: 402,
    Reason.PAIRS: 403,
    Reason.TOTAL_BYTES: 404,
    Reason.INTERACTIVE_KEY: 405,
}


def _hand_out_pass(world: World, call: Call) -> Payload:
    return {"result": 0, "payload": fetch_token(world, _NAME, call.query)}


def _enter(world: World, call: Call) -> Payload:
    fields = json_object(call.body)
    check_app(world, fields)
    ticket = known_js_code(world, _NAME, fields.get("ticket"), Reason.JS_CODE)
    check_fresh(world, ticket, Reason.JS_CODE)
    player = {"openid": ticket.player.openid, "unionid": ticket.player.unionid}
    return {"result": 0, "payload": {**player, "session_key": begin_session(world, ticket)}}


_SIGNED = SignedCalls(
    platform=_NAME, dialect=_DIALECT, codes=_CODES, done={"result": 0, "payload": {}}
)
_ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v9/pass",
        dialect=_DIALECT,
        rule=_hand_out_pass,
        codes=_CODES,
        fetches_token=True,
    ),
    Endpoint(method="POST", path="/v9/enter", dialect=_DIALECT, rule=_enter, codes=_CODES),
    _SIGNED.set_user_storage("/v9/save"),
    _SIGNED.remove_user_storage("/v9/drop"),
    _SIGNED.set_interactive_data(
        "/v9/mark", lambda value: -3 <= value <= 3, "a whole number from -3 to 3"
    ),
)


@contextlib.contextmanager
def made_up_platform() -> Iterator[None]:
    """Have every sandbox answer for the platform too, from its next start or reset on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tokens.PLATFORMS, _NAME, TokenRules())
        for endpoint in _ENDPOINTS:
            patch.setitem(endpoints.ENDPOINTS, endpoint.path, endpoint)
        yield
