"""Rows of many players: each stored once, with its last value, or named as a failure."""

import contextlib
import json
import re
import resource
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from attrs import fields
from hooked_store import HookedStore
from loads import STORAGE, broken_off, counts, guests, lines_of, open_session, rows_of, stored
from raw_server import RawServer, http, platform
from sessions import log_in, make_session
from waiting import PATIENCE_SECONDS

from qqminigame import (
    ConfigurationError,
    InvalidArgumentError,
    LoginState,
    MemoryStore,
    StoreError,
    bulk,
    clock,
)
from qqminigame.bulk.rows import Claims
from qqminigame.testing import assert_no_secrets

DOCS = Path(__file__).parent.parent.parent / "docs" / "bulk.rst"


# --- what is stored


def test_load__stores_every_row(session, sandbox, players):
    """By openid and by LoginState, from a generator."""
    rows = (
        (player if number % 2 else player.openid, {"score": str(number)})
        for number, player in enumerate(players)
    )
    report = bulk.load(session, rows)
    assert counts(report) == (10, 0, 0)
    assert report.seconds > 0
    assert stored(sandbox) == {f"player-{n}": {"score": str(n)} for n in range(10)}
    assert sandbox.state()["token_fetches"] == 1


def test_load__no_rows(session):
    """Nothing to do is no failure."""
    assert counts(bulk.load(session, [])) == (0, 0, 0)


def test_remove__and_set_interactive(session, sandbox, players):
    """The other writes are loaded in the same way."""
    bulk.load(session, rows_of(players))
    keys = ((player.openid, iter(["score"])) for player in players)
    assert counts(bulk.remove(session, keys)) == (10, 0, 0)
    assert stored(sandbox) == {}
    marks = [(player.openid, {"1": 1}) for player in players]
    assert counts(bulk.set_interactive(session, marks, workers=2)) == (10, 0, 0)
    states = sandbox.state()["players"].values()
    assert all(player["interactive"] == {"1": 1} for player in states)


def test_load__logins_are_looked_up_together(session, sandbox, players):
    """One question to the store for all players of a claim, and none for each."""
    store = HookedStore(session.store)
    steps = []
    store.before = lambda number, name: steps.append(name)
    with make_session(sandbox, store=store) as hooked:
        assert counts(bulk.load(hooked, rows_of(players), workers=1)) == (10, 0, 0)
    assert steps.count("get_many") == 1


def test_load__rows_are_read_as_they_go():
    """Only a few hundred rows are read before they are sent."""
    go_on, asked = threading.Event(), threading.Semaphore(0)
    read = 0

    def rows():
        nonlocal read
        while True:
            read += 1
            yield LoginState(openid=f"o{read}", session_key="k"), {"score": "1"}

    def answer(request):
        if STORAGE.encode() in request:
            asked.release()
            go_on.wait(PATIENCE_SECONDS)
        return platform(request)

    stop = threading.Event()

    def look(progress):
        if asked.acquire(blocking=False):
            stop.set()
            go_on.set()

    with RawServer(answer) as server, open_session(server.url) as session:
        report = bulk.load(session, rows(), workers=2, progress=look, stop=stop)
    assert report.stopped_because is not None
    # A claim for each worker, as many that wait, and the one that was last made.
    assert read <= (2 + 2 + 1) * 16


def test_load__rows_are_read_in_the_thread_of_the_caller(session, sandbox, players, tmp_path):
    """A database's cursor does not work in another thread."""
    with contextlib.closing(sqlite3.connect(tmp_path / "scores.db")) as connection:
        connection.execute("CREATE TABLE scores (openid, score)")
        connection.executemany(
            "INSERT INTO scores VALUES (?, ?)", [(player.openid, "7") for player in players]
        )
        cursor = connection.execute("SELECT openid, score FROM scores")
        report = bulk.load(session, ((openid, {"score": score}) for openid, score in cursor))
    assert counts(report) == (10, 0, 0)


def test_load__a_dict_that_is_used_again(session, sandbox, players):
    """Each row is stored as it was when it was read."""

    def rows():
        kv = {}
        for number, player in enumerate(players):
            kv["score"] = str(number)
            yield player.openid, kv

    bulk.load(session, rows())
    assert stored(sandbox) == {f"player-{n}": {"score": str(n)} for n in range(10)}


def test_load__rows_of_one_player_keep_their_order():
    """The next row of a player is sent when the one before is done, whatever others do."""
    rows = [
        (LoginState(openid=f"player-{number % 3}", session_key="k"), {"score": str(number)})
        for number in range(1200)
    ]
    with RawServer(platform) as server, open_session(server.url) as session:
        assert counts(bulk.load(session, rows, workers=8)) == (1200, 0, 0)
        values = {"player-0": [], "player-1": [], "player-2": []}
        for request in server.requests:
            if STORAGE.encode() in request:
                (openid,) = (openid for openid in values if f"openid={openid}".encode() in request)
                body = json.loads(request.partition(b"\r\n\r\n")[2])
                values[openid].append(int(body["kv_list"][0]["value"]))
    for number, sent_values in enumerate(values.values()):
        assert sent_values == list(range(number, 1200, 3))


def test_load__a_player_who_logs_in_again_meanwhile(session, sandbox, players):
    """A login that was looked up too early is replaced by the newer one."""
    player = players[0]
    store = HookedStore(session.store)

    def log_in_again(number, name):
        if name == "get_many":
            store.after = lambda number, name: None
            log_in(session, sandbox, player.openid)

    store.after = log_in_again
    with make_session(sandbox, store=store) as hooked:
        assert counts(bulk.load(hooked, rows_of([player]))) == (1, 0, 0)
    assert stored(sandbox) == {player.openid: {"score": "1"}}


def test_claims__a_player_whose_claim_is_over():
    """The next row goes into a new claim; one for a claim that is full has to wait."""
    claims = Claims()
    row = bulk.Row(number=1, login="player", data={})
    first, waiting = claims.made([row] * 300)
    assert len(waiting) == 300 - 256
    assert claims.made([row]) == (None, [row])
    assert len(first.take_all()) == 256
    assert claims.made([row]) == (None, [])
    assert first.take_all() == [row]
    assert first.take() is None
    second, _ = claims.made([row])
    assert second.number != first.number
    claims.done(first)
    assert claims.made([row]) == (None, [])


# --- what is not stored


def test_failures__each_bad_row_is_a_line(session, sandbox, players, tmp_path):
    """With its number, what happened in both languages, and what helps; the others are stored."""
    sandbox.end_session(players[3].openid)
    rows = rows_of(players)
    rows[1] = (players[1].openid, {"score": 1})
    rows[5:5] = [("a stranger", {"score": "1"}), "no row", (None, {"score": "1"})]
    path = tmp_path / "failures.ndjson"
    report = bulk.load(session, rows, failures=path)
    assert counts(report) == (8, 0, 5)
    found = {line["row"]: line for line in lines_of(path)}
    assert {row: (line["error"], line["remedy"]) for row, line in found.items()} == {
        2: ("InvalidArgumentError", "fix_row"),
        4: ("SignatureError", "log_in"),
        6: ("LoginNotFoundError", "log_in"),
        7: ("InvalidArgumentError", "fix_row"),
        8: ("InvalidArgumentError", "fix_row"),
    }
    assert [found[row]["openid"] for row in (4, 6, 7)] == ["player-3", "a stranger", ""]
    assert {line["endpoint"] for line in found.values()} == {STORAGE}
    assert found[4]["code"] == -100050007
    assert not any(line["may_retry"] for line in found.values())
    assert all(line["english"] and line["chinese"] for line in found.values())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = [player.session_key for player in players] + [sandbox.app_secret]
    assert_no_secrets(path.read_text(encoding="utf-8"), secrets)


def test_failures__odd_openid(session, tmp_path):
    """A text that UTF-8 cannot encode stands in the file as JSON writes it."""
    path = tmp_path / "failures.ndjson"
    bulk.load(session, [("\ud800", {"score": "1"})], failures=path)
    assert lines_of(path)[0]["openid"] == "\ud800"


def test_row__with_a_number_of_its_own(session, players, tmp_path):
    """A line that could not be read is a failure with its own number."""
    unreadable = InvalidArgumentError("line 3 has no column openid")
    rows = [
        bulk.Row(number=2, login=players[0].openid, data={"score": "1"}),
        bulk.Row(number=3, error=unreadable),
        bulk.Row(number=9, login=players[1], data={"score": "1"}),
    ]
    path = tmp_path / "failures.ndjson"
    assert counts(bulk.load(session, rows, failures=path)) == (2, 0, 1)
    (line,) = lines_of(path)
    assert (line["row"], line["error"]) == (3, "InvalidArgumentError")
    assert "no column openid" in line["english"]


def test_row__numbers_have_to_rise(session, players):
    """Otherwise a journal could not tell rows apart; those before are stored."""
    row = bulk.Row(number=1, login=players[0].openid, data={"score": "1"})
    with pytest.raises(InvalidArgumentError, match="row 1 follows row 1"):
        bulk.load(session, [row, row])


def test_load__rows_that_break_off(session, sandbox, players, tmp_path):
    """What reading the rows raises is raised, and the rows before it are stored and kept."""
    with pytest.raises(OSError, match="broken off"):
        bulk.load(session, broken_off(rows_of(players)), journal=tmp_path / "journal.db")
    assert len(stored(sandbox)) == 10
    report = bulk.load(session, rows_of(players), journal=tmp_path / "journal.db")
    assert counts(report) == (0, 10, 0)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "busy"}, {"kind": "status", "status": 429}, {"kind": "reset_before"}],
    ids=["busy", "too many", "reset"],
)
def test_load__faults_that_outlast_a_call(session, sandbox, players, fault):
    """A row is tried again after the call has given up."""
    sandbox.script({**fault, "endpoint": STORAGE, "times": 4})
    assert counts(bulk.load(session, rows_of(players[:1]))) == (1, 0, 0)
    assert len(stored(sandbox)) == 1


def test_load__a_store_that_is_out_of_reach_for_a_moment(sandbox, session, players):
    """A failed look-up of logins is tried again, row by row."""
    store = HookedStore(session.store)
    fails = iter([True, True])

    def fail(number, name):
        if name in ("get_many", "get") and next(fails, False):
            raise StoreError("out of reach")

    store.before = fail
    with make_session(sandbox, store=store) as hooked:
        assert counts(bulk.load(hooked, rows_of(players))) == (10, 0, 0)


# --- when going on is useless


def test_load__wrong_secret(sandbox, players, tmp_path):
    """The run ends at once, says why, and no row is a failure."""
    path = tmp_path / "failures.ndjson"
    with make_session(sandbox, app_secret="0" * 32) as session:
        report = bulk.load(session, [(player, {"score": "1"}) for player in players], failures=path)
    assert (report.stored, report.failed) == (0, 0)
    assert "no further row can succeed" in report.stopped_because.english
    assert "app_secret" in report.stopped_because.english
    assert report.remedy == "fix_settings"
    assert path.read_bytes() == b""
    fetches = [entry for entry in sandbox.log() if entry["path"].endswith("getToken")]
    assert len(fetches) == 1


def test_load__a_platform_that_rejects_every_token():
    """The run ends after a few attempts; the rows are no failures."""

    def answer(request):
        if STORAGE.encode() in request:
            return http('{"errcode":40001,"errmsg":"invalid credential"}')
        return platform(request)

    without_pauses = clock.Clock(random=lambda: 0.0)
    with RawServer(answer) as server, open_session(server.url, clock=without_pauses) as session:
        report = bulk.load(session, guests(100), workers=2)
    assert (report.stored, report.failed) == (0, 0)
    assert "40001" in report.stopped_because.english
    assert report.remedy == "try_later"


def test_load__the_same_failure_again_and_again(session, tmp_path):
    """After so many in a row the run ends, and says which failure it was."""
    path = tmp_path / "failures.ndjson"
    rows = ((f"stranger-{number}", {"score": "1"}) for number in range(1000))
    report = bulk.load(session, rows, failures=path, give_up_after=30, workers=2)
    assert report.stored == 0
    assert 30 <= report.failed < 1000
    assert len(lines_of(path)) == report.failed
    assert "after 30 failures of one kind in a row" in report.stopped_because.english
    assert "no login of 'stranger-" in report.stopped_because.english
    assert report.remedy == "log_in"


def test_load__failures_between_successes():
    """They do not end a run, however many there are."""
    rows = []
    for number, row in enumerate(guests(60)):
        rows += [(f"stranger-{number}", {"score": "1"}), row]
    with RawServer(platform) as server, open_session(server.url) as session:
        report = bulk.load(session, rows, give_up_after=2, workers=1)
    assert counts(report) == (60, 0, 60)


@contextlib.contextmanager
def file_size_limit(size):
    """Let files of this process grow to that size at most, as where a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("place", ["journal", "failures"])
def test_load__a_disk_that_is_full(tmp_path, place):
    """The run ends and names the file."""
    path = tmp_path / place
    rows = ["no row"] * 3000 if place == "failures" else guests(3000)
    with (
        RawServer(platform) as server,
        open_session(server.url) as session,
        file_size_limit(60_000),
    ):
        report = bulk.load(session, rows, give_up_after=None, **{place: path})
    assert str(path) in report.stopped_because.english
    assert "free space" in report.stopped_because.english
    assert report.remedy == "try_later"
    assert 0 < report.stored + report.failed < 3000
    if place == "failures":
        assert len(lines_of(path)) == report.failed


def test_failures__in_a_folder_that_is_not_there(session, tmp_path):
    """The error names the file and says why it cannot be used."""
    with pytest.raises(StoreError, match=r"failures file .*No such file"):
        bulk.load(session, [], failures=tmp_path / "missing" / "failures.ndjson")


def test_load__a_defect_in_a_thread(sandbox, players):
    """What nobody expects is raised in the thread of the caller, not lost."""
    store = HookedStore(MemoryStore())

    def fail(number, name):
        raise RuntimeError("a defect")

    store.before = fail
    with (
        make_session(sandbox, store=store) as session,
        pytest.raises(RuntimeError, match="a defect"),
    ):
        bulk.load(session, rows_of(players))


def test_load__an_interrupted_read():
    """Ctrl-C ends the run and is raised: the call under way ends, and no other is begun."""
    go_on, interrupted = threading.Event(), threading.Event()

    def rows():
        yield from guests(20)
        interrupted.set()
        raise KeyboardInterrupt

    def answer(request):
        if STORAGE.encode() in request:
            go_on.wait(PATIENCE_SECONDS)
        return platform(request)

    def look(progress):
        if interrupted.is_set():
            go_on.set()

    with RawServer(answer) as server, open_session(server.url) as session:
        with pytest.raises(KeyboardInterrupt):
            bulk.load(session, rows(), workers=1, progress=look)
        assert sum(STORAGE.encode() in request for request in server.requests) <= 1
    assert "qqminigame-bulk" not in {thread.name for thread in threading.enumerate()}


def test_progress__in_the_thread_of_the_caller(session, players):
    """It is told of the last row too."""
    seen = []
    bulk.load(
        session,
        [*rows_of(players), "no row"],
        progress=lambda progress: seen.append((threading.current_thread(), progress)),
    )
    thread, last = seen[-1]
    assert thread is threading.current_thread()
    assert (last.stored, last.skipped, last.failed, last.rows) == (10, 0, 1, 11)
    assert last.seconds > 0


def test_progress__that_raises(session, players, caplog):
    """It is logged, and the rows are stored all the same."""

    def fail(progress):
        raise RuntimeError("no terminal")

    assert counts(bulk.load(session, rows_of(players), progress=fail)) == (10, 0, 0)
    assert "no terminal" in caplog.text


@pytest.mark.parametrize(
    "options",
    [{"workers": 0}, {"processes": 0}, {"per_second": 0}, {"give_up_after": 0}, {"processes": 2}],
)
def test_load__wrong_option(session, options):
    """It is refused before anything is sent; so are processes that would not share the store."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        bulk.load(session, [], **options)


# --- the documentation


def test_docs__snippets_run(sandbox, players, tmp_path, monkeypatch):
    """One after the other, as they stand."""
    blocks = re.findall(
        r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", DOCS.read_text(encoding="utf-8"), re.M
    )
    store = f"sqlite:///{tmp_path / 'store.db'}"
    with make_session(sandbox, store=store) as session:
        for player in players:
            session.logins.remember(player)
    for name in ("app_id", "app_secret"):
        monkeypatch.setenv(f"QQMINIGAME_{name.upper()}", getattr(sandbox, name))
    monkeypatch.setenv("QQMINIGAME_BASE_URL", sandbox.url)
    monkeypatch.setenv("QQMINIGAME_STORE", store)
    monkeypatch.chdir(tmp_path)
    names = {"scores": [(player.openid, 7) for player in players]}
    reports = []
    for block in blocks:
        exec(re.sub(r"(?m)^    ", "", block), names)
        if "score_pairs" in block:
            assert len(list(names["rows"])) == len(players)
        else:
            reports.append(counts(names["report"]))
        names["rows"] = [(player.openid, {"score": "7"}) for player in players]
    assert reports[:2] == [(10, 0, 0), (0, 10, 0)]
    assert set(stored(sandbox)) == {player.openid for player in players}


def test_docs__name_every_field_of_a_failure():
    """In the order in which the file has them."""
    text = DOCS.read_text(encoding="utf-8")
    named = re.findall(r"^``(\w+)`` {2,}", text, re.M)
    assert named == [each.name for each in fields(bulk.Failure)]
