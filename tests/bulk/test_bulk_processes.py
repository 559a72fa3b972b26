"""Loads of several processes, and what ends them."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from loads import lines_of, run_program, sent, stored
from waiting import wait_until

from qqminigame import ConfigurationError, bulk


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
    rows = [(player.openid, {"score": str(n)}) for n in range(20) for player in players]
    journal = str(tmp_path / "journal.db")
    with run_program(sandbox, players, rows=rows, journal=journal, per_second=20) as program:
        wait_until(lambda: sum(sent(sandbox).values()) >= 40)
        program.signal(signal.SIGKILL)
        assert program.rest() == []
    with run_program(sandbox, players, rows=rows, journal=journal) as program:
        done, skipped, *_ = program.rest()[-1]
    assert done + skipped == 200
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
    """Return whether there is such a process, and one of its threads has not ended."""
    try:
        threads = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return any(thread.rpartition(")")[2].split()[0] != "Z" for thread in threads)
