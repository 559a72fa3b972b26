"""Rows of many players: each stored once, with its last value, or named as a failure."""

import contextlib
import json
import multiprocessing
import os
import re
import resource
import signal
import sqlite3
import stat
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests
from attrs import fields
from hooked_store import HookedStore
from programs import Program
from raw_server import RawServer, http, platform
from sessions import Clock, log_in, make_session
from waiting import PATIENCE_SECONDS, wait_until

from qqminigame import (
    ConfigurationError,
    InvalidArgumentError,
    LoginState,
    MemoryStore,
    RetryPolicy,
    Session,
    StoreError,
    bulk,
    clock,
)
from qqminigame.bulk.pace import Pace
from qqminigame.bulk.rows import Claims
from qqminigame.bulk.sending import Operation, Sender
from qqminigame.testing import assert_no_secrets

DOCS = Path(__file__).parent.parent / "docs" / "bulk.rst"
PROGRAM = Path(__file__).parent / "bulk_program.py"
STORAGE = "set_user_storage"


@pytest.fixture
def session(sandbox):
    """A session that repeats without long pauses."""
    with make_session(sandbox, retry=RetryPolicy(base_seconds=0.01)) as session:
        yield session


@pytest.fixture
def players(session, sandbox):
    """Ten players who have logged in."""
    return [log_in(session, sandbox, f"player-{number}") for number in range(10)]


def rows_of(players, text="1"):
    """Return a row for each player."""
    return [(player.openid, {"score": text}) for player in players]


def stored(sandbox):
    """Return what the platform has stored, by player."""
    players = sandbox.state()["players"]
    return {openid: player["storage"] for openid, player in players.items() if player["storage"]}


def sent(sandbox):
    """Return how many rows were sent for each player."""
    entries = sandbox.log()
    return Counter(entry["query"]["openid"] for entry in entries if entry["path"].endswith(STORAGE))


def lines_of(path):
    """Return the failures in a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def counts(report):
    """Return the counts of a report that came to the last row."""
    assert report.stopped_because is report.remedy is None
    return report.stored, report.skipped, report.failed


def open_session(url, **arguments):
    """Make a session to a server that knows nobody."""
    options = {"app_secret": "a secret", "store": "memory:", "base_url": url, **arguments}
    return Session("1110766236", **options)


def guests(count, text="1"):
    """Return rows of players who bring their logins."""
    return [
        (LoginState(openid=f"guest-{number}", session_key="the key"), {"score": text})
        for number in range(count)
    ]


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


# --- the journal


def test_journal__what_is_stored_is_not_sent_again(session, sandbox, players, tmp_path):
    """Only a row that has changed is."""
    journal = tmp_path / "journal.db"
    assert counts(bulk.load(session, rows_of(players), journal=journal)) == (10, 0, 0)
    rows = rows_of(players)
    rows[4] = (players[4].openid, {"score": "2"})
    assert counts(bulk.load(session, rows, journal=journal)) == (1, 9, 0)
    assert sent(sandbox) == {f"player-{n}": 1 + (n == 4) for n in range(10)}
    assert counts(bulk.load(session, rows, journal=journal)) == (0, 10, 0)


def test_journal__a_changed_row_has_the_players_later_rows_sent_again(session, sandbox, tmp_path):
    """Otherwise an earlier value would be stored last."""
    player = log_in(session, sandbox)
    other = log_in(session, sandbox)
    rows = [(player, {"score": "1"}), (other, {"score": "1"}), (player, {"score": "2"})]
    bulk.load(session, rows, journal=tmp_path / "journal.db")
    rows[0] = (player, {"score": "0"})
    report = bulk.load(session, rows, journal=tmp_path / "journal.db")
    assert counts(report) == (2, 1, 0)
    assert stored(sandbox)[player.openid] == {"score": "2"}


def test_journal__later_rows_are_sent_again_once(session, sandbox, tmp_path):
    """A run that goes on with one that sent them again does not send them once more."""
    player, journal = log_in(session, sandbox), tmp_path / "journal.db"
    rows = [(player, {"score": str(number)}) for number in range(4)]
    bulk.load(session, rows, journal=journal)
    rows[1] = (player, {"score": "changed"})
    with pytest.raises(OSError, match="broken off"):
        bulk.load(session, broken_off(rows[:3]), journal=journal)
    assert counts(bulk.load(session, rows, journal=journal)) == (1, 3, 0)
    assert sent(sandbox) == {player.openid: 4 + 2 + 1}
    assert stored(sandbox)[player.openid] == {"score": "3"}


def test_journal__a_change_that_is_taken_back_after_a_kill(session, sandbox, tmp_path):
    """What was sent and not kept any more is sent again, and the player's later rows with it."""
    player, journal = log_in(session, sandbox), tmp_path / "journal.db"
    rows = [(player, {"score": "1"}), (player, {"score": "2"}), (player, {"score": "3"})]
    bulk.load(session, rows, journal=journal)
    changed = [(player, {"score": "changed"}), *rows[1:]]
    sandbox.script({"kind": "reset_after", "endpoint": STORAGE, "times": 18})
    stop = threading.Event()
    with make_session(sandbox, on_call=lambda event: stop.set()) as stopping:
        report = bulk.load(stopping, changed, journal=journal, stop=stop)
    assert report.stored == 0
    assert stored(sandbox)[player.openid] == {"score": "changed"}
    requests.delete(f"{sandbox.url}/_sandbox/faults", timeout=PATIENCE_SECONDS).raise_for_status()
    assert counts(bulk.load(session, rows, journal=journal)) == (3, 0, 0)
    assert stored(sandbox)[player.openid] == {"score": "3"}


def test_journal__holds_no_player_and_no_secret(session, sandbox, players, tmp_path):
    """It has digests only, and only its owner can read it."""
    journal = tmp_path / "journal.db"
    bulk.load(session, rows_of(players, "a value of the game"), journal=journal)
    data = journal.read_bytes()
    assert not [player for player in players if player.openid.encode() in data]
    assert b"a value of the game" not in data
    assert_no_secrets(data, [*(player.session_key for player in players), sandbox.app_secret])
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert sorted(tmp_path.iterdir()) == [journal]


@pytest.mark.parametrize("kind", ["text", "empty", "database", "folder", "store"])
def test_journal__a_file_that_is_not_ours(session, tmp_path, kind):
    """It is refused and stays as it is."""
    path = tmp_path / "file"
    if kind == "folder":
        path.mkdir()
    elif kind == "database":
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE theirs (text)")
    elif kind == "store":
        make_store(path)
    else:
        path.write_text("secret=1\n" if kind == "text" else "")
    before = path.stat(), None if kind == "folder" else path.read_bytes()
    with pytest.raises(ConfigurationError, match="not a journal of qqminigame"):
        bulk.load(session, [], journal=path)
    after = path.stat(), None if kind == "folder" else path.read_bytes()
    assert (before[0].st_mode, before[0].st_mtime_ns) == (after[0].st_mode, after[0].st_mtime_ns)
    assert before[1] == after[1]
    assert list(tmp_path.iterdir()) == [path]


def make_store(path):
    """Make a store of tokens, which is ours, but no journal."""
    session = Session("1", app_secret="s", store=f"sqlite:///{path}")
    session.store.set("key", "text")


def test_journal__of_another_load(session, players, tmp_path):
    """Each call, app and address has a journal of its own."""
    journal = tmp_path / "journal.db"
    bulk.load(session, rows_of(players), journal=journal)
    with pytest.raises(ConfigurationError, match=r"belongs to another load .*set_user_storage"):
        bulk.remove(session, [], journal=journal)
    other = Session("another app", app_secret="a secret", store="memory:")
    with pytest.raises(ConfigurationError, match="another app"):
        bulk.load(other, [], journal=journal)


def test_journal__of_a_newer_version(session, tmp_path):
    """It is refused."""
    journal = tmp_path / "journal.db"
    bulk.load(session, [], journal=journal)
    with contextlib.closing(sqlite3.connect(journal)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="newer qqminigame"):
        bulk.load(session, [], journal=journal)


def test_journal__in_use(session, sandbox, players, tmp_path):
    """A second load, in this process or another, is refused with who uses it since when."""
    journal = tmp_path / "journal.db"
    refusals = []

    def rows():
        yield from rows_of(players)
        for _ in range(2):  # a refused attempt does not end the lock
            with pytest.raises(ConfigurationError) as caught:
                bulk.load(session, [], journal=journal)
            refusals.append(str(caught.value))
        with run_program(sandbox, players, journal=str(journal)) as program:
            refusals.append(program.rest()[-1][-1])

    assert counts(bulk.load(session, rows(), journal=journal)) == (10, 0, 0)
    assert len(refusals) == 3
    assert all(f"in use by process {os.getpid()} on " in text for text in refusals)
    assert counts(bulk.load(session, rows_of(players), journal=journal)) == (0, 10, 0)


def test_journal__on_a_file_system_without_hard_links(session, tmp_path, monkeypatch):
    """There too the file comes into being as a whole."""

    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    for _ in range(2):
        assert counts(bulk.load(session, [], journal=tmp_path / "journal.db")) == (0, 0, 0)
    assert list(tmp_path.iterdir()) == [tmp_path / "journal.db"]


def test_journal__in_a_folder_that_is_not_there(session, tmp_path):
    """The error names the journal and says why it cannot be used."""
    with pytest.raises(StoreError, match=r"cannot use the journal .*No such file"):
        bulk.load(session, [], journal=tmp_path / "missing" / "journal.db")


# --- a run that goes on with another


def stopped_run(session, rows, **options):
    """Load until something is stored, and stop."""
    stop = threading.Event()

    def look(progress):
        if progress.stored:
            stop.set()

    return bulk.load(session, rows, stop=stop, progress=look, **options)


def test_stop__and_go_on(tmp_path):
    """What is under way ends; the report says how to go on; the next run sends the rest."""
    with RawServer(platform) as server, open_session(server.url) as session:
        options = {"journal": tmp_path / "journal.db", "workers": 4}
        report = stopped_run(session, guests(5000), **options, per_second=400)
        assert 0 < report.stored < 5000
        assert "stopped as asked" in report.stopped_because.english
        assert report.remedy is None
        assert f"journal {tmp_path / 'journal.db'} to go on" in report.stopped_because.english
        assert "进度文件" in report.stopped_because.chinese
        rest = bulk.load(session, guests(5000), **options)
        assert counts(rest) == (5000 - report.stored, report.stored, 0)
        requests = [each for each in server.requests if STORAGE.encode() in each]
        assert len(requests) == 5000


def test_stop__without_a_journal():
    """The report says that there is nothing to go on with."""
    with RawServer(platform) as server, open_session(server.url) as session:
        report = stopped_run(session, guests(5000), per_second=100)
    assert "next run starts with the first row" in report.stopped_because.english


def broken_off(rows):
    """Return rows whose source fails after the last."""
    yield from rows
    raise OSError("broken off")


def test_resume__failures_stay_in_their_file(session, sandbox, players, tmp_path):
    """A lasting one is not sent again; one that may pass is, and leaves the file if it does."""
    path = tmp_path / "failures.ndjson"
    options = {"journal": tmp_path / "journal.db", "failures": path}
    sandbox.end_session(players[0].openid)
    rows = [*rows_of(players), "no row"]
    with pytest.raises(OSError, match="broken off"):
        bulk.load(session, broken_off(rows[:2]), **options)
    line = lines_of(path)[0]
    passing = {**line, "row": 3, "may_retry": True, "openid": players[2].openid}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(passing) + "\n" + '{"row": 4, torn')
    sent_before = sent(sandbox)[players[0].openid]
    assert counts(bulk.load(session, rows, **options)) == (8, 1, 2)
    assert sent(sandbox)[players[0].openid] == sent_before
    assert [line["row"] for line in lines_of(path)] == [1, 11]


def test_failures__a_finished_run_is_not_gone_on_with(session, sandbox, players, tmp_path):
    """The next run tries them again and begins the file anew."""
    path = tmp_path / "failures.ndjson"
    options = {"journal": tmp_path / "journal.db", "failures": path}
    rows = [*rows_of(players), ("newcomer", {"score": "1"})]
    assert counts(bulk.load(session, rows, **options)) == (10, 0, 1)
    assert counts(bulk.load(session, rows, **options)) == (0, 10, 1)
    assert len(lines_of(path)) == 1
    log_in(session, sandbox, "newcomer")
    assert counts(bulk.load(session, rows, **options)) == (1, 10, 0)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("with_journal", [True, False])
def test_only_failures__repeats_just_those(session, sandbox, players, tmp_path, with_journal):
    """And later rows of the same players, whose values are to be stored last."""
    first, second = tmp_path / "first.ndjson", tmp_path / "second.ndjson"
    options = {"journal": tmp_path / "journal.db"} if with_journal else {}
    rows = [
        *rows_of(players),
        ("newcomer", {"score": "1"}),
        (players[0].openid, {"gold": "1"}),
        ("stranger", {"score": "1"}),
    ]
    assert counts(bulk.load(session, rows, failures=first, **options)) == (11, 0, 2)
    log_in(session, sandbox, "newcomer")
    rows.append(("newcomer", {"score": "2"}))
    report = bulk.load(session, rows, only_failures=first, failures=second, **options)
    assert counts(report) == (2, 11, 1)
    assert [line["openid"] for line in lines_of(second)] == ["stranger"]
    assert stored(sandbox)["newcomer"] == {"score": "2"}
    assert sum(sent(sandbox).values()) == 13


def test_only_failures__has_to_be_another_file(session, tmp_path):
    """One cannot be read and begun anew."""
    path = tmp_path / "failures.ndjson"
    with pytest.raises(ConfigurationError, match="same file"):
        bulk.load(session, [], failures=path, only_failures=path)


def test_only_failures__that_is_missing(session, tmp_path):
    """It says which file."""
    with pytest.raises(StoreError, match=r"missing\.ndjson.*No such file"):
        bulk.load(session, [], only_failures=tmp_path / "missing.ndjson")


@pytest.mark.parametrize("text", ["openid,score\n", '{"row": 1}\n', "[1]\n", "torn"])
def test_failures__a_file_that_is_not_ours(session, tmp_path, text):
    """It is refused and stays as it is, also as the list of what to repeat."""
    path = tmp_path / "scores.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="not a failure that qqminigame wrote"):
        bulk.load(session, [], failures=path)
    if text != "torn":
        with pytest.raises(ConfigurationError, match="line 1 is not a failure"):
            bulk.load(session, [], only_failures=path)
    assert path.read_text() == text


def test_failures__not_a_file(session):
    """A device is neither read nor replaced."""
    with pytest.raises(ConfigurationError, match="not a failure that qqminigame wrote"):
        bulk.load(session, [], failures="/dev/zero")
    assert Path("/dev/zero").is_char_device()


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
    assert 30 <= report.failed <= 32
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


# --- how fast


def test_pace__turns_are_evenly_spaced():
    """Whoever comes early waits for the turn, and time without turns is not made up for."""
    clock = Clock()
    pace = Pace(10, monotonic=clock)
    assert [pace.turn() for _ in range(3)] == pytest.approx([0, 0.1, 0.2])
    clock.now += 5
    assert [pace.turn() for _ in range(2)] == pytest.approx([0, 0.1])


def test_pace__without_a_limit():
    """Nobody waits."""
    pace = Pace()
    assert {pace.turn() for _ in range(1000)} == {0.0}


def test_pace__halves_and_recovers():
    """A refusal halves the speed once for all that was under way; successes bring it back."""
    clock = Clock()
    pace = Pace(100, monotonic=clock)
    turns(pace, clock, seconds=3)
    pace.refused()
    pace.refused()
    assert pace.rate == pytest.approx(50, rel=0.05)
    turns(pace, clock, seconds=5)
    assert 70 < pace.rate < 80
    pace.refused()
    assert 35 < pace.rate < 40
    turns(pace, clock, seconds=30)
    assert pace.rate == 100


def test_pace__without_a_limit_halves_what_was_reached():
    """The speed that the platform has refused is the one that was measured."""
    clock = Clock()
    pace = Pace(monotonic=clock)
    for _ in range(300):
        pace.turn()
        clock.now += 0.01
    pace.refused()
    assert pace.rate == pytest.approx(50, rel=0.05)


def test_pace__a_refusal_is_for_all_who_share_the_turns():
    """A second goes by in which nobody has a turn; a store that fails is no further trouble."""
    reserved = []

    def reserve(seconds):
        reserved.append(seconds)
        if len(reserved) == 3:
            raise StoreError("out of reach")
        return 0.5

    clock = Clock()
    pace = Pace(100, shared=reserve, monotonic=clock)
    assert pace.turn() == 0.5
    pace.refused()
    clock.now += 2
    pace.refused()
    assert reserved == [0.01, 1.0, 1.0]


class Oversleeping(threading.Event):
    """Whoever waits for it wakes up late, the first so many times."""

    def __init__(self, clock, times):
        super().__init__()
        self._clock, self._times = clock, times

    def wait(self, timeout=None):
        self._clock.now += timeout + (1.0 if self._times > 0 else 0.0)
        self._times -= 1
        return False


def sent_at(sandbox, clock, pace, times):
    """Send a row, oversleeping its turns so many times; return when it was sent."""
    began, sent = clock.now, []
    operation = Operation(
        kind="load", name=STORAGE, load="scores", send=lambda *_: sent.append(clock.now - began)
    )
    with make_session(sandbox, monotonic=clock) as session:
        sender = Sender(session, operation, pace, Oversleeping(clock, times))
        assert sender.send(bulk.Row(number=1, login="player", data={}), {}) is None
    (when,) = sent
    return pytest.approx(when)


@pytest.mark.parametrize(("times", "when"), [(0, 0.1), (1, 1.1)])
def test_turn__that_comes_late_is_given_up(sandbox, times, when):
    """Many that oversleep together, in a process that was stopped, do not send all at once."""
    clock = Clock()
    pace = Pace(10, monotonic=clock)
    pace.turn()
    assert sent_at(sandbox, clock, pace, times) == when
    assert pace.turn() == pytest.approx(0.1)


def test_turn__that_always_comes_late(sandbox):
    """However busy the machine is, the row is sent in the end."""
    clock = Clock()
    pace = Pace(10, shared=lambda seconds: 0.5, monotonic=clock)
    assert sent_at(sandbox, clock, pace, 1000) == 5 * 1.5


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


def test_pace__never_stops():
    """However often the platform refuses, a row a second is tried."""
    clock = Clock()
    pace = Pace(100, monotonic=clock)
    for _ in range(50):
        clock.now += 2
        pace.turn()
        pace.refused()
    assert pace.rate == 1


def turns(pace, clock, seconds):
    """Take turns for so long, all of which succeed."""
    ends = clock.now + seconds
    while clock.now < ends:
        clock.now += pace.turn()
        pace.succeeded()


def test_load__a_platform_that_allows_only_so_much():
    """The run slows down until every row is stored."""
    places = threading.Semaphore(4)
    refused = []

    def answer(request):
        if STORAGE.encode() not in request:
            return platform(request)
        if not places.acquire(blocking=False):
            refused.append(request)
            return http("", "429 Too Many Requests")
        time.sleep(0.01)  # how long the platform has room for fewer
        places.release()
        return platform(request)

    with RawServer(answer) as server, open_session(server.url) as session:
        assert counts(bulk.load(session, guests(300))) == (300, 0, 0)
    assert refused


def test_load__the_quota_of_the_day_is_used_up(tmp_path):
    """The run ends; what was not sent is no failure, and waits for tomorrow."""

    def answer(request):
        return http('{"errcode":45009,"errmsg":"reach max api daily quota limit"}')

    path = tmp_path / "failures.ndjson"
    with RawServer(answer) as server, open_session(server.url) as session:
        report = bulk.load(session, guests(50), failures=path)
    assert (report.stored, report.failed) == (0, 0)
    assert "no further row can succeed" in report.stopped_because.english
    assert path.read_bytes() == b""


def test_load__per_second():
    """No more rows are sent than that."""
    with RawServer(platform) as server, open_session(server.url) as session:
        report = bulk.load(session, guests(31), per_second=60)
    assert report.seconds >= 0.5


def test_load__per_second_over_redis(redis_server):
    """Two loads at once send no more than one may."""
    with RawServer(platform) as server:
        sessions = [open_session(server.url, store=redis_server.url) for _ in range(2)]
        since = time.monotonic()
        threads = [
            threading.Thread(target=bulk.load, args=(each, guests(16)), kwargs={"per_second": 60})
            for each in sessions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - since >= 0.5
        assert sum(STORAGE.encode() in request for request in server.requests) == 32
        for each in sessions:
            each.close()


# --- processes and signals


@contextlib.contextmanager
def run_program(sandbox, players, *, rows=None, waits_for=None, **options):
    """Run a load in a process of its own; the players' logins are in a store it can read."""
    folder = Path(os.environ["XDG_STATE_HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    store = f"sqlite:///{folder / 'logins.db'}"
    with make_session(sandbox, store=store) as session:
        for player in players:
            session.logins.remember(player)
    job = {
        "session": {
            "app_id": sandbox.app_id,
            "app_secret": sandbox.app_secret,
            "base_url": sandbox.url,
            "store": store,
        },
        "rows": rows_of(players) if rows is None else rows,
        "options": options,
    }
    job |= {} if waits_for is None else {"waits_for": str(waits_for)}
    with Program(PROGRAM, PATIENCE_SECONDS) as program:
        program.write(job)
        yield program


@pytest.mark.parametrize(
    ("number", "processes"), [(signal.SIGTERM, 1), (signal.SIGINT, 1), (signal.SIGTERM, 2)]
)
def test_signals__end_the_run_in_order(sandbox, players, tmp_path, number, processes):
    """What was read is sent or left, the journal is whole, and the program goes on to its end."""
    journal, gate = tmp_path / "journal.db", tmp_path / "gate"
    options = {"journal": str(journal), "processes": processes}
    with run_program(sandbox, players, waits_for=gate, **options) as program:
        assert program.read() == "waiting"
        program.signal(number)
        assert program.read() == "told"
        gate.touch()
        done, skipped, failed, because = program.read()
        assert program.read() is None
    assert (skipped, failed) == (0, 0)
    assert "stopped as asked" in because
    with run_program(sandbox, players, journal=str(journal)) as program:
        assert program.rest()[-1] == [10 - done, done, 0, None]


def test_signals__the_second_one_interrupts(sandbox, players, tmp_path):
    """For whoever cannot wait."""
    with run_program(sandbox, players, waits_for=tmp_path / "never") as program:
        assert program.read() == "waiting"
        program.signal(signal.SIGTERM)
        assert program.read() == "told"
        program.signal(signal.SIGTERM)
        assert program.rest() == []
        assert program.errors.endswith("KeyboardInterrupt\n")


def test_journal__keeps_rows_that_are_sent_slowly(sandbox, players, tmp_path):
    """A kill loses the last quarter of a second, however few rows were sent in all."""
    rows = [(player.openid, {"score": str(n)}) for n in range(4) for player in players]
    journal = str(tmp_path / "journal.db")
    with run_program(sandbox, players, rows=rows, journal=journal, per_second=20) as program:
        wait_until(lambda: sum(sent(sandbox).values()) >= 20)
        program.signal(signal.SIGKILL)
        assert program.rest() == []
    with run_program(sandbox, players, rows=rows, journal=journal) as program:
        done, skipped, *_ = program.rest()[-1]
    assert done + skipped == 40
    assert skipped > 0


def test_processes__send_for_one(sandbox, players, tmp_path):
    """Each row once, in the order of each player's rows, over one token."""
    rows = [(player.openid, {"score": str(n)}) for n in range(50) for player in players]
    rows.append(("stranger", {"score": "1"}))
    options = {"journal": str(tmp_path / "journal.db"), "failures": str(tmp_path / "failures")}
    with run_program(sandbox, players, rows=rows, processes=2, workers=4, **options) as program:
        assert program.rest() == [[500, 0, 1, None]], program.errors
    assert stored(sandbox) == {player.openid: {"score": "49"} for player in players}
    assert sum(sent(sandbox).values()) == 500
    assert sandbox.state()["token_fetches"] == 1
    assert [line["error"] for line in lines_of(tmp_path / "failures")] == ["LoginNotFoundError"]


def test_processes__one_that_is_killed(sandbox, players, tmp_path):
    """The run ends and says so; the next one goes on."""
    journal, gate = tmp_path / "journal.db", tmp_path / "gate"
    options = {"journal": str(journal), "processes": 2, "workers": 2}
    with run_program(sandbox, players, waits_for=gate, **options) as program:
        assert program.read() == "waiting"
        child, _ = children_of(program.pid)
        os.kill(child, signal.SIGKILL)
        wait_until(lambda: not is_running(child))
        gate.touch()
        *_, because = program.read()
        assert "a worker process ended" in because
    with run_program(sandbox, players, **options) as program:
        done, skipped, failed, because = program.rest()[-1]
    assert (done + skipped, failed, because) == (10, 0, None)
    assert len(stored(sandbox)) == 10


def test_processes__end_with_the_one_that_reads(sandbox, players, tmp_path):
    """Also where it is killed: nobody goes on sending what the next run sends too."""
    with run_program(sandbox, players, waits_for=tmp_path / "gate", processes=3) as program:
        assert program.read() == "waiting"
        children = children_of(program.pid)
        assert len(children) == 3
        program.signal(signal.SIGKILL)
        wait_until(lambda: not any(map(is_running, children)))


def test_processes__without_fork(session, monkeypatch):
    """It is refused in words."""
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(ConfigurationError, match="can fork"):
        bulk.load(session, [], processes=2)


def children_of(pid):
    """Return the processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def is_running(pid):
    """Return whether there is such a process, and it has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


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
