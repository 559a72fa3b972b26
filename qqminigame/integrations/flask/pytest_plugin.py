"""A fixture for tests of a Flask app, against the sandbox; needs the extra ``sandbox``.

In a ``conftest.py``: ``pytest_plugins = ["qqminigame.integrations.flask.pytest_plugin"]``.
"""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from qqminigame.integrations.configuration import Sessions
from qqminigame.integrations.flask.extension import sessions_of
from qqminigame.integrations.flask.settings import replaced
from qqminigame.integrations.testing import sandbox_values
from qqminigame.sandbox import Sandbox

pytest_plugins: tuple[str, ...] = ("qqminigame.sandbox.pytest_plugin",)


@pytest.fixture
def qqminigame_app(
    qqminigame_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Flask], Sandbox]]:
    """Return a function that points an app at an empty sandbox until the test ends.

    It returns the sandbox. Each alias keeps its other settings, such as its platform; tokens,
    logins and orders are in memory.
    """
    pointed: list[Sessions] = []

    def point(app: Flask) -> Sandbox:
        for name, value in replaced(app.config, sandbox_values(qqminigame_sandbox)).items():
            monkeypatch.setitem(app.config, name, value)
        pointed.append(sessions_of(app))
        pointed[-1].close()
        return qqminigame_sandbox

    yield point
    for sessions in pointed:
        sessions.close()
