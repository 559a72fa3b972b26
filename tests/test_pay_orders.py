"""Bonus reports by order id: none is sent twice, and none is lost, whatever comes in between."""

import threading
import time

import pytest
from sessions import Clock, Pauses, make_session

from qqminigame import (
    BusyError,
    ConfigurationError,
    Dawanka,
    HallLogin,
    InvalidArgumentError,
    LoginExpiredError,
    MemoryStore,
    OutcomeUnknownError,
    PayReport,
    ReplyError,
    RetryPolicy,
    SQLiteStore,
    StoreError,
    TransportError,
)

REPORT = "report_dawanka_pay"
# Long enough for any report to have come in.
LATER = 8.0 + 60.0 + 1.0


@pytest.fixture
def clock(sandbox):
    """The time of the processes that report."""
    return Clock(sandbox.state()["now"])


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request, clock, tmp_path):
    """A store that the processes share."""
    if request.param == "redis":
        return request.getfixturevalue("redis_server").url
    kinds = {
        "memory": lambda: MemoryStore(clock=clock),
        "sqlite": lambda: SQLiteStore(tmp_path / "store.db", clock=clock),
    }
    return kinds[request.param]()


@pytest.fixture
def process(sandbox, clock, store):
    """Make a service with a session of its own, as another process would."""

    def make(**arguments):
        arguments = {"store": store, "clock": clock, "sleep": Pauses(), **arguments}
        return Dawanka(make_session(sandbox, **arguments))

    return make


@pytest.fixture
def dawanka(process):
    """The service in the first process."""
    return process()


def reports(sandbox, hall_login):
    """Return how many reports the platform has counted."""
    return sandbox.state()["hall"][hall_login.openid]["reports"]


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
    with pytest.raises(OutcomeUnknownError, match="was open when it was begun"):
        dawanka.settle(hall_login, "order-2")
    assert dawanka.settle(hall_login, "order-1", happened=False) is None
    assert dawanka.settle(hall_login, "order-2", happened=True).left is None


@pytest.mark.parametrize("count", [0, 1, 5])
def test_settle__something_else_changed_the_count(dawanka, sandbox, hall_login, clock, count):
    """A report without an order, or a new level, leaves a count that tells nothing."""
    unclear(sandbox, dawanka, hall_login, "order-1")
    sandbox.hall_login(hall_login.openid, pay_return_count=count)
    clock.now += LATER
    with pytest.raises(OutcomeUnknownError, match=f"from 3 to {count}"):
        dawanka.settle(hall_login, "order-1")


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


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "code", "code": 2000023}, LoginExpiredError),
        ({"kind": "status", "status": 404}, ReplyError),
    ],
    ids=str,
)
def test_report_pay__a_clear_no_leaves_no_order(dawanka, sandbox, hall_login, fault, error):
    """What was refused can be reported again at once."""
    sandbox.script({**fault, "endpoint": REPORT})
    with pytest.raises(error):
        dawanka.report_pay(hall_login, "order-1")
    assert dawanka.report_pay(hall_login, "order-1") == PayReport(use=1, left=2)


def test_report_pay__busy_leaves_the_order_open(dawanka, sandbox, hall_login, clock):
    """Whether a busy platform has counted is documented nowhere, so it has to be settled."""
    sandbox.script({"kind": "busy", "endpoint": REPORT})
    with pytest.raises(BusyError):
        dawanka.report_pay(hall_login, "order-1")
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
    dawanka = process(sleep=time.sleep)
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


def test_report_pay__another_process_has_its_turn(process, sandbox, hall_login, store, clock):
    """While another order of the player is being begun, this one waits, and then sends nothing."""
    dawanka = process()
    name = f"{dawanka._orders._prefix}player:{hall_login.openid}"
    assert dawanka._orders._store.try_lock(name, 60.0)
    with pytest.raises(TransportError, match="being begun") as caught:
        dawanka.report_pay(hall_login, "order-1")
    assert caught.value.sent is False
    assert sandbox.log() == []


def test_report_pay_if_left__asks_first(dawanka, sandbox, hall_login):
    """Where no use is left nothing is reported; with or without an order."""
    for order_id in ("order-1", None, "order-3"):
        assert dawanka.report_pay_if_left(hall_login, order_id) is not None
    for order_id in ("order-4", None):
        assert dawanka.report_pay_if_left(hall_login, order_id) is None
    assert reports(sandbox, hall_login) == 3
    assert dawanka.report_pay_if_left(hall_login, "order-1") == PayReport(use=1, left=2)


class Broken(MemoryStore):
    """A store that breaks when a test says so."""

    broken = ()

    def _entry(self, text, seconds):
        if "writing" in self.broken:
            raise StoreError("the store is broken")
        return super()._entry(text, seconds)


def test_store__that_breaks_before_the_report(sandbox, hall_login):
    """What cannot be recorded is not sent."""
    store = Broken()
    dawanka = Dawanka(make_session(sandbox, store=store))
    store.broken = ("writing",)
    with pytest.raises(StoreError):
        dawanka.report_pay(hall_login, "order-1")
    assert reports(sandbox, hall_login) == 0


def test_store__that_breaks_before_the_end_is_written(sandbox, hall_login, caplog):
    """The report is returned; the order stays open and is never reported again unsettled."""
    store, clock = Broken(), Clock(sandbox.state()["now"])
    dawanka = Dawanka(make_session(sandbox, store=store, clock=clock))
    send = dawanka._send

    def send_and_break(login):
        report = send(login)
        store.broken = ("writing",)
        return report

    dawanka._send = send_and_break
    assert dawanka.report_pay(hall_login, "order-1") == PayReport(use=1, left=2)
    assert "cannot be written down" in caplog.text
    store.broken = ()
    with pytest.raises(OutcomeUnknownError):
        dawanka.report_pay(hall_login, "order-1")
    clock.now += LATER
    assert dawanka.settle(hall_login, "order-1") == PayReport(use=None, left=2)
    assert reports(sandbox, hall_login) == 1


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[1,2,3,4,5,[]]", "nonsense"])
def test_store__an_order_that_cannot_be_read(sandbox, hall_login, text):
    """It is not taken for an order that was never begun."""
    store = MemoryStore()
    session = make_session(sandbox, store=store)
    store.set(session.pay_orders._order_key("order-1"), text)
    with pytest.raises(StoreError, match="cannot be read") as caught:
        Dawanka(session).report_pay(hall_login, "order-1")
    assert caught.value.__context__ is None
    assert reports(sandbox, hall_login) == 0


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
