"""The store in a Django project's database: what is its own, on each kind of database.

What it shares with other stores is in ``test_stores.py``.
"""

import asyncio
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import pytest

# Django is set up by now.
from django.core.management import call_command
from django.db import connections, transaction
from django.test import TestCase, override_settings
from django_databases import database, pass_time, sqlite_settings
from documents import Document

from qqminigame import ConfigurationError, StoreError
from qqminigame.dawanka.records import Keys
from qqminigame.integrations.django.models import Kind, Lock, StoredText
from qqminigame.integrations.django.store import DatabaseStore

KINDS = ["sqlite", "postgresql", "mariadb"]
SERVERS = ["postgresql", "mariadb"]
SECRET = "s3cret-text"
# What a busy machine may take on top of a timeout.
SLACK_SECONDS = 15.0

OPERATIONS = {
    "get": lambda store, **how: store.get("key", **how),
    "get_many": lambda store, **how: store.get_many(["key"], **how),
    "set": lambda store, **how: store.set("key", SECRET, **how),
    "add": lambda store, **how: store.add("other", SECRET, **how),
    "replace_if": lambda store, **how: store.replace_if("key", "text", SECRET, **how),
    "delete_if": lambda store, **how: store.delete_if("key", "text", **how),
    "try_lock": lambda store, **how: store.try_lock("name", 5.0, **how),
    "unlock": lambda store, **how: store.unlock("name", "owner", **how),
    "now": lambda store, **how: store.now(**how),
    "scan": lambda store, **how: store.scan("", **how),
    "count": lambda store, **how: store.count("", **how),
    "check_durable": lambda store, **how: store.check_durable(**how),
}


@pytest.fixture(params=KINDS)
def alias(request, databases):
    """An empty database of each kind."""
    return databases(request.param)


@pytest.fixture
def store(alias):
    """The store in it."""
    return DatabaseStore(alias)


@pytest.fixture
def server_settings(database_servers):
    """Return the settings of a server's database, with more OPTIONS."""

    def settings(kind, **options):
        settings = database_servers(kind).settings()
        return {**settings, "OPTIONS": {**settings.get("OPTIONS", {}), **options}}

    return settings


# --- transactions


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_atomic__is_refused(store, alias, operation):
    """In a transaction, which may be rolled back, nothing is read or written."""
    store.set("key", "text")
    advice = f"'{alias}' is in a transaction.*alias"
    with transaction.atomic(alias), pytest.raises(StoreError, match=advice) as caught:
        operation(store)
    assert caught.value.__context__ is None
    assert store.get("key") == "text"


def test_autocommit_off__is_refused(store, alias):
    """Where each statement waits for a commit of the user's, nothing is read or written."""
    store.set("key", "text")
    connections[alias].set_autocommit(False)
    try:
        with pytest.raises(StoreError, match="is in a transaction"):
            store.set("key", "new")
    finally:
        connections[alias].set_autocommit(True)
    assert store.get("key") == "text"


@pytest.mark.parametrize("kind", SERVERS)
def test_another_alias_of_the_server__survives_a_rollback(databases, server_settings, kind):
    """What the store writes stays when a transaction of another alias is rolled back."""
    store = DatabaseStore(databases(kind))
    with (
        database("project", server_settings(kind), migrate=False) as project,
        transaction.atomic(project),
    ):
        store.set("token", "spent")
        assert store.add("order", "begun")
        owner = store.try_lock("name", 60.0)
        transaction.set_rollback(True, using=project)
    assert store.get_many(["token", "order"]) == {"token": "spent", "order": "begun"}
    assert owner
    assert store.try_lock("name", 60.0) is None


@pytest.mark.parametrize("kind", SERVERS)
def test_another_alias_of_the_server__open_transactions_see_nothing_old(
    databases, server_settings, kind
):
    """A transaction at REPEATABLE READ elsewhere does not keep the store at an old token."""
    level = {"postgresql": 2, "mariadb": "repeatable read"}[kind]  # psycopg's, mysqlclient's
    store = DatabaseStore(databases(kind))
    store.set("token", "old")
    settings = server_settings(kind, isolation_level=level)
    with database("project", settings, migrate=False) as project, transaction.atomic(project):
        assert StoredText.objects.using(project).count() == 1
        with ThreadPoolExecutor(1) as pool:
            pool.submit(store.set, "token", "new").result()
        assert store.get("token") == "new"


def test_sqlite__a_second_alias_of_the_same_file(databases, tmp_path):
    """A request that has written to the file locks the store out; the error says what to do."""
    alias = databases("sqlite")
    store = DatabaseStore(alias)
    settings = connections.settings[alias]
    with database("project", settings, migrate=False) as project, transaction.atomic(project):
        Lock.objects.using(project).create(name_id="x", owner="", expires_at=0)
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"locked\); another .* file of its own"):
            store.set("token", "text", timeout=0.3)
    assert 0.3 <= time.monotonic() - started < SLACK_SECONDS
    store.set("token", "text")


def run_test_case(alias, test):
    """Run a test of a user's TestCase, and return what came of it."""

    class UserTest(TestCase):
        databases = frozenset({alias})

        def test(self):
            test(self)

    result = unittest.TestResult()
    unittest.TestSuite([UserTest("test")]).run(result)
    return [text for _, text in result.failures + result.errors]


def test_test_case__rolls_back(store, alias):
    """In a TestCase of Django's the store works, and leaves nothing behind."""

    def test(case):
        store.set("key", "text")
        assert store.add("other", "text")
        assert not store.add("other", "text")
        assert store.try_lock("name", 60.0)
        assert store.try_lock("name", 60.0) is None
        assert store.delete_if("key", "text")
        assert store.count("") == 1

    assert run_test_case(alias, test) == []
    assert store.count("") == 0
    assert store.try_lock("name", 60.0)


def test_test_case__transactions_of_the_code_under_test(store, alias):
    """The code's own transactions are refused in tests as they are in production."""

    def test(case):
        with transaction.atomic(alias), pytest.raises(StoreError, match="is in a transaction"):
            store.set("key", "text")
        store.set("key", "text")

    assert run_test_case(alias, test) == []


# --- time


@pytest.mark.parametrize("use_tz", [True, False])
def test_now__is_utc(store, use_tz):
    """Neither Django's time zone nor the server's, which is eight hours ahead, counts."""
    with override_settings(USE_TZ=use_tz, TIME_ZONE="Asia/Shanghai"):
        assert abs(store.now() - time.time()) < 60
        store.set("key", "text", 30.0)
        assert store.get("key") == "text"
        assert store.try_lock("name", 30.0)
        assert store.try_lock("name", 30.0) is None


@pytest.mark.parametrize("kind", SERVERS)
def test_timeout__a_row_that_another_connection_holds(databases, server_settings, kind):
    """The wait for another's row ends in time, and leaves no limit behind."""
    alias = databases(kind)
    store = DatabaseStore(alias)
    store.set("key", "text")
    with (
        database("project", server_settings(kind), migrate=False) as project,
        transaction.atomic(project),
    ):
        StoredText.objects.using(project).update(writer="somebody else")
        started = time.monotonic()
        with pytest.raises(StoreError, match=f"'{alias}' did not finish in time") as caught:
            store.set("key", SECRET, timeout=0.5)
        assert 0.4 <= time.monotonic() - started < SLACK_SECONDS
    assert SECRET not in str(caught.value) + repr(caught.value)
    limits = {"postgresql": "SHOW statement_timeout", "mariadb": "SELECT @@max_statement_time"}
    with connections[alias].cursor() as cursor:
        cursor.execute(limits[kind])
        assert float(cursor.fetchone()[0]) == 0
    store.set("key", "new")


def test_timeout__is_over(store):
    """Nothing is begun where no time is left."""
    for operation in OPERATIONS.values():
        with pytest.raises(StoreError, match="did not finish in time"):
            operation(store, timeout=0.0)
    assert store.count("") == 0


# --- many at once


def race(store, threads=8, rounds=25):
    """Let threads race for locks, texts and changes; return the winners of each."""
    barrier = threading.Barrier(threads)

    def run(number):
        won = []
        for name in map(str, range(rounds)):
            barrier.wait(120)
            added = store.add(f"add-{name}", str(number), timeout=60)
            locked = store.try_lock(name, 60.0, timeout=60) is not None
            barrier.wait(120)
            replaced = store.replace_if(f"text-{name}", "old", str(number), timeout=60)
            deleted = store.delete_if(f"gone-{name}", "old", timeout=60)
            won.append((added, locked, replaced, deleted))
        return won

    for name in range(rounds):
        store.set(f"text-{name}", "old")
        store.set(f"gone-{name}", "old")
    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(run, range(threads)))
    return [
        [sum(each) for each in zip(*results, strict=True)] for results in zip(*done, strict=True)
    ]


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("postgresql", 2),
        ("postgresql", 3),
        ("mariadb", "repeatable read"),
        ("mariadb", "serializable"),
    ],
)
def test_race__at_other_isolation_levels(databases, server_settings, kind, level):
    """Whatever level the settings ask for, each time exactly one of 8 threads wins."""
    databases(kind)
    settings = server_settings(kind, isolation_level=level)
    with database("isolated", settings, migrate=False) as isolated:
        assert race(DatabaseStore(isolated)) == [[1, 1, 1, 1]] * 25


# --- what is kept


def test_rows__expired_ones_go_a_few_at_a_time(store, alias):
    """Writing new keys removes what expired more than a minute ago, and nothing else."""
    for number in range(30):
        store.set(f"login:{number}", "text", 10)
        store.try_lock(f"{number}", 10)
    store.set("lasting", "text")
    pass_time(alias, 40)
    store.set("new", "text")
    assert StoredText.objects.using(alias).count() == 32
    pass_time(alias, 60)
    for number in range(3):
        store.set(f"newer-{number}", "text")
        store.try_lock(f"newer-{number}", 10)
    assert StoredText.objects.using(alias).count() == 5
    assert Lock.objects.using(alias).count() == 3
    assert store.count("") == 5


def test_rows__a_deleted_text_is_gone(store, alias):
    """A text that is deleted leaves no row."""
    store.set("key", SECRET)
    assert store.delete_if("key", SECRET)
    assert StoredText.objects.using(alias).count() == 0


def test_rows__kinds(store, alias):
    """The admin tells logins and orders by the keys that the library gives them."""
    keys = Keys("qqgame:1")
    store.set("login:qq:https://api.q.qq.com:1110766236:openid", "text")
    store.set(keys.order("login:7"), "text")
    store.set(keys.open("mark"), "text")
    for key in (keys.latest("order:"), keys.place, "token:qq:1", "order:", "xlogin:"):
        store.set(key, "text")
    kinds = StoredText.objects.using(alias).values_list("kind", flat=True)
    assert sorted(kinds) == sorted([Kind.LOGIN, Kind.ORDER, Kind.OPEN_ORDER, *[Kind.OTHER] * 5])


def test_rows__show_nothing(store, alias):
    """A row does not show its key or text, nor does the store."""
    store.set(f"key of {SECRET}", SECRET)
    store.try_lock(SECRET, 5.0)
    rows = [*StoredText.objects.using(alias).all(), *Lock.objects.using(alias).all()]
    assert len(rows) == 2
    assert SECRET not in "".join(f"{row}{row!r}" for row in rows) + repr(store)
    assert repr(store) == f"<DatabaseStore django:{alias}>"


def test_scan__long_prefixes(store):
    """A prefix that is longer than the indexed start of a key is as exact as any other."""
    long = "长" * 40
    for key in (long, f"{long}1", f"{long[:-1]}2", f"{long[:20]}"):
        store.set(key, "text")
    assert sorted(key for key, _ in store.scan(long)[0]) == [long, f"{long}1"]
    assert store.count(long) == 2
    assert store.count(long[:20]) == 4


# --- settings


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("django:", "<DatabaseStore django:default>"),
        ("django:other", "<DatabaseStore django:other>"),
        ("django:other?encrypt=yes&persistent=yes", "<DatabaseStore django:other>"),
    ],
)
def test_from_address(address, expected):
    """An address names an alias and options; nothing is connected to."""
    assert repr(DatabaseStore.from_address(address)) == expected


@pytest.mark.parametrize("option", ["encrypted=yes", "encrypt=no", "encrypt", "persistent=1"])
def test_from_address__unknown_option(option):
    """An option that is not one is refused, with those that there are."""
    with pytest.raises(ConfigurationError, match=r"\?encrypt=yes, \?persistent=yes"):
        DatabaseStore.from_address(f"django:other?{option}")


def test_alias__unknown():
    """An alias that DATABASES does not have is named, and those that it has."""
    with pytest.raises(ConfigurationError, match=r"'elsewhere'.* it has default"):
        DatabaseStore("elsewhere").get("key")


class Router:
    """Sends reads to a replica, and writes elsewhere."""

    def __init__(self, alias):
        self.alias = alias

    def db_for_read(self, model, **hints):
        """Return a replica, which is behind."""
        return "replica"

    def db_for_write(self, model, **hints):
        """Return the primary."""
        return self.alias


def test_alias__of_the_router(alias, tmp_path):
    """Without an alias the routers' choice for writing counts, for reading too."""
    settings = sqlite_settings(tmp_path / "replica.sqlite3")
    with database("replica", settings), override_settings(DATABASE_ROUTERS=[Router(alias)]):
        store = DatabaseStore()
        store.set("key", "text")
        assert (store.alias, store.get("key"), store.count("")) == (alias, "text", 1)


def test_tables__missing(tmp_path):
    """Without tables, the error names the command that makes them."""
    settings = sqlite_settings(tmp_path / "empty.sqlite3")
    with database("empty", settings, migrate=False):
        store = DatabaseStore("empty")
        for operation in set(OPERATIONS) - {"now", "check_durable"}:
            with pytest.raises(StoreError, match=r"manage\.py migrate --database empty"):
                OPERATIONS[operation](store)


@pytest.mark.parametrize("kind", SERVERS)
def test_tables__missing_on_servers(databases, kind):
    """The same on servers, whose codes differ."""
    alias = databases(kind)
    call_command("migrate", "qqminigame", "zero", database=alias, verbosity=0)
    try:
        with pytest.raises(StoreError, match=f"manage.py migrate --database {alias}"):
            DatabaseStore(alias).get("key")
    finally:
        call_command("migrate", "qqminigame", database=alias, verbosity=0)


def test_migrations__are_those_of_the_models():
    """No migration is missing."""
    call_command("makemigrations", "qqminigame", check=True, dry_run=True, verbosity=0)


def test_event_loop__advice(store, alias):
    """In an event loop Django refuses; the error says what to do."""

    async def ask():
        return store.get("key")

    connections[alias].close()
    with pytest.raises(StoreError, match="sync_to_async") as caught:
        asyncio.run(ask())
    assert caught.value.__context__ is None


# --- orders


@pytest.mark.parametrize("kind", SERVERS)
def test_check_durable__as_the_servers_come(databases, kind):
    """Servers wait for their disk unless told otherwise."""
    DatabaseStore(databases(kind)).check_durable()


def test_check_durable__sqlite(tmp_path):
    """So do files; one that does not is refused, unless its operator knows better."""
    with database("slow", sqlite_settings(tmp_path / "slow.sqlite3")):
        DatabaseStore("slow").check_durable()
    fast = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"
    with database("fast", sqlite_settings(tmp_path / "fast.sqlite3", init_command=fast)):
        with pytest.raises(ConfigurationError, match=r"'fast' .* synchronous = FULL"):
            DatabaseStore("fast").check_durable()
        DatabaseStore.from_address("django:fast?persistent=yes").check_durable()


def test_check_durable__postgresql(databases, server_settings):
    """So is a server that answers before it has written."""
    databases("postgresql")
    settings = server_settings("postgresql", options="-c synchronous_commit=off")
    with (
        database("fast", settings, migrate=False),
        pytest.raises(ConfigurationError, match="synchronous_commit = on"),
    ):
        DatabaseStore("fast").check_durable()


def test_check_durable__mariadb(databases):
    """So is a server that writes once a second."""
    alias = databases("mariadb")
    with connections[alias].cursor() as cursor:
        cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
        try:
            with pytest.raises(ConfigurationError, match="innodb_flush_log_at_trx_commit = 1"):
                DatabaseStore(alias).check_durable()
        finally:
            cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")


# --- docs/django-store.rst


@pytest.mark.parametrize(("number", "kind"), [(0, "postgresql"), (1, "mariadb"), (2, "sqlite")])
def test_docs__aliases(databases, tmp_path, number, kind):
    """The aliases of the page work as they stand there."""
    project = connections.settings[databases(kind)]
    names = {"DATABASES": {"default": {**project}}, "BASE_DIR": tmp_path}
    page = Document("docs/django-store.rst").snippets()
    exec([each.text for each in page if each.language == "python"][number], names)
    with database("minigame", names["DATABASES"]["minigame"]) as alias:
        store = DatabaseStore(alias)
        store.check_durable()
        assert store.add("order", "text")
        assert store.get("order") == "text"
