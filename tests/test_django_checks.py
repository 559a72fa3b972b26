"""System checks: each id, and that they look at settings only."""

import os
import re
import socket
from io import StringIO
from pathlib import Path

import django_project  # noqa: F401 - sets Django up
import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Warning as Doubt, run_checks
from django.core.checks.registry import registry
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import override_settings
from documents import Document
from hypothesis import given, strategies

from qqminigame import MemoryStore
from qqminigame.integrations import django as package
from qqminigame.integrations.configuration import NAMES
from qqminigame.integrations.django import checks, sessions
from qqminigame.integrations.django.database_checks import check_databases, check_tables
from qqminigame.sandbox import Sandbox
from qqminigame.testing import assert_no_secrets

SECRET = "keep-this-secret"
ALL = {"include_deployment_checks": True, "tags": ["qqminigame"], "databases": ()}
GOOD = {"APP_ID": "1110766236", "APP_SECRET": "a-secret", "STORE": "memory:"}
HALL = {**GOOD, "APP_KEY": "AKey", "HALL_APP_ID": "1104466820"}


def found(aliases, deploy=False, databases=(), **others):
    """Return what the checks say about aliases, by id.

    From Django 6.1 on, None stands for all databases and not for none.
    """
    with override_settings(QQMINIGAME=aliases, **others):
        messages = run_checks(
            tags=["qqminigame"], include_deployment_checks=deploy, databases=databases
        )
    return {message.id.removeprefix("qqminigame."): message for message in messages}


def of(values, **options):
    """Return what the checks say about the default alias."""
    return found({"default": values}, **options)


@pytest.mark.parametrize("values", [GOOD, {**HALL, "ORDERS": "memory:"}])
def test_checks__nothing_to_say(values):
    """Good settings pass."""
    assert of(values) == {}


# --- settings


@pytest.mark.parametrize("aliases", [None, "1", [], GOOD, {"default": None}, {"default": "1"}])
def test_e001__not_a_dict_of_aliases(aliases):
    """Another form is an error, and is all that is said of it."""
    assert isinstance(found(aliases)["E001"], Error)


def test_e001__nothing_is_set(monkeypatch):
    """Neither the setting nor the environment."""
    for name in [name for name in os.environ if re.match("QQMINIGAME_(?!LANG)", name)]:
        monkeypatch.delenv(name)
    with override_settings():
        del settings.QQMINIGAME
        (message,) = run_checks(tags=["qqminigame"])
    assert message.id == "qqminigame.E001"
    assert "QQMINIGAME_APP_ID" in message.msg


def test_e002__unknown_setting():
    """The nearest right name is named, the value is not."""
    message = of({**GOOD, "APP_SECRT": SECRET})["E002"]
    assert message.msg.endswith("has no setting 'APP_SECRT'; did you mean 'APP_SECRET'?")
    assert message.obj == "default"
    assert_no_secrets([message, str(message)], [SECRET])


def test_e002__each_of_several():
    """All are told at once."""
    with override_settings(QQMINIGAME={"default": {**GOOD, "APPID": "1", "SECRET": "2"}}):
        messages = run_checks(tags=["qqminigame"])
    assert [message.id for message in messages] == ["qqminigame.E002"] * 2


@pytest.mark.parametrize("values", [{}, {"APP_ID": None}, {"APP_SECRET": SECRET}])
def test_e003__no_app_id(values):
    """Nothing works without it."""
    assert set(of(values)) == {"E003"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"APP_ID": 1110766236},
        {"APP_SECRET": ""},
        {"APP_SECRET": f"{SECRET}\n"},
        {"PLATFORM": "qqq"},
        {"STORE": "elsewhere"},
        {"STORE": 7},
        {"TIMEOUT": "3"},
        {"BASE_URL": "gateway"},
        {"ON_CALL": "no.such.function"},
        {"STABLE_TOKEN": "yes"},
    ],
    ids=repr,
)
def test_e004__value_that_session_refuses(wrong):
    """It is what Session says, with the alias and without the value of a secret."""
    messages = of({**GOOD, **wrong})
    assert set(messages) == {"E004"}
    assert messages["E004"].msg.startswith("settings.QQMINIGAME['default']: ")
    assert_no_secrets([messages["E004"], str(messages["E004"])], [SECRET])


def test_e004__redis_without_its_extra_or_port():
    """A store's address is read, and nothing is connected to."""
    assert set(of({**GOOD, "STORE": "redis://127.0.0.1:1/0"})) == set()
    assert set(of({**GOOD, "STORE": "redis://127.0.0.1:none/0"})) == {"E004"}


@pytest.mark.parametrize(
    "wrong",
    [{"HALL_APP_ID": None}, {"ORDERS": "elsewhere"}, {"PLATFORM": "douyin"}],
    ids=repr,
)
def test_e005__game_hall(wrong):
    """An app_key without what the hall needs besides, or where there is no hall."""
    assert set(of({**HALL, **wrong})) == {"E005"}


def test_w001__no_default():
    """``session`` and ``dawanka`` would have nothing to stand for."""
    messages = found({"douyin": GOOD})
    assert set(messages) == {"W001"}
    assert isinstance(messages["W001"], Doubt)


def test_w002__no_credentials():
    """An app id alone calls nothing."""
    assert set(of({"APP_ID": "1", "STORE": "memory:"})) == {"W002"}
    assert set(of({"APP_ID": "1", "APP_KEY": "k", "STORE": "memory:"})) == set()


def test_w003__credentials_of_the_sandbox():
    """They are for a developer's machine, which DEBUG says it is."""
    sandbox = Sandbox()
    values = {**HALL, "APP_SECRET": sandbox.app_secret}
    assert set(of(values)) == {"W003"}
    assert set(of({**HALL, "APP_KEY": sandbox.app_key})) == {"W003"}
    assert set(of(values, DEBUG=True)) == set()
    message = of(values)["W003"]
    assert_no_secrets([message, str(message)], [sandbox.app_secret])


@pytest.fixture
def no_folder(tmp_path):
    """A path on which not even root can make a folder."""
    (tmp_path / "file").write_text("")
    (tmp_path / "file").chmod(0o755)
    return tmp_path / "file"


def test_w004__file_that_cannot_be_written(no_folder):
    """The store's file, and the default one."""
    message = of({**GOOD, "STORE": f"sqlite:///{no_folder}/store.db"})["W004"]
    assert f"STORE {no_folder}/store.db cannot be written" in message.msg


def test_w004__file_of_orders_that_cannot_be_written(no_folder):
    """Without it, no report is sent."""
    message = of({**HALL, "ORDERS": f"sqlite:///{no_folder}/orders.db"})["W004"]
    assert f"ORDERS {no_folder}/orders.db cannot be written" in message.msg


def test_w004__default_file_that_cannot_be_written(no_folder, monkeypatch):
    """Each process would have a memory of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(no_folder))
    message = of({**GOOD, "STORE": None})["W004"]
    assert f"{no_folder}/qqminigame/cache.db: access tokens and logins would be" in message.msg


def test_w004__file_that_is_read_only(tmp_path, monkeypatch):
    """A file of another user, as the system sees it."""
    path = tmp_path / "store.db"
    path.write_text("")
    real = os.access
    refuse = {path: os.W_OK, tmp_path: None}
    monkeypatch.setattr(os, "access", lambda at, mode: mode != refuse.get(at) and real(at, mode))
    assert set(of({**GOOD, "STORE": f"sqlite:///{path}"})) == {"W004"}


def test_w004__nothing_is_made(tmp_path, monkeypatch):
    """A check by root would leave folders that the web server's user cannot write."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new"))
    assert of({**GOOD, "STORE": None}) == {}
    assert of({**GOOD, "STORE": f"sqlite:///{tmp_path}/a/b/store.db"}) == {}
    assert list(tmp_path.iterdir()) == []


# --- deployment


@pytest.mark.parametrize("store", ["memory:", MemoryStore()])
@pytest.mark.parametrize("name", ["STORE", "ORDERS"])
def test_w005__memory(name, store, tmp_path):
    """No worker shares it."""
    file = f"sqlite:////{tmp_path}/"
    values = {**HALL, "STORE": f"{file}store.db", "ORDERS": f"{file}orders.db", name: store}
    assert set(of(values, deploy=True)) == {"W005"}
    assert f"{name} 'memory:' is not shared" in of(values, deploy=True)["W005"].msg
    assert of(values) == {}


@pytest.mark.parametrize("name", ["STORE", "ORDERS"])
def test_w006__relative_path(name, tmp_path, monkeypatch):
    """The web server and cron start in different folders."""
    file = f"sqlite:////{tmp_path}/"
    values = {**HALL, "STORE": f"{file}store.db", "ORDERS": f"{file}orders.db"}
    assert of(values, deploy=True) == {}
    monkeypatch.chdir(tmp_path)
    assert set(of({**values, name: "sqlite:///own.db"}, deploy=True)) == {"W006"}
    assert of({**values, name: "sqlite:///~/own.db"}, deploy=True) == {}


@pytest.mark.parametrize(("base_url", "ids"), [("http://a.b", {"W007"}), ("https://a.b", set())])
def test_w007__base_url_without_https(base_url, ids, tmp_path):
    """Secrets are in the URLs."""
    values = {**GOOD, "STORE": f"sqlite:////{tmp_path}/store.db", "BASE_URL": base_url}
    assert set(of(values, deploy=True)) == ids
    assert of(values) == {}


# --- databases

DATABASE = {**GOOD, "STORE": "django:other"}
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


@pytest.fixture
def database(monkeypatch):
    """Change the settings of the database that the store uses, or of another."""

    def change(alias="other", **values):
        monkeypatch.setitem(settings.DATABASES, alias, {**SQLITE, **values})

    return change


def test_e006__unknown_database():
    """The error names those that there are; Session does not know them."""
    messages = of({**GOOD, "STORE": "django:elsewhere"})
    assert set(messages) == {"E006"}
    assert "'django:elsewhere'" in messages["E006"].msg
    assert "default, other" in messages["E006"].msg


def test_e007__atomic_requests(database):
    """Of the store's database, not of the project's other ones."""
    database("default", ATOMIC_REQUESTS=True)
    assert of(DATABASE) == {}
    database(ATOMIC_REQUESTS=True)
    assert set(of(DATABASE)) == {"E007"}
    assert "ATOMIC_REQUESTS False" in of(DATABASE)["E007"].hint


def test_e007__of_orders(database):
    """Orders are in the project's database by default; without an app_key there are none."""
    database("default", ATOMIC_REQUESTS=True)
    assert set(of(HALL)) == {"E007"}
    assert of({**HALL, "ORDERS": "django:other"}) == {}
    assert of(GOOD) == {}


def test_e008__no_autocommit(database):
    """What the store writes would stay in a transaction that nobody ends."""
    database(AUTOCOMMIT=False)
    assert set(of(DATABASE)) == {"E008"}


@pytest.mark.parametrize(("atomic", "number"), [(True, "E009"), (False, "W008")])
def test_e009_w008__same_sqlite_file(database, tmp_path, monkeypatch, atomic, number):
    """A second connection to one file waits for its own request, in any transaction."""
    monkeypatch.chdir(tmp_path)
    database("default", NAME=tmp_path / "db.sqlite3", ATOMIC_REQUESTS=atomic)
    database(NAME="db.sqlite3")
    assert set(of(DATABASE)) == {number}
    database(NAME="store.sqlite3")
    assert of(DATABASE) == {}


class KeepsOut:
    """A router that has never heard of this app."""

    def allow_migrate(self, db, app_label, **hints):
        return db == "default"


def test_e010__router(database):
    """The tables would never be made where the store looks for them."""
    routers = ["test_django_checks.KeepsOut"]
    assert set(of(DATABASE, DATABASE_ROUTERS=routers)) == {"E010"}
    assert of({**GOOD, "STORE": "django:"}, DATABASE_ROUTERS=routers) == {}


LOCK_WAIT = {"init_command": "SET innodb_lock_wait_timeout=2"}
CONNECT = {"connect_timeout": 2}


@pytest.mark.parametrize(
    ("engine", "options", "missing"),
    [
        ("django.db.backends.sqlite3", {}, []),
        ("django.db.backends.postgresql", {}, ["connect_timeout"]),
        ("django.contrib.gis.db.backends.postgis", None, ["connect_timeout"]),
        ("django.db.backends.postgresql", CONNECT, []),
        ("django.db.backends.mysql", {}, ["connect_timeout", "innodb_lock_wait_timeout"]),
        ("django.db.backends.mysql", CONNECT, ["innodb_lock_wait_timeout"]),
        ("django.db.backends.mysql", {**CONNECT, "init_command": "SET x=1"}, ["innodb_lock_w"]),
        ("django.db.backends.mysql", {**CONNECT, **LOCK_WAIT}, []),
    ],
)
def test_w009__waits_that_the_store_cannot_limit(database, engine, options, missing):
    """A server that does not answer, and on MySQL another connection's lock."""
    database(ENGINE=engine, OPTIONS=options)
    with override_settings(QQMINIGAME={"default": DATABASE}):
        messages = [message for message in run_checks(**ALL) if message.id[-4:] == "W009"]
    assert len(messages) == len(missing)
    assert all(name in each.hint for name, each in zip(missing, messages, strict=True))
    assert of(DATABASE) == {}


@pytest.fixture
def own_database(monkeypatch, tmp_path):
    """A database file under the alias ``other``."""
    connections["other"].close()
    monkeypatch.setitem(connections["other"].settings_dict, "NAME", str(tmp_path / "own.db"))
    yield
    connections["other"].close()


@pytest.mark.usefixtures("own_database")
def test_w010__no_tables():
    """Looked for only where a database is asked about, and no obstacle to making them."""
    assert of(DATABASE) == {}
    assert of(DATABASE, databases=["default"]) == {}
    messages = of(DATABASE, databases=["default", "other"])
    assert set(messages) == {"W010"}
    assert "migrate qqminigame --database other" in messages["W010"].hint
    with override_settings(QQMINIGAME={"default": DATABASE}):
        call_command("migrate", database="other", verbosity=0, stderr=StringIO())
    assert of(DATABASE, databases=["other"]) == {}


def test_w010__database_that_does_not_answer(monkeypatch, no_folder):
    """The check does not raise: Django says so itself."""
    connections["other"].close()
    monkeypatch.setitem(connections["other"].settings_dict, "NAME", str(no_folder / "own.db"))
    assert of(DATABASE, databases=["other"]) == {}


# --- all of them


@pytest.fixture
def watched_doors(monkeypatch):
    """Note connections to a database or to a network."""
    opened = []

    def note(**_):
        opened.append("database")

    connection_created.connect(note)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: opened.append("network"))
    yield opened
    connection_created.disconnect(note)


@pytest.mark.parametrize("values", [HALL, DATABASE, {**GOOD, "STORE": "redis://127.0.0.1/0"}])
def test_checks__ask_no_network_and_no_database(values, watched_doors):
    """They run at each start of each command."""
    for connection in connections.all():
        connection.close()
    of(values, deploy=True)
    assert watched_doors == []


ODD = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(-1, 3),
    strategies.floats(),
    strategies.text(max_size=5),
    strategies.binary(max_size=3),
    strategies.sampled_from(
        [object(), print, [], (), {}, {"a": {}}, (1, 2), "django:", "django:x", "memory:", " "]
    ),
)


@given(
    strategies.one_of(
        ODD,
        strategies.dictionaries(strategies.sampled_from(["default", "x", 7, None]), ODD),
        strategies.builds(
            lambda values: {"default": {**GOOD, **values}},
            strategies.dictionaries(strategies.sampled_from([*NAMES, "x", 7]), ODD, max_size=2),
        ),
    )
)
def test_checks__never_raise(aliases):
    """Whatever stands in the settings becomes a message."""
    found(aliases, deploy=True, databases=["default", "other"])


@pytest.mark.parametrize(
    "database", [{}, {"ENGINE": "x"}, {"NAME": None}, {"OPTIONS": None}, {"ATOMIC_REQUESTS": 1}]
)
def test_checks__never_raise_on_a_database(database, monkeypatch):
    """Neither do odd settings of a database, which are Django's to refuse."""
    monkeypatch.setitem(settings.DATABASES, "other", database)
    with override_settings(QQMINIGAME={"default": DATABASE}):
        check_databases()
        check_tables(databases=[])


def test_checks__make_no_session_for_later():
    """What is looked at is not kept."""
    sessions.close()
    of(GOOD)
    assert repr(sessions) == "<Sessions none made yet>"


def test_checks__are_documented():
    """The page lists each id that there is, and no other."""
    rows = Document("docs/django.rst").table("Id")
    folder = Path(package.__file__).parent
    source = "".join((folder / name).read_text() for name in ("checks.py", "database_checks.py"))
    numbers = re.findall(r'"([EW]\d{3})"', source)
    assert {row[0] for row in rows} == {f"qqminigame.{number}" for number in numbers}
    deploy = {row[0][-4:] for row in rows if "--deploy" in row[1]}
    assert deploy == {"W005", "W006", "W007", "W009"}


def test_checks__are_registered():
    """``manage.py check`` runs them."""
    registered = {check.__name__: check for check in registry.get_checks(True)}
    names = {"check_settings", "check_deployment", "check_databases", "check_waits", "check_tables"}
    assert names <= registered.keys()
    assert registered["check_settings"] is checks.check_settings
    assert apps.get_app_config("qqminigame").verbose_name == "QQ mini game"


def test_command__check():
    """Errors end the command; its text is for whoever deploys."""
    said = StringIO()
    with override_settings(QQMINIGAME={"default": {**GOOD, "STROE": "django:"}}):
        with pytest.raises(SystemCheckError) as caught:
            call_command("check", stdout=said, stderr=said)
        assert "qqminigame.E002" in str(caught.value)
        assert "did you mean 'STORE'?" in str(caught.value)


def test_messages__in_chinese(monkeypatch):
    """They are in the language of whoever runs the command."""
    monkeypatch.setenv("QQMINIGAME_LANG", "zh")
    message = of({**GOOD, "APP_SECRT": "x"})["E002"]
    assert "是否想写 'APP_SECRET'" in message.msg
    assert message.hint.startswith("设置项的名称是")
