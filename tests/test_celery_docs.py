"""``docs/celery.rst`` and the example hold: their programs run."""

import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet
from documents import ROOT, Document
from redis_server import executable
from sessions import log_in

from qqminigame.integrations.celery import beat_schedule

PAGE = Document("docs/celery.rst")


def variables(sandbox, redis_server):
    """Return what the page's app takes from the environment."""
    return {
        "REDIS_URL": redis_server.url.rpartition("/")[0],
        "APP_ID": sandbox.app_id,
        "APP_SECRET": sandbox.app_secret,
        "OPENKEY_KEY": Fernet.generate_key().decode(),
        "QQMINIGAME_BASE_URL": sandbox.url,
    }


@pytest.fixture
def folder(sandbox, redis_server, tmp_path, monkeypatch):
    """The files of the page, in a folder of their own."""
    for name, value in variables(sandbox, redis_server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in PAGE.files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    yield tmp_path
    sys.modules.pop("game_tasks", None)


def test_snippets__run_from_top_to_bottom(folder, sandbox):
    """They are one program; with eager tasks it stores what it says."""
    names = {"openid": "player-1", "scores": [("player-1", 7)], "os": os}
    exec("from game_tasks import app, tasks", names)
    app, tasks = names["app"], names["tasks"]
    app.conf.task_always_eager = True
    app.conf.qqminigame["default"]["BASE_URL"] = sandbox.url
    names["session"] = tasks.sessions["default"]
    log_in(names["session"], sandbox, "player-1")
    for text in PAGE.program():
        exec(compile(text, "celery", "exec"), names)
    assert names["report"].stored == 1
    assert sandbox.state()["players"]["player-1"]["storage"] == {"score": "7"}
    names["end_of_season"].delay("player-1")


@pytest.mark.slow
def test_test__passes(folder):
    """The test that the page shows passes."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_tables__name_what_there_is(folder):
    """Each task and each setting of the page exists."""
    from game_tasks import tasks

    rows = PAGE.table("task")
    assert all(hasattr(tasks, name) for name, *_ in rows)
    for entry in beat_schedule().values():
        assert entry["task"] in {f"qqminigame.{name}" for name, *_ in rows}


@pytest.mark.slow
@pytest.mark.uncovered
def test_example__loads_all_players():
    """``make example-celery``, of a smaller size: a Redis, two workers, one access token."""
    executable()  # skips where there is no redis-server
    program = ROOT / "examples" / "celery_scores" / "run.py"
    done = subprocess.run(
        [sys.executable, str(program), "300"],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the platform has the scores of 300 players" in done.stdout
    assert "fetched by all processes together: 1" in done.stdout
