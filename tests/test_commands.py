"""``python -m qqminigame``: the demo and the sandbox, as processes."""

import inspect
import io
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
import requests
from rich.console import Console

from qqminigame.cli import demo
from qqminigame.cli.commands import local
from qqminigame.cli.exits import Exit
from qqminigame.sandbox import Sandbox

COMMAND = [sys.executable, "-m", "qqminigame"]


def run(*arguments):
    """Run a command to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def story():
    """What the demo prints."""
    done = run("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "GET /sns/jscode2session",
        "GET /api/getToken",
        "POST /api/openDataContext/set_user_storage",
        "POST /api/openDataContext/remove_user_storage",
        "POST /api/setuserinteractivedata",
        "GET /v3/user/get_dawanka_info",
        "GET /v3/user/report_dawanka_pay",
        '{"kv_list":[{"key":"score","value":"100"},{"key":"gold","value":"3000"}]}',
        "PayReport(use=1, left=2)",
        "(the platform's code 87016)",
        "(the platform's code 87018)",
        "(the platform's code 87019)",
        "set_user_storage: 87018 TOO_MANY_PAIRS",
        "9 requests, 1 of them to fetch the access token.",
    ],
)
def test_demo__tells_the_whole_story(story, line):
    """Every call, what was sent and answered, and every refusal is there."""
    assert line in story


def test_demo__three_refusals_here_and_one_there(story):
    """Each local limit is refused without a request; the stored total by the platform."""
    assert story.count("nothing was sent") == 3
    assert story.count("InvalidArgumentError") == 3
    assert story.count("StorageLimitError") == 1


def test_demo__shows_no_secret(story):
    """Secrets are masked in the queries and in the replies."""
    with Sandbox(seed=1) as sandbox:
        assert sandbox.app_secret not in story
        assert sandbox.app_key not in story
    for name in ("access_token", "secret", "session_key", "openkey", "signature", "sig"):
        values = re.findall(rf'\b{name}(?:=|":")([^&"\s]*)', story)
        assert values
        assert set(values) == {"***"}


def test_demo__its_exit_status_tells(monkeypatch):
    """A step that ends otherwise than told makes the demo fail, and is named."""
    monkeypatch.setattr(demo, "_STORY", demo._STORY[:3])
    printed = io.StringIO()
    assert not demo.play(1, Console(file=printed))
    assert "FAILED: what the platform has stored" in printed.getvalue()


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("storage.set(login, {})", None),
        ("storage.set(login, {'a': '1'})", demo.InvalidArgumentError),
        ("storage.set('nobody', {'a': '1'})", demo.StorageLimitError),
    ],
)
def test_demo__a_step_that_ends_otherwise(monkeypatch, code, refusal):
    """A step that fails, or that does not fail as it has to, is named."""
    step = demo._Step("the odd step", code, refusal=refusal)
    monkeypatch.setattr(demo, "_STORY", (*demo._STORY, step))
    printed = io.StringIO()
    assert not demo.play(1, Console(file=printed))
    assert "FAILED: the odd step" in printed.getvalue()


def test_sandbox__serves_as_told_until_it_is_told_to_stop():
    """It says where it is and how to use it, answers there, and ends on SIGTERM with status 0."""
    options = "--port 0 --seed 7 --app-id 77 --fetches-a-day qq 0 --allowed-ip 10.0.0.1"
    process = subprocess.Popen(
        [*COMMAND, "sandbox", *options.split()],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        url = re.search(r"http://\S+(?=;)", process.stdout.readline())[0]
        codes = [fetch_token(url, path)["errcode"] for path in ("api/getToken", "cgi-bin/token")]
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        process.wait(timeout=60)
    finally:
        process.kill()
        process.stdout.close()
    assert codes == [45009, 40164]  # the quota of the day, the address
    assert f"QQMINIGAME_BASE_URL={url}" in rest
    assert "QQMINIGAME_APP_ID=77" in rest
    assert process.returncode == 0


def fetch_token(url, path):
    """Ask the sandbox for an access token; return the reply."""
    query = {"grant_type": "client_credential", "appid": "77", "secret": "sandbox-app-secret"}
    return requests.get(f"{url}/{path}", params=query, timeout=60).json()


def test_sandbox__has_an_option_for_each_setting():
    """What can be written on a command line; a secret cannot, and is made up anyway."""
    in_programs_only = {"app_secret", "app_key", "log_size", "keepalive_seconds", "ssl_context"}
    settings = set(inspect.signature(Sandbox).parameters) - in_programs_only
    assert {parameter.name for parameter in local.sandbox.params} == settings


def test_sandbox__a_port_that_is_taken():
    """One line names the port and says what to do; there is no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("sandbox", "--port", str(port))
    assert done.returncode == Exit.CONFIGURATION
    words = f"qqminigame: the sandbox cannot listen on 127.0.0.1:{port}: the port is in use; stop "
    assert done.stderr.startswith(words)
    assert "choose another port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_version__is_shown():
    """--version says it."""
    assert re.search(r"\d+\.\d+", run("--version").stdout)


@pytest.mark.parametrize(
    ("missing", "words", "extra"),
    [
        ("click", ["token", "show"], "cli"),
        ("click", ["demo"], "sandbox"),
        ("aiohttp", ["demo"], "sandbox"),
        ("aiohttp", ["sandbox"], "sandbox"),
    ],
)
def test_commands__without_what_they_need(missing, words, extra):
    """Without the extra, one line says what to install."""
    program = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = {words};"
        "from qqminigame.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == (1 if missing == "click" else Exit.CONFIGURATION)
    assert f"needs {missing}; run python -m pip install 'qqminigame[{extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
