"""Errors that escape from views, as JSON for the game."""

from typing import Any

from flask import Blueprint, Flask, current_app, request

from qqminigame.exceptions import QQMiniGameError
from qqminigame.integrations.flask.settings import ERROR_HANDLERS
from qqminigame.integrations.http import error_response, log_error
from qqminigame.messages import language


def register_error_handlers(app: Flask | Blueprint) -> None:
    """Answer and log each QQMiniGameError that a view raises, as ``docs/responses.rst`` says.

    The message is in the language that the request asks for. An app that handles
    ``QQMiniGameError`` itself keeps its handler, and so does each of its blueprints. With
    ``QQMINIGAME_ERROR_HANDLERS = False`` in the app's config, errors are raised on: for debugging.

    Args:
        app: The app; or a blueprint, to answer only errors of its views.
    """
    handled = app.error_handler_spec[None][None]
    if QQMiniGameError not in handled:
        app.register_error_handler(QQMiniGameError, _answer)


def _answer(error: QQMiniGameError) -> tuple[dict[str, Any], int, dict[str, str]]:
    if not current_app.config.get(ERROR_HANDLERS, True):
        raise error
    log_error(error, request.endpoint)
    # The environment's comes first, for "*" and for equal wishes.
    spoken = request.accept_languages.best_match([language(), "en", "zh"])
    response = error_response(error, spoken)
    return dict(response.body), response.status, dict(response.headers)
