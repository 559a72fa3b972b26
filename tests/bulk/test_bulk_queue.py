"""Bulk loads whose rows are sent by the workers of a queue; a list stands for the queue here."""

import json
import logging
import threading

import pytest
from hooked_store import HookedStore
from loads import STORAGE, rows_of, sent, stored
from sessions import make_session
from waiting import wait_until

from qqminigame import (
    ConfigurationError,
    InvalidArgumentError,
    LoginState,
    MemoryStore,
    RedisStore,
    RetryPolicy,
    StoreError,
    bulk,
)
from qqminigame.bulk import chunks, dispatch, worker
from qqminigame.testing import assert_no_secrets


class Line:
    """A queue whose messages a worker in this process carries out at once, unless told otherwise.

    Args:
        carry_out: What the worker does with a message; None for nothing.
    """

    def __init__(self, carry_out=None):
        self.messages = []
        self.carry_out = carry_out

    def post(self, chunk):
        """Take a message; it travels as JSON."""
        message = json.loads(json.dumps(chunk))
        self.messages.append(message)
        if self.carry_out is not None:
            self.carry_out(message)


@pytest.fixture
def address(tmp_path):
    """A store that loads and workers share."""
    return f"sqlite:///{tmp_path}/shared.db"


@pytest.fixture
def session(sandbox, address):
    """The session of the load, which repeats without long pauses."""
    with make_session(
        sandbox, store=address, retry=RetryPolicy(base_seconds=0.01, deadline_seconds=4.0)
    ) as session:
        yield session


@pytest.fixture
def workers(sandbox, address):
    """The session of the workers."""
    with make_session(
        sandbox, store=address, retry=RetryPolicy(base_seconds=0.01, deadline_seconds=4.0)
    ) as session:
        yield bulk.Chunks(session)


@pytest.fixture
def line(workers):
    """A queue with a worker."""
    return Line(workers.carry_out)


@pytest.fixture
def impatient(monkeypatch):
    """A load that waits for nobody."""
    monkeypatch.setattr(dispatch, "_POST_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(dispatch, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(chunks, "_SECONDS", 0.2)
    monkeypatch.setattr(chunks, "_MARGIN_SECONDS", 0.2)


def test_load__through_a_queue(session, sandbox, players, line):
    """Workers store the rows; the load counts them."""
    report = bulk.load(session, rows_of(players), through=line)
    assert (report.stored, report.failed, report.stopped_because) == (10, 0, None)
    assert stored(sandbox) == {player.openid: {"score": "1"} for player in players}
    assert len(line.messages) == 1


@pytest.mark.parametrize(
    ("load", "row", "stored"),
    [
        (bulk.load, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}),
        (bulk.load, [("a", "1")], {"a": "1"}),
        (bulk.remove, ["a"], {}),
    ],
)
def test_each_kind__through_a_queue(load, row, stored, session, sandbox, players, line):
    """A row is the same after its way through JSON, whatever it is made of."""
    report = load(session, [(players[0].openid, row)], through=line)
    assert (report.stored, report.failed) == (1, 0)
    assert sandbox.state()["players"][players[0].openid]["storage"] == stored


def test_interactive__through_a_queue(session, sandbox, players, line):
    """Interactive data, too."""
    report = bulk.set_interactive(session, [(players[0].openid, {"1": 1})], through=line)
    assert report.stored == 1
    assert sandbox.state()["players"][players[0].openid]["interactive"] == {"1": 1}


def test_failures__as_without_a_queue(session, sandbox, players, line, tmp_path):
    """The failures file says the same, whoever has sent the rows."""
    rows = [
        *rows_of(players[:2]),
        ("nobody", {"score": "1"}),
        (players[2].openid, {"score": 1}),
        (players[3].openid, {1: "int key"}),
        (players[4].openid, [("a", b"bytes")]),
        (players[5].openid, {"a": "1" * 2000}),
        (players[6].openid, {}),
        bulk.Row(number=20, error=InvalidArgumentError("line 20 has no score")),
    ]
    lines = []
    for through in (None, line):
        path = tmp_path / "failures.ndjson"
        report = bulk.load(session, rows, failures=path, through=through)
        assert (report.stored, report.failed) == (2, 7)
        lines.append(sorted(path.read_text("utf-8").splitlines()))
    assert lines[0] == lines[1]


def test_rows_of_a_player__in_their_order(session, sandbox, players, line):
    """The last value is stored last, over several chunks too."""
    rows = [(player.openid, {"score": str(turn)}) for turn in range(60) for player in players]
    assert bulk.load(session, rows, through=line).stored == 600
    assert stored(sandbox) == {player.openid: {"score": "59"} for player in players}
    assert len(line.messages) > 2


def test_messages__hold_no_secret(session, sandbox, players, line):
    """A login in a row becomes its openid; the store has the rest."""
    secrets = [login.session_key for login in players] + [sandbox.app_secret]
    report = bulk.load(session, [(login, {"score": "1"}) for login in players], through=line)
    assert report.stored == 10
    assert_no_secrets(line.messages, secrets)
    assert_no_secrets([chunks.Chunk.of(message) for message in line.messages], secrets)


def test_login__that_the_store_does_not_have(session, line):
    """The failure says so; the session_key of the row is not sent anywhere."""
    login = LoginState(openid="guest", session_key="a secret key")
    report = bulk.load(session, [(login, {"score": "1"})], through=line)
    assert report.failed == 1
    assert_no_secrets(line.messages, [login.session_key])


def test_journal__through_a_queue(session, sandbox, players, line, tmp_path):
    """A second run sends only what has changed."""
    options = {"journal": tmp_path / "journal.db", "through": line}
    bulk.load(session, rows_of(players), **options)
    rows = [*rows_of(players[:9]), (players[9].openid, {"score": "2"})]
    report = bulk.load(session, rows, **options)
    assert (report.stored, report.skipped) == (1, 9)
    assert sent(sandbox)[players[9].openid] == 2


# --- what queues do


def test_message__delivered_twice(session, sandbox, players, workers):
    """A chunk is carried out once, one copy after the other or both at once."""

    def twice(message):
        copies = [threading.Thread(target=workers.carry_out, args=(message,)) for _ in range(2)]
        for copy in copies:
            copy.start()
        for copy in copies:
            copy.join()
        workers.carry_out(message)

    assert bulk.load(session, rows_of(players), through=Line(twice)).stored == 10
    assert set(sent(sandbox).values()) == {1}


def test_message__lost(session, sandbox, players, workers, impatient):
    """A chunk that nobody begins is posted again."""
    line = Line()

    def lose_first(message):
        if len(line.messages) > 1:
            workers.carry_out(message)

    line.carry_out = lose_first
    assert bulk.load(session, rows_of(players), through=line).stored == 10
    assert len(line.messages) == 2
    assert line.messages[0] == line.messages[1]


@pytest.mark.slow
def test_worker__lost(session, sandbox, players, workers, impatient):
    """A chunk whose worker is lost is posted again when its lock has expired."""
    line = Line()

    def lose_first_worker(message):
        chunk = chunks.Chunk.of(message)
        if len(line.messages) > 1:
            workers.carry_out(message)
        elif session.store.try_lock(chunk.key, chunk.lease_seconds(session.deadline_seconds)):
            session.store.set(chunk.key, chunks.BEGUN)

    line.carry_out = lose_first_worker
    assert bulk.load(session, rows_of(players), through=line).stored == 10
    assert set(sent(sandbox).values()) == {1}


def test_queue__out_of_reach(session, sandbox, players, workers, impatient, caplog):
    """The load says so, and goes on when the queue is back."""
    line = Line()

    def fail_first(message):
        if len(line.messages) < 3:
            raise StoreError("no broker")
        workers.carry_out(message)

    line.carry_out = fail_first
    assert bulk.load(session, rows_of(players), through=line).stored == 10
    assert sum("no broker" in message for message in caplog.messages) == 2


@pytest.mark.parametrize("step", range(1, 5))
def test_message__of_a_load_that_has_ended(session, sandbox, players, step):
    """What is left in the queue is not sent; nor is what a worker has not begun by then."""
    left = Line()
    stop = threading.Event()
    thread = threading.Thread(
        target=bulk.load, args=(session, rows_of(players)), kwargs={"through": left, "stop": stop}
    )
    thread.start()
    wait_until(lambda: left.messages)

    def end_the_load(number, _):
        if number == step:
            stop.set()
            thread.join()

    store = HookedStore(session.store)
    store.before = end_the_load
    with make_session(sandbox, store=store) as other:
        bulk.Chunks(other).carry_out(left.messages[0])
    assert store.steps >= step
    assert sent(sandbox) == {}


@pytest.mark.parametrize("seconds", [0.05, pytest.param(2.0, marks=pytest.mark.slow)])
def test_stop__keeps_what_workers_have_sent(
    session, sandbox, players, workers, tmp_path, monkeypatch, seconds
):
    """The rows that were stored when the load was stopped are in its journal.

    That a worker has begun may be news: the last look was some seconds ago.
    """
    monkeypatch.setattr(dispatch, "_LOOK_SECONDS", seconds)
    sandbox.script(*({"kind": "delay", "seconds": 0.3, "endpoint": STORAGE} for _ in range(10)))
    stop, threads = threading.Event(), []

    def work(message):
        threads.append(threading.Timer(seconds / 4, workers.carry_out, args=(message,)))
        threads[-1].start()

    line, journal = Line(work), tmp_path / "journal.db"
    thread = threading.Thread(target=lambda: wait_until(lambda: sent(sandbox)) or stop.set())
    thread.start()
    report = bulk.load(
        session, rows_of(players), through=line, workers=1, journal=journal, stop=stop
    )
    thread.join()
    for each in threads:
        each.join()
    assert report.stopped_because is not None
    assert report.stored == len(stored(sandbox)) > 0
    after = bulk.load(session, rows_of(players), through=Line(workers.carry_out), journal=journal)
    assert (after.stored, after.skipped) == (10 - report.stored, report.stored)
    assert set(sent(sandbox).values()) == {1}


@pytest.mark.slow
def test_run__that_was_killed(session, sandbox, players, line, caplog, tmp_path):
    """The next one waits for the last calls of its workers."""
    caplog.set_level(logging.INFO, "qqminigame")
    operation = f"set_user_storage of app {sandbox.app_id} at {sandbox.url}"
    journal = tmp_path / "journal.db"
    session.store.set(chunks.key_of_runs(operation, journal), "killed")
    report = bulk.load(session.within(2.0), rows_of(players), through=line, journal=journal)
    assert report.stored == 10
    assert report.seconds >= 3.0
    assert any("was interrupted" in message for message in caplog.messages)


def test_runs__side_by_side(session, sandbox, players, workers, tmp_path):
    """Loads with journals of their own, or none, do not disturb each other."""
    reports = []

    def load_another(message):
        if len(line.messages) == 1:
            other = Line(workers.carry_out)
            for journal in (None, tmp_path / "other.db"):
                rows = rows_of(players[:3], "2")
                reports.append(bulk.load(session, rows, through=other, journal=journal))
        workers.carry_out(message)

    line = Line(load_another)
    reports.append(
        bulk.load(session, rows_of(players), through=line, journal=tmp_path / "journal.db")
    )
    assert [(each.stored, each.stopped_because) for each in reports] == [
        (3, None),
        (3, None),
        (10, None),
    ]


def test_run__replaced_by_another(session, sandbox, players, monkeypatch):
    """Of two runs of one load, the first ends and says why."""
    monkeypatch.setattr(dispatch, "_KEEP_RUN_SECONDS", 0.0)
    line = Line()

    def begin_another(message):
        session.store.set(chunks.Chunk.of(message).run_key, "another")

    line.carry_out = begin_another
    report = bulk.load(session, rows_of(players), through=line)
    assert "another run of this load" in report.stopped_because.english
    assert session.store.get(chunks.Chunk.of(line.messages[0]).run_key) == "another"


def test_time__is_up(session, sandbox, players, workers, monkeypatch):
    """Rows that a worker had no time for are posted again."""
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(chunks, "_SECONDS", 0.3)
    sandbox.script({"kind": "delay", "seconds": 0.2, "endpoint": STORAGE, "times": 5})
    line = Line(workers.carry_out)
    assert bulk.load(session, rows_of(players), through=line, workers=1).stored == 10
    assert len(line.messages) > 1
    assert set(sent(sandbox).values()) == {1}


def test_silence__is_told_and_ends_the_load(session, players, monkeypatch, caplog):
    """Where no worker answers, a warning says what to check, and then the load stops."""
    monkeypatch.setattr(dispatch, "_WARN_SECONDS", 0.1)

    def is_told():
        return any("no worker of the queue has answered" in each for each in caplog.messages)

    def look(_):
        if is_told():
            monkeypatch.setattr(dispatch, "_SILENCE_SECONDS", 0.0)

    report = bulk.load(session, rows_of(players), through=Line(), progress=look)
    assert "check that workers are running" in report.stopped_because.english
    assert is_told()


def test_worker__for_another_app(sandbox, session, address, players):
    """Workers that are configured for something else end the load; nothing is sent."""
    with make_session(sandbox, store=address, base_url="http://127.0.0.1:9") as other:
        line = Line(bulk.Chunks(other).carry_out)
        report = bulk.load(session, rows_of(players), through=line)
    assert "http://127.0.0.1:9" in report.stopped_because.english
    assert (report.stored, report.failed, sent(sandbox)) == (0, 0, {})


def test_worker__without_the_secret(sandbox, session, address, players):
    """Workers that cannot make the call end the load."""
    with make_session(
        sandbox, store=address, app_secret=None, hall_app_id=None, app_key="key"
    ) as other:
        line = Line(bulk.Chunks(other).carry_out)
        report = bulk.load(session, rows_of(players), through=line)
    assert "app_secret" in report.stopped_because.english


def test_credentials__refused(sandbox, address, players):
    """The first worker that is refused ends the load, and keeps what was stored before."""
    with (
        make_session(sandbox, store=f"{address}2", app_secret="wrong") as session,
        make_session(sandbox, store=f"{address}2", app_secret="wrong") as other,
    ):
        for player in players:
            session.logins.remember(player)
        report = bulk.load(session, rows_of(players), through=Line(bulk.Chunks(other).carry_out))
    assert "no further row can succeed" in report.stopped_because.english
    assert report.stored == 0


# --- arguments


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"through": object()}, "register(app) first"),
        ({"through": Line(), "processes": 2}, "start more workers"),
        ({"through": Line(), "per_second": 10}, "needs a Redis"),
    ],
)
def test_options__that_do_not_fit(options, words, session):
    """What the workers of a queue cannot do is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match=words.replace("(", r"\(").replace(")", r"\)")):
        bulk.load(session, [], **options)


def test_store__in_memory(sandbox):
    """Workers could not find what they need there."""
    with (
        make_session(sandbox, store=MemoryStore()) as session,
        pytest.raises(ConfigurationError, match="store that the workers"),
    ):
        bulk.load(session, [], through=Line())


# --- the limit


def test_per_second__over_all_workers(sandbox, redis_server, players, monkeypatch):
    """Repeated attempts take turns, too: the platform sees no more calls than are allowed."""
    policy, turns, next_turn = RetryPolicy(base_seconds=0.01), [], RedisStore.next_turn
    monkeypatch.setattr(
        RedisStore, "next_turn", lambda *given: turns.append(1) or next_turn(*given)
    )
    with (
        make_session(sandbox, store=redis_server.url, retry=policy) as session,
        make_session(sandbox, store=redis_server.url, retry=policy) as other,
    ):
        for player in players:
            session.logins.remember(player)
        sandbox.script(*({"kind": "busy", "endpoint": STORAGE, "skip": 5} for _ in range(8)))
        one, two = bulk.Chunks(session), bulk.Chunks(other)
        both = iter((one, two) * 100)
        threads = []

        def work(message):
            threads.append(threading.Thread(target=next(both).carry_out, args=(message,)))
            threads[-1].start()

        rows = [(player.openid, {"score": str(turn)}) for turn in range(6) for player in players]
        report = bulk.load(session, rows, through=Line(work), per_second=30)
        for each in threads:
            each.join()
    assert (report.stored, report.failed) == (60, 0)
    times = [each["time"] for each in sandbox.log() if each["path"].endswith(STORAGE)]
    # Whoever comes too late for a turn takes another.
    assert len(times) == 68 <= len(turns)
    # 67 intervals; a turn that comes late makes it longer.
    assert times[-1] - times[0] >= 67 / 30 * 0.95
