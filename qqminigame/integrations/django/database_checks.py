"""System checks of the databases that ``django:`` stores use. Only the last one asks a database.

``docs/django.rst`` lists what each id means, and why.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.db import Error as DatabaseError, connections, router
from django.db.models import Model

from qqminigame.integrations.django import texts
from qqminigame.integrations.django.checks import doubt, error, usable_aliases
from qqminigame.integrations.django.configured import DATABASE, database_of

# What the store cannot limit by itself. By a part of ENGINE: what has to be set, and where.
_WAITS: Final = {
    "postg": (("connect_timeout", "connect_timeout"),),
    "mysql": (
        ("connect_timeout", "connect_timeout"),
        ("innodb_lock_wait_timeout", "init_command"),
    ),
}


def check_databases(**_: Any) -> list[CheckMessage]:
    """Look for databases whose settings would lose what a store writes, or block it."""
    return [message for name, alias in _used().items() for message in _of_database(name, alias)]


def check_waits(**_: Any) -> list[CheckMessage]:
    """Look for databases that a call may wait for longer than it may take."""
    return [
        message
        for name, alias in _used().items()
        if name in settings.DATABASES
        for message in _waits(name, alias)
    ]


def check_tables(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Look for the tables; Django calls this in ``migrate`` and ``check --database``."""
    return [
        message
        for name, alias in _used().items()
        if name in (databases or ()) and name in settings.DATABASES
        for message in _missing_tables(name, alias)
    ]


def _used() -> dict[str, str]:
    """Return the databases that are used, each with the first alias that uses it."""
    used: dict[str, str] = {}
    for alias, configuration in usable_aliases():
        arguments = configuration.arguments
        # Orders have a default; without the app_key there are none.
        orders = configuration.orders if "app_key" in arguments else None
        for address in (arguments.get("store"), orders):
            if isinstance(address, str) and address.startswith(DATABASE):
                used.setdefault(database_of(address), alias)
    return used


def _of_database(name: str, alias: str) -> Iterator[CheckMessage]:
    if name not in settings.DATABASES:
        known = ", ".join(settings.DATABASES)
        text = texts.NO_DATABASE.of(name=name, known=known)
        yield error("E006", text, texts.NAME_DATABASE, alias)
        return
    database = settings.DATABASES[name]
    if database.get("ATOMIC_REQUESTS"):
        yield error("E007", texts.ATOMIC.of(name=name), texts.OWN_DATABASE, alias)
    if not database.get("AUTOCOMMIT", True):
        yield error("E008", texts.NO_AUTOCOMMIT.of(name=name), texts.OWN_DATABASE, alias)
    yield from _same_file(name, alias)
    if not all(router.allow_migrate_model(name, model) for model in _models()):
        yield error("E010", texts.KEPT_OUT.of(name=name), texts.CHANGE_ROUTER, alias)


def _same_file(name: str, alias: str) -> Iterator[CheckMessage]:
    """Tell of a second alias of one SQLite file: the two would block each other."""
    file = _sqlite_file(settings.DATABASES[name])
    if file is None:
        return
    for other, database in settings.DATABASES.items():
        if other != name and _sqlite_file(database) == file:
            text = texts.SAME_FILE.of(name=name, other=other)
            if database.get("ATOMIC_REQUESTS"):
                yield error("E009", text, texts.OWN_FILE, alias)
            else:
                yield doubt("W008", text, texts.OWN_FILE, alias)


def _sqlite_file(database: Mapping[str, Any]) -> str | None:
    name = str(database.get("NAME", ""))
    if "sqlite" not in database.get("ENGINE", "") or not name or "memory" in name:
        return None
    return os.path.realpath(name)


def _waits(name: str, alias: str) -> Iterator[CheckMessage]:
    database = settings.DATABASES[name]
    engine, options = database.get("ENGINE", ""), database.get("OPTIONS") or {}
    for part, settings_of_it in _WAITS.items():
        for setting, option in settings_of_it if part in engine else ():
            # The option itself, or one that holds several settings.
            if option not in options or (option != setting and setting not in options[option]):
                text = texts.LONG_WAIT.of(name=name, setting=setting)
                hint = texts.SET_OPTION.of(setting=setting, option=option)
                yield doubt("W009", text, hint, alias)


def _missing_tables(name: str, alias: str) -> Iterator[CheckMessage]:
    try:
        with connections[name].cursor() as cursor:
            there = connections[name].introspection.table_names(cursor)
    except DatabaseError:
        return  # whoever asked for a database that does not answer is told so by Django
    wanted = {model._meta.db_table for model in _models()}
    if not wanted <= set(there):
        # A warning: migrate looks here before it makes the tables, and an error would stop it.
        hint = texts.MIGRATE.of(name=name)
        yield doubt("W010", texts.NO_TABLES.of(name=name), hint, alias)


def _models() -> Iterator[type[Model]]:
    return apps.get_app_config("qqminigame").get_models()
