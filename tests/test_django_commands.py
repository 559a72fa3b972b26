"""``manage.py qqminigame`` and ``qqminigame_settle``: commands on the project's settings."""

import io
import json
import os
import subprocess
import sys

import django_project  # noqa: F401 - sets Django up
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import override_settings
from sessions import Clock
from test_flask import values

import qqminigame
from qqminigame import HallLogin, OutcomeUnknownError
from qqminigame.cli.exits import Exit
from qqminigame.integrations.django import sessions
from qqminigame.testing import assert_no_secrets

SETTINGS = """
import json, os
SECRET_KEY = "for-tests"
INSTALLED_APPS = ["qqminigame.integrations.django"]
QQMINIGAME = {"default": json.loads(os.environ["MINIGAME"])}
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "game_settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@pytest.fixture
def project(sandbox, tmp_path):
    """The project's settings: two apps, whose store is a file."""
    places = {
        "STORE": f"sqlite:///{tmp_path}/store.db",
        "ORDERS": f"sqlite:///{tmp_path}/orders.db",
    }
    default = values(sandbox, **places)
    douyin = values(sandbox, **places, PLATFORM="douyin")
    with override_settings(QQMINIGAME={"default": default, "douyin": douyin}):
        yield default


def call(name, *arguments):
    """Run a management command; return what it printed to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def failed(name, *arguments):
    """Return the exception a management command ends with, and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(name, *arguments, stdout=out, stderr=err)
    return caught.value, out.getvalue(), err.getvalue()


@pytest.mark.usefixtures("project")
def test_command__uses_the_projects_session(sandbox):
    """What a command stores, a view finds, and the other way round."""
    assert call("qqminigame", "login", "--", sandbox.js_code("0A1B")) == ("0A1B\n", "")
    assert call("qqminigame", "storage", "set", "0A1B", "score=7") == ("", "")
    assert sandbox.state()["players"]["0A1B"]["storage"] == {"score": "7"}
    assert sessions["default"].login_state("0A1B").openid == "0A1B"
    assert sandbox.state()["token_fetches"] == 1


@pytest.mark.usefixtures("project")
def test_command__profile_is_the_alias(sandbox):
    """Another alias is another app, here on another platform."""
    code = sandbox.js_code("D1", platform="douyin")
    assert call("qqminigame", "login", "--profile", "douyin", "--", code) == ("D1\n", "")
    error, _, err = failed("qqminigame", "token", "show", "--profile", "wechat")
    assert error.returncode == Exit.CONFIGURATION
    assert "'wechat'" in err
    assert "default, douyin" in err


@pytest.mark.usefixtures("project")
def test_command__ends_as_the_program_does():
    """The exit code is the exception's, the reason is on stderr, and stdout is empty."""
    error, out, err = failed("qqminigame", "storage", "set", "nobody", "a=1")
    assert (error.returncode, out) == (Exit.LOGIN_EXPIRED, "")
    assert err.startswith("qqminigame: ")
    assert "nobody" in err
    assert str(error) == "ended with exit code 5 (login_expired); the reason is on stderr"
    error, _, err = failed("qqminigame", "storage", "set", "nobody", "a=1", "--json")
    assert json.loads(err)["exit_code"] == error.returncode


@pytest.mark.usefixtures("project")
def test_command__help_goes_to_the_stream():
    """``--help`` behind a command is that command's, under the name that users type."""
    out, _ = call("qqminigame", "token", "--help")
    assert out.startswith("Usage: manage.py qqminigame token")
    error, _, err = failed("qqminigame", "no-such")
    assert error.returncode == Exit.USAGE
    assert "manage.py qqminigame --help" in err


def test_doctor__says_where_a_setting_comes_from(project, sandbox):
    """Each line names the alias in the settings, and shows no secret."""
    out, err = call("qqminigame", "doctor", "--offline")
    place = "settings.QQMINIGAME['default']"
    assert f"configuration: {place}" in out
    assert f"setting app_id: {sandbox.app_id} ({place})" in out
    assert "on_call" not in out
    assert_no_secrets([out, err], [project["APP_SECRET"], project["APP_KEY"]])


@override_settings(QQMINIGAME={"default": {"APP_ID": "1", "APP_SECRT": "keep-this-secret"}})
def test_doctor__of_settings_that_are_wrong():
    """It says what is wrong, although the system checks would refuse to begin."""
    error, out, err = failed("qqminigame", "doctor", "--offline")
    assert error.returncode == Exit.CONFIGURATION
    assert "did you mean 'APP_SECRET'?" in out
    assert_no_secrets([out, err, error], ["keep-this-secret"])


@pytest.fixture
def manage(sandbox, tmp_path):
    """Run ``manage.py`` of a project of its own, as a process."""
    (tmp_path / "game_settings.py").write_text(SETTINGS)
    (tmp_path / "manage.py").write_text(MANAGE)
    places = {
        "STORE": f"sqlite:///{tmp_path}/store.db",
        "ORDERS": f"sqlite:///{tmp_path}/orders.db",
    }
    env = {**os.environ, "MINIGAME": json.dumps(values(sandbox, **places))}

    def manage(*arguments):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    return manage


def test_process__prints_and_ends_as_the_program(manage, sandbox):
    """Quiet where all is well; else the exit code and one line, without Django's own."""
    assert manage("qqminigame", "login", "--", sandbox.js_code("0A1B")) == (0, "0A1B\n", "")
    assert manage("qqminigame", "storage", "set", "0A1B", "score=7") == (0, "", "")
    code, out, err = manage("qqminigame", "storage", "set", "nobody", "a=1", "--json")
    assert (code, out) == (Exit.LOGIN_EXPIRED, "")
    assert json.loads(err)["error"] == "LoginNotFoundError"


@pytest.mark.slow
def test_process__without_arguments(manage):
    """It lists the commands; Django's own --help stands before them."""
    code, _, err = manage("qqminigame")
    assert code == Exit.USAGE
    assert "Usage: manage.py qqminigame" in err
    code, out, _ = manage("qqminigame", "--help")
    assert code == 0
    assert "--settings" in out


def test_settle__what_is_due(project, sandbox):
    """An order whose outcome is unknown is closed once its report cannot be under way any more.

    The openkey that this takes is encrypted in the records, as the settings say.
    """
    time = Clock()
    cipher = Fernet(Fernet.generate_key())
    settings = {**project, "CLOCK": qqminigame.Clock(time=time), "CIPHER": cipher}
    openid, openkey = sandbox.hall_login(pay_return_count=3)
    player = HallLogin(openid=openid, openkey=openkey)
    sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
    with override_settings(QQMINIGAME={"default": settings}):
        with pytest.raises(OutcomeUnknownError) as unknown:
            sessions.dawanka().report_pay(player, "order-1")
        assert call("qqminigame_settle") == ("", "")
        time.now += unknown.value.settle_in + 1
        out, err = call("qqminigame_settle", "--json")
        (order,) = sessions.dawanka().orders("finished")
        assert call("qqminigame_settle") == ("", "")
    assert (json.loads(out)["order_id"], json.loads(out)["outcome"]) == ("order-1", "counted")
    assert (order.order_id, err) == ("order-1", "")
    assert_no_secrets(out, [openkey])


@pytest.mark.usefixtures("project")
def test_settle__an_alias_that_cannot():
    """It has no game hall: the error says so, with its exit code."""
    error, _, err = failed("qqminigame_settle", "--alias", "douyin", "--limit", "5")
    assert error.returncode == Exit.CONFIGURATION
    assert "Dawanka is not available on platform 'douyin'" in err
