"""How fast rows are sent: as fast as is allowed, and slower where the platform says so."""

import threading
import time

import pytest
from loads import STORAGE, counts, guests, open_session
from raw_server import RawServer, http, platform
from sessions import Clock, make_session

from qqminigame import StoreError, bulk
from qqminigame.bulk.pace import Pace
from qqminigame.bulk.sending import Operation, Sender


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
