"""The store's connections: over forks, in threads, over time, and when a server goes away."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

# Django is set up by now.
from django.db import OperationalError, connections
from django.db.backends.signals import connection_created
from django_databases import database, empty, running
from forks import Child, each_fork
from waiting import wait_until

from qqminigame import StoreError
from qqminigame.integrations.django import connections as store_connections
from qqminigame.integrations.django.store import DatabaseStore

KINDS = ["sqlite", "postgresql", "mariadb"]
SERVERS = ["postgresql", "mariadb"]
PASSWORD = "database-p4ssword"
# Where a server lists its connections, and its number for this one.
SESSIONS = {
    "postgresql": ("pg_stat_activity WHERE datname = 'game'", "pg_backend_pid()"),
    "mariadb": ("information_schema.processlist WHERE db = 'game'", "connection_id()"),
}
KILL = {"postgresql": "SELECT pg_terminate_backend(%s)", "mariadb": "KILL %s"}


def ask(alias, question, *values):
    """Return the one value that a database answers."""
    with connections[alias].cursor() as cursor:
        cursor.execute(question, values)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def session_of(alias, kind):
    """Return the number that the server gives to this thread's connection."""
    return ask(alias, f"SELECT {SESSIONS[kind][1]}")


def sessions(alias, kind):
    """Return how many connections the server has."""
    return ask(alias, f"SELECT count(*) FROM {SESSIONS[kind][0]}")


@pytest.fixture
def opened():
    """The aliases that were connected to, in their order."""
    aliases = []

    def note(connection, **_):
        aliases.append(connection.alias)

    connection_created.connect(note)
    yield aliases
    connection_created.disconnect(note)


# --- forks


@pytest.fixture
def alias(databases, kind):
    """Return the alias of an empty database of a kind."""
    return databases(kind)


@pytest.mark.parametrize("kind", SERVERS)
@each_fork
def test_fork__connections_of_its_own(alias, kind, fork):
    """A child opens a connection, and leaves its parent's alone, at its end too."""
    store = DatabaseStore(alias)
    store.set("key", "text")
    session = session_of(alias, kind)

    def work():
        found = store.get("key"), session_of(alias, kind) != session
        store.set("key", "of the child")
        connections[alias].close()
        gc.collect()
        return found

    assert Child(work, fork).result() == ("text", True)
    assert store.get("key") == "of the child"
    assert session_of(alias, kind) == session


@pytest.mark.parametrize("kind", SERVERS)
def test_fork__other_threads_connections(databases, kind):
    """The connections of the parent's other threads are not closed by a child that lacks them."""
    alias = databases(kind)
    store = DatabaseStore(alias)
    ready, go_on, found = threading.Event(), threading.Event(), []

    def work():
        store.set("key", "text")
        session = session_of(alias, kind)
        ready.set()
        assert go_on.wait(120)
        found.append(session_of(alias, kind) == session)

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(120)
    assert Child(lambda: (gc.collect(), store.get("key"))[1]).result() == "text"
    go_on.set()
    thread.join(120)
    assert found == [True]


@pytest.mark.parametrize("kind", SERVERS)
def test_fork__in_a_thread_that_ends_in_the_child(databases, kind):
    """A thread's end closes what it has opened in this process, and nothing of the parent's."""
    alias = databases(kind)

    def work():
        DatabaseStore(alias).set("key", "text")
        session = session_of(alias, kind)
        # What the end of the thread does; the child of a test ends without it.
        Child(store_connections._thread.__dict__.clear).result()
        return session_of(alias, kind) == session

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result()


# --- threads and time


@pytest.mark.parametrize("kind", SERVERS)
def test_thread__closes_its_connection_at_its_end(databases, kind):
    """No connection stays behind when the threads that used the store have ended."""
    alias = databases(kind)
    store = DatabaseStore(alias)
    before = sessions(alias, kind)
    together = threading.Barrier(4)
    found = []

    def work():
        store.set("key", "text")
        together.wait(120)
        found.append(sessions(alias, kind))
        together.wait(120)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert found == [before + 4] * 4
    # PostgreSQL ends a session a moment after its client is gone.
    wait_until(lambda: sessions(alias, kind) == before)


@pytest.mark.parametrize("kind", KINDS)
def test_connection__is_kept_from_statement_to_statement(databases, opened, kind):
    """With CONN_MAX_AGE 0, Django's default, the requests close it, and not each operation."""
    alias = databases(kind)
    del opened[:]
    connections[alias].close()
    store = DatabaseStore(alias)
    for number in range(5):
        store.set(str(number), "text")
    assert opened == [alias]


def test_connection__is_closed_when_too_old(databases, opened):
    """With an age, a connection that is older is replaced, where no request does that either."""
    alias = databases("sqlite")
    settings = {**connections.settings[alias], "CONN_MAX_AGE": 1e-9}
    with database("aging", settings, migrate=False):
        store = DatabaseStore("aging")
        assert store.now() > 0
        assert store.now() > 0
    assert opened.count("aging") == 2


# --- servers that go away


WRITES = {
    "get": lambda store: store.get("key") == "text",
    "set": lambda store: store.set("key", "new") is None,
    "set a new key": lambda store: store.set("new", "new") is None,
    "add": lambda store: store.add("other", "new"),
    "replace_if": lambda store: store.replace_if("key", "text", "new"),
    "delete_if": lambda store: store.delete_if("key", "text"),
    "try_lock": lambda store: store.try_lock("name", 5.0) is not None,
    "unlock": lambda store: store.unlock("name", "owner") is None,
    "scan": lambda store: store.scan("") == ([("key", "text")], ""),
    "count": lambda store: store.count("") == 1,
    "now": lambda store: store.now() > 0,
}


@pytest.mark.parametrize("operation", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("kind", SERVERS)
def test_killed_connection__is_replaced(databases, kind, operation):
    """A connection that the server has ended costs nothing: the operation does what it should."""
    alias = databases(kind)
    store = DatabaseStore(alias)
    store.set("key", "text")
    settings = connections.settings[alias]
    with database("operator", settings, migrate=False):
        ask("operator", KILL[kind], session_of(alias, kind))
    assert operation(store)


CHANGES = {
    "replace_if": lambda store: store.replace_if("key", "old", "new"),
    "delete_if": lambda store: store.delete_if("key", "old"),
    "add": lambda store: store.add("added", "text"),
    "try_lock": lambda store: store.try_lock("name", 60.0) is not None,
}


class Loses:
    """Loses the answer to the first UPDATE: it is done, and the connection is gone.

    On PostgreSQL it is not yet committed, and so undone.
    """

    def __init__(self, alias, kind):
        self._alias, self._kind = alias, kind
        self._session = session_of(alias, kind)
        self.lost = 0

    def __call__(self, execute, sql, params, many, context):
        """Pass a statement on."""
        result = execute(sql, params, many, context)
        if "UPDATE" in sql and not self.lost:
            self.lost += 1
            thread = threading.Thread(target=self._kill)
            thread.start()
            thread.join(120)
            if self._kind == "mariadb":
                raise OperationalError(2013, "Lost connection to MySQL server during query")
        return result

    def _kill(self):
        ask(self._alias, KILL[self._kind], self._session)
        connections[self._alias].close()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", SERVERS)
def test_lost_answer__the_second_time_is_the_same(databases, kind, change):
    """A change whose answer was lost is reported as made, and is made once."""
    alias = databases(kind)
    store = DatabaseStore(alias)
    store.set("key", "old")
    loses = Loses(alias, kind)
    with connections[alias].execute_wrapper(loses):
        assert CHANGES[change](store)
    assert loses.lost == 1
    assert not CHANGES[change](store)


@pytest.mark.parametrize("kind", SERVERS)
def test_server__gone_and_back(kind):
    """Without its server the store says so, without secrets; afterwards it goes on by itself."""
    with running(kind) as server:
        settings = {**server.settings(), "PASSWORD": PASSWORD if kind == "postgresql" else ""}
        with database("lonely", settings):
            store = DatabaseStore("lonely")
            store.set("key", "text")
            server.stop()
            for _ in range(2):
                with pytest.raises(StoreError, match="'lonely' is unavailable") as caught:
                    store.set("key", "s3cret-text")
                assert "s3cret" not in str(caught.value)
                assert PASSWORD not in str(caught.value)
                assert caught.value.__context__ is None
            server.start()
            assert store.get("key") == "text"
            empty("lonely")
