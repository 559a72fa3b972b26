"""The Flask extension; needs the extra ``flask``.

    minigame = QQMiniGame()             # in a module; minigame.init_app(app) in the app's factory
    register_error_handlers(app)        # errors that escape from views become JSON

    CloudStorage(current_session).set(openid, {"score": "100"})     # in a view

``docs/flask.rst`` shows it from the start.
"""

import importlib.util

from qqminigame.integrations import texts as _texts

if importlib.util.find_spec("flask") is None:
    raise ModuleNotFoundError(
        str(_texts.NO_EXTRA.of(module=__name__, package="Flask", extra="flask")), name="flask"
    )

from qqminigame.integrations.flask.current import current_dawanka, current_session
from qqminigame.integrations.flask.errors import register_error_handlers
from qqminigame.integrations.flask.extension import QQMiniGame

__all__ = ["QQMiniGame", "current_dawanka", "current_session", "register_error_handlers"]
