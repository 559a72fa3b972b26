"""docs/flask.rst holds: its app is served, also by gunicorn; its tests and commands work."""

import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import metadata
from pathlib import Path

import pytest
import requests
from documents import Document
from test_flask import values
from web_servers import program

from qqminigame import Login

PAGE = Document("docs/flask.rst")
FILES = PAGE.files()
WORKERS = {
    "flask": None,
    "gthread": ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"],
    "gevent": ["--worker-class", "gevent", "--workers", "2"],
}


@pytest.fixture
def folder(tmp_path):
    """A folder with the files of the page."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def environment(sandbox, folder):
    """The environment that the sandbox prints, and Flask's secret key."""
    store = f"sqlite:///{folder}/store.db"
    variables = values(sandbox, "QQMINIGAME_", STORE=store, ORDERS=f"sqlite:///{folder}/orders.db")
    return {**os.environ, "FLASK_SECRET_KEY": "for-tests", "HOME": str(folder), **variables}


@contextmanager
def served(workers, folder, environment):
    """Serve the app of the page: by Flask itself, or by gunicorn with arguments for its workers."""
    gunicorn = [program("gunicorn"), "--bind", "127.0.0.1:0", *(workers or [])]
    flask = [sys.executable, "-m", "flask", "--app", "game", "run", "--port", "0"]
    command = flask if workers is None else [*gunicorn, "game:create_app()"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            lines = iter(server.stderr.readline, "")
            yield next(url[0] for line in lines if (url := re.search(r"http://[0-9.:]+", line)))
        finally:
            server.terminate()
            server.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("workers", WORKERS.values(), ids=WORKERS)
def test_app__serves_a_game(workers, folder, environment, sandbox):
    """A player logs in, scores, and comes through the hall, whoever serves."""
    with served(workers, folder, environment) as url, requests.Session() as game:
        answer = game.post(f"{url}/login", json={"code": sandbox.js_code("player")})
        game.headers["Authorization"] = answer.json()["token"]
        assert game.post(f"{url}/score", json={"score": 100}).json() == {"stored": True}
        openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
        answer = game.get(f"{url}/hall", params={"openid": openid, "openkey": openkey})
        assert answer.json() == {"level": 1, "bonus_left": True}

        chinese = {"Accept-Language": "zh-CN"}
        answer = game.post(f"{url}/score", json={"score": "a lot"}, headers=chinese)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid")
        assert re.search("[一-鿿]", answer.json()["message"])
        game.headers["Authorization"] = "forged"
        answer = game.post(f"{url}/score", json={"score": 1})
        assert (answer.status_code, answer.json()["log_in"]) == (401, True)
    assert '"score":100' in sandbox.state()["players"]["player"]["storage"]["rank"]
    assert sandbox.state()["token_fetches"] == 1


@pytest.mark.slow
@pytest.mark.uncovered
@pytest.mark.parametrize("workers", ["gthread", "gevent"])
def test_app__under_load(workers, folder, environment, sandbox):
    """200 players at once over two processes: nothing fails, and one token is fetched."""
    # All workers want the token while it is on its way.
    sandbox.script({"kind": "delay", "seconds": 0.5, "endpoint": "getToken", "times": -1})
    players = [f"player-{number}" for number in range(200)]
    codes = [sandbox.js_code(openid) for openid in players]
    with served(WORKERS[workers], folder, environment) as url:

        def play(code):
            token = requests.post(f"{url}/login", json={"code": code}).json()["token"]
            headers = {"Authorization": token}
            return requests.post(f"{url}/score", json={"score": 1}, headers=headers).status_code

        assert set(at_once(play, codes)) == {200}
    state = sandbox.state()
    assert all("rank" in state["players"][openid]["storage"] for openid in players)
    assert state["token_fetches"] == 1


def at_once(function, arguments):
    """Return what a function returns for each of many arguments, 16 at a time."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(function, arguments))


def test_snippets__run_from_top_to_bottom(sandbox, monkeypatch):
    """The pieces are one program; a thread that a view starts writes with the app's session."""
    for name in ("QQ", "DOUYIN"):
        monkeypatch.setenv(f"{name}_APP_ID", sandbox.app_id)
        monkeypatch.setenv(f"{name}_APP_SECRET", sandbox.app_secret)
    names = {"__name__": "game"}
    for text in PAGE.program():
        exec(compile(text, "flask.rst", "exec"), names)
    app, minigame = names["app"], names["minigame"]
    assert names["session"].platform.name == "douyin"
    app.config.update(QQMINIGAME_BASE_URL=sandbox.url, QQMINIGAME_STORE="memory:")
    Login(minigame.session(app=app)).code2session(sandbox.js_code("player"))
    assert app.test_client().post("/later/player").status_code == 202
    names["pool"].shutdown()
    assert sandbox.state()["players"]["player"]["storage"] == {"seen": "1"}


@pytest.mark.slow
def test_tests__pass(folder):
    """The tests of the page pass in a folder of their own, without any settings."""
    bare = {name: value for name, value in os.environ.items() if "QQMINIGAME" not in name}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("command", PAGE.commands())
def test_console__each_command_works(command, folder, environment, sandbox):
    """Extras exist, and commands do what they say; a server goes as far as --help."""
    words = [word for word in shlex.split(command) if "FLASK_SECRET_KEY" not in word]
    if "install" in words:
        (extras,) = re.findall(r"\[([\w,]+)\]", command)
        assert set(extras.split(",")) <= set(metadata("qqminigame").get_all("Provides-Extra"))
        return
    if words[-1] in ("sandbox", "run"):
        words.append("--help")
    if "load" in words:
        log_in = [*words[:4], "login", "--", sandbox.js_code("player")]
        assert run(log_in, folder, environment).stdout == "player\n"
        (folder / "scores.csv").write_text("openid,score\nplayer,130\n")
    done = run(words, folder, environment)
    assert done.returncode == 0, done.stderr
    if "load" in words:
        assert sandbox.state()["players"]["player"]["storage"] == {"score": "130"}


def run(words, folder, environment):
    """Run a program that is installed beside this interpreter."""
    command = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
