"""The extension: an app's sessions are in ``app.extensions["qqminigame"]``, and nowhere else."""

from functools import partial
from typing import Final

from flask import Flask, current_app, has_app_context

from qqminigame.dawanka import Dawanka
from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.configuration import DEFAULT_ALIAS, Sessions
from qqminigame.integrations.flask import settings, texts
from qqminigame.integrations.flask.commands import add_commands
from qqminigame.session import Session

KEY: Final = "qqminigame"


class QQMiniGame:
    """Gives Flask apps their sessions, made of ``app.config`` when they are first used.

    One object serves any number of apps: it keeps nothing of them.
    """

    def __init__(self, app: Flask | None = None) -> None:
        """Register an app, if one is given; otherwise :meth:`init_app` does.

        Args:
            app: The app.

        Raises:
            ConfigurationError: The app is registered already.
        """
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Register an app: its sessions, and the commands ``flask qqminigame``.

        The config is read when a session is first used, so that it may be set later.

        Args:
            app: The app.

        Raises:
            ConfigurationError: The app is registered already.
        """
        if KEY in app.extensions:
            raise ConfigurationError(texts.ALREADY_REGISTERED)
        sessions = Sessions(
            partial(settings.configuration, app.config), partial(settings.configured, app.config)
        )
        app.extensions[KEY] = sessions
        add_commands(app, sessions.configuration)

    def session(self, alias: str = DEFAULT_ALIAS, app: Flask | None = None) -> Session:
        """Return a session: always the same one of an app and process.

        Unlike ``current_session``, what is returned may be used outside of the app's context: pass
        it to the threads and greenlets that a view starts.

        Args:
            alias: The name of its settings.
            app: The app; None for the current one.

        Raises:
            ConfigurationError: There is no app context, no such alias, or its settings are wrong.
        """
        return sessions_of(app)[alias]

    def dawanka(self, alias: str = DEFAULT_ALIAS, app: Flask | None = None) -> Dawanka:
        """Return the Dawanka service of a session, with the orders that ``ORDERS`` names.

        Args:
            alias: The name of its settings.
            app: The app; None for the current one.

        Raises:
            ConfigurationError: As for :meth:`session`, or the session has no app_key.
        """
        return sessions_of(app).dawanka(alias)


def sessions_of(app: Flask | None = None) -> Sessions:
    """Return the sessions of an app, by default of the current one.

    Raises:
        ConfigurationError: There is no app context, or the app is not registered.
    """
    if app is None and not has_app_context():
        raise ConfigurationError(texts.NO_APP_CONTEXT)
    found = (app or current_app).extensions.get(KEY)
    if not isinstance(found, Sessions):
        raise ConfigurationError(texts.NOT_REGISTERED)
    return found
