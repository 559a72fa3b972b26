"""Who makes a call, and with what: JSON in a body, and a token in a header."""

from typing import Any

from flask import request

from qqminigame import InvalidArgumentError, LoginExpiredError, LoginState
from stars.signed import read, sign

_KIND = "player"
_DAY = 86_400


def posted() -> dict[str, Any]:
    """Return the object that the page has posted.

    Raises:
        InvalidArgumentError: It is not one.
    """
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidArgumentError("the body is not a JSON object")
    return body


def token_for(login: LoginState) -> str:
    """Return what a player's page identifies itself with for a day.

    The session_key stays in the store.

    Raises:
        LoginExpiredError: The store failed: no later call would find the login.
    """
    if not login.remembered:
        raise LoginExpiredError("the login could not be saved; the page logs in again")
    return sign(_KIND, login.openid)


def player() -> str:
    """Return the openid of the player who makes a call.

    A forged request of another site (CSRF) works because browsers add cookies by themselves. No
    call is authenticated by a cookie, for a mini game has none, so there is nothing to forge.

    Raises:
        LoginExpiredError: There is no token, it is not ours, or it is too old.
    """
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    openid = read(_KIND, token, max_age=_DAY)
    if openid is None:
        raise LoginExpiredError("the player's token is missing, not ours, or older than a day")
    return str(openid)
