"""What a web view answers where a call to the platform failed: one table for all frameworks. Pure.

``docs/responses.rst`` documents the names and words of the body for whoever writes the game's page.
"""

import logging
import math
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from qqminigame import messages
from qqminigame.exceptions import (
    AccessTokenError,
    OutcomeUnknownError,
    QQMiniGameError,
    ReplyError,
    StoreError,
)
from qqminigame.messages import Text

_log: Final = logging.getLogger("qqminigame")

# Never changed, never removed: games that are already published compare them.
_WORDS: Final = {
    400: "invalid",
    401: "login_expired",
    403: "blocked",
    409: "outcome_unknown",
    422: "storage_full",
    429: "too_many_calls",
    500: "internal",
    502: "platform_failed",
    503: "unavailable",
}
_OTHER: Final = "failed"
_LANGUAGE: Final = Text("en", "zh")


@frozen(kw_only=True)
class ErrorResponse:
    """An answer to the game's client.

    Attributes:
        status: The HTTP status.
        headers: By name; ``Content-Type`` is the framework's.
        body: What becomes the JSON object.
    """

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, object]


def error_response(error: QQMiniGameError, language: str | None = None) -> ErrorResponse:
    """Return what to answer the game's client with; nothing in it is internal.

    Args:
        error: What escaped from the view.
        language: Of the message: ``"en"``, ``"zh"`` or such as ``"zh-CN"``; None for that of the
            environment.
    """
    spoken = _LANGUAGE.in_language(language or messages.language())
    wait = _retry_after(error)
    # An answer to one player at one moment: no cache may give it to anybody else.
    headers = {"Cache-Control": "no-store", "Content-Language": spoken}
    if wait is not None:
        headers["Retry-After"] = str(wait)
    return ErrorResponse(status=error.http_status, headers=headers, body=_body(error, spoken, wait))


def log_error(error: QQMiniGameError, view: str | None = None) -> None:
    """Log an error that became an answer: error trackers see no exception where it is handled.

    What has to be repaired on the server is an ERROR with its traceback, what is part of every
    day is INFO, and all else is a WARNING. The logger is ``qqminigame``.

    Args:
        error: What escaped from the view.
        view: The name of the view, to tell where.
    """
    level = _level(error)
    where = f"{view}: " if view else ""
    _log.log(level, "%s%s", where, error, exc_info=error if level == logging.ERROR else None)


def _body(error: QQMiniGameError, language: str, wait: int | None) -> dict[str, object]:
    body: dict[str, object] = {
        "error": _WORDS.get(error.http_status, _OTHER),
        "message": error.player_message_in(language),
        "log_in": error.must_log_in,
        "retry": error.may_retry,
    }
    if wait is not None:
        body["retry_after"] = wait
    if isinstance(error, OutcomeUnknownError):
        body["outcome"] = "unknown"
        if error.settle_in is not None:
            body["settle_in"] = error.settle_in
    return body


def _retry_after(error: QQMiniGameError) -> int | None:
    """Return in how many seconds a repeat may help, where the platform's side has said so."""
    if not (error.may_retry and isinstance(error, ReplyError)) or error.retry_after is None:
        return None
    return math.ceil(error.retry_after)


def _level(error: QQMiniGameError) -> int:
    if error.must_log_in or error.http_status == 429:
        return logging.INFO
    # Tokens that are rejected one after another: another program fetches them.
    if error.http_status == 500 or isinstance(error, StoreError | AccessTokenError):
        return logging.ERROR
    return logging.WARNING
