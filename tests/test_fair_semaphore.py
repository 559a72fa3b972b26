"""At most so many at once, in the order in which they came, whatever becomes of each."""

import contextlib
import threading

import pytest

from qqminigame.fair_semaphore import FairSemaphore, Hold


class Waiter:
    """A thread that wants to come in.

    Attributes:
        hold: Its hold.
        waits: Is set once it stands in the queue.
        may_wake: It sleeps on for as long as this is not set.
        is_in: Is set once it has come in.
        may_leave: It stays in for as long as this is not set.
    """

    def __init__(self, semaphore, order):
        self.hold = _SleepyHold(self)
        self.waits, self.may_wake = threading.Event(), threading.Event()
        self.is_in, self.may_leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(semaphore, order))
        self._thread.start()

    def _run(self, semaphore, order):
        try:
            if semaphore.acquire(self.hold, 30):
                order.append(self)
                self.is_in.set()
                assert self.may_leave.wait(30)
        finally:
            semaphore.release(self.hold)

    def finish(self):
        """Let it come in and go out."""
        self.may_wake.set()
        self.may_leave.set()
        self._thread.join()


class _SleepyHold(Hold):
    """A hold that says when it waits, and sleeps until it may wake."""

    __slots__ = ("_waiter", "_woken")

    def __init__(self, waiter):
        self._waiter = waiter
        super().__init__()

    @property
    def woken(self):
        return self._woken

    @woken.setter
    def woken(self, event):
        def wait(seconds):
            self._waiter.waits.set()
            return self._waiter.may_wake.wait(30) and woken_up(seconds)

        self._woken = event
        if event is not None:
            woken_up, event.wait = event.wait, wait


@pytest.fixture
def semaphore():
    """Lets one in."""
    return FairSemaphore(1)


@pytest.fixture
def queue(semaphore):
    """Put waiters in a queue, one behind the other, and end them with the test."""
    order = []
    with contextlib.ExitStack() as waiters:

        def join(count):
            joined = []
            for _ in range(count):
                joined.append(Waiter(semaphore, order))
                waiters.callback(joined[-1].finish)
                assert joined[-1].waits.wait(30)
            return order, joined

        yield join


@pytest.fixture
def holder(semaphore):
    """Whoever is in."""
    hold = Hold()
    assert semaphore.acquire(hold, 0)
    return hold


def test_acquire__in_the_order_of_coming(semaphore, holder, queue):
    """Those who wait come in one after the other, the first one first."""
    order, waiters = queue(5)
    for waiter in waiters:
        waiter.may_wake.set()
        waiter.may_leave.set()
    semaphore.release(holder)
    for waiter in waiters:
        waiter.finish()
    assert order == waiters


def test_acquire__a_newcomer_does_not_overtake(semaphore, holder, queue):
    """A place that has become free is that of the first who waits, who has yet to wake up."""
    _, (first,) = queue(1)
    semaphore.release(holder)
    assert not semaphore.acquire(Hold(), 0)
    first.may_wake.set()
    assert first.is_in.wait(30)


def test_acquire__no_more_than_may_be_in(semaphore, holder):
    """With as many in as may be, the next one does not come in; with one out again, it does."""
    hold = Hold()
    assert not semaphore.acquire(hold, 0)
    semaphore.release(holder)
    assert semaphore.acquire(hold, 0)


def test_release__twice_or_without_having_been_in(semaphore, holder):
    """It gives no place that was not had."""
    semaphore.release(Hold())
    assert not semaphore.acquire(Hold(), 0)
    hold = Hold()
    semaphore.release(holder)
    semaphore.release(holder)
    assert semaphore.acquire(hold, 0)
    assert not semaphore.acquire(Hold(), 0)


def test_hold__that_is_lost(semaphore):
    """A hold that nobody has any more, for an exception struck at a bad moment, is out."""
    lost = Hold()
    assert semaphore.acquire(lost, 0)
    del lost
    assert semaphore.acquire(Hold(), 0)
