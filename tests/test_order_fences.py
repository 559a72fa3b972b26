"""Bonus reports by order id, with another process coming in at every step: killed, stopped, gone.

A report passes some twenty steps of the store. Each test here runs once for every one of them.
"""

import contextlib

import pytest
import requests
from hooked_store import HookedStore, Killed
from order_records import open_records
from sessions import Clock, Pauses, enter_hall, make_session

from qqminigame import (
    Dawanka,
    MemoryStore,
    OutcomeUnknownError,
    QQMiniGameError,
    StoreError,
    TransportError,
)

REPORT = "report_dawanka_pay"
LATER = 8.0 + 60.0 + 1.0
# More steps than a report has.
STEPS = range(1, 15)
# The step that makes sure, right before the sending, that the order is still this attempt's.
LAST_LOOK = 9
# The step of a settlement that forgets the order.
FORGOTTEN = 5
# More steps than a sweep with one order has.
SWEEP_STEPS = range(1, 17)


class Game:
    """A platform, records of orders, and processes that report to one with the other."""

    def __init__(self, sandbox, hall_login, clock, records):
        self.sandbox = sandbox
        self.hall_login = hall_login
        self.clock = clock
        self.records = records
        self.cache = MemoryStore()
        self._sessions = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._sessions.close()

    def process(self, records=None, **arguments):
        """Return the service of a new process."""
        clocks = {"clock": self.clock, "monotonic": self.clock, "sleep": Pauses(), **arguments}
        session = make_session(self.sandbox, store=self.cache, **clocks)
        self._sessions.enter_context(session)
        return Dawanka(session, orders=records or self.records)

    def counted(self):
        """Return how many reports the platform has counted."""
        return self.sandbox.state()["hall"][self.hall_login.openid]["reports"]

    def recover(self, order_id="order-1"):
        """Do what the documents say, in a new process: report; settle later; report again."""
        dawanka = self.process()
        while True:
            counted = self.counted()
            try:
                return dawanka.report_pay(self.hall_login, order_id)
            except OutcomeUnknownError as error:
                wait, happened = error.settle_in, None
            if wait is None:
                # The error says that only the game itself can know.
                wait, happened = LATER, self.counted() > counted
            self.clock.now += wait
            report = dawanka.settle(self.hall_login, order_id, happened=happened)
            if report is not None:
                return report

    def recover_by_sweep(self):
        """Let a cron job settle what is due, and the game report what was not counted."""
        self.clock.now += LATER
        dawanka = self.process()
        for end in dawanka.settle_due().orders:
            if end.outcome == "not_counted":
                dawanka.report_pay(self.hall_login, end.order.order_id)

    def openkeys(self):
        """Return how many openkeys the records hold."""
        found, _ = self.records.scan("pay:")
        return sum(":openkey:" in key for key, _ in found)

    def use_up_faults(self):
        """Let another player's reports meet the faults that no report has met."""
        other = enter_hall(self.sandbox)
        while requests.get(f"{self.sandbox.url}/_sandbox/faults", timeout=60).json():
            with contextlib.suppress(OutcomeUnknownError):
                self.process().report_pay(other)

    def open_orders(self):
        """Return the ids of the open orders."""
        return [order.order_id for order in self.process().orders("open")]

    def state_of(self, order_id="order-1"):
        """Return the state of an order, as the list of all has it; None for no order."""
        states = {order.order_id: order.state for order in self.process().orders()}
        return states.get(order_id)


@pytest.fixture
def clock(sandbox):
    """The time of the processes, and of all that the records hold."""
    return Clock(sandbox.state()["now"])


@pytest.fixture
def records(request, clock):
    """The order records, in memory unless a test asks for another kind."""
    return open_records(getattr(request, "param", "memory"), request, clock)


KINDS = ("sqlite", "redis", "postgresql", "mariadb")
EACH_KIND = pytest.mark.parametrize(
    "records",
    ["memory", *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS)],
    indirect=True,
)


@pytest.fixture
def game(sandbox, hall_login, clock, records):
    """The game of one player with three uses."""
    with Game(sandbox, hall_login, clock, records) as game:
        yield game


def at(number, act):
    """Return a hook that acts at one step."""

    def hook(step, _name):
        if step == number:
            act()

    return hook


def kill():
    """End the process."""
    raise Killed


def fail():
    """Let the store fail."""
    raise StoreError("the store is broken")


def test_steps__are_all_there(game):
    """The tests below leave no step out."""
    records = HookedStore(game.records)
    game.process(records).report_pay(game.hall_login, "order-1")
    assert records.steps < max(STEPS)


@EACH_KIND
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", [None, "reset_before", "reset_after"])
def test_killed_at_any_step(game, step, moment, fault):
    """Whatever a killed process leaves behind, the order is counted once, and is never hidden."""
    records = HookedStore(game.records)
    setattr(records, moment, at(step, kill))
    if fault:
        game.sandbox.script({"kind": fault, "endpoint": REPORT})
    with contextlib.suppress(Killed, OutcomeUnknownError):
        game.process(records).report_pay(game.hall_login, "order-1")
    assert (game.state_of() == "open") == (game.open_orders() == ["order-1"])
    assert game.recover().left in (2, None)
    assert game.counted() == 1
    assert (game.state_of(), game.open_orders()) == ("finished", [])


@EACH_KIND
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_stopped_at_any_step(game, step, moment):
    """A process is stopped; another closes and reports its order; then the first goes on."""
    records = HookedStore(game.records)
    setattr(records, moment, at(step, game.recover))
    with contextlib.suppress(QQMiniGameError):
        assert game.process(records).report_pay(game.hall_login, "order-1").left == 2
    assert game.counted() == 1
    assert game.recover().left == 2
    assert game.counted() == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("clear", [True, False])
def test_stopped_while_the_order_is_closed_by_word(game, step, moment, clear):
    """So too where no time passes meanwhile, and an operator says that it did not happen."""

    def close():
        dawanka = game.process()
        dawanka.settle(game.hall_login, "order-1", happened=False)
        if not clear:
            game.sandbox.script({"kind": "reset_after", "endpoint": REPORT})
        with contextlib.suppress(OutcomeUnknownError):
            dawanka.report_pay(game.hall_login, "order-1")

    records = HookedStore(game.records)
    setattr(records, moment, at(step, close))
    with contextlib.suppress(QQMiniGameError):
        game.process(records).report_pay(game.hall_login, "order-1")
    # Once the last look before the sending is over, the operator's word was wrong.
    if step < LAST_LOOK or (step, moment) == (LAST_LOOK, "before"):
        assert game.counted() <= 1


def test_closed_by_a_wrong_word_while_it_is_sent(game):
    """The answer says that it was counted, whatever an operator has said meanwhile."""
    records = HookedStore(game.records)
    close = game.process().settle
    records.before = at(LAST_LOOK + 1, lambda: close(game.hall_login, "order-1", happened=False))
    report = game.process(records).report_pay(game.hall_login, "order-1")
    assert game.process().report_pay(game.hall_login, "order-1") == report
    assert game.counted() == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("lost", ["order-1", "order-2"])
def test_another_order_at_any_step(game, step, moment, lost):
    """Another order of the player comes in between; the one whose answer is lost is not guessed."""
    ends = {}

    def report(dawanka, order_id):
        try:
            ends[order_id] = dawanka.report_pay(game.hall_login, order_id)
        except OutcomeUnknownError:
            ends[order_id] = None

    def come_in_between():
        fault = {"kind": "reset_before", "endpoint": REPORT}
        if lost == "order-2":
            game.sandbox.script(fault)
        report(game.process(), "order-2")
        if lost == "order-1":
            game.sandbox.script(fault)

    records = HookedStore(game.records)
    setattr(records, moment, at(step, come_in_between))
    with contextlib.suppress(TransportError):
        report(game.process(records), "order-1")
    counted = {order_id for order_id, report in ends.items() if report}
    assert game.counted() == len(counted)
    game.clock.now += LATER
    game.use_up_faults()
    for order_id in ends:
        with contextlib.suppress(OutcomeUnknownError):
            report = game.process().settle(game.hall_login, order_id)
            assert (report is not None) == (order_id in counted)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("lasting", [True, False])
def test_the_store_fails_at_any_step(game, step, moment, lasting, caplog):
    """A store that fails costs an error or an open order, never a second count."""
    records = HookedStore(game.records)
    setattr(
        records,
        moment,
        lambda number, _: (number >= step if lasting else number == step) and fail(),
    )
    with contextlib.suppress(StoreError):
        assert game.process(records).report_pay(game.hall_login, "order-1").left == 2
    assert (game.state_of() == "open") == (game.open_orders() == ["order-1"])
    assert game.recover().left == 2
    assert game.counted() == 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("suspended", [True, False])
def test_time_passes_at_any_step(game, step, suspended):
    """An order that was begun longer ago than its call may take is not sent any more.

    The clock of a machine that was suspended has stood still meanwhile; that of the records not.
    """
    records = HookedStore(game.records)

    def pass_time():
        game.clock.now += 8.0 + 0.5

    records.after = at(step, pass_time)
    clocks = {"monotonic": lambda: 0.0} if suspended else {}
    failure = None
    try:
        game.process(records, **clocks).report_pay(game.hall_login, "order-1")
    except TransportError as error:
        failure = error
    assert game.counted() == (failure is None)
    if failure is None:
        assert step > LAST_LOOK - 2 * suspended
    else:
        assert failure.sent is False
        assert game.state_of() is None
    assert game.recover().left == 2
    assert game.counted() == 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("other", ["order-1", "order-2"])
def test_settle__another_process_at_any_step(game, step, moment, fault, other):
    """While an order is settled, another process settles and reports it, or reports another."""
    game.sandbox.script({"kind": fault, "endpoint": REPORT})
    with pytest.raises(OutcomeUnknownError) as caught:
        game.process().report_pay(game.hall_login, "order-1")
    game.clock.now += caught.value.settle_in
    records = HookedStore(game.records)
    setattr(records, moment, at(step, lambda: game.recover(other)))
    settled = "unknown"
    with contextlib.suppress(OutcomeUnknownError):
        settled = game.process(records).settle(game.hall_login, "order-1")
    if settled is None:
        assert fault == "reset_before"
        # Once the order is forgotten it may be reported again.
        assert other == "order-2" or step > FORGOTTEN or (step, moment) == (FORGOTTEN, "after")
    elif settled != "unknown":
        assert fault == "reset_after" or other == "order-1"
    if other == "order-1":
        game.recover()
        assert game.counted() == 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", [None, "reset_before", "reset_after"])
def test_swept_at_any_step(game, step, moment, fault):
    """A process is stopped for a minute; a sweep settles its order; then it goes on."""
    if fault:
        game.sandbox.script({"kind": fault, "endpoint": REPORT})
    records = HookedStore(game.records)
    setattr(records, moment, at(step, game.recover_by_sweep))
    with contextlib.suppress(QQMiniGameError):
        game.process(records).report_pay(game.hall_login, "order-1")
    game.recover_by_sweep()
    assert game.counted() <= 1
    assert (game.open_orders(), game.openkeys()) == ([], 0)
    assert game.recover().left == 2
    assert game.counted() == 1


def lose(game, fault, order_id="order-1"):
    """Report an order with an unclear end, and let the time pass after which it is due."""
    game.sandbox.script({"kind": fault, "endpoint": REPORT})
    with pytest.raises(OutcomeUnknownError):
        game.process().report_pay(game.hall_login, order_id)
    game.clock.now += LATER


def test_sweep__steps_are_all_there(game):
    """The tests below leave no step out."""
    lose(game, "reset_before")
    records = HookedStore(game.records)
    game.process(records).settle_due()
    assert records.steps < max(SWEEP_STEPS)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", SWEEP_STEPS)
@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("harm", [kill, fail])
def test_sweep__ends_at_any_step(game, step, moment, fault, harm):
    """Killed, or without its store: the next sweep does the rest."""
    lose(game, fault)
    records = HookedStore(game.records)
    setattr(records, moment, at(step, harm))
    with contextlib.suppress(Killed, StoreError):
        game.process(records).settle_due()
    game.recover_by_sweep()
    assert game.open_orders() == []
    assert game.recover().left in (2, None)
    assert game.counted() == 1
    game.clock.now += 7200.0
    assert game.openkeys() == 0


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", SWEEP_STEPS)
@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("other", ["sweep", "order-1", "order-2"])
def test_sweep__another_process_at_any_step(game, step, moment, fault, other):
    """While one sweeps, another does so too, or the player settles and reports, or reports more."""
    lose(game, fault)
    records = HookedStore(game.records)
    act = game.recover_by_sweep if other == "sweep" else lambda: game.recover(other)
    setattr(records, moment, at(step, act))
    # This machine's own clock stands still: it is suspended meanwhile.
    report = game.process(records, monotonic=lambda: 0.0).settle_due()
    assert {end.outcome for end in report.orders} <= {"counted", "not_counted", "undecided"}
    if other == "order-2":
        wrong = "not_counted" if fault == "reset_after" else "counted"
        assert wrong not in [end.outcome for end in report.orders]
    else:
        game.recover_by_sweep()
        game.recover()
        assert game.counted() == 1
