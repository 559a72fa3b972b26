"""Errors that escape from a view, as answers to the game's client."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from qqminigame.exceptions import QQMiniGameError
from qqminigame.integrations import http

_JSON = "application/json"


def error_response(request: HttpRequest, error: QQMiniGameError) -> JsonResponse:
    """Return what to answer the game's client with, in the request's language.

    Nothing is logged; :class:`QQMiniGameErrorMiddleware` does that.

    Args:
        request: The request that failed.
        error: Why it failed.
    """
    answer = http.error_response(error, _language(request))
    return JsonResponse(answer.body, status=answer.status, headers=dict(answer.headers))


class QQMiniGameErrorMiddleware(MiddlewareMixin):
    """Answers and logs a :class:`qqminigame.QQMiniGameError` that a view has not caught.

    A page that a browser asks for is left to Django, which shows its own error page.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> JsonResponse | None:
        """Answer with status and JSON; it works for asynchronous views, too."""
        if not isinstance(exception, QQMiniGameError) or _wants_page(request):
            return None
        # The signal got_request_exception is not sent for an exception that has been answered.
        match = request.resolver_match
        http.log_error(exception, match.view_name if match else request.path)
        return error_response(request, exception)


def _wants_page(request: HttpRequest) -> bool:
    return request.get_preferred_type([_JSON, "text/html"]) == "text/html"


def _language(request: HttpRequest) -> str:
    """Return the language that somebody has activated for this request, or else the client's."""
    active = translation.get_language()
    if active and active != settings.LANGUAGE_CODE:
        return active
    return translation.get_language_from_request(request)
