"""The Celery app that an option names."""

import importlib
import os
import sys
from typing import Any

from qqminigame.bulk import TASK
from qqminigame.cli import texts
from qqminigame.cli.usage import BadUsageError


def imported(name: str) -> Any:
    """Return the app of ``MODULE:APP``; like Celery's own command, look in the current folder too.

    Raises:
        BadUsageError: There is no such app, or nobody has registered the tasks with it.
    """
    module, _, attribute = name.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        app: Any = getattr(importlib.import_module(module), attribute or "app")
        registered = TASK in app.tasks
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
    else:
        if registered:
            return app
        raise BadUsageError(texts.NOT_REGISTERED.of(name=name))
    finally:
        sys.path.remove(os.getcwd())
    raise BadUsageError(texts.NO_CELERY_APP.of(name=name, reason=reason))
