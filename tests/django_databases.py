"""Databases of the tests' own, under aliases of the Django project of this process."""

import contextlib
from pathlib import Path

import django_project  # noqa: F401 - sets Django up
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler
from mariadb_server import MariaDBServer
from postgres_server import PostgresServer

from qqminigame.integrations.django.models import Lock, StoredText
from qqminigame.integrations.django.store import DatabaseStore

SERVERS = {"postgresql": PostgresServer, "mariadb": MariaDBServer}


@contextlib.contextmanager
def running(kind):
    """Run a server of a kind."""
    server = SERVERS[kind]()
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.remove()


def sqlite_settings(path, **options):
    """Return an entry of DATABASES for a file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}


@contextlib.contextmanager
def database(alias, settings, *, migrate=True):
    """Have an alias in DATABASES, with the app's tables, empty."""
    handler = ConnectionHandler({"default": {}, alias: settings})
    connections.settings[alias] = handler.settings[alias]
    try:
        if migrate:
            call_command("migrate", "qqminigame", database=alias, verbosity=0)
            empty(alias)
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


def empty(alias):
    """Remove all rows."""
    for model in (StoredText, Lock):
        model.objects.using(alias).all().delete()


def pass_time(alias, seconds):
    """Let all that a database holds age by so many seconds; its clock cannot be moved."""
    with connections[alias].cursor() as cursor:
        for model in (StoredText, Lock):
            cursor.execute(
                f"UPDATE {model._meta.db_table} SET expires_at = expires_at - %s",
                [round(seconds * 1e6)],
            )


_OPENING = """
import sys
sys.path.insert(0, {folder!r})
import django
from django.conf import settings
{driver}
settings.configure(
    SECRET_KEY="for-tests",
    INSTALLED_APPS=["qqminigame.integrations.django"],
    DATABASES={{"default": {{}}, "store": {settings!r}}},
)
django.setup()
from qqminigame.integrations.django.store import DatabaseStore
store = DatabaseStore("store")
"""


def opening(alias):
    """Return the lines of a program that open the store in the database of an alias."""
    settings = connections.settings[alias]
    return _OPENING.format(
        folder=str(Path(__file__).parent),
        driver="import mariadb_server" if "mysql" in settings["ENGINE"] else "",
        settings={**settings, "NAME": str(settings["NAME"])},
    )


class MovedDatabaseStore(DatabaseStore):
    """The store, in a database whose clock a test can move.

    Args:
        using: The alias.
        ahead: Returns by how many seconds it is ahead of the database's own.
    """

    def __init__(self, using, ahead):
        super().__init__(using)
        self._ahead = ahead

    def now(self, **options):
        """Return the time."""
        return super().now(**options) + self._ahead()
