"""The admin: logins and pay orders to read, without their secrets, and orders to settle."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django_databases import DatabaseStore, MovedDatabaseStore, database, sqlite_settings
from sessions import enter_hall, log_in, make_session

# Django is set up by now.
from qqminigame import Dawanka, OutcomeUnknownError
from qqminigame.sandbox import Sandbox
from qqminigame.testing import assert_no_secrets

PROGRAM = Path(__file__).parent / "admin_program.py"


@pytest.fixture(scope="module")
def running():
    """A platform that lasts for all tests of the module."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def game(running, tmp_path_factory):
    """A login, an order that is due and one that is finished, and the pages of the admin."""
    folder = tmp_path_factory.mktemp("admin")
    settings = sqlite_settings(folder / "db.sqlite3")
    with (
        database("admin", settings),
        make_session(running, store=DatabaseStore("admin")) as session,
    ):
        login = log_in(session, running, "openid-1")
        hall_login = enter_hall(running)
        # Begun long enough ago to be due.
        dawanka = Dawanka(session, orders=MovedDatabaseStore("admin", lambda: -100.0))
        running.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
        with pytest.raises(OutcomeUnknownError):
            dawanka.report_pay(hall_login, "order:lost")
        dawanka.report_pay(enter_hall(running), "order:done")
    configuration = {
        "APP_ID": running.app_id,
        "APP_SECRET": running.app_secret,
        "HALL_APP_ID": running.hall_app_id,
        "APP_KEY": running.app_key,
        "BASE_URL": running.url,
        "STORE": "django:",
    }
    arguments = [json.dumps(configuration), str(folder / "db.sqlite3"), "order:done", "openid-1"]
    done = subprocess.run(
        [sys.executable, PROGRAM, *arguments], capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr[-3000:]
    secrets = [login.session_key, hall_login.openkey, running.app_secret, running.app_key]
    assert_no_secrets(done.stdout, secrets)
    return json.loads(done.stdout)


def cells(page):
    """Return the texts of a page's fields."""
    return re.findall(r'<t[dh] class="field-[^>]*>([^<]*)<', page)


def test_logins__are_listed_and_found(game):
    """A login is shown with its openid, and found by exactly that."""
    assert "openid-1" in cells(game["logins"])
    assert "openid-1" in cells(game["found login"])
    assert cells(game["lost login"]) == []


def test_orders__are_listed_and_found(game):
    """Orders are shown with their state; one is found by its id."""
    assert {"order:lost", "order:done", "open", "finished"} <= set(cells(game["orders"]))
    assert "order:done" in cells(game["found order"])
    assert "order:lost" not in cells(game["found order"])


def test_orders__by_state(game):
    """The filter tells open orders from finished ones."""
    lost_and_done = {"order:lost", "order:done"}
    assert lost_and_done & set(cells(game["open"])) == {"order:lost"}
    assert lost_and_done & set(cells(game["finished"])) == {"order:done"}


def test_orders__in_chinese(game):
    """The admin's own language is that of the request."""
    assert {"未完成", "已完成"} <= set(cells(game["orders in Chinese"]))


def test_orders__are_read_only(game):
    """Nothing can be added, changed or deleted."""
    assert "403 Forbidden" in game["add"]
    assert 'name="_save"' not in game["order"]
    assert "deletelink" not in game["order"]
    assert "delete_selected" not in game["orders"]


def test_settle__by_who_may(game):
    """Who may only look does not see the action, and cannot use it."""
    assert "settle_due" in game["orders"]
    assert "settle_due" not in game["reader"]
    assert "order:lost" in cells(game["settled by reader"])
    assert "Counted" not in game["settled by reader"]


def test_settle__says_what_became_of_each(game):
    """A due order is settled with the openkey that the records have."""
    assert "Counted: order:lost." in game["settled"]
    assert cells(game["settled"]).count("finished") == 2
