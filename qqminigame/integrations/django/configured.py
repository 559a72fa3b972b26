"""The sessions that the project's settings describe."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from attrs import evolve
from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from qqminigame.dawanka import Dawanka
from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.configuration import (
    DEFAULT_ALIAS,
    NAMES,
    Configuration,
    Sessions,
    environment,
    placed,
    read,
)
from qqminigame.integrations.django import texts
from qqminigame.integrations.django.signals import call_finished
from qqminigame.integrations.lazy import Lazy
from qqminigame.models import CallEvent
from qqminigame.session import Session, SessionArguments
from qqminigame.stores import Store

SETTING: Final = "QQMINIGAME"
# The app's own database tables; a word behind the colon is an alias of DATABASES.
DATABASE: Final = "django:"
_APP: Final = "qqminigame.integrations.django"
# By name: the models can be imported only when all apps are there.
_DATABASE_STORE: Final = f"{_APP}.store.DatabaseStore"


def configured() -> Mapping[str, Mapping[str, object]]:
    """Return the settings of all aliases; without the setting, those of the environment.

    Raises:
        ConfigurationError: The setting is not a dict of aliases.
    """
    if not hasattr(settings, SETTING):
        return {DEFAULT_ALIAS: _environment()}
    values = getattr(settings, SETTING)
    if not isinstance(values, Mapping):
        raise ConfigurationError(texts.NOT_ALIASES.of(kind=type(values).__name__))
    if any(str(name).upper() in NAMES for name in values):
        raise ConfigurationError(texts.FLAT)
    return values


def _environment() -> Mapping[str, object]:
    values = environment(os.environ)
    if not values:
        raise ConfigurationError(texts.NOT_CONFIGURED)
    return values


def where(alias: str) -> str:
    """Return how messages call the place of an alias's settings."""
    if not hasattr(settings, SETTING):
        return f"{SETTING}_*"
    return f"settings.{SETTING}[{alias!r}]"


def described(alias: str) -> Configuration:
    """Return what the settings say about an alias; nothing is opened.

    Orders are by default in the project's database, with its other records.

    Raises:
        ConfigurationError: A setting is unknown, or there is no ``APP_ID``.
    """
    configuration = read(configured()[alias], where(alias))
    if configuration.orders is None and apps.is_installed(_APP):
        return evolve(configuration, orders=DATABASE)
    return configuration


def configure(alias: str) -> Configuration:
    """Return the configuration of an alias, with its stores opened and its calls signalled.

    Raises:
        ConfigurationError: The settings are wrong.
    """
    configuration = described(alias)
    arguments = configuration.arguments
    watch = _watcher(alias, _callable(arguments.get("on_call"), alias))
    # Where None stands for the default, it may be passed as well.
    opened = {"store": _opened(arguments.get("store"), alias), "on_call": watch}
    return evolve(
        configuration,
        arguments=cast(SessionArguments, {**arguments, **opened}),
        orders=_opened(configuration.orders, alias),
    )


def _opened(store: Store | str | None, alias: str) -> Store | str | None:
    """Return a store in the project's database; any other is the session's business."""
    if not isinstance(store, str) or not store.startswith(DATABASE):
        return store
    if not apps.is_installed(_APP):
        raise ConfigurationError(texts.NOT_INSTALLED.of(where=where(alias), app=_APP))
    return placed(where(alias), lambda: open_store(store))


def open_store(address: str) -> Store:
    """Return the store in the project's database that an address names.

    Args:
        address: ``django:`` or ``django:alias``, with the options of ``DatabaseStore``.

    Raises:
        ConfigurationError: An option is wrong.
    """
    store: Store = import_string(_DATABASE_STORE).from_address(address)
    return store


def database_of(address: str) -> str:
    """Return the alias of DATABASES that an address means; without one, the routers decide."""
    alias: str = import_string(_DATABASE_STORE).from_address(address).alias
    return alias


def _callable(on_call: object, alias: str) -> Callable[[CallEvent], object] | None:
    """Return a function of the settings, which may name it by a dotted path as others do."""
    if not isinstance(on_call, str):
        return cast(Callable[[CallEvent], object] | None, on_call)
    try:
        return cast(Callable[[CallEvent], object], import_string(on_call))
    except ImportError as error:
        reason = str(error)
    raise ConfigurationError(texts.NOT_IMPORTED.of(where=where(alias), reason=reason))


def _watcher(
    alias: str, on_call: Callable[[CallEvent], object] | None
) -> Callable[[CallEvent], object]:
    """Return what sends the signal, and then calls the project's own function."""

    def watch(event: CallEvent) -> None:
        call_finished.send_robust(Session, alias=alias, event=event)
        if on_call is not None:
            on_call(event)

    return watch


sessions: Final = Sessions(configure, lambda: configured().keys())
session: Session = cast(Session, Lazy(Session, lambda: sessions[DEFAULT_ALIAS]))
dawanka: Dawanka = cast(Dawanka, Lazy(Dawanka, sessions.dawanka))


def _forget(*, setting: str, **_: Any) -> None:
    if setting == SETTING:
        sessions.close()


setting_changed.connect(_forget, dispatch_uid="qqminigame")
