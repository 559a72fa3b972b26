"""The control endpoints: JSON in, JSON out, under ``/_sandbox/``; and the script for pages."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from qqminigame.sandbox import mini
from qqminigame.sandbox.control import HALL_FIELDS, Control
from qqminigame.sandbox.dialects import Reply

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
    openid, openkey = control.hall_login(**body)
    return {"openid": openid, "openkey": openkey}


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
    "js_code": {"POST": Route(_js_code, frozenset({"openid", "unionid"}))},
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
