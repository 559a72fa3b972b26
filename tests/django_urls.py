"""The views of the Django project that tests run in their own process."""

from django.db import connection, transaction
from django.http import JsonResponse
from django.urls import path
from django.utils import translation

from qqminigame import (
    AccessTokenError,
    ConfigurationError,
    InvalidArgumentError,
    LoginExpiredError,
    OutcomeUnknownError,
    RateLimitError,
    ReplyError,
    StoreError,
    TransportError,
)
from qqminigame.integrations.django import error_response

ERRORS = {
    "argument": InvalidArgumentError("kv is empty"),
    "configuration": ConfigurationError("app_secret of app 7 is wrong"),
    "login": LoginExpiredError("login of player AB"),
    "network": TransportError("no answer from 10.0.0.7"),
    "outcome": OutcomeUnknownError("order 7", order_id="7", settle_in=68, sent=None),
    "rate": RateLimitError("45011"),
    "reply": ReplyError("status 503", status=503, retry_after=2.5),
    "store": StoreError("disk full"),
    "token": AccessTokenError("40001"),
    "other": ZeroDivisionError("not ours"),
}


def fail(request, name):
    """Raise an error."""
    raise ERRORS[name]


async def fail_async(request, name):
    """Raise an error in an event loop."""
    raise ERRORS[name]


def activate(request, language):
    """Raise an error in a view that has chosen a language."""
    translation.activate(language)
    raise ERRORS["login"]


def catch(request):
    """Answer an error without the middleware."""
    return error_response(request, ERRORS["reply"])


COMMITTED = []


def write(request, then=""):
    """Write something, and leave something for later; then fail."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO scores VALUES (1)")
    transaction.on_commit(lambda: COMMITTED.append(request))
    if not then:
        raise ERRORS["store"]
    return fine(request)


def fine(request):
    """Succeed."""
    return JsonResponse({"fine": True})


urlpatterns = [
    path("fail/<name>", fail, name="fail-view"),
    path("async/<name>", fail_async),
    path("activate/<language>", activate),
    path("catch", catch),
    path("write", write),
    path("write/<then>", write),
    path("fine", fine),
]
