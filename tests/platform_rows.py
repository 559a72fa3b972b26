"""The rows of a platform, and what they make of a reply."""

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from qqminigame.exceptions import QQMiniGameError
from qqminigame.models import AccessToken, LoginState
from qqminigame.platforms.base import Auth, Endpoint, Platform
from qqminigame.wire import (
    App,
    Reply,
    Request,
    Result,
    app_request,
    decode_reply,
    login_state_request,
)

APP = App(app_id="1110766236", app_secret="app secret")
LOGIN = LoginState(openid="openid", session_key="session key")
TOKEN = AccessToken(value="token value", fetched_at=0, expires_at=7200)


def endpoints(platform: Platform) -> dict[str, Endpoint]:
    """Map the names of a platform's calls to their rows."""
    rows = [getattr(platform, each.name) for each in attrs.fields(Platform)]
    return {row.name: row for row in rows if isinstance(row, Endpoint)}


def errors(endpoint: Endpoint) -> dict[int, type[Exception]]:
    """Map every code that a call explains to the class it raises."""
    codes = [int(code) for table in endpoint.codes for code in table]
    return {code: known.error for code in codes if (known := endpoint.explain(code))}


def request(endpoint: Endpoint) -> Request:
    """Make a request to a call, as its kind of proof wants it."""
    if endpoint.auth is Auth.LOGIN_STATE:
        return login_state_request(endpoint, None, {}, LOGIN, TOKEN)
    return app_request(endpoint, None, {}, APP)


def answer(endpoint: Endpoint, reply: Mapping[str, Any] | str) -> Result:
    """Decode what a platform answers."""
    body = reply if isinstance(reply, str) else json.dumps(reply)
    return decode_reply(request(endpoint), Reply(status=200, body=body.encode()))


def refusal(endpoint: Endpoint, reply: Mapping[str, Any] | str) -> Any:
    """Decode what is no success, and return the error."""
    with pytest.raises(QQMiniGameError) as caught:
        answer(endpoint, reply)
    return caught.value
