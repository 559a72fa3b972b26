"""A fixture that runs an app's tasks inside the test, against the sandbox.

It needs the extra ``sandbox``.

In a ``conftest.py``: ``pytest_plugins = ["qqminigame.integrations.celery.pytest_plugin"]``.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from qqminigame.bulk import TASK
from qqminigame.integrations.celery.configured import SETTING
from qqminigame.integrations.configuration import DEFAULT_ALIAS
from qqminigame.integrations.testing import sandbox_values
from qqminigame.sandbox import Sandbox

pytest_plugins: list[str] = ["qqminigame.sandbox.pytest_plugin"]


@pytest.fixture
def qqminigame_celery(
    qqminigame_sandbox: Sandbox, tmp_path: Path
) -> Iterator[Callable[[Celery], None]]:
    """Give a function that has an app run its tasks at once, in this process.

    Where the app has sessions of its own (``app.conf.qqminigame`` or the environment), all its
    aliases call the sandbox; those of a framework stay as that framework's fixture has set them.
    """
    changed: list[tuple[Celery, dict[str, Any]]] = []

    def forget(app: Celery) -> None:
        task: Any = app.tasks[TASK]
        task.sessions.close()

    def run_here(app: Celery) -> None:
        values = sandbox_values(qqminigame_sandbox)
        settings = {
            # In a file: the rows of a bulk load find their way through the store.
            alias: {**its, **values, "STORE": f"sqlite:///{tmp_path}/{alias}.db"}
            for alias, its in (app.conf.get(SETTING) or {DEFAULT_ALIAS: {}}).items()
        }
        new = {
            "task_always_eager": True,
            "task_eager_propagates": True,
            "broker_url": "memory://",
            "result_backend": "cache+memory://",
            SETTING: settings,
        }
        changed.append((app, {name: app.conf.get(name) for name in new}))
        app.conf.update(new)
        forget(app)

    yield run_here
    for app, before in changed:
        app.conf.update(before)
        forget(app)
