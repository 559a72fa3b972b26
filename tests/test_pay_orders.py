"""Bonus reports by order id: none is sent twice, and none is lost, whatever comes in between."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve
from hooked_store import HookedStore
from order_records import open_records
from sessions import Clock, Pauses, make_session
from waiting import PATIENCE_SECONDS

from qqminigame import (
    ConfigurationError,
    Dawanka,
    DawankaInfo,
    DawankaLevel,
    HallLogin,
    InvalidArgumentError,
    LoginExpiredError,
    MemoryStore,
    OutcomeUnknownError,
    PayReport,
    PlatformError,
    RetryPolicy,
    Session,
    SQLiteStore,
    StoreError,
    TransportError,
)
from qqminigame.dawanka.records import order_text
from qqminigame.sandbox import Sandbox

REPORT = "report_dawanka_pay"
INFO = DawankaInfo(
    score=0, level=DawankaLevel.DAWANKA, binding=False, discount=0, pay_return_count=3
)
# Long enough for any report to have come in.
LATER = 8.0 + 60.0 + 1.0


@pytest.fixture
def clock(sandbox):
    """The time of the processes that report."""
    return Clock(sandbox.state()["now"])


# Stores for which a server has to be started.
SERVED = ("redis", "mariadb")


@pytest.fixture(
    params=["memory", "sqlite", *(pytest.param(kind, marks=pytest.mark.slow) for kind in SERVED)]
)
def store(request, clock):
    """The order records, which the processes share."""
    return open_records(request.param, request, clock)


@pytest.fixture
def cache():
    """The sessions' store, which the processes share."""
    return MemoryStore()


@pytest.fixture
def process(sandbox, clock, store, cache):
    """Make a service with a session of its own, as another process would."""
    with contextlib.ExitStack() as sessions:

        def make(orders=store, **arguments):
            arguments = {"store": cache, "clock": clock, "sleep": Pauses(), **arguments}
            session = sessions.enter_context(make_session(sandbox, **arguments))
            return Dawanka(session, orders=orders)

        yield make


@pytest.fixture
def dawanka(process):
    """The service in the first process."""
    return process()


def reports(sandbox, hall_login):
    """Return how many reports the platform has counted."""
    return sandbox.state()["hall"][hall_login.openid]["reports"]


def pass_time(clock, seconds):
    """Let time pass."""
    clock.now += seconds


def unclear(sandbox, dawanka, hall_login, order_id, kind="reset_after"):
    """Report an order with an unclear end."""
    sandbox.script({"kind": kind, "endpoint": REPORT})
    with pytest.raises(OutcomeUnknownError):
        dawanka.report_pay(hall_login, order_id)


def test_report_pay__an_order_is_reported_once(dawanka, process, sandbox, hall_login):
    """The second call, in whatever process, gets the first one's report without a request."""
    report = dawanka.report_pay(hall_login, "order-1")
    requests = len(sandbox.log())
    assert report == PayReport(use=1, left=2)
    assert dawanka.report_pay(hall_login, "order-1") == report
    assert process().report_pay(hall_login, "order-1") == report
    assert process().settle(hall_login, "order-1") == report
    assert process().report_pay_if_left(hall_login, "order-1") == report
    assert len(sandbox.log()) == requests == 2
    assert reports(sandbox, hall_login) == 1


def test_report_pay__each_order_is_its_own(dawanka, sandbox, hall_login):
    """Other orders of the player are reported too."""
    for n in range(3):
        assert dawanka.report_pay(hall_login, f"order-{n}").left == 2 - n
    assert reports(sandbox, hall_login) == 3


@pytest.mark.parametrize(
    ("kind", "counted"),
    [("reset_after", True), ("reset_before", False), ("reset_midway", True), ("cut_off", True)],
)
def test_settle__finds_out(dawanka, process, sandbox, hall_login, clock, kind, counted):
    """An order with an unclear end is refused until it is settled; the uses left decide."""
    unclear(sandbox, dawanka, hall_login, "order-1", kind)
    for service in (dawanka, process()):
        with pytest.raises(OutcomeUnknownError, match="settle") as caught:
            service.report_pay(hall_login, "order-1")
        assert caught.value.sent is None
    clock.now += LATER
    report = process().settle(hall_login, "order-1")
    assert report == (PayReport(use=None, left=2) if counted else None)
    again = dawanka.report_pay(hall_login, "order-1")
    assert again.left == 2
    assert reports(sandbox, hall_login) == 1


def test_settle__while_the_report_may_be_under_way(dawanka, sandbox, hall_login, clock):
    """Nothing is decided as long as the report might still come in."""
    unclear(sandbox, dawanka, hall_login, "order-1", "reset_before")
    clock.now += LATER - 2
    with pytest.raises(OutcomeUnknownError, match="still be under way"):
        dawanka.settle(hall_login, "order-1")
    clock.now += 2
    assert dawanka.settle(hall_login, "order-1") is None


def test_settle__a_call_with_a_long_deadline_is_waited_for(process, sandbox, hall_login, clock):
    """How long a report may be under way depends on the deadline it was sent with."""
    slow = process(retry=RetryPolicy(deadline_seconds=600.0))
    unclear(sandbox, slow, hall_login, "order-1", "reset_before")
    clock.now += LATER
    with pytest.raises(OutcomeUnknownError, match="still be under way"):
        process().settle(hall_login, "order-1")


def test_settle__unlimited_players(dawanka, sandbox, clock):
    """The count of an unlimited player tells nothing; the caller's word is taken."""
    openid, openkey = sandbox.hall_login(pay_return_count=-1)
    hall_login = HallLogin(openid=openid, openkey=openkey)
    for order_id, happened in (("order-1", True), ("order-2", False)):
        unclear(sandbox, dawanka, hall_login, order_id)
        clock.now += LATER
        with pytest.raises(OutcomeUnknownError, match="unlimited"):
            dawanka.settle(hall_login, order_id)
        settled = dawanka.settle(hall_login, order_id, happened=happened)
        assert settled == (PayReport(use=None, left=None) if happened else None)
    assert dawanka.report_pay(hall_login, "order-1") == PayReport(use=None, left=None)
    assert reports(sandbox, hall_login) == 2


def test_settle__a_later_order_came_in_between(dawanka, sandbox, hall_login, clock):
    """With two orders open, the count can be either's: neither is decided."""
    unclear(sandbox, dawanka, hall_login, "order-1", "reset_before")
    unclear(sandbox, dawanka, hall_login, "order-2", "reset_after")
    clock.now += LATER
    with pytest.raises(OutcomeUnknownError, match="begun after it"):
        dawanka.settle(hall_login, "order-1")
    with pytest.raises(OutcomeUnknownError, match="unresolved when it was begun"):
        dawanka.settle(hall_login, "order-2")
    assert dawanka.settle(hall_login, "order-1", happened=False) is None
    assert dawanka.settle(hall_login, "order-2", happened=True).left is None


def test_settle__an_earlier_order_may_still_come_in(dawanka, sandbox, hall_login, clock):
    """A finished order between an open one and the next does not make the count certain."""
    unclear(sandbox, dawanka, hall_login, "order-1", "reset_before")
    clock.now += 10
    dawanka.report_pay(hall_login, "order-2")
    unclear(sandbox, dawanka, hall_login, "order-3", "reset_before")
    clock.now += 58
    # From here on the first cannot come in any more, whatever became of it.
    unclear(sandbox, dawanka, hall_login, "order-4", "reset_before")
    clock.now += LATER
    open_orders = {order.order_id: order.uses_before for order in dawanka.orders("open")}
    assert open_orders == {"order-1": 3, "order-3": None, "order-4": None}
    clock.now += LATER
    unclear(sandbox, dawanka, hall_login, "order-5", "reset_after")
    clock.now += LATER
    assert dawanka.settle(hall_login, "order-5") == PayReport(use=None, left=1)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_settle__something_else_changed_the_count(dawanka, sandbox, hall_login, clock, count):
    """A report without an order, or a new level, leaves a count that tells nothing."""
    unclear(sandbox, dawanka, hall_login, "order-1")
    sandbox.hall_login(hall_login.openid, pay_return_count=count)
    clock.now += LATER
    with pytest.raises(OutcomeUnknownError, match=f"from 3 to {count}"):
        dawanka.settle(hall_login, "order-1")


def test_settle__at_another_level(dawanka, sandbox, hall_login, clock):
    """Uses are those of a level: a new level's count says nothing of the old one's."""
    unclear(sandbox, dawanka, hall_login, "order-1", "reset_after")
    sandbox.hall_login(hall_login.openid, level=2, pay_return_count=3)
    clock.now += LATER
    with pytest.raises(OutcomeUnknownError, match="level has changed"):
        dawanka.settle(hall_login, "order-1")


def test_settle__an_order_that_only_the_caller_knows(dawanka, process, sandbox, hall_login):
    """Whoever says that it was counted keeps it from being reported, with a record or without."""
    counted = PayReport(use=None, left=None)
    assert dawanka.settle(hall_login, "order-1", happened=True) == counted
    assert process().report_pay(hall_login, "order-1") == counted
    assert process().settle(hall_login, "order-1", happened=False) == counted
    assert dawanka.settle(hall_login, "order-2", happened=False) is None
    assert [order.order_id for order in dawanka.orders("finished")] == ["order-1"]
    assert sandbox.log() == []


def test_settle__an_order_that_was_never_begun(dawanka, sandbox, hall_login):
    """It did not happen."""
    assert dawanka.settle(hall_login, "order-1") is None
    assert sandbox.log() == []


def test_settle__with_another_openkey(dawanka, sandbox, hall_login, clock):
    """The player has come in again meanwhile; an openkey that is over settles nothing."""
    unclear(sandbox, dawanka, hall_login, "order-1")
    clock.now += 7300
    sandbox.advance(7300)
    with pytest.raises(LoginExpiredError):
        dawanka.settle(hall_login, "order-1")
    openid, openkey = sandbox.hall_login(hall_login.openid)
    assert dawanka.settle(HallLogin(openid=openid, openkey=openkey), "order-1").left == 2


CERTAIN = [2000001, 2000002, 2000003, 2000004, 2000005, 2000006, 2000020, 2000021, 2000022]
CERTAIN += [2000023, 2000024, 1, 1002, -64]


@pytest.mark.parametrize("code", CERTAIN)
def test_report_pay__a_refusal_before_anything_is_counted(dawanka, sandbox, hall_login, code):
    """What was certainly not counted leaves no order, and can be reported again at once."""
    sandbox.script({"kind": "code", "code": code, "endpoint": REPORT})
    with pytest.raises(PlatformError) as caught:
        dawanka.report_pay(hall_login, "order-1")
    assert caught.value.code == code
    assert list(dawanka.orders()) == []
    assert dawanka.report_pay(hall_login, "order-1") == PayReport(use=1, left=2)


@pytest.mark.parametrize("before", [None, "finished", "open"])
def test_report_pay__a_refusal_leaves_no_doubt(dawanka, sandbox, hall_login, clock, before):
    """An order that was refused stands in the way of no other one's settlement."""
    if before == "finished":
        dawanka.report_pay(hall_login, "order-0")
    if before == "open":
        unclear(sandbox, dawanka, hall_login, "order-0", "reset_after")
    sandbox.script({"kind": "code", "code": 2000023, "endpoint": REPORT})
    with pytest.raises(LoginExpiredError):
        dawanka.report_pay(hall_login, "order-1")
    if before != "open":
        unclear(sandbox, dawanka, hall_login, "order-0b", "reset_after")
    clock.now += LATER
    counted = "order-0" if before == "open" else "order-0b"
    assert dawanka.settle(hall_login, counted) == PayReport(
        use=None, left=1 if before == "finished" else 2
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "busy"},
        {"kind": "code", "code": 1001},
        {"kind": "code", "code": -65},
        {"kind": "code", "code": 2000007},
        {"kind": "code", "code": 2000030},
        {"kind": "code", "code": 4711},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 408},
        {"kind": "status", "status": 204},
        {"kind": "html"},
    ],
    ids=str,
)
def test_report_pay__no_clear_answer(dawanka, sandbox, hall_login, clock, fault):
    """Whatever is not documented to come before the count leaves the order open."""
    sandbox.script({**fault, "endpoint": REPORT})
    with pytest.raises(OutcomeUnknownError, match="settle") as caught:
        dawanka.report_pay(hall_login, "order-1")
    assert caught.value.order_id == "order-1"
    with pytest.raises(OutcomeUnknownError):
        dawanka.report_pay(hall_login, "order-1")
    clock.now += LATER
    assert dawanka.settle(hall_login, "order-1") is None
    assert dawanka.report_pay(hall_login, "order-1").left == 2


def test_report_pay__nobody_listens(process, sandbox, hall_login):
    """Where not even the count can be asked for, no order is begun."""
    dead = process(base_url="http://127.0.0.1:9")
    with pytest.raises(TransportError) as caught:
        dead.report_pay(hall_login, "order-1")
    assert caught.value.sent is False
    assert dead.settle(hall_login, "order-1") is None


def test_report_pay__another_players_order(dawanka, sandbox, hall_login):
    """An order id names one order of one player."""
    dawanka.report_pay(hall_login, "order-1")
    openid, openkey = sandbox.hall_login(pay_return_count=3)
    other = HallLogin(openid=openid, openkey=openkey)
    for call in (dawanka.report_pay, dawanka.settle, dawanka.report_pay_if_left):
        with pytest.raises(InvalidArgumentError, match="another player"):
            call(other, "order-1")
    assert reports(sandbox, other) == 0


@pytest.mark.parametrize("order_id", ["", 7, b"order", "x" * 129, "分" * 43, "\ud800"], ids=ascii)
def test_calls__an_order_id_that_is_none(dawanka, sandbox, hall_login, order_id):
    """An order id is a str of 1 to 128 bytes."""
    for call in (dawanka.report_pay, dawanka.report_pay_if_left, dawanka.settle):
        with pytest.raises(InvalidArgumentError, match="order_id"):
            call(hall_login, order_id)
    assert sandbox.log() == []


@pytest.mark.parametrize(("order_id", "happened"), [(None, None), ("o", "no"), ("o", 2)])
def test_settle__arguments_that_are_none(dawanka, sandbox, hall_login, order_id, happened):
    """Settle wants an order id, and the caller's word as a bool."""
    with pytest.raises(InvalidArgumentError, match=r"order_id|happened"):
        dawanka.settle(hall_login, order_id, happened=happened)
    assert sandbox.log() == []


def test_report_pay__threads_with_the_same_order(process, sandbox, hall_login):
    """Of threads that report one order at once, one sends it; the rest get its report or wait."""
    dawanka = process(sleep=time.sleep)  # who waits for another thread waits in real time
    barrier = threading.Barrier(8)
    ends = []

    def report():
        barrier.wait()
        try:
            ends.append(dawanka.report_pay(hall_login, "order-1"))
        except OutcomeUnknownError:
            ends.append("under way")

    threads = [threading.Thread(target=report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reports(sandbox, hall_login) == 1
    assert PayReport(use=1, left=2) in ends
    assert all(end in (PayReport(use=1, left=2), "under way") for end in ends)


def test_report_pay_if_left__asks_first(dawanka, sandbox, hall_login):
    """Where no use is left nothing is reported; with or without an order."""
    for order_id in ("order-1", None, "order-3"):
        assert dawanka.report_pay_if_left(hall_login, order_id) is not None
    for order_id in ("order-4", None):
        assert dawanka.report_pay_if_left(hall_login, order_id) is None
    assert reports(sandbox, hall_login) == 3
    assert dawanka.report_pay_if_left(hall_login, "order-1") == PayReport(use=1, left=2)


def test_report_pay_if_left__asks_once(dawanka, sandbox, hall_login):
    """With an order or without, one question and one report."""
    for order_id in ("order-1", None):
        dawanka.report_pay_if_left(hall_login, order_id)
    paths = [entry["path"].rpartition("/")[2] for entry in sandbox.log()]
    assert paths == ["get_dawanka_info", REPORT] * 2


@pytest.mark.parametrize("order_id", ["x" * 128, "分" * 42 + "xx", "\x00%/:*[?]'\""], ids=ascii)
def test_calls__order_ids_at_the_limit(dawanka, sandbox, hall_login, clock, order_id):
    """128 bytes are allowed, and any characters."""
    unclear(sandbox, dawanka, hall_login, order_id)
    clock.now += LATER
    assert [order.order_id for order in dawanka.orders("open")] == [order_id]
    assert dawanka.settle(hall_login, order_id) == PayReport(use=None, left=2)
    assert dawanka.report_pay(hall_login, order_id) == PayReport(use=None, left=2)


@pytest.mark.parametrize("passed", [0.0, 3.25, 60.0, 67.0])
def test_unknown__says_when_settle_can_decide(dawanka, process, sandbox, hall_login, clock, passed):
    """The seconds of the error are exact: a second earlier settle refuses, then it decides."""
    sandbox.script({"kind": "reset_before", "endpoint": REPORT})
    with pytest.raises(OutcomeUnknownError) as first:
        dawanka.report_pay(hall_login, "order-1")
    assert first.value.settle_in == 68
    clock.now += passed
    with pytest.raises(OutcomeUnknownError) as second:
        process().report_pay(hall_login, "order-1")
    for error, seconds in ((first.value, 68), (second.value, 68 - int(passed))):
        assert f"Dawanka.settle(hall_login, 'order-1') in {seconds} s" in str(error)
        assert f"{seconds} 秒后调用 Dawanka.settle(hall_login, 'order-1') 核实" in error.chinese
        assert (error.order_id, error.endpoint) == ("order-1", REPORT)
    assert pickle.loads(pickle.dumps(second.value)).settle_in == second.value.settle_in
    clock.now += second.value.settle_in - 1
    with pytest.raises(OutcomeUnknownError, match="under way") as third:
        process().settle(hall_login, "order-1")
    assert third.value.settle_in == 1
    clock.now += 1
    assert process().settle(hall_login, "order-1") is None


def test_unknown__where_only_the_game_can_know(dawanka, sandbox, clock):
    """Where no time will help, the error asks for the caller's word."""
    openid, openkey = sandbox.hall_login(pay_return_count=-1)
    hall_login = HallLogin(openid=openid, openkey=openkey)
    sandbox.script({"kind": "reset_after", "endpoint": REPORT})
    with pytest.raises(OutcomeUnknownError, match="happened=True") as caught:
        dawanka.report_pay(hall_login, "order-1")
    assert caught.value.settle_in is None


def test_clocks__far_apart(process, sandbox, hall_login, clock):
    """Times are the records' own: machines whose clocks are wrong settle neither early nor late."""
    machines = [process(clock=lambda ahead=ahead: clock() + ahead) for ahead in (-300, 0, 300)]
    for number, dawanka in enumerate(machines):
        order_id = f"order-{number}"
        unclear(sandbox, dawanka, hall_login, order_id, "reset_before")
        clock.now += 67
        for other in machines:
            with pytest.raises(OutcomeUnknownError, match="under way") as caught:
                other.settle(hall_login, order_id)
            assert caught.value.settle_in == 1
        clock.now += 1
        assert machines[number - 1].settle(hall_login, order_id) is None
    assert reports(sandbox, hall_login) == 0


def test_forget__an_older_attempt(process, sandbox, hall_login):
    """What was decided of one attempt changes nothing of the next, begun in the same instant."""
    first, second = process(), process()
    order = begun(first, hall_login)
    assert second.settle(hall_login, "order-1", happened=False) is None
    newer = begun(second, hall_login)
    orders, deadline = first._orders, first._session.deadline()
    assert orders.forget(order, deadline) is False
    assert orders.finish_if_open(order, PayReport(use=1, left=2), deadline) is False
    with pytest.raises(TransportError, match="was not sent"):
        orders.check(order, deadline)
    assert list(second.orders("open")) == [newer]
    assert not orders.is_latest(order, deadline)
    assert orders.is_latest(newer, deadline)
    second._orders.check(newer, deadline)


def begun(dawanka, hall_login, order_id="order-1"):
    """Begin an order without sending its report, as a process does that is killed then."""
    orders, deadline = dawanka._orders, dawanka._session.deadline()
    look = orders.look(order_id, hall_login.openid, deadline)
    return orders.begin(order_id, hall_login, look, INFO, deadline)


def test_begin__of_two_that_looked_at_once(process, hall_login):
    """One of them begins its order, the other finds out; the same for one order and for two."""
    for order_id, other_id in (("a", "a"), ("b", "c")):
        first, second = process()._orders, process()._orders
        deadline = process()._session.deadline()
        look = first.look(order_id, hall_login.openid, deadline)
        late = second.look(other_id, hall_login.openid, deadline)
        order = first.begin(order_id, hall_login, look, INFO, deadline)
        assert order is not None
        assert second.begin(other_id, hall_login, late, INFO, deadline) is None
        assert first.find(order_id, deadline) == order
        first.check(order, deadline)


def test_begin__of_two_with_the_same_order(process, hall_login):
    """Even where the player's latest order tells nothing, only one process can add the order."""
    first, second = process()._orders, process()._orders
    deadline = process()._session.deadline()
    look = second.look("order-1", hall_login.openid, deadline)
    order = first.begin("order-1", hall_login, first.look("order-1", "o", deadline), INFO, deadline)
    text = first.store.get(first.keys.latest(hall_login.openid))
    late = evolve(look, latest=text)
    assert second.begin("order-1", hall_login, late, INFO, deadline) is None
    assert first.find("order-1", deadline) == order
    assert first.is_latest(order, deadline)
    assert [open_order.mark for open_order in first.orders("open")] == [order.mark]


def test_threads__each_with_its_own_order(process, sandbox, hall_login):
    """Orders of one player that are reported at once are all counted, each once."""
    openid, openkey = sandbox.hall_login(pay_return_count=50)
    player = HallLogin(openid=openid, openkey=openkey)
    barrier, ends = threading.Barrier(6), []

    def report(number):
        # Who waits for another thread waits in real time.
        dawanka = process(sleep=time.sleep, retry=RetryPolicy(deadline_seconds=60.0))
        barrier.wait()
        ends.append(dawanka.report_pay(player, f"order-{number}"))

    threads = [threading.Thread(target=report, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(end.left for end in ends) == list(range(44, 50))
    assert reports(sandbox, player) == 6


def test_deadline__of_the_whole_report(process, sandbox, hall_login, clock, store):
    """Look-ups, question and report share one deadline, however slow each of them is."""
    for seconds in (1.0, 1.5, 3.0, 9.0):
        records = HookedStore(store)
        records.before = lambda _number, _name, seconds=seconds: pass_time(clock, seconds)
        since = clock.now
        with pytest.raises(TransportError) as caught:
            process(orders=records, monotonic=clock).report_pay(hall_login, f"order-{seconds}")
        assert caught.value.sent is False
        # Undoing the beginning, four steps of the store, is not left out.
        assert clock.now - since <= 8.0 + 5 * seconds
    assert reports(sandbox, hall_login) == 0


def test_deadline__each_step_is_told_what_is_left(process, sandbox, hall_login, clock, store):
    """No step of the store may take longer than the call has left."""
    told = []

    class Told(HookedStore):
        def _step(self, name, *arguments, timeout, **options):
            told.append((name, timeout))
            pass_time(clock, 0.5)
            return super()._step(name, *arguments, timeout=PATIENCE_SECONDS, **options)

    process(orders=Told(store), monotonic=clock).report_pay(hall_login, "order-1")
    assert [timeout for _, timeout in told] == [8.0 - 0.5 * n for n in range(len(told))]


@pytest.mark.parametrize("call", ["report_pay", "report_pay_if_left", "settle"])
def test_deadline__of_the_question(process, sandbox, hall_login, clock, call):
    """Asking for the uses ends with the call, far from any other limit."""
    dawanka = process(retry=RetryPolicy(deadline_seconds=0.4), timeout=60.0)
    if call == "settle":
        begun(process(), hall_login)
        clock.now += LATER
    sandbox.script({"kind": "no_answer", "endpoint": "get_dawanka_info", "times": -1})
    since = time.monotonic()
    with pytest.raises(TransportError):
        getattr(dawanka, call)(hall_login, "order-1")
    assert time.monotonic() - since < 30.0
    assert reports(sandbox, hall_login) == 0


@pytest.mark.parametrize("answer", [None, 2000023])
def test_deadline__an_outcome_is_written_down(
    process, sandbox, hall_login, clock, store, answer, caplog
):
    """An answer that takes all the time there is does not leave the order open."""
    told = []

    class Told(HookedStore):
        def _step(self, name, *arguments, timeout, **options):
            told.append(timeout)
            return super()._step(name, *arguments, timeout=PATIENCE_SECONDS, **options)

    def answered(event):
        if event.endpoint == REPORT:
            told.clear()
            clock.now += 9.0

    if answer is not None:
        sandbox.script({"kind": "code", "code": answer, "endpoint": REPORT})
    dawanka = process(orders=Told(store), monotonic=clock, on_call=answered)
    with contextlib.suppress(LoginExpiredError):
        dawanka.report_pay(hall_login, "order-1")
    assert told
    assert set(told) == {0.25}
    assert list(process().orders("open")) == []


def test_address__of_another_platform(process, sandbox, hall_login, clock, store):
    """What was reported to one address is neither reported nor settled at another."""
    with Sandbox(hall_app_id=sandbox.hall_app_id, app_key=sandbox.app_key) as other:
        unclear(sandbox, process(), hall_login, "order-1")
        process().report_pay(hall_login, "order-2")
        moved = process(base_url=other.url)
        clock.now += LATER
        for call in (moved.report_pay, moved.settle):
            with pytest.raises(ConfigurationError, match="base_url") as caught:
                call(hall_login, "order-1")
            assert sandbox.url in str(caught.value)
            assert other.url in str(caught.value)
        with pytest.raises(ConfigurationError, match="base_url"):
            moved.report_pay(hall_login, "order-2")
        assert other.log() == []
        assert moved.settle(hall_login, "order-1", happened=True) == PayReport(use=None, left=None)


def test_session__for_the_hall_alone(process, sandbox, hall_login, store):
    """Sessions that name the hall's app id in either way know each other's orders."""
    process().report_pay(hall_login, "order-1")
    alone = Session(
        sandbox.hall_app_id, app_key=sandbox.app_key, base_url=sandbox.url, store="memory:"
    )
    with alone:
        known = Dawanka(alone, orders=store)
        assert known.report_pay(hall_login, "order-1") == PayReport(use=1, left=2)
    assert reports(sandbox, hall_login) == 1


def test_orders__by_state(dawanka, process, sandbox, hall_login, clock):
    """All, open ones, finished ones; what each tells."""
    now = dawanka._orders.store.now()
    dawanka.report_pay(hall_login, "done")
    unclear(sandbox, dawanka, hall_login, "lost")
    (order,) = process().orders("open")
    assert (order.order_id, order.openid, order.state) == ("lost", hall_login.openid, "open")
    assert (order.address, order.uses_before, order.report) == (sandbox.url, 2, None)
    assert order.begun_at == pytest.approx(now, abs=30)
    assert order.settle_from == order.begun_at + 68
    (order,) = process().orders("finished")
    assert (order.order_id, order.state) == ("done", "finished")
    assert order.report == PayReport(use=1, left=2)
    assert order.ended_at >= order.begun_at
    assert hall_login.openkey not in repr(order)
    assert {order.order_id for order in process().orders()} == {"done", "lost"}
    assert len(list(process().orders(limit=1))) == 1
    listing = dawanka._orders
    assert listing.store.count(listing.keys.open_orders) == 1


@pytest.mark.parametrize(
    "arguments", [{"state": "closed"}, {"state": 1}, {"limit": 0}, {"limit": "1"}, {"limit": True}]
)
def test_orders__arguments_that_are_none(dawanka, arguments):
    """They are refused at once, not when the first order is asked for."""
    with pytest.raises(InvalidArgumentError, match=next(iter(arguments))):
        dawanka.orders(**arguments)


def test_orders__open_ones_among_many(process, sandbox, hall_login, store, cache):
    """Open orders are found without a look at those that are finished."""
    dawanka = process()
    done = evolve(begun(dawanka, hall_login), report=PayReport(use=1, left=2), ended_at=1.0)
    for number in range(600):  # more than one page
        order = evolve(done, order_id=f"done-{number}")
        store.set(dawanka._orders.keys.order(order.order_id), order_text(order))
    for number in range(3):
        begun(dawanka, hall_login, f"lost-{number}")
    seen = Counter()

    class Watched(HookedStore):
        def _step(self, name, *arguments, **options):
            found = super()._step(name, *arguments, **options)
            seen[name] += len(found[0] if name == "scan" else found)
            return found

    open_orders = list(process(orders=Watched(store)).orders("open"))
    assert {order.order_id for order in open_orders} == {"order-1", "lost-0", "lost-1", "lost-2"}
    # The texts that are compared, and the openkeys.
    assert seen == {"scan": 4, "get_many": 8}
    assert len(set(process().orders("finished"))) == 600


def test_prune(dawanka, process, sandbox, hall_login, clock):
    """Finished orders that ended long ago are removed; open ones and later ones stay."""
    openid, openkey = sandbox.hall_login(pay_return_count=50)
    player = HallLogin(openid=openid, openkey=openkey)
    unclear(sandbox, dawanka, hall_login, "lost")
    for number in range(4):
        dawanka.report_pay(player, f"old-{number}")
    clock.now += 86_400  # an hour short: a busy machine may take its time
    dawanka.report_pay(player, "new")
    assert dawanka.prune(older_than=90_000) == 0
    clock.now += 7200
    assert process().prune(older_than=90_000, limit=3) == 3
    assert process().prune(older_than=90_000) == 1
    assert {order.order_id for order in dawanka.orders()} == {"lost", "new"}
    assert {order.order_id for order in dawanka.orders("open")} == {"lost"}
    left = dawanka.report_pay(player, "next").left
    assert left == 44


def test_prune__what_killed_processes_have_left(process, store, hall_login, clock):
    """Entries of the list of open orders whose order is not open are taken out, late enough."""
    dawanka = process()
    orders, keys = dawanka._orders, dawanka._orders.keys
    order = begun(dawanka, hall_login, "gone")
    store.delete_if(keys.order("gone"), order_text(order))
    still_open = begun(dawanka, hall_login, "open")
    text = order_text(evolve(still_open, mark="of another attempt"))
    store.set(keys.open("of another attempt"), text)
    assert dawanka.prune(older_than=86_400) == 0
    assert store.count(keys.open_orders) == 3
    clock.now += 86_400 + LATER
    assert dawanka.prune(older_than=86_400) == 0
    assert store.count(keys.open_orders) == 1
    assert list(orders.orders("open")) == [still_open]


@pytest.mark.parametrize(
    "arguments",
    [{"older_than": 86_399}, {"older_than": "1"}, {"older_than": 86_400, "limit": 0}],
)
def test_prune__arguments_that_are_none(dawanka, arguments):
    """Nothing younger than a day is removed: it might be reported again."""
    with pytest.raises(InvalidArgumentError):
        dawanka.prune(**arguments)


GARBAGE = ["", "{}", "[1]", '["order1"]', "nonsense", "[" * 5000, "NaN"]
GARBAGE += ['["order1",' + "1," * 10 + "1]"]


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: text[:20])
def test_records__that_are_unreadable(dawanka, store, sandbox, hall_login, text, caplog):
    """They are not taken for an order that was never begun, and hide no other order."""
    keys = dawanka._orders.keys
    dawanka.report_pay(hall_login, "order-2")
    store.set(keys.order("order-1"), text)
    for call in (dawanka.report_pay, dawanka.settle):
        with pytest.raises(StoreError, match="unreadable") as caught:
            call(hall_login, "order-1")
        assert caught.value.__context__ is None
    assert [order.order_id for order in dawanka.orders()] == ["order-2"]
    assert "unreadable" in caplog.text
    store.set(keys.latest(hall_login.openid), text)
    with pytest.raises(StoreError, match="unreadable"):
        dawanka.report_pay(hall_login, "order-3")
    assert reports(sandbox, hall_login) == 1


def test_records__that_are_lost(process, sandbox, hall_login, store):
    """Records that are not those used before are refused before anything is sent."""
    records = HookedStore(store)
    old = process(orders=records)
    old.report_pay(hall_login, "order-1")
    for key, text in store.scan("pay:")[0]:
        store.delete_if(key, text)
    sent = len(sandbox.log())
    for dawanka in (old, process(orders=records)):
        for call in (dawanka.report_pay, dawanka.report_pay_if_left, dawanka.settle):
            with pytest.raises(StoreError, match="trust_orders"):
                call(hall_login, "order-1")
    assert len(sandbox.log()) == sent
    process(orders=records).trust_orders()
    # A process that ran all the while believes it too.
    for dawanka in (process(orders=records), old):
        assert dawanka.report_pay(hall_login, "order-2").left == 1
    assert reports(sandbox, hall_login) == 2


def test_records__that_are_lost_with_the_cache(process, sandbox, hall_login, store):
    """A process that has used records remembers them by itself."""
    records = HookedStore(store)
    cache = MemoryStore()
    dawanka = process(orders=records, store=cache)
    dawanka.report_pay(hall_login, "order-1")
    for place in (store, cache):
        for key, text in place.scan("pay:")[0]:
            place.delete_if(key, text)
    with pytest.raises(StoreError, match="trust_orders"):
        dawanka.report_pay(hall_login, "order-1")
    assert reports(sandbox, hall_login) == 1


def test_records__in_a_file_that_was_deleted(process, sandbox, hall_login, tmp_path, clock):
    """Neither a process that used the file nor a new one takes its place for no orders."""
    path = tmp_path / "records" / "orders.db"

    def records():
        return SQLiteStore(path, durable=True, clock=clock)

    old = process(orders=records())
    old.report_pay(hall_login, "order-1")
    path.unlink()
    elsewhere = f"sqlite:///{tmp_path}/elsewhere.db"
    for dawanka in (old, process(orders=records()), process(orders=elsewhere)):
        for call in (dawanka.report_pay, dawanka.report_pay_if_left, dawanka.settle):
            with pytest.raises(StoreError, match="orders"):
                call(hall_login, "order-1")
    assert reports(sandbox, hall_login) == 1


def test_records__while_the_cache_is_lost(process, sandbox, hall_login, store):
    """What the sessions' store forgets is no loss; neither is that store being out of order."""

    class Broken(MemoryStore):
        def add(self, key, text, **options):
            raise StoreError("out of order")

    process(store=MemoryStore()).report_pay(hall_login, "order-1")
    process(store=MemoryStore()).report_pay(hall_login, "order-1")
    process(store=Broken()).report_pay(hall_login, "order-1")
    assert reports(sandbox, hall_login) == 1


def test_records__while_the_cache_is_damaged(process, sandbox, hall_login, store, cache):
    """An id that the cache does not have as it was written is no reason to refuse the records."""
    records = HookedStore(store)
    process(orders=records).report_pay(hall_login, "order-1")
    ((key, place),) = cache.scan("pay:")[0]
    for damaged in ("", "rubbish", "x" + place[1:], place[:-1], "-"):
        cache.set(key, damaged)
        assert process(orders=records).report_pay(hall_login, "order-1").left == 2
        assert cache.get(key) == place


def test_default__is_a_file_in_the_state_folder(sandbox, hall_login, tmp_path, monkeypatch):
    """Without orders=, records outlive the process and the cache."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for _ in range(2):
        with make_session(sandbox) as session:
            assert Dawanka(session).report_pay(hall_login, "order-1") == PayReport(use=1, left=2)
    assert (tmp_path / "state" / "qqminigame" / "orders.db").is_file()
    assert reports(sandbox, hall_login) == 1


def test_default__where_it_cannot_be_written(sandbox, hall_login, tmp_path, monkeypatch):
    """Nothing is sent, and the error says what to do; without an order id nothing is needed."""
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with make_session(sandbox) as session:
        with pytest.raises(StoreError, match="orders"):
            Dawanka(session).report_pay(hall_login, "order-1")
        assert sandbox.log() == []
        assert Dawanka(session).report_pay(hall_login).left == 2


def test_orders__where_they_might_be_lost(sandbox, hall_login, redis_server, tmp_path):
    """A store that may forget is refused before anything is sent."""
    places = (redis_server.url, SQLiteStore(tmp_path / "cache.db"))
    for orders in places:
        with make_session(sandbox) as session:
            with pytest.raises(ConfigurationError, match="orders"):
                Dawanka(session, orders=orders).report_pay(hall_login, "order-1")
            assert sandbox.log() == []


def test_orders__in_the_file_of_the_cache(sandbox, tmp_path):
    """Orders are not kept in a file that is begun anew where it is corrupt."""
    address = f"sqlite:///{tmp_path}/cache.db"
    with make_session(sandbox, store=address) as session:
        with pytest.raises(ConfigurationError, match="of their own"):
            Dawanka(session, orders=address)
        Dawanka(session, orders=f"sqlite:///{tmp_path}/orders.db")


@pytest.mark.parametrize("orders", [7, object(), {}], ids=["int", "object", "dict"])
def test_orders__that_are_no_store(sandbox, orders):
    """It is a store or an address."""
    with make_session(sandbox) as session, pytest.raises(ConfigurationError, match="orders"):
        Dawanka(session, orders=orders)


def test_stopped_process(sandbox, hall_login, tmp_path):
    """SIGSTOP between begin and send, for longer than the margin: it goes on and sends nothing."""
    setting = {
        "sandbox": {
            "app_id": sandbox.app_id,
            "app_secret": sandbox.app_secret,
            "hall_app_id": sandbox.hall_app_id,
            "app_key": sandbox.app_key,
            "base_url": sandbox.url,
            "store": f"sqlite:///{tmp_path}/cache.db",
        },
        "records": str(tmp_path / "orders.db"),
        "hall_login": {"openid": hall_login.openid, "openkey": hall_login.openkey},
        "ahead": str(tmp_path / "ahead"),
    }
    (tmp_path / "ahead").write_text("0")
    command = [sys.executable, Path(__file__).parent / "stopped_worker.py", json.dumps(setting)]
    stopped = subprocess.Popen([*command, "stop"], stdout=subprocess.PIPE, text=True)
    _, status = os.waitpid(stopped.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    (tmp_path / "ahead").write_text("69")
    run = {"stdout": subprocess.PIPE, "text": True, "check": True}
    assert subprocess.run([*command, "settle"], **run).stdout == "None\n"
    assert subprocess.run([*command, "report"], **run).stdout == "2\n"
    stopped.send_signal(signal.SIGCONT)
    assert "not sent" in stopped.communicate()[0]
    assert reports(sandbox, hall_login) == 1


def test_within__another_deadline_for_some_calls(sandbox, session):
    """A view of the session has a deadline of its own and shares all else."""
    sandbox.script({"kind": "no_answer", "times": -1})
    hall_login = HallLogin(openid="o", openkey="k")
    with pytest.raises(TransportError) as caught:
        Dawanka(session.within(0.2)).get_info(hall_login)
    assert caught.value.attempts == 1
    assert session.deadline_seconds == 8.0
    assert session.within(0.2).logins is session.logins
    for seconds in (0, -1, None, "1"):
        with pytest.raises(ConfigurationError, match="seconds"):
            session.within(seconds)
