"""What a load has done stays done: the next run goes on with the rest."""

import contextlib
import json
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
import requests
from loads import (
    STORAGE,
    broken_off,
    counts,
    guests,
    lines_of,
    open_session,
    rows_of,
    run_program,
    sent,
    stored,
)
from raw_server import RawServer, platform
from sessions import log_in, make_session
from waiting import PATIENCE_SECONDS

from qqminigame import ConfigurationError, Session, StoreError, bulk
from qqminigame.testing import assert_no_secrets

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
