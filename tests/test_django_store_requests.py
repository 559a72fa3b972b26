"""Requests that fail: what the store has written stays, because the platform keeps it too."""

import pytest

# Django is set up by now.
from django.test import Client, override_settings
from django.urls import path
from django_databases import DatabaseStore, database, sqlite_settings
from sessions import js_code, make_session

from qqminigame import CloudStorage, Dawanka, Login, StoreError
from qqminigame.integrations.django.models import StoredText


class Game:
    """Views of a game, which all write into the project's database, and then fail."""

    def __init__(self, sandbox, store, hall_login):
        self._sandbox, self._store = sandbox, store
        self.hall_login = hall_login
        self.failure = None

    def session(self):
        """Return the session of a new process."""
        return make_session(self._sandbox, store=self._store)

    def view(self, request):
        """Log a player in, store a score, report a bonus, and fail."""
        write_as_the_project()
        with self.session() as session:
            try:
                login = Login(session).code2session(js_code(session, self._sandbox, "player"))
                CloudStorage(session).set(login, {"score": "1"})
                Dawanka(session, orders=self._store).report_pay(self.hall_login, "order-1")
            except StoreError as error:
                self.failure = error
        raise ZeroDivisionError

    @property
    def urlpatterns(self):
        """The urls, as Django finds them in a module."""
        return [path("", self.view)]


def calls(sandbox):
    """Return the names of the calls that the platform has received."""
    return [entry["path"].rpartition("/")[2] for entry in sandbox.log()]


def write_as_the_project():
    """Write what the request's transaction rolls back."""
    StoredText.objects.using("project").create(
        key_id="project", key=b"", text=b"", is_encrypted=False, kind="other", written_at=0
    )


@pytest.fixture
def play(sandbox, hall_login):
    """Ask for the failing view, with ATOMIC_REQUESTS for the project's alias."""

    def ask(store):
        game = Game(sandbox, store, hall_login)
        with override_settings(ROOT_URLCONF=game):
            response = Client(raise_request_exception=False).get("/")
        assert response.status_code == 500
        return game

    return ask


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_atomic_requests__an_alias_of_its_own(databases, database_servers, sandbox, play, kind):
    """The token that was fetched, the login and the order are there after the rollback."""
    alias = databases(kind)
    settings = {**database_servers(kind).settings(), "ATOMIC_REQUESTS": True}
    with database("project", settings, migrate=False):
        game = play(DatabaseStore(alias))
    assert game.failure is None
    assert not StoredText.objects.using(alias).filter(key_id="project").exists()
    with game.session() as session:
        assert session.login_state("player").openid == "player"
        CloudStorage(session).set("player", {"score": "2"})
        dawanka = Dawanka(session, orders=DatabaseStore(alias))
        assert [order.state for order in dawanka.orders()] == ["finished"]
        assert dawanka.report_pay(game.hall_login, "order-1").left == 2
    called = calls(sandbox)
    assert (called.count("getToken"), called.count("report_dawanka_pay")) == (1, 1)


def test_atomic_requests__a_file_of_its_own(databases, tmp_path, play):
    """On SQLite another file does the same."""
    alias = databases("sqlite")
    settings = {**sqlite_settings(tmp_path / "project.sqlite3"), "ATOMIC_REQUESTS": True}
    with database("project", settings):
        game = play(DatabaseStore.from_address(f"django:{alias}?persistent=yes"))
    assert game.failure is None
    with game.session() as session:
        assert session.login_state("player").openid == "player"


def test_atomic_requests__on_the_alias_itself(tmp_path, sandbox, play):
    """With the request's own alias the first call fails, before anything is sent."""
    settings = {**sqlite_settings(tmp_path / "project.sqlite3"), "ATOMIC_REQUESTS": True}
    with database("project", settings):
        game = play(DatabaseStore("project"))
    assert "alias of its own" in str(game.failure)
    assert "report_dawanka_pay" not in calls(sandbox)
