"""Catch the stars: the back end of a small game.

GAME_SECRET_KEY   signs the players' tokens; a long random text, kept secret
GAME_HOSTS        the names of this site, with commas between them
GAME_DATA         a folder that the web server's user may write
QQMINIGAME_...    the credentials of the mini game: docs/flask.rst
"""

import os
from pathlib import Path
from typing import Any

from flask import Flask

from qqminigame.integrations.flask import register_error_handlers
from stars import jobs, pages, views
from stars.extensions import minigame

_HERE = Path(__file__).resolve().parent


def create_app(**changes: Any) -> Flask:
    """Return the application.

    Args:
        **changes: Other settings, for tests.
    """
    page = _HERE.parents[1] / "page"
    app = Flask(__name__, static_folder=page / "static", template_folder=page)
    app.config.update(
        SECRET_KEY=os.environ["GAME_SECRET_KEY"],
        TRUSTED_HOSTS=os.environ.get("GAME_HOSTS", "127.0.0.1,localhost").split(","),
        DATA=Path(os.environ.get("GAME_DATA", _HERE.parent / "data")),
        # So that the page can be tried out and tested in less.
        ROUND_SECONDS=int(os.environ.get("GAME_ROUND_SECONDS", "10")),
        # A script that stands for the platform's app in a browser: the sandbox's mini.js. None in
        # production, where the app opens the game.
        CLIENT_SCRIPT=os.environ.get("GAME_CLIENT_SCRIPT"),
        # The largest call of the page is a few hundred bytes.
        MAX_CONTENT_LENGTH=16_384,
    )
    app.config.update(changes)
    minigame.init_app(app)  # the settings of the mini game are those of the environment
    register_error_handlers(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(views.blueprint)
    for job in (jobs.create_tables, jobs.settle, jobs.nightly):
        app.cli.add_command(job)
    return app
