"""Sessions of a Django project."""

import copy
import os
import subprocess
import sys
import threading

import django_project  # noqa: F401 - sets Django up
import pytest
from django.conf import settings
from django.test import override_settings

from qqminigame import (
    CallEvent,
    CloudStorage,
    ConfigurationError,
    Dawanka,
    InteractiveData,
    Login,
    Session,
    bulk,
)
from qqminigame.integrations.django import call_finished, dawanka, session, sessions
from qqminigame.integrations.django.store import DatabaseStore
from qqminigame.testing import assert_no_secrets

STORAGE = CloudStorage(session)  # as at the top of views.py
SECRET = "keep-this-secret"


@pytest.fixture(autouse=True)
def closed():
    """Begin and end without sessions."""
    sessions.close()
    yield
    sessions.close()


@pytest.fixture
def values(sandbox):
    """The settings of an alias for the sandbox."""
    return {
        "APP_ID": sandbox.app_id,
        "APP_SECRET": sandbox.app_secret,
        "HALL_APP_ID": sandbox.hall_app_id,
        "APP_KEY": sandbox.app_key,
        "BASE_URL": sandbox.url,
        "STORE": "memory:",
        "ORDERS": "memory:",
    }


@pytest.fixture
def pointed(values):
    """Point the default alias at the sandbox."""
    with override_settings(QQMINIGAME={"default": values}):
        yield


@pytest.fixture
def unset(monkeypatch):
    """Take the setting away, and what the machine's environment may have."""
    for name in [name for name in os.environ if name.startswith("QQMINIGAME_")]:
        if name != "QQMINIGAME_LANG":
            monkeypatch.delenv(name)
    with override_settings():
        del settings.QQMINIGAME
        yield


# --- the stand-ins


@pytest.mark.usefixtures("pointed")
def test_session__at_the_top_of_a_module(sandbox):
    """A service made at import, with the settings of then, calls with those of now."""
    login = Login(session).code2session(sandbox.js_code("AB"))
    STORAGE.set(login, {"score": "1"})
    STORAGE.set("AB", {"gold": "2"})
    assert sandbox.state()["players"]["AB"]["storage"] == {"score": "1", "gold": "2"}


@pytest.mark.usefixtures("pointed")
def test_stand_ins__are_what_they_stand_for():
    """Services and users' own checks take them for a Session and a Dawanka."""
    assert isinstance(session, Session)
    assert isinstance(dawanka, Dawanka)
    assert repr(session) == repr(sessions["default"])
    assert InteractiveData(session)
    assert list(dawanka.orders()) == []


@pytest.mark.usefixtures("unset")
def test_stand_ins__need_no_settings_before_they_are_used():
    """Importing them and asking for their type reads nothing."""
    assert isinstance(session, Session)
    assert isinstance(dawanka, Dawanka)
    with pytest.raises(ConfigurationError, match=r"settings\.QQMINIGAME is not set"):
        session.now()


@pytest.mark.usefixtures("pointed")
def test_stand_ins__can_be_replaced_in_tests(monkeypatch):
    """What a test sets is set on the session, and taken back."""
    monkeypatch.setattr(session, "now", lambda: 7)
    assert session.now() == sessions["default"].now() == 7
    monkeypatch.undo()
    assert sessions["default"].now() > 7


@pytest.mark.usefixtures("pointed")
def test_stand_ins__can_be_copied_and_limited():
    """What is made of them stands on the session itself."""
    assert type(copy.copy(session)) is type(session.within(2.0)) is Session
    assert copy.copy(session) is not sessions["default"]
    assert session.within(2.0).deadline_seconds == 2.0
    assert CloudStorage(session.within(2.0))


@pytest.mark.usefixtures("pointed")
def test_bulk__by_the_session_of_the_settings(sandbox):
    """A cron job's load takes it like any other session."""
    for openid in ("AB", "CD"):
        Login(session).code2session(sandbox.js_code(openid))
    result = bulk.load(session, [("AB", {"score": "1"}), ("CD", {"score": "2"})])
    assert (result.stored, result.failed) == (2, 0)


def test_session__follows_override_settings(values):
    """Each change of the setting makes new sessions, and the end of it the old ones again."""
    outside = sessions["default"]
    with override_settings(QQMINIGAME={"default": {**values, "PLATFORM": "douyin"}}):
        assert session.platform.name == "douyin"
        with override_settings(QQMINIGAME={"default": {**values, "PLATFORM": "wechat"}}):
            assert session.platform.name == "wechat"
        assert session.platform.name == "douyin"
    assert session.platform.name == "qq"
    assert sessions["default"] is not outside
    inside = sessions["default"]
    with override_settings(SITE_NAME="other"):
        assert sessions["default"] is inside


@pytest.mark.usefixtures("pointed")
def test_session__16_threads_get_one():
    """It is one per process, whoever comes first."""
    together, found = threading.Barrier(16), []

    def ask():
        together.wait(60)
        found.append((sessions["default"], sessions.dawanka()))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


# --- settings


def test_settings__aliases(values):
    """Each alias has a session of its own; an unknown one is refused by name."""
    douyin = {**values, "PLATFORM": "douyin"}
    with override_settings(QQMINIGAME={"default": values, "douyin": douyin}):
        assert sessions.aliases == ("default", "douyin")
        assert sessions["douyin"].platform.name == "douyin"
        with pytest.raises(ConfigurationError, match="aliases are default, douyin"):
            sessions["duoyin"]


def test_settings__wrong_value_is_told_with_its_place():
    """The message names the alias, and the value is not in it."""
    with override_settings(QQMINIGAME={"default": {"APP_ID": "1", "APP_KEY": f" {SECRET}"}}):
        with pytest.raises(ConfigurationError) as caught:
            session.now()
        assert caught.value.english.startswith("settings.QQMINIGAME['default']: Session: app_key ")
        assert_no_secrets(caught.value, [SECRET])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"APP_ID": "1"}, "has no aliases; put these settings into a dict of their own"),
        (["default"], "must be a dict of aliases, as DATABASES is, not list"),
        (None, "must be a dict of aliases, as DATABASES is, not NoneType"),
        ({"default": "1"}, r"\['default'\] must be a dict of settings, not str"),
        ({}, "there is no alias 'default'; the configured aliases are -"),
    ],
)
def test_settings__of_another_form(value, said):
    """What is not a dict of dicts is refused in words."""
    with (
        override_settings(QQMINIGAME=value),
        pytest.raises(ConfigurationError, match=said),
    ):
        session.now()


@pytest.mark.usefixtures("unset")
def test_settings__from_the_environment(sandbox, monkeypatch):
    """Without the setting, the variables of Session.from_env describe the default alias."""
    monkeypatch.setenv("QQMINIGAME_APP_ID", sandbox.app_id)
    monkeypatch.setenv("QQMINIGAME_APP_SECRET", sandbox.app_secret)
    monkeypatch.setenv("QQMINIGAME_BASE_URL", sandbox.url)
    monkeypatch.setenv("QQMINIGAME_STORE", "memory:")
    monkeypatch.setenv("QQMINIGAME_ORDERS", "memory:")
    assert sessions.aliases == ("default",)
    assert sessions.configuration().orders == "memory:"
    assert Login(session).code2session(sandbox.js_code("AB")).openid == "AB"


@pytest.mark.usefixtures("unset")
def test_settings__from_an_empty_variable(monkeypatch):
    """It counts as not set, as for the arguments of a session."""
    monkeypatch.setenv("QQMINIGAME_APP_ID", "1")
    monkeypatch.setenv("QQMINIGAME_ORDERS", "")
    assert isinstance(sessions.configuration().orders, DatabaseStore)


@pytest.mark.usefixtures("unset")
def test_settings__from_an_environment_without_app_id(monkeypatch):
    """The message names the variables."""
    monkeypatch.setenv("QQMINIGAME_APP_SECRET", SECRET)
    with pytest.raises(ConfigurationError, match=r"^QQMINIGAME_\* has no APP_ID"):
        session.now()


@pytest.mark.parametrize(("address", "using"), [("django:", "default"), ("django:other", "other")])
def test_settings__store_in_the_database(address, using, values):
    """``django:`` is the app's store, in the database that is named."""
    changed = {**values, "STORE": address, "ORDERS": address}
    with override_settings(QQMINIGAME={"default": changed}):
        for store in (session.store, sessions.configuration().orders):
            assert isinstance(store, DatabaseStore)
            assert store.alias == using


def test_settings__wrong_option_of_a_store_in_the_database(values):
    """It is refused with its place, too."""
    with (
        override_settings(QQMINIGAME={"default": {**values, "STORE": "django:?encrypted=yes"}}),
        pytest.raises(ConfigurationError, match=r"^settings\.QQMINIGAME\['default'\]: .*encrypted"),
    ):
        session.now()


def test_settings__orders_are_in_the_database_by_default(values):
    """Orders are records, and are with the project's other records unless told otherwise."""
    del values["ORDERS"]
    with override_settings(QQMINIGAME={"default": values}):
        assert isinstance(sessions.configuration().orders, DatabaseStore)


def test_settings__without_the_app(values):
    """The sessions work in a project that has not installed the app; its store does not."""
    del values["ORDERS"]
    with override_settings(QQMINIGAME={"default": values}, INSTALLED_APPS=[]):
        assert session.now()
        assert sessions.configuration().orders is None
    with (
        override_settings(
            QQMINIGAME={"default": {**values, "STORE": "django:"}}, INSTALLED_APPS=[]
        ),
        pytest.raises(ConfigurationError, match="'django:' needs 'qqminigame"),
    ):
        session.now()


# --- call_finished


@pytest.fixture
def heard():
    """Note what ``call_finished`` sends."""
    heard = []

    def note(sender, **values):
        heard.append((sender, values["alias"], values["event"]))

    call_finished.connect(note)
    yield heard
    call_finished.disconnect(note)


OWN = []


def own_on_call(event):
    """Stand for a project's function, named by its path."""
    OWN.append(event)


@pytest.mark.parametrize("on_call", [own_on_call, "test_django.own_on_call"])
def test_call_finished__and_the_projects_own_function(values, sandbox, heard, on_call):
    """Both hear of each attempt."""
    OWN.clear()
    with override_settings(QQMINIGAME={"douyin": {**values, "ON_CALL": on_call}}):
        Login(sessions["douyin"]).code2session(sandbox.js_code("AB"))
        sender, alias, event = heard[0]
        assert (sender, alias) == (Session, "douyin")
        assert isinstance(event, CallEvent)
        assert event.outcome == "ok"
        assert [event for _, _, event in heard] == OWN


@pytest.mark.usefixtures("pointed", "heard")
def test_call_finished__a_receiver_that_fails(sandbox, heard, caplog):
    """Neither the call nor the other receivers notice; Django logs it."""

    def fail(**values):
        raise ZeroDivisionError

    call_finished.connect(fail)
    try:
        Login(session).code2session(sandbox.js_code("AB"))
    finally:
        call_finished.disconnect(fail)
    assert len(heard) == 1
    assert [record.name for record in caplog.records] == ["django.dispatch"]


@pytest.mark.parametrize("path", ["no_such_module.count", "nothing", "os.no_such_function"])
def test_on_call__that_cannot_be_imported(values, path):
    """It is an error of the settings, with the reason."""
    with (
        override_settings(QQMINIGAME={"default": {**values, "ON_CALL": path}}),
        pytest.raises(ConfigurationError, match="ON_CALL could not be imported: ") as caught,
    ):
        session.now()
    assert caught.value.__context__ is None


# --- in processes of their own


def run(program):
    """Run a program in a process of its own; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import__before_settings_and_apps():
    """settings.py may import it: nothing is read, and no model is loaded."""
    print_it = "import sys; print('qqminigame.integrations.django.models' in sys.modules)"
    assert run(f"import qqminigame.integrations.django; {print_it}") == "False"


def test_import__without_django():
    """The message names the extra."""
    program = """
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "django" else real(name, *rest)
try:
    import qqminigame.integrations.django
except ModuleNotFoundError as error:
    print(error.name, error)
"""
    assert run(program).startswith("django qqminigame.integrations.django needs Django; run python")
    assert "'qqminigame[django]'" in run(program)


def test_ready__opens_no_connection():
    """Servers fork after it: a connection would be shared by all workers."""
    program = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "django_settings"
from django.db.backends.signals import connection_created
connection_created.connect(lambda **_: print("connected"))
django.setup()
from qqminigame.integrations.django import session
session.now()
from django.db import connections
print([one.connection for one in connections.all(initialized_only=True)])
"""
    assert run(program) in ("[]", "[None]")
