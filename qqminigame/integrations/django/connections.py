"""Django's connections, kept fit outside of requests: after forks, over time, at a thread's end.

Inside a request Django does this itself. Threads and commands have nobody who does, and no server
tells Django that it has forked.
"""

import contextlib
import os
import threading
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils.connection import ConnectionDoesNotExist

from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.django import store_texts
from qqminigame.per_process import PerProcess

_opened_here: Final = PerProcess[WeakKeyDictionary[BaseDatabaseWrapper, bool]](WeakKeyDictionary)
# Kept for good: some drivers say goodbye when a connection is collected.
_inherited: Final[list[object]] = []
_thread: Final = threading.local()


def watch() -> None:
    """Note from now on which process opens which connection."""
    connection_created.connect(_note, dispatch_uid="qqminigame.connections")


def _note(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    _opened_here.get()[connection] = True


def connection_of(alias: str) -> BaseDatabaseWrapper:
    """Return this thread's connection to a database; it may not be open yet.

    Raises:
        ConfigurationError: The settings do not have the database.
    """
    try:
        connection = connections[alias]
    except ConnectionDoesNotExist:
        pass
    else:
        _close_at_thread_end(connection)
        return connection
    known = ", ".join(connections)
    raise ConfigurationError(store_texts.NOT_A_DATABASE.of(alias=alias, known=known))


def refresh(connection: BaseDatabaseWrapper) -> None:
    """Have a connection opened anew at its next use if it is broken, too old, or a parent's.

    A transaction is left alone: whoever began it knows the connection. With ``CONN_MAX_AGE`` 0, a
    connection is never too old: it would be opened for each statement.
    """
    if connection.connection is None or connection.in_atomic_block:
        return
    if connection not in _opened_here.get():
        # To use it would mix two programs' answers, and to close it would end both's session.
        _inherited.append(connection.connection)
        connection.connection = None
    elif connection.errors_occurred or connection.settings_dict["CONN_MAX_AGE"] != 0:
        connection.close_if_unusable_or_obsolete()


def close(connection: BaseDatabaseWrapper) -> None:
    """Close a connection that may be broken."""
    with contextlib.suppress(Error):
        connection.close()


class _AtThreadEnd:
    """Closes a thread's connection when the thread, and with it its local values, goes."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._process = os.getpid()

    def __del__(self) -> None:
        # A forked child loses the parent's other threads at once, but none of their connections.
        shared = self._connection.allow_thread_sharing or self._connection.in_atomic_block
        if self._process == os.getpid() and not shared:
            close(self._connection)


def _close_at_thread_end(connection: BaseDatabaseWrapper) -> None:
    if threading.current_thread() is threading.main_thread():
        return
    ends = _thread.__dict__.setdefault("ends", {})
    if connection.alias not in ends:
        ends[connection.alias] = _AtThreadEnd(connection)
