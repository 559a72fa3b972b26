"""What the config of a Flask app says about its sessions.

``QQMINIGAME_APP_ID`` and so on are the settings of the default alias; ``QQMINIGAME`` holds those of
all others, a dict for each. Without any of them, the environment's are those of the default alias.
"""

import os
from collections.abc import Mapping
from typing import Any, Final

from flask import Config

from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.configuration import DEFAULT_ALIAS, Configuration, environment, read
from qqminigame.integrations.flask import texts

# Whether errors become JSON; it is no setting of a session.
ERROR_HANDLERS: Final = "QQMINIGAME_ERROR_HANDLERS"

_PREFIX: Final = "QQMINIGAME_"
_ALIASES: Final = "QQMINIGAME"
_CREDENTIALS: Final = frozenset({"APP_ID", "APP_SECRET", "HALL_APP_ID", "APP_KEY"})


def configured(config: Config) -> dict[str, tuple[Any, str]]:
    """Return the settings of each alias, and the place of them for error messages.

    Raises:
        ConfigurationError: There are no settings, or those of the default alias are there twice.
    """
    named, plain = _named(config), _plain(config)
    found = {
        name: (values, f"app.config[{_ALIASES!r}][{name!r}]") for name, values in named.items()
    }
    if plain and DEFAULT_ALIAS in found:
        raise ConfigurationError(texts.DEFAULT_TWICE.of(name=f"{_PREFIX}{min(plain)}"))
    if plain:
        found[DEFAULT_ALIAS] = plain, f"app.config['{_PREFIX}*']"
    if not found:
        found[DEFAULT_ALIAS] = _environment(), f"os.environ['{_PREFIX}*']"
    return found


def configuration(config: Config, alias: str) -> Configuration:
    """Return the configuration of an alias that there is.

    Raises:
        ConfigurationError: A setting has a wrong name, or the app id is missing.
    """
    values, where = configured(config)[alias]
    return read(_with_text(values), where)


def replaced(config: Config, values: Mapping[str, object]) -> dict[str, Any]:
    """Return what the config has to be updated with to replace settings of every alias.

    Args:
        config: The config of an app; it is not changed.
        values: Settings by name, such as ``"APP_ID"``.
    """
    named = {alias: {**own, **values} for alias, own in _named(config).items()}
    if named and not _plain(config):
        return {_ALIASES: named}
    return {_ALIASES: named, **{f"{_PREFIX}{name}": value for name, value in values.items()}}


def _named(config: Config) -> Mapping[str, Any]:
    named = config.get(_ALIASES) or {}
    if not isinstance(named, Mapping):
        raise ConfigurationError(texts.NOT_A_DICT.of(kind=type(named).__name__))
    return named


def _plain(config: Config) -> dict[str, Any]:
    plain = config.get_namespace(_PREFIX, lowercase=False)
    plain.pop(ERROR_HANDLERS.removeprefix(_PREFIX), None)
    return plain


def _environment() -> dict[str, object]:
    values = environment(os.environ)
    if not values:
        raise ConfigurationError(texts.NOT_CONFIGURED)
    return values


def _with_text(values: Any) -> Any:
    """Return the settings, with credentials that are made of digits as text.

    ``Config.from_prefixed_env`` reads values as JSON, and so an app id as a number.
    """
    if not isinstance(values, Mapping):
        return values  # refused with the place of the settings
    return {
        name: str(value) if name in _CREDENTIALS and type(value) is int else value
        for name, value in values.items()
    }
