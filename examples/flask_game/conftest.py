"""The app, pointed at a sandbox."""

import os

# What create_app asks the environment for.
os.environ.setdefault("GAME_SECRET_KEY", "for-tests")

pytest_plugins = ["qqminigame.integrations.flask.pytest_plugin"]
