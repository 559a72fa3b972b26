"""``flask qqminigame``: the command line on the settings of the app."""

import json
import os
import subprocess
import sys
import threading

import pytest
from flask import Flask
from test_flask import values

from qqminigame.cli.exits import Exit
from qqminigame.integrations.flask import QQMiniGame
from qqminigame.testing import assert_no_secrets

APP = """
import os
from flask import Flask
from qqminigame.integrations.flask import QQMiniGame

app = Flask(__name__)
app.config.from_prefixed_env()
QQMiniGame(app)
"""


@pytest.fixture
def app(sandbox, tmp_path):
    """An app whose aliases share a file, as programs do."""
    app = Flask("game")
    store = f"sqlite:///{tmp_path}/store.db"
    app.config.from_mapping(values(sandbox, "QQMINIGAME_", STORE=store, ORDERS=None))
    app.config["QQMINIGAME"] = {"douyin": values(sandbox, PLATFORM="douyin", STORE=store)}
    QQMiniGame(app)
    yield app
    app.extensions["qqminigame"].close()


@pytest.fixture
def run(app):
    """Run ``flask qqminigame`` with arguments."""
    return lambda *arguments: app.test_cli_runner().invoke(args=["qqminigame", *arguments])


def test_command__uses_the_apps_session(run, app, sandbox):
    """What a command stores, a view finds, and the other way round."""
    done = run("login", "--", sandbox.js_code("0A1B"))
    assert (done.exit_code, done.stdout) == (0, "0A1B\n")
    assert run("storage", "set", "0A1B", "score=7").exit_code == 0
    assert sandbox.state()["players"]["0A1B"]["storage"] == {"score": "7"}
    session = app.extensions["qqminigame"]["default"]
    assert session.login_state("0A1B").openid == "0A1B"
    assert sandbox.state()["token_fetches"] == 1
    assert session.access_token() == session.stored_token()


def test_command__profile_is_the_alias(run, sandbox):
    """Another alias is another app, here on another platform."""
    done = run("login", "--profile", "douyin", "--", sandbox.js_code("D1", platform="douyin"))
    assert (done.exit_code, done.stdout) == (0, "D1\n")
    done = run("token", "show", "--profile", "wechat")
    assert done.exit_code == Exit.CONFIGURATION
    assert "'wechat'" in done.stderr
    assert "douyin, default" in done.stderr


def test_command__platform_option(run):
    """It is what it is elsewhere: an option wins."""
    done = run("doctor", "--offline", "--json", "--platform", "wechat")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert "wechat (option --platform)" in [each["english"] for each in found]


def test_command__reads_no_profile_file(run, command, monkeypatch, tmp_path):
    """Neither the file nor the variables of the command qqminigame mean anything here."""
    folder = tmp_path / "config" / "qqminigame"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    (folder / "qqminigame.toml").write_text("this is no TOML")
    for name, value in command.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("QQMINIGAME_PROFILE", "other")
    monkeypatch.setenv("QQMINIGAME_APP_SECRET", "of-another-app")
    assert run("token", "refresh").exit_code == 0
    done = run("token", "show", "--config", "some.toml")
    assert done.exit_code == Exit.USAGE
    assert "--profile names the alias" in done.stderr


def test_doctor__says_where_a_setting_comes_from(run, sandbox):
    """Each line names the place in the app's config, and shows no secret."""
    for arguments, place in [
        ((), "app.config['QQMINIGAME_*']"),
        (("--profile", "douyin"), "app.config['QQMINIGAME']['douyin']"),
    ]:
        done = run("doctor", "--offline", *arguments)
        assert f"configuration: {place}" in done.stdout
        assert f"setting app_id: {sandbox.app_id} ({place})" in done.stdout
        assert_no_secrets(done.output, [sandbox.app_secret, sandbox.app_key])


def test_doctor__a_store_of_the_apps_own(sandbox):
    """A config may hold things that no file can: they are shown, and asked whether they work."""
    app = Flask("game")
    store = QQMiniGame(shared_app(sandbox, app)).session(app=app).store
    app.extensions["qqminigame"].close()
    app.config.update(QQMINIGAME_STORE=store, QQMINIGAME_ORDERS=store)
    done = app.test_cli_runner().invoke(args=["qqminigame", "doctor", "--offline"])
    assert f"setting store: {store!r} (app.config['QQMINIGAME_*'])" in done.stdout
    assert f"{store!r} is readable and writable" in done.stdout


def shared_app(sandbox, app):
    """Return an app with settings that are made for one process."""
    app.config.from_mapping(values(sandbox, "QQMINIGAME_"))
    return app


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["storage", "set", "nobody", "a=1"], Exit.LOGIN_EXPIRED, "nobody"),
        (["storage", "set", "nobody"], Exit.USAGE, "flask qqminigame storage set --help"),
        (["no-such"], Exit.USAGE, "flask qqminigame --help"),
        (["completion", "bash"], Exit.USAGE, "use the program qqminigame"),
    ],
)
def test_command__ends_as_the_program_does(run, arguments, code, words):
    """Exit codes and errors are those of docs/cli.rst; errors go to stderr."""
    done = run(*arguments)
    assert done.exit_code == code
    assert words in done.stderr
    assert done.stdout == ""


def test_command__errors_as_json(run):
    """One object on stderr, as elsewhere."""
    done = run("storage", "set", "nobody", "a=1", "--json")
    error = json.loads(done.stderr)
    assert (error["error"], error["exit_code"]) == ("LoginNotFoundError", 5)


def test_command__help_and_dashes(run, sandbox):
    """All that stands behind the name is the command's: --help, and '--' too."""
    done = run("--help")
    assert done.stdout.startswith("Usage: flask qqminigame [OPTIONS] COMMAND")
    assert "Usage: flask qqminigame token" in run("token", "--help").stdout
    run("login", "--", sandbox.js_code("-dash"))
    assert run("storage", "set", "--", "-dash", "a=1").exit_code == 0
    assert sandbox.state()["players"]["-dash"]["storage"] == {"a": "1"}


def test_command__in_a_thread(run, sandbox):
    """A thread has no signals, and may call a command all the same."""
    done = []
    thread = threading.Thread(
        target=lambda: done.append(run("login", "--", sandbox.js_code("0A1B")))
    )
    thread.start()
    thread.join()
    assert [each.exit_code for each in done] == [0]


def test_command__is_listed(app):
    """``flask --help`` shows it with a line of what it does."""
    listed = app.test_cli_runner().invoke(args=["--help"]).stdout
    assert "qqminigame" in listed
    assert "mini games" in listed


def test_process__by_flask_itself(sandbox, tmp_path):
    """The program ``flask`` finds the app, and passes on the exit code."""
    (tmp_path / "app.py").write_text(APP)
    store = f"sqlite:///{tmp_path}/store.db"
    env = {**os.environ, **values(sandbox, "FLASK_QQMINIGAME_", STORE=store)}
    command = [sys.executable, "-m", "flask", "qqminigame"]

    def flask(*arguments):
        done = subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        return done.returncode, done.stdout, done.stderr

    assert flask("login", "--", sandbox.js_code("0A1B")) == (0, "0A1B\n", "")
    assert flask("storage", "set", "0A1B", "score=7") == (0, "", "")
    code, out, err = flask("storage", "set", "0A1B", f"score={'x' * 2000}")
    assert (code, out) == (Exit.USAGE, "")
    assert err.startswith("qqminigame: CloudStorage.set")


def test_process__loads_no_command_line_to_serve(sandbox, tmp_path):
    """A process that answers requests imports neither rich nor the commands."""
    program = f"{APP}\nimport sys\nprint([name for name in sys.modules if 'rich' in name])"
    program += "\nprint('qqminigame.cli.program' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "False"], done.stderr


def test_process__without_the_extra(sandbox, tmp_path):
    """Flask brings click but not rich: the error names what to install, in one line."""
    (tmp_path / "app.py").write_text(APP)
    program = "import sys; sys.modules['rich'] = None; from flask.cli import main; main()"
    command = [sys.executable, "-c", program, "qqminigame", "doctor"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (Exit.CONFIGURATION, "")
    assert done.stderr == (
        "qqminigame: the commands need rich; run python -m pip install 'qqminigame[cli]'\n"
    )
