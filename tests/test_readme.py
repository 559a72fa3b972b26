"""Both READMEs hold: snippets are run, tables compared with the code, links followed."""

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import metadata
from pathlib import Path

import pytest
import requests
from documents import ROOT, Document
from web_servers import program

import qqminigame
from qqminigame import InteractiveData, Login, Session, settings
from qqminigame.platforms import PLATFORMS
from qqminigame.platforms.base import PlatformCode

READMES = {name: Document(name) for name in ("README.rst", "README.zh.rst")}
LANGUAGES = {"README.rst": "en", "README.zh.rst": "zh"}
# Where there are Django views, and in which language.
DJANGO_VIEWS = {**READMES, "docs/views.rst": Document("docs/views.rst")}
COMMANDS = sorted({command for readme in READMES.values() for command in readme.commands()})
DJANGO = {
    "settings.py": (
        'SECRET_KEY = "for-tests"\nROOT_URLCONF = "urls"\nALLOWED_HOSTS = ["127.0.0.1"]\n'
        'INSTALLED_APPS = ["qqminigame.integrations.django"]\n'
        'MIDDLEWARE = ["qqminigame.integrations.django.QQMiniGameErrorMiddleware"]\n'
    ),
    "urls.py": (
        "import views\nfrom django.urls import path\n"
        'urlpatterns = [path("login", views.login), path("score", views.score)]\n'
    ),
    "app.py": "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
}
PLUGIN = 'pytest_plugins = ["qqminigame.sandbox.pytest_plugin"]'


@pytest.fixture(params=READMES)
def readme(request):
    """Each README."""
    return READMES[request.param]


@pytest.fixture
def language(readme, monkeypatch):
    """The language of the README, and of the texts that its readers get."""
    name = LANGUAGES[readme.path.name]
    monkeypatch.setenv("QQMINIGAME_LANG", name)
    return name


@pytest.fixture
def environment(sandbox, monkeypatch):
    """The environment that ``Session.from_env`` reads, with the sandbox in it."""
    monkeypatch.setenv("QQMINIGAME_APP_ID", sandbox.app_id)
    monkeypatch.setenv("QQMINIGAME_APP_SECRET", sandbox.app_secret)
    monkeypatch.setenv("QQMINIGAME_HALL_APP_ID", sandbox.hall_app_id)
    monkeypatch.setenv("QQMINIGAME_APP_KEY", sandbox.app_key)
    monkeypatch.setenv("QQMINIGAME_BASE_URL", sandbox.url)
    monkeypatch.setenv("SECRET_KEY", "for-tests")


def test_snippets__are_all_of_a_kind_that_is_run(readme):
    """No snippet escapes: each is a console, a piece of the program, or one of these files."""
    snippets = readme.snippets()
    assert {snippet.language for snippet in snippets} == {"python", "console"}
    assert len(snippets) == readme.path.read_text(encoding="utf-8").count("code-block::")
    assert readme.files().keys() - {"views.py"} == {"app.py", "test_score.py"}
    assert all(page.files().keys() >= {"views.py"} for page in DJANGO_VIEWS.values())


@pytest.mark.usefixtures("environment", "language")
def test_python__runs_from_top_to_bottom(readme, sandbox, monkeypatch, tmp_path):
    """The Python snippets are one program, and the platform has what they say."""
    monkeypatch.chdir(tmp_path)
    openid, openkey = sandbox.hall_login(pay_return_count=1)
    names = {
        "js_code": sandbox.js_code("player"),
        "query": {"openid": openid, "openkey": openkey},
        "best_scores": [("player", 130), ("stranger", 7)],
    }
    for text in readme.program():
        exec(compile(text, readme.path.name, "exec"), names)
    player = sandbox.state()["players"]["player"]
    assert player["storage"].keys() == {"score", "rank"}
    assert player["storage"]["score"] == "130"
    assert '"score":100' in player["storage"]["rank"]
    assert player["interactive"] == {"1": 1}
    assert names["report"].left == 0
    assert (names["result"].stored, names["result"].failed) == (1, 1)
    assert "stranger" in (tmp_path / "failures.ndjson").read_text()


def test_ten_lines__are_no_more():
    """The first example fits on a page."""
    example = READMES["README.rst"].program()[0]
    assert len(example.strip().splitlines()) <= 11


@contextmanager
def served(folder, **environment):
    """Serve the application in a folder's ``app.py``; the value is its address."""
    with subprocess.Popen(
        [program("gunicorn"), "--bind", "127.0.0.1:0", "app:app"],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **environment},
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            lines = iter(server.stderr.readline, "")
            yield next(url[0] for line in lines if (url := re.search(r"http://[0-9.:]+", line)))
        finally:
            server.terminate()
            server.communicate()


def play(url, sandbox, language):
    """Play a game over a view: what succeeds, and what each failure is answered with."""
    with requests.Session() as game:
        game.headers["Accept-Language"] = language
        login = game.post(f"{url}/login", json={"code": sandbox.js_code("player")})
        assert login.status_code == 200
        game.headers["Authorization"] = login.json()["token"]
        assert game.post(f"{url}/score", json={"score": 100}).json() == {"stored": True}
        assert '"score":100' in sandbox.state()["players"]["player"]["storage"]["rank"]

        refused = {
            "code": game.post(f"{url}/login", json={"code": "of-nobody"}),
            "no code": game.post(f"{url}/login", json={}),
            "no score": game.post(f"{url}/score", json={"score": "a lot"}),
        }
        sandbox.script({"kind": "busy", "times": -1})
        refused["busy"] = game.post(f"{url}/score", json={"score": 100})
        del game.headers["Authorization"]
        refused["no token"] = game.post(f"{url}/score", json={"score": 100})
    assert {name: answer.status_code for name, answer in refused.items()} == {
        "code": 401,
        "no code": 400,
        "no score": 400,
        "busy": 503,
        "no token": 401,
    }
    assert refused["code"].json()["log_in"] is refused["no token"].json()["log_in"] is True
    assert refused["busy"].json()["log_in"] is False
    chinese = re.search("[一-鿿]", refused["busy"].json()["message"])
    assert bool(chinese) is (language == "zh")


@pytest.mark.usefixtures("environment")
def test_flask__answers_the_game(readme, language, sandbox, tmp_path):
    """The Flask application serves, and answers errors with their status and their words."""
    (tmp_path / "app.py").write_text(readme.files()["app.py"], encoding="utf-8")
    with served(tmp_path) as url:
        play(url, sandbox, language)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("page", DJANGO_VIEWS)
def test_django__answers_the_game(page, sandbox, monkeypatch, tmp_path):
    """The Django views serve, and answer errors with their status and their words."""
    language = LANGUAGES.get(page, "en")
    monkeypatch.setenv("QQMINIGAME_LANG", language)
    for name, text in {**DJANGO, "views.py": DJANGO_VIEWS[page].files()["views.py"]}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with served(tmp_path, DJANGO_SETTINGS_MODULE="settings") as url:
        play(url, sandbox, language)


@pytest.mark.slow
def test_pytest__runs_the_test(tmp_path):
    """The test of both passes in a folder of its own, with the line for ``conftest.py``."""
    assert all(PLUGIN in page.path.read_text(encoding="utf-8") for page in READMES.values())
    (text,) = {page.files()["test_score.py"] for page in READMES.values()}
    (tmp_path / "conftest.py").write_text(PLUGIN)
    (tmp_path / "test_score.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("command", COMMANDS)
def test_console__each_command_works(command, sandbox, tmp_path):
    """Extras exist, and our own commands run, a server only as far as --help."""
    words = shlex.split(command)
    if "install" in words:
        extras = set(re.findall(r"\[(\w+)\]", command))
        assert extras <= set(metadata("qqminigame").get_all("Provides-Extra"))
        return
    if "load" in words:
        login = Login(Session.from_env()).code2session(sandbox.js_code("player"))
        (tmp_path / "scores.csv").write_text(f"openid,score\n{login.openid},130\n")
    elif "sandbox" in words:
        words.append("--help")
    command = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if "load" in words:
        assert '"score":130' in sandbox.state()["players"]["player"]["storage"]["rank"]


def test_links__lead_somewhere(readme):
    """What is linked is in the project."""
    relative = [link for link in readme.links() if "://" not in link]
    assert [link for link in relative if not (ROOT / link).is_file()] == []


def test_extras__are_all_named(readme):
    """A user of the package meets each extra but those of its developers."""
    extras = set(metadata("qqminigame").get_all("Provides-Extra")) - {"bench", "dev"}
    text = readme.path.read_text(encoding="utf-8")
    assert {extra for extra in extras if f"``{extra}``" not in text} == set()


def test_configuration__is_that_of_a_session(readme):
    """Every argument is listed once in its order, with its default and its variable."""
    heading = {"README.rst": "Argument", "README.zh.rst": "参数"}[readme.path.name]
    rows = readme.table(heading)
    parameters = inspect.signature(Session).parameters
    assert sorted(row[0] for row in rows) == sorted(parameters)
    named = {f"QQMINIGAME_{name.upper()}": name for name in parameters}
    read = settings.from_environment(named)
    assert {row[0]: row[1] for row in rows if row[1]} == {
        read[name]: f"QQMINIGAME_{name.upper()}" for name in read
    }
    for name, _, meaning in rows:
        default = parameters[name].default
        if name not in ("app_id", "clock"):
            shown = json.dumps(default) if isinstance(default, str) else str(default)
            assert meaning.startswith(re.sub(r"(?<=RetryPolicy\().*(?=\))", "", shown))


def test_services__are_those_of_the_platforms(readme):
    """Who has which service, and in which form."""
    heading = {"README.rst": "Service or setting", "README.zh.rst": "功能"}[readme.path.name]
    rows = {row[0]: row[1:] for row in readme.table(heading)}
    names = ["qq", "douyin", "wechat"]
    no = {"README.rst": "no", "README.zh.rst": "不支持"}[readme.path.name]
    offered = {name: [cell != no for cell in cells] for name, cells in rows.items()}
    every = [PLATFORMS[name] for name in names]
    assert offered["Login"] == offered["CloudStorage"] == [True] * 3
    assert offered["InteractiveData"] == [each.set_interactive is not None for each in every]
    assert offered["Dawanka"] == [each.get_dawanka is not None for each in every]
    assert offered["Session(stable_token=True)"] == [
        each.stable_token is not None for each in every
    ]
    (fields,) = [cells for name, cells in rows.items() if "set_score" in name]
    assert fields == [each.ranking.wrapper for each in every]
    assert [len(each.interactive_values) for each in every] == [2, 0, 2**32]


def test_errors__have_the_status_that_is_listed(readme):
    """Every class but those derived from a listed one is there, with its status."""
    heading = {"README.rst": "Error", "README.zh.rst": "异常"}[readme.path.name]
    rows = {row[0]: row[1:] for row in readme.table(heading)}
    errors = {
        name: thing
        for name, thing in vars(qqminigame).items()
        if inspect.isclass(thing) and issubclass(thing, qqminigame.QQMiniGameError)
    }
    del errors["QQMiniGameError"]
    unlisted = {name for name in errors if name not in rows}
    assert unlisted == {"LoginNotFoundError", "ClientError"}
    assert {name: str(errors[name]("").http_status) for name in rows} == {
        name: row[0] for name, row in rows.items()
    }


def test_codes__are_the_platforms(readme):
    """Each code that the README explains is one that a platform documents."""
    if readme.path.name == "README.rst":
        return
    numbers = [
        int(number) for row in readme.table("现象") for number in re.findall(r"-?\d+", row[1])
    ]
    known = {int(code) for codes in PlatformCode.__subclasses__() for code in codes}
    assert len(numbers) >= 15
    assert set(numbers) <= known


def test_interactive_data__is_refused_on_douyin():
    """What both READMEs say of a platform without a service."""
    session = Session("1", app_secret="s", platform="douyin", store="memory:")
    with pytest.raises(qqminigame.ConfigurationError):
        InteractiveData(session)
