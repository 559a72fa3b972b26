"""docs/by-hand.rst holds: both back ends work, and differ as the page says."""

import ast
import json
import logging
import runpy

import pytest
from documents import Document
from ports import Port

from qqminigame.sandbox import Sandbox
from qqminigame.testing import assert_no_secrets

PAGE = Document("docs/by-hand.rst")
FILES = PAGE.files()
BOTH = ["by_hand.py", "with_library.py"]
CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a worker: a back end, as a process that has just been started would have it."""

    def start(name, sandbox, url=None):
        for variable in ("app_id", "app_secret", "hall_app_id", "app_key"):
            monkeypatch.setenv(f"QQMINIGAME_{variable.upper()}", getattr(sandbox, variable))
        monkeypatch.setenv("QQMINIGAME_BASE_URL", url or sandbox.url)
        monkeypatch.setenv("QQMINIGAME_STORE", f"sqlite:///{tmp_path}/store.db")
        monkeypatch.setenv("SECRET_KEY", "for-tests")
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")
        return runpy.run_path(str(tmp_path / name), run_name=name)["app"]

    return start


@pytest.fixture
def strict_sandbox():
    """The platform, where a replaced access token is invalid at once."""
    with Sandbox(overlap_seconds=0) as sandbox:
        yield sandbox


def logged_in(app, sandbox, openid="player"):
    """Return the client of a player who has logged in."""
    client = app.test_client()
    answer = client.post("/login", json={"code": sandbox.js_code(openid)})
    assert answer.json == {"logged_in": True}
    return client


def rank(sandbox, openid="player"):
    """Return the ranking value that the platform has of a player."""
    return json.loads(sandbox.state()["players"][openid]["storage"]["rank"])["qqgame"]["score"]


@pytest.mark.parametrize("name", BOTH)
def test_both__store_a_score(name, start, sandbox):
    """Each of them is a back end that works, on a busy platform and with a rejected token too."""
    client = logged_in(start(name, sandbox), sandbox)
    assert client.post("/score", json={"score": 100}).json == {"stored": True}
    assert rank(sandbox) == 100
    sandbox.script({"kind": "busy", "times": 2, "endpoint": "set_user_storage"})
    assert client.post("/score", json={"score": 120}).json == {"stored": True}
    sandbox.advance(7_201)  # the token expires, and only the platform knows
    assert client.post("/score", json={"score": 130}).json == {"stored": True}
    assert rank(sandbox) == 130
    assert sandbox.state()["token_fetches"] == 2


@pytest.mark.parametrize("name", BOTH)
def test_both__send_a_stranger_to_the_login(name, start, sandbox):
    """A code of nobody, and a request of nobody: 401, and the player logs in."""
    client = start(name, sandbox).test_client()
    for answer in (
        client.post("/login", json={"code": "of-nobody"}),
        client.post("/score", json={"score": 1}),
    ):
        assert (answer.status_code, answer.json["log_in"]) == (401, True)


def test_page__counts_the_lines():
    """Lines of code are those that are neither empty nor a comment."""
    counts = [sum(1 for line in FILES[name].splitlines()[1:] if line.strip()) for name in BOTH]
    assert "{} lines of code become {}.".format(*counts) in PAGE.path.read_text("utf-8")
    for name in BOTH:
        ast.parse(FILES[name])


def test_page__has_a_row_for_each_test():
    """Each difference that the page claims is shown below."""
    tests = [name for name in globals() if name.startswith("test_difference__")]
    assert len(PAGE.table("situation")) == len(tests)


@pytest.mark.parametrize(("name", "fetches"), [(BOTH[0], 6), (BOTH[1], 1)])
def test_difference__two_workers(name, fetches, start, strict_sandbox):
    """By hand, each turn of a worker invalidates the other's token."""
    workers = [logged_in(start(name, strict_sandbox), strict_sandbox, str(n)) for n in (1, 2)]
    for score in range(3):
        for client in workers:
            assert client.post("/score", json={"score": score}).json == {"stored": True}
    assert strict_sandbox.state()["token_fetches"] == fetches


@pytest.mark.parametrize(("name", "status"), [(BOTH[0], 401), (BOTH[1], 200)])
def test_difference__a_player_of_another_worker(name, status, start, sandbox):
    """By hand, only the process of the login knows the session_key."""
    first, second = start(name, sandbox), start(name, sandbox)
    cookie = logged_in(first, sandbox).get_cookie("session")
    client = second.test_client()
    client.set_cookie("session", cookie.value)
    assert client.post("/score", json={"score": 7}).status_code == status


@pytest.mark.parametrize(("name", "shown"), [(BOTH[0], True), (BOTH[1], False)])
def test_difference__secrets_in_the_log(name, shown, start, sandbox, caplog):
    """By hand, the exception that is logged names the URL."""
    caplog.set_level(logging.DEBUG, "qqminigame")
    port = Port()
    nobody = f"http://127.0.0.1:{port.number}"
    app = start(name, sandbox, nobody)
    answer = app.test_client().post("/login", json={"code": "code-of-a-player"})
    assert answer.status_code in (502, 503)
    records = [record for record in caplog.records if record.name != "urllib3.connectionpool"]
    text = "\n".join(map(caplog.handler.format, records))
    assert records
    for secret in (sandbox.app_secret, "code-of-a-player"):
        assert (secret in text) is shown
    if not shown:
        assert_no_secrets(records, [sandbox.app_secret, "code-of-a-player"])


@pytest.mark.parametrize(("name", "status"), [(BOTH[0], 200), (BOTH[1], 400)])
def test_difference__a_score_that_is_none(name, status, start, sandbox):
    """By hand, what the ranking list cannot read is stored all the same."""
    client = logged_in(start(name, sandbox), sandbox)
    assert client.post("/score", json={"score": "a lot"}).status_code == status
    stored = sandbox.state()["players"]["player"]["storage"]
    assert ("rank" in stored) is (status == 200)


@pytest.mark.parametrize(("name", "chinese"), [(BOTH[0], False), (BOTH[1], True)])
def test_difference__the_players_language(name, chinese, start, sandbox):
    """By hand, somebody has to write the other texts first."""
    client = start(name, sandbox).test_client()
    answer = client.post("/login", json={"code": "of-nobody"}, headers=CHINESE)
    assert answer.json["message"].isascii() is not chinese
