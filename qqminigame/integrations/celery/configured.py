"""The sessions that a Celery app's settings describe."""

import os
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, Final

from celery import Celery

from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.celery import texts
from qqminigame.integrations.configuration import (
    DEFAULT_ALIAS,
    NAMES,
    Configuration,
    Sessions,
    environment,
    read,
)

SETTING: Final = "qqminigame"


def sessions_of(app: Celery) -> Sessions:
    """Return the sessions of an app; nothing is read before one is needed.

    They are those of ``app.conf.qqminigame``, and without that setting one of ``QQMINIGAME_*``.
    """
    return Sessions(partial(_configure, app), partial(_aliases, app))


def _configure(app: Celery, alias: str) -> Configuration:
    where = f"{_where(app)}[{alias!r}]" if _is_set(app) else _where(app)
    return read(_configured(app)[alias], where)


def _aliases(app: Celery) -> Collection[str]:
    return _configured(app).keys()


def _is_set(app: Celery) -> bool:
    return app.conf.get(SETTING) is not None


def _where(app: Celery) -> str:
    return f"app.conf.{SETTING}" if _is_set(app) else "QQMINIGAME_*"


def _configured(app: Celery) -> Mapping[str, Mapping[str, object]]:
    """Return the settings of all aliases.

    Raises:
        ConfigurationError: There are none, or they are not a dict of aliases.
    """
    values: Any = app.conf.get(SETTING)
    if values is None:
        return {DEFAULT_ALIAS: _environment()}
    if not isinstance(values, Mapping) or any(str(name).upper() in NAMES for name in values):
        raise ConfigurationError(texts.NOT_ALIASES.of())
    return values


def _environment() -> Mapping[str, object]:
    values = environment(os.environ)
    if "APP_ID" not in values:
        raise ConfigurationError(texts.NOT_CONFIGURED.of())
    return values
