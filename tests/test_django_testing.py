"""Support for the tests of Django projects."""

import unittest
import warnings
from typing import ClassVar

import django_project  # noqa: F401 - sets Django up
import pytest
from django.core.management import call_command
from django.test import TestCase, TransactionTestCase, override_settings

from qqminigame import CloudStorage, ConfigurationError, Dawanka, MemoryStore
from qqminigame.integrations.django import dawanka, session, sessions
from qqminigame.integrations.django.store import DatabaseStore
from qqminigame.integrations.django.testing import SandboxMixin, SandboxTestCase, sandbox_settings

STORAGE = CloudStorage(session)
pytest_plugins = ["qqminigame.integrations.django.pytest_plugin"]


def passes(case):
    """Run a test case as Django's runner does, with all warnings; return how many tests passed."""
    result = unittest.TestResult()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert [text for _, text in (*result.errors, *result.failures)] == []
    return result.testsRun


@pytest.fixture
def tables():
    """Make the app's tables in the project's database, which is in memory."""
    call_command("migrate", verbosity=0)


def test_sandbox_test_case__players_and_calls():
    """Logins, stored data and the hall's page, on an alias that the settings only name."""

    class Case(SandboxTestCase):
        def test_calls(self):
            login = self.players.log_in("AB")
            STORAGE.set(login, {"score": "1"})
            STORAGE.set("AB", {"gold": "2"})
            assert self.players.stored("AB") == {"score": "1", "gold": "2"}
            hall_login = self.players.enter_hall(level=1, pay_return_count=3)
            assert dawanka.report_pay(hall_login, order_id="7").left == 2
            assert [order.order_id for order in dawanka.orders()] == ["7"]

    assert passes(Case) == 1


def test_sandbox_test_case__each_test_begins_with_nothing():
    """Neither players nor logins nor orders nor faults are left from another test."""

    class Case(SandboxTestCase):
        def check(self):
            assert self.sandbox.state()["players"] == {}
            assert session.logins.count() == 0
            assert list(dawanka.orders()) == []
            self.players.log_in("AB")
            dawanka.report_pay(self.players.enter_hall(pay_return_count=1), order_id="7")
            self.sandbox.script({"kind": "busy", "times": -1})

        test_one = test_two = check

    assert passes(Case) == 2


def test_sandbox_test_case__leaves_the_settings_as_they_were():
    """After the last test, the sessions are those of the project."""

    class Case(SandboxTestCase):
        def test_it(self):
            self.players.log_in()

    before = session.describe()
    assert passes(Case) == 1
    assert session.describe() == before
    assert repr(sessions["default"]) == repr(session)
    sessions.close()


def test_sandbox_test_case__aliases_keep_their_platforms():
    """Players belong to the platform of an alias, the older host's included."""
    aliases = {"default": {}, "tt": {"PLATFORM": "douyin"}, "old": {"PLATFORM": "douyin-toutiao"}}

    class Case(SandboxTestCase):
        def test_platforms(self):
            for alias in aliases:
                login = self.players.log_in(f"{alias}-AB", alias=alias)
                CloudStorage(sessions[alias]).set(login, {"on": alias})
                assert self.players.stored(f"{alias}-AB", alias=alias) == {"on": alias}

    with override_settings(QQMINIGAME=aliases):
        assert passes(Case) == 1


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("base", [TestCase, TransactionTestCase])
def test_sandbox_mixin__the_projects_database(base):
    """The real store is a setting away; Django takes its rows back after each test."""

    class Case(SandboxMixin, base):
        minigame_settings: ClassVar = {"STORE": "django:", "ORDERS": "django:"}

        def check(self):
            assert isinstance(session.store, DatabaseStore)
            assert session.logins.count() == 0
            STORAGE.set(self.players.log_in("AB"), {"score": "1"})
            assert session.logins.count() == 1
            hall_login = self.players.enter_hall(pay_return_count=1)
            assert dawanka.report_pay(hall_login, order_id="7").left == 0

        test_one = test_two = check

    assert passes(Case) == 2


def test_sandbox_settings__of_a_project_without_any(sandbox, monkeypatch):
    """A project can be tested before it has credentials."""
    for name in ("APP_ID", "APP_SECRET", "STORE"):
        monkeypatch.delenv(f"QQMINIGAME_{name}", raising=False)
    with override_settings(QQMINIGAME=None):
        assert sandbox_settings(sandbox, {})["default"]["APP_ID"] == sandbox.app_id


def test_sandbox_settings__keep_what_tests_do_not_change(sandbox):
    """A hook of the project's stays; its own HTTP session, with proxies maybe, does not."""
    values = {"PLATFORM": "wechat", "ON_CALL": print, "HTTP": object()}
    with override_settings(QQMINIGAME={"wx": values}):
        (pointed,) = sandbox_settings(sandbox, {"LOGIN_TTL": 5}).values()
    assert (pointed["PLATFORM"], pointed["ON_CALL"], pointed["HTTP"]) == ("wechat", print, None)
    assert pointed["LOGIN_TTL"] == 5


class TestFixture:
    """The fixture, in classes that change its settings and that do not."""

    def test_players(self, qqminigame_players):
        """Settings point at the sandbox, with everything in memory."""
        STORAGE.set(qqminigame_players.log_in("AB"), {"score": "1"})
        assert qqminigame_players.stored("AB") == {"score": "1"}
        assert isinstance(session.store, MemoryStore)
        assert isinstance(dawanka, Dawanka)

    def test_players__are_new_each_time(self, qqminigame_players):
        """Nobody is left from another test."""
        assert qqminigame_players.sandbox.state()["players"] == {}
        assert session.logins.count() == 0


class TestFixtureWithSettings:
    """A project's own settings for all of a module's tests."""

    @pytest.fixture
    def qqminigame_settings(self):
        """No Dawanka here."""
        return {"APP_KEY": None, "HALL_APP_ID": None}

    def test_players(self, qqminigame_players):
        """They are used."""
        qqminigame_players.log_in()
        with pytest.raises(ConfigurationError, match="Dawanka needs app_key"):
            sessions.dawanka()
