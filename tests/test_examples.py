"""The examples: their own tests pass, their pages hold, and make plays them on a fresh clone."""

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from itertools import takewhile

import pytest
from documents import ROOT, Document
from machine import require
from ports import Port

NAMES = ("django_game", "flask_game")
FOLDER = ROOT / "examples"
PRODUCTION = {
    "GAME_SECRET_KEY": "0123456789abcdef" * 4,
    "QQMINIGAME_APP_ID": "1110766237",
    "QQMINIGAME_APP_SECRET": "of-production",
    "QQMINIGAME_HALL_APP_ID": "1104466821",
    "QQMINIGAME_APP_KEY": "OfProduction0000",
}
OWN_TESTS = {
    "django_game": ["-W", "error", "manage.py", "test"],
    "flask_game": ["-m", "pytest", "-q", "-p", "no:cacheprovider"],
}
# What a README calls a command, and how it is run here.
COMMANDS = {
    "python": [sys.executable],
    "venv/bin/python": [sys.executable],
    "flask": [sys.executable, "-m", "flask"],
    "venv/bin/flask": [sys.executable, "-m", "flask"],
    "gunicorn": [sys.executable, "-m", "gunicorn"],
}

pytestmark = pytest.mark.uncovered


@pytest.fixture
def run(tmp_path):
    """Run a command in an example's folder, with an environment of production."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        **PRODUCTION,
        "DJANGO_SETTINGS_MODULE": "game.settings",
        "GAME_DATA": str(tmp_path),
        "HOME": str(tmp_path),
    }

    def run(name, *command):
        return subprocess.run(
            [*command],
            cwd=FOLDER / name,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_own_tests__pass(run, name):
    """Against the sandbox, without a warning."""
    done = run(name, sys.executable, *OWN_TESTS[name])
    assert done.returncode == 0, done.stdout
    assert re.search(r"^OK|\d+ passed", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_django__is_ready_for_production(run):
    """The settings pass Django's checks and ours, and the migrations are complete."""
    manage = [sys.executable, "manage.py"]
    assert run("django_game", *manage, "migrate").returncode == 0
    arguments = ["check", "--deploy", "--fail-level", "WARNING", "--database", "default"]
    checked = run("django_game", *manage, *arguments)
    assert checked.returncode == 0, checked.stdout
    changes = run("django_game", *manage, "makemigrations", "game", "--check", "--dry-run")
    assert changes.returncode == 0, changes.stdout


def crontab(name):
    """Return the commands of a README's crontab, without what stands before them."""
    document = Document(f"examples/{name}/README.rst")
    (text,) = [each.text for each in document.snippets() if each.language == "text"]
    return re.findall(r"\.lock (.*)", text)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_readme__commands_exist(run, name):
    """Those to type and those of cron, without what installs."""
    document = Document(f"examples/{name}/README.rst")
    lines = [re.sub(r"^(\w+=\S+ )+", "", line) for line in document.commands()]
    kept = [line for line in lines if not re.search("pip install|mkdir|pytest", line)]
    assert len(kept) >= 3
    assert len(crontab(name)) == 2
    for line in (*kept, *crontab(name)):
        program, *arguments = shlex.split(line)
        help_option = "--check-config" if program == "gunicorn" else "--help"
        done = run(name, *COMMANDS[program], *arguments, help_option)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_readme__files_exist(name):
    """Each file of the table is there, and none is left out."""
    rows = Document(f"examples/{name}/README.rst").table("file")
    assert [row[0] for row in rows if not (FOLDER / name / row[0]).exists()] == []


def play(command, **place):
    """Start an example, open the pages whose addresses it prints, and press Ctrl-C."""
    options = {"stdout": subprocess.PIPE, "text": True, "start_new_session": True, **place}
    with subprocess.Popen(command, **options) as process:
        lines = iter(process.stdout.readline, "")
        shown = "".join(takewhile(lambda line: "Ctrl-C" not in line, lines))
        game, hall, sandbox = re.findall(r"http://\S+", shown)
        try:
            for address in (game, hall, sandbox):
                urllib.request.urlopen(address).close()
        finally:
            os.killpg(process.pid, signal.SIGINT)  # what a terminal sends
    for address in (game, sandbox):
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(address)
    return process.returncode


needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix")


@pytest.mark.slow
@needs_unix
@pytest.mark.parametrize("name", NAMES)
def test_run__ends_with_ctrl_c(name, tmp_path):
    """It prints where to open the game, and leaves no process behind."""
    port = Port()
    command = [sys.executable, str(FOLDER / "run.py"), name, "--port", str(port.number)]
    assert play(command, env={**os.environ, "HOME": str(tmp_path)}) == 0


@needs_unix
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_make__plays_both_on_a_fresh_clone(tmp_path):
    """With Python and make alone."""
    clone = tmp_path / "clone"
    tracked = [require("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(tracked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    given = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    place = {"cwd": clone, "env": {**given, "HOME": str(tmp_path)}}
    for target in ("example-django", "example-flask"):
        port = Port()
        options = [f"PORT={port.number}", f"PYTHON={sys.executable}"]
        play([require("make"), target, *options], **place)
