"""What every call of the game's page has in common: JSON in, JSON out, and who makes it."""

import contextlib
import functools
import json
from collections.abc import Callable
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from qqminigame import InvalidArgumentError, LoginExpiredError, LoginState

Posted = dict[str, Any]
View = Callable[[HttpRequest, Posted], dict[str, Any]]

_SALT = "player"
_DAY = 86_400


def call(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of a function from the posted object to the answered one.

    Errors of the platform, and those raised here, are answered by QQMiniGameErrorMiddleware.
    """

    # A forged request of another site (CSRF) works because browsers add cookies by themselves. No
    # call is authenticated by a cookie: a mini game has none. It sends a header, as below.
    @csrf_exempt
    @require_POST
    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        return JsonResponse(view(request, _posted(request)))

    return answer


def _posted(request: HttpRequest) -> Posted:
    posted = None
    # Raised below: json's exception holds the body, and with it a player's secrets.
    with contextlib.suppress(ValueError):
        posted = json.loads(request.body)
    if not isinstance(posted, dict):
        raise InvalidArgumentError("the body is not a JSON object")
    return posted


def token_for(login: LoginState) -> str:
    """Return what a player's page identifies itself with for a day.

    The openid in it is signed and not encrypted; the page's player may know it. The session_key
    stays in the store.

    Raises:
        LoginExpiredError: The store failed: no later call would find the login.
    """
    if not login.remembered:
        raise LoginExpiredError("the login could not be saved; the page logs in again")
    return signing.dumps(login.openid, salt=_SALT)


def player(request: HttpRequest) -> str:
    """Return the openid of the player who makes a call.

    Raises:
        LoginExpiredError: There is no token, it is not ours, or it is too old.
    """
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with contextlib.suppress(signing.BadSignature):
        return str(signing.loads(token, salt=_SALT, max_age=_DAY))
    raise LoginExpiredError("the player's token is missing, not ours, or older than a day")
