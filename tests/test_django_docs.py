"""docs/django.rst: its files make up a project, which passes its own checks and tests."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import django_project  # noqa: F401 - sets Django up
import pytest
from django.test import override_settings
from documents import Document
from web_servers import program

from qqminigame import Login
from qqminigame.integrations.django import sessions
from qqminigame.integrations.django.testing import sandbox_settings

PAGE = Document("docs/django.rst")
# What the page takes as given: a project, before and after its lines.
BEFORE = """
from pathlib import Path
SECRET_KEY = "for-tests-and-long-enough-that-no-check-complains-about-it"
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).parent / "db.sqlite3",
        "TEST": {"NAME": Path(__file__).parent / "test.sqlite3"},
    }
}
SECURE_HSTS_SECONDS, SECURE_SSL_REDIRECT = 1, False
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003", "security.W008"]
"""
AFTER = """
if "SANDBOX_URL" in os.environ:
    QQMINIGAME["default"]["BASE_URL"] = os.environ["SANDBOX_URL"]
"""
FILES = {
    "urls.py": (
        "import views\nfrom django.urls import path\n"
        'urlpatterns = [path("login", views.login), path("score", views.score)]\n'
    ),
    "wsgi.py": """
import os
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
if "EARLY_CODE" in os.environ:  # a call before the server forks, as tempting as it is
    from qqminigame import Login
    from qqminigame.integrations.django import session
    Login(session).code2session(os.environ["EARLY_CODE"])
""",
    "manage.py": (
        "import sys\nfrom django.core.management import execute_from_command_line\n"
        "execute_from_command_line(sys.argv)\n"
    ),
    "conftest.py": 'pytest_plugins = ["qqminigame.integrations.django.pytest_plugin"]\n',
    "pytest.ini": "[pytest]\nfilterwarnings = error\npythonpath = .\n",
}

LOG_IN = """
import django
django.setup()
from qqminigame import Login
from qqminigame.integrations.django import session
Login(session).code2session({js_code!r})
"""


@pytest.fixture
def project(tmp_path):
    """The project that the page describes, in a folder of its own."""
    folder = tmp_path / "game"
    folder.mkdir()
    for name, text in {**FILES, **PAGE.files()}.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = BEFORE + PAGE.files()["settings.py"] + AFTER
    (folder / "settings.py").write_text(settings, encoding="utf-8")
    return folder


@pytest.fixture
def environment(sandbox, project, tmp_path):
    """The environment of the project's processes."""
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": str(project),
        "QQMINIGAME_APP_ID": sandbox.app_id,
        "QQMINIGAME_APP_SECRET": "not-the-one-of-the-sandbox",
    }


@pytest.fixture
def run(project, environment):
    """Run the interpreter in the project, with all warnings; return what it printed."""

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-X", "dev", *arguments],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "ResourceWarning" not in said
        return said

    return run


def test_page__holds_the_files_of_a_project():
    """No snippet escapes: each is one of these files, or a piece below."""
    files = "settings.py views.py databases.py tests.py test_score.py send_scores.py"
    assert PAGE.files().keys() == set(files.split())
    assert {snippet.language for snippet in PAGE.snippets()} == {"python", "console"}
    programs = [command.partition(" ")[0] for command in PAGE.commands()]
    assert programs == ["python", "python", "python"]


@pytest.mark.slow
def test_commands__of_the_page(run, project):
    """Migrating and checking for deployment, as the page says: nothing to complain about."""
    commands = [command.split() for command in PAGE.commands() if "manage.py" in command]
    assert [command[2] for command in commands] == ["migrate", "check"]
    said = [run(*command[1:]) for command in commands]
    assert "no issues" in said[-1]
    assert (project / "db.sqlite3").exists()


def test_tests__of_the_page(run):
    """Django's own runner passes them, and nothing stays open."""
    assert re.search(r"Ran 2 tests.*\nOK", run("manage.py", "test", "tests"), re.DOTALL)


@pytest.mark.slow
def test_pytest__of_the_page(run):
    """So does pytest with pytest-django."""
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:ddtrace", "-p", "no:anyio")
    assert "1 passed" in said


@pytest.mark.slow
def test_command__of_the_page(project, environment, run, sandbox):
    """A cron job finds the login that a view has stored, and one that nobody has."""
    environment["SANDBOX_URL"] = sandbox.url
    environment["QQMINIGAME_APP_SECRET"] = sandbox.app_secret
    commands = project / "game" / "management" / "commands"
    commands.mkdir(parents=True)
    (commands / "send_scores.py").write_text(PAGE.files()["send_scores.py"])
    with (project / "settings.py").open("a") as settings:
        settings.write('INSTALLED_APPS += ["game"]\n')
    run("manage.py", "migrate", "--verbosity", "0")
    run("-c", LOG_IN.format(js_code=sandbox.js_code("AB")))
    assert "1 stored, 1 failed" in run("manage.py", "send_scores")
    assert sandbox.state()["players"]["AB"]["storage"] == {"best": "130"}


@pytest.mark.slow
def test_own_alias__of_the_page(project, run):
    """A second alias for the store, without the project's ATOMIC_REQUESTS."""
    text = (project / "settings.py").read_text()
    text += 'DATABASES["default"]["ATOMIC_REQUESTS"] = True\n'
    (project / "settings.py").write_text(text)
    assert run("-c", "import databases; print(databases.DATABASES['minigame'])")
    with pytest.raises(AssertionError, match=r"qqminigame\.E007"):
        run("manage.py", "check")


def test_program__of_the_page(sandbox):
    """The pieces that are no file run as they are."""
    aliases = {"default": {}, "douyin": {"PLATFORM": "douyin"}}
    with override_settings(QQMINIGAME=aliases):
        aliases = sandbox_settings(sandbox, {})
    with override_settings(QQMINIGAME=aliases):
        code = sandbox.js_code("AB", platform="douyin")
        names = {"openid": Login(sessions["douyin"]).code2session(code).openid}
        for text in PAGE.program():
            exec(compile(text, "django", "exec"), names)
    assert sandbox.state()["players"]["AB"]["storage"] == {"gold": "3000"}


# --- under gunicorn


@contextmanager
def served(project, environment, *arguments):
    """Serve the project with gunicorn; the value is its address."""
    with subprocess.Popen(
        [program("gunicorn"), "--bind", "127.0.0.1:0", *arguments, "wsgi"],
        cwd=project,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            lines = iter(server.stderr.readline, "")
            yield next(url[0] for line in lines if (url := re.search(r"http://[0-9.:]+", line)))
        finally:
            server.terminate()
            server.communicate()


def post(url, body, **headers):
    """Post JSON as a game does; return status, headers and what the answer holds."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.load(error)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix")
def test_gunicorn__two_preloaded_workers(sandbox, project, environment, run):
    """Calls before and after the fork: none of 100 players fails, and one token is fetched."""
    environment["SANDBOX_URL"] = sandbox.url
    environment["QQMINIGAME_APP_SECRET"] = sandbox.app_secret
    environment["EARLY_CODE"] = sandbox.js_code("early")
    run("manage.py", "migrate", "--verbosity", "0")
    players = [f"player-{n}" for n in range(100)]
    codes = {openid: sandbox.js_code(openid) for openid in players}

    with served(project, environment, "--workers", "2", "--preload") as url:

        def play(openid):
            _, _, answer = post(f"{url}/login", {"js_code": codes[openid]})
            return post(f"{url}/score", {**answer, "score": 130})[0]

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(play, players)) == [200] * 100
        used = post(f"{url}/login", {"js_code": codes["player-7"]}, **{"Accept-Language": "zh-CN"})
    state = sandbox.state()
    assert all("130" in state["players"][openid]["storage"]["rank"] for openid in players)
    assert state["token_fetches"] == 1
    status, headers, body = used
    assert (status, headers["Content-Language"], body["log_in"]) == (401, "zh", True)
    assert body["message"] == "登录已失效，请重新登录"
