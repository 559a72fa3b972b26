"""System checks of the settings. They ask neither the network nor a database, and never raise.

``docs/django.rst`` lists what each id means.
"""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning as Doubt

from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.configuration import (
    DEFAULT_ALIAS,
    Configuration,
    make_dawanka,
    make_session,
    read,
    unknown_setting,
    unknown_settings,
)
from qqminigame.integrations.django import texts
from qqminigame.integrations.django.configured import configure, configured, described, where
from qqminigame.messages import Text
from qqminigame.stores import MemoryStore, SQLiteStore, Store, open_order_store
from qqminigame.stores.default import DefaultStore

# What qqminigame.sandbox is started with unless told otherwise; it is an extra, so not imported.
_SANDBOX_SECRETS: Final = {"app_secret": "sandbox-app-secret", "app_key": "SandboxAppKey000"}
_RELATIVE: Final = ("sqlite:////", "sqlite:///~")


def check_settings(**_: Any) -> list[CheckMessage]:
    """Look for settings that are missing, unknown or wrong, and for files that are no use."""
    try:
        aliases = configured()
    except ConfigurationError as refused:
        return [error("E001", refused.text, texts.SEE_DOCS)]
    found = [message for alias, values in aliases.items() for message in _of_alias(alias, values)]
    if DEFAULT_ALIAS not in aliases:
        found.append(doubt("W001", texts.NO_DEFAULT, texts.NAME_DEFAULT))
    return found


def check_deployment(**_: Any) -> list[CheckMessage]:
    """Look for what is right on a developer's machine only."""
    return [
        message
        for alias, configuration in usable_aliases()
        for message in (*_memory(alias, configuration), *_plain_http(alias, configuration))
    ]


def usable_aliases() -> Iterator[tuple[str, Configuration]]:
    """Yield the aliases whose settings are right; the checks of the settings tell the others."""
    try:
        aliases = configured()
    except ConfigurationError:
        return
    for alias, values in aliases.items():
        if not any(isinstance(message, Error) for message in _of_alias(alias, values)):
            yield alias, described(alias)


def _of_alias(alias: str, values: object) -> Iterator[CheckMessage]:
    place = where(alias)
    if not isinstance(values, Mapping):
        kind = type(values).__name__
        yield error("E001", texts.NOT_SETTINGS.of(where=place, kind=kind), texts.SEE_DOCS, alias)
        return
    unknown = unknown_settings(values)
    for name in unknown:
        yield error("E002", unknown_setting(name, place), texts.NAMES_OF_SETTINGS, alias)
    if not unknown:
        yield from _of_values(alias, values)


def _of_values(alias: str, values: Mapping[str, object]) -> Iterator[CheckMessage]:
    try:
        read(values, where(alias))
    except ConfigurationError as refused:
        yield error("E003", refused.text, texts.FROM_ENVIRONMENT, alias)
        return
    try:
        configuration = configure(alias)
        session = make_session(configuration)
    except ConfigurationError as refused:
        yield error("E004", refused.text, texts.AS_SESSION, alias)
        return
    yield from _credentials(alias, configuration)
    yield from _file(alias, "STORE", session.store)
    if "app_key" in configuration.arguments:
        yield from _orders(alias, configuration)


def _orders(alias: str, configuration: Configuration) -> Iterator[CheckMessage]:
    try:
        make_dawanka(configuration, make_session(configuration))
    except ConfigurationError as refused:
        yield error("E005", refused.text, texts.AS_DAWANKA, alias)
        return
    orders = configuration.orders
    if isinstance(orders, str):
        yield from _file(alias, "ORDERS", open_order_store(orders, time.time))


def _credentials(alias: str, configuration: Configuration) -> Iterator[CheckMessage]:
    arguments: Mapping[str, object] = {**configuration.arguments}
    if not {"app_secret", "app_key"} & arguments.keys():
        yield doubt("W002", texts.NO_CREDENTIALS.of(where=where(alias)), texts.SET_SECRET, alias)
    if not settings.DEBUG:
        for name, secret in _SANDBOX_SECRETS.items():
            if arguments.get(name) == secret:
                text = texts.OF_SANDBOX.of(where=where(alias), name=name.upper())
                yield doubt("W003", text, texts.USE_OWN, alias)


def _file(alias: str, name: str, store: Store) -> Iterator[CheckMessage]:
    """Tell of a file that this process may not write."""
    if isinstance(store, DefaultStore):
        path, text = store.place, texts.NOT_DEFAULT_FILE
    elif isinstance(store, SQLiteStore):
        path, text = store.path, texts.NOT_A_FILE
    else:
        return
    if not _may_write(path.expanduser()):
        told = text.of(where=where(alias), name=name, path=path)
        yield doubt("W004", told, texts.ANOTHER_STORE, alias)


def _may_write(path: Path) -> bool:
    """Return whether a file, and SQLite's own beside it, can be written; nothing is made."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        return False
    folder = next(each for each in path.absolute().parents if os.path.exists(each))
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _memory(alias: str, configuration: Configuration) -> Iterator[CheckMessage]:
    used = {"STORE": configuration.arguments.get("store"), "ORDERS": configuration.orders}
    for name, store in used.items():
        if store == "memory:" or isinstance(store, MemoryStore):
            text = texts.NOT_SHARED.of(where=where(alias), name=name)
            yield doubt("W005", text, texts.ANOTHER_STORE, alias)
        elif isinstance(store, str) and _is_relative(store):
            text = texts.RELATIVE.of(where=where(alias), name=name)
            yield doubt("W006", text, texts.WHOLE_PATH, alias)


def _is_relative(store: str) -> bool:
    return store.startswith("sqlite:///") and not store.startswith(_RELATIVE)


def _plain_http(alias: str, configuration: Configuration) -> Iterator[CheckMessage]:
    base_url = configuration.arguments.get("base_url")
    if base_url is not None and base_url.lower().startswith("http:"):
        yield doubt("W007", texts.PLAIN_HTTP.of(where=where(alias)), texts.USE_HTTPS, alias)


def error(number: str, text: Text, hint: Text, alias: str | None = None) -> Error:
    """Return what must be changed."""
    return Error(str(text), hint=str(hint), obj=alias, id=f"qqminigame.{number}")


def doubt(number: str, text: Text, hint: Text, alias: str | None = None) -> Doubt:
    """Return what is probably wrong."""
    return Doubt(str(text), hint=str(hint), obj=alias, id=f"qqminigame.{number}")
