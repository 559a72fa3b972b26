"""Who fetches the access token, when, and who waits: the keeper alone, with a clock that moves."""

import logging
import threading

import pytest
from hooked_store import HookedStore
from sessions import Clock, Pauses
from waiting import wait_until, wait_until_at

import qqminigame
from qqminigame import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    MemoryStore,
    QQMiniGameError,
    RetryPolicy,
    SQLiteStore,
    StoreError,
    TransportError,
)
from qqminigame.clock import Deadline
from qqminigame.limits import TOKEN_OVERLAP_SECONDS
from qqminigame.models import AccessToken
from qqminigame.tokens import (
    ADVISORY_SECONDS,
    BREAKER_SECONDS,
    FETCH_SECONDS,
    FETCHES_PER_MINUTE,
    LEASE_SECONDS,
    MANDATORY_SECONDS,
    PAUSE_SECONDS,
    RECHECK_SECONDS,
    REFUSAL_SECONDS,
    SKEW_SECONDS,
    STORE_SECONDS,
    AccessTokens,
)

LIFE = 7200.0


class Platform:
    """Hands out tokens by number; a test may make it fail or wait."""

    def __init__(self, clock, life=LIFE):
        self.clock, self.life = clock, life
        self.fetches = 0
        self.failure = None
        self.gate = None

    def __call__(self, deadline):
        self.fetches += 1
        if self.gate is not None:
            assert self.gate.wait(60)
        if self.failure is not None:
            raise self.failure
        return AccessToken(
            value=f"token {self.fetches}",
            fetched_at=self.clock.now,
            expires_at=self.clock.now + self.life,
        )


class Keeper:
    """Access tokens, for calls that have so many seconds each."""

    def __init__(self, tokens, monotonic):
        self.tokens, self.monotonic = tokens, monotonic

    def get(self, seconds):
        """Return a token."""
        return self.tokens.get(Deadline(seconds, self.monotonic))

    def replace(self, rejected, seconds):
        """Return another token."""
        return self.tokens.replace(rejected, Deadline(seconds, self.monotonic))

    def distrust(self):
        """Take note that fresh tokens are rejected."""
        self.tokens.distrust(Deadline(1, self.monotonic))


class Bench:
    """A clock, a platform and a store, and keepers that share them."""

    def __init__(self, store=None):
        self.clock = Clock()
        self.ticks = Clock(0.0)
        self.platform = Platform(self.clock)
        self.store = store or MemoryStore(clock=self.clock)
        self.pauses = Pauses()

    def keeper(self, fetch=None):
        """Make a keeper of the same token, as another process would."""
        tokens = AccessTokens(
            key="token",
            store=self.store,
            fetch=fetch or self.platform,
            clock=qqminigame.Clock(time=self.clock, sleep=self.sleep, monotonic=self.ticks),
        )
        return Keeper(tokens, self.ticks)

    def sleep(self, seconds):
        """Let the time pass that a keeper wants to wait."""
        self.pauses(seconds)
        self.advance(seconds)

    def advance(self, seconds):
        """Move both clocks."""
        self.clock.now += seconds
        self.ticks.now += seconds


@pytest.fixture(params=["memory", "sqlite"])
def bench(request, tmp_path):
    """A bench over each kind of store."""
    bench = Bench()
    if request.param == "sqlite":
        bench.store = SQLiteStore(tmp_path / "store.db", clock=bench.clock)
    return bench


def test_get__fetches_once(bench):
    """One fetch serves all keepers for as long as the token is good."""
    first, second = bench.keeper(), bench.keeper()
    assert {first.get(1).value, second.get(1).value, first.get(1).value} == {"token 1"}
    assert bench.platform.fetches == 1


@pytest.mark.parametrize(
    ("left", "value"),
    [(541, "token 1"), (539, "token 2"), (-1, "token 2")],
)
def test_get__renews_ahead_of_the_end(bench, left, value):
    """From nine minutes before its end, a token is replaced by whoever comes first."""
    keeper = bench.keeper()
    keeper.get(1)
    bench.advance(LIFE - left)
    assert keeper.get(1).value == value


@pytest.mark.parametrize("life", [20.0, 100.0, 600.0, 7200.0])
def test_get__a_short_life_is_used_too(bench, life):
    """The windows shrink with the life: no fetch for every call."""
    bench.platform.life = life
    keeper = bench.keeper()
    for _ in range(10):
        keeper.get(1)
        bench.advance(life / 20)
    assert bench.platform.fetches == 1


def test_get__another_holds_the_lock__while_the_token_is_good_for_minutes(bench):
    """In the advisory window nobody waits: the old token serves."""
    keeper = bench.keeper()
    keeper.get(1)
    bench.advance(LIFE - 300)
    assert bench.store.try_lock("token", LEASE_SECONDS)
    assert keeper.get(1).value == "token 1"
    assert bench.pauses == []


def test_get__another_holds_the_lock__near_the_end(bench):
    """In the mandatory window everybody waits, and uses the old token only when patience ends."""
    keeper = bench.keeper()
    keeper.get(1)
    bench.advance(LIFE - 60)
    assert bench.store.try_lock("token", LEASE_SECONDS)
    assert keeper.get(1).value == "token 1"
    assert sum(bench.pauses) > 0.9


def test_get__another_holds_the_lock__and_there_is_no_token(bench):
    """Without a token, patience ends in an error that says nothing was sent."""
    assert bench.store.try_lock("token", LEASE_SECONDS)
    with pytest.raises(TransportError, match="could not obtain an access token within") as caught:
        bench.keeper().get(1)
    assert caught.value.sent is False


def test_get__the_holder_of_the_lock_is_dead(bench):
    """A lock whose holder died frees itself after its lease; then one fetches."""
    assert bench.store.try_lock("token", LEASE_SECONDS)
    assert bench.keeper().get(LEASE_SECONDS + 1).value == "token 1"
    assert sum(bench.pauses) == pytest.approx(LEASE_SECONDS, abs=0.2)


def test_get__the_holder_stores_a_token_meanwhile(bench):
    """Whoever waits takes what the holder stored."""
    other = bench.keeper()
    owner = bench.store.try_lock("token", LEASE_SECONDS)
    real_sleep = bench.sleep

    def sleep(seconds):
        real_sleep(seconds)
        if len(bench.pauses) == 3:
            bench.store.unlock("token", owner)
            other.get(1)

    bench.sleep = sleep
    assert bench.keeper().get(5).value == "token 1"
    assert bench.platform.fetches == 1


def test_get__another_process_has_renewed(bench):
    """A keeper looks into the store again after a minute, well inside the overlap."""
    keeper, other = bench.keeper(), bench.keeper()
    token = keeper.get(1)
    assert other.replace(token, 1).value == "token 2"
    bench.advance(RECHECK_SECONDS - 1)
    assert keeper.get(1).value == "token 1"
    bench.advance(2)
    assert keeper.get(1).value == "token 2"
    assert bench.platform.fetches == 2


def test_get__a_failed_refresh_while_the_token_lives(bench, caplog):
    """It is reported, not raised, and the token is used on."""
    keeper, born = bench.keeper(), bench.clock.now
    keeper.get(1)
    bench.platform.failure = BusyError("busy")
    for left in (500, 60):
        bench.advance(born + LIFE - left - bench.clock.now)
        with caplog.at_level(logging.WARNING, logger="qqminigame"):
            for _ in range(10):
                assert keeper.get(1).value == "token 1"
    assert "using the current one" in caplog.text
    assert bench.platform.fetches == 3
    bench.advance(PAUSE_SECONDS)
    assert keeper.get(1).value == "token 1"
    assert bench.platform.fetches == 4
    bench.advance(60)
    with pytest.raises(BusyError):
        keeper.get(1)


def test_get__a_failed_fetch_without_a_token(bench):
    """It is raised, and the lock is free again."""
    bench.platform.failure = BusyError("busy")
    keeper = bench.keeper()
    with pytest.raises(BusyError) as caught:
        keeper.get(1)
    assert caught.value.__context__ is None
    bench.platform.failure = None
    assert keeper.get(1).value == "token 2"


def test_get__credentials_that_are_refused(bench):
    """Wrong credentials are asked about once in a few seconds, not once a call."""
    bench.platform.failure = ConfigurationError("wrong secret", code=40001)
    keeper = bench.keeper()
    errors = []
    for _ in range(1000):
        with pytest.raises(ConfigurationError) as caught:
            keeper.get(1)
        assert (caught.value.code, caught.value.__context__) == (40001, None)
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 1000
    assert bench.platform.fetches == 1
    bench.advance(REFUSAL_SECONDS)
    bench.platform.failure = None
    assert keeper.get(1).value == "token 2"


def test_get__a_budget_of_fetches(bench):
    """Where something kills every token, fetching stops after ten in a minute, for all keepers."""
    keepers = [bench.keeper(), bench.keeper()]
    for n in range(FETCHES_PER_MINUTE):
        token = keepers[n % 2].get(1)
        bench.store.delete_if("token", bench.store.get("token"))
        bench.advance(1)
        keepers = [bench.keeper(), bench.keeper()]
    assert token.value == f"token {FETCHES_PER_MINUTE}"
    for keeper in keepers:
        with pytest.raises(AccessTokenError, match="Another program may be fetching") as caught:
            keeper.get(1)
        assert caught.value.sent is False
    bench.advance(61 - FETCHES_PER_MINUTE)
    assert keepers[0].get(1).value == f"token {FETCHES_PER_MINUTE + 1}"
    assert keepers[0].tokens.fetches == 1
    assert bench.platform.fetches == FETCHES_PER_MINUTE + 1


def test_get__a_clock_that_was_set_back(bench):
    """A token from the future is not trusted: how long it lives is unknown."""
    keeper = bench.keeper()
    keeper.get(1)
    bench.clock.now -= 3600
    assert keeper.get(1).value == "token 2"
    assert keeper.get(1).value == "token 2"


def test_get__a_stored_text_that_is_no_token(bench):
    """Rubbish in the store is as good as nothing."""
    for rubbish in ("", "{}", "[1]", "[null,0,0,0]", '["t","x",1]'):
        bench.store.set("token", rubbish)
        assert bench.keeper().get(1).value == f"token {bench.platform.fetches}"
        bench.store.delete_if("token", bench.store.get("token"))
    assert bench.platform.fetches == 5


def test_replace__one_fetch_for_a_burst(bench):
    """A burst of rejections is one fetch: who comes late takes the newer token."""
    keepers = [bench.keeper() for _ in range(5)]
    old = [keeper.get(1) for keeper in keepers]
    for keeper, token in zip(keepers, old, strict=True):
        assert keeper.replace(token, 1).value == "token 2"
    assert bench.platform.fetches == 2


def test_replace__a_fresh_token_that_is_rejected_too(bench):
    """Then nobody fetches because of a rejection for a while; the token there is stays in use."""
    keeper, other = bench.keeper(), bench.keeper()
    fresh = keeper.replace(keeper.get(1), 1)
    keeper.distrust()
    for _ in range(100):
        assert keeper.replace(fresh, 1) is None
        assert other.replace(fresh, 1) is None
        assert keeper.get(1) == other.get(1) == fresh
    assert bench.platform.fetches == 2
    bench.advance(BREAKER_SECONDS)
    assert other.replace(fresh, 1).value == "token 3"
    assert keeper.replace(fresh, 1).value == "token 3"
    assert bench.platform.fetches == 3


class Broken:
    """A store that can be put out of reach."""

    def __init__(self, store):
        self.store = store
        self.broken = ()

    def __getattr__(self, name):
        if name in self.broken:
            raise StoreError(f"the store is broken: {name}")
        return getattr(self.store, name)


EVERYTHING = ("get", "set", "delete_if", "try_lock", "unlock")


def test_store__out_of_reach__the_token_in_memory_serves(bench, caplog):
    """Calls go on with the token in memory while it lives; then the error names the store."""
    bench.store = Broken(bench.store)
    keeper, born = bench.keeper(), bench.clock.now
    keeper.get(1)
    bench.store.broken = EVERYTHING
    for left in (7000, 5000, 500, 100, 10):
        bench.advance(born + LIFE - left - bench.clock.now)
        for _ in range(3):
            assert keeper.get(1).value == "token 1"
    assert "using the access token in memory" in caplog.text
    bench.advance(11)
    with pytest.raises(StoreError) as caught:
        keeper.get(1)
    assert caught.value.__context__ is None
    with pytest.raises(StoreError):
        bench.keeper().get(1)
    bench.store.broken = ()
    assert keeper.get(1).value == "token 2"


def test_store__out_of_reach__when_a_token_is_rejected(bench):
    """Without the store nobody knows of a newer token, and none is fetched."""
    bench.store = Broken(bench.store)
    keeper = bench.keeper()
    token = keeper.get(1)
    bench.store.broken = EVERYTHING
    with pytest.raises(StoreError):
        keeper.replace(token, 1)
    with pytest.raises(StoreError):
        keeper.get(1)
    keeper.distrust()
    assert bench.platform.fetches == 1


def test_store__that_cannot_be_written(bench, caplog):
    """A fetched token is used here even where a full disk does not let it be shared."""
    bench.store = Broken(bench.store)
    bench.store.broken = ("set",)
    keeper = bench.keeper()
    assert keeper.get(1).value == "token 1"
    assert keeper.get(1).value == "token 1"
    assert "could not save a new access token to the store" in caplog.text
    assert bench.platform.fetches == 1


def test_store__a_lock_that_cannot_be_freed(bench, caplog):
    """It is could not release the lock; the token is there."""
    bench.store = Broken(bench.store)
    bench.store.broken = ("unlock",)
    assert bench.keeper().get(1).value == "token 1"
    assert "could not release the lock" in caplog.text


@pytest.mark.parametrize("text", ["x", "7", '["x"]', "{}"])
def test_store__a_list_of_fetches_that_is_none(bench, text):
    """Rubbish where the times of fetches belong is as good as nothing."""
    bench.store.set("token:fetches", text)
    assert bench.keeper().get(1).value == "token 1"


def in_threads(count, work):
    """Run work in so many threads at once and return what each gave, errors included."""
    results = []

    def run():
        try:
            results.append(work())
        except QQMiniGameError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


@pytest.fixture
def patient_stores(monkeypatch):
    """Give a step of the store, which takes real time, as much as a busy machine needs."""
    monkeypatch.setattr(qqminigame.tokens, "STORE_SECONDS", 60.0)


@pytest.mark.usefixtures("patient_stores")
def test_get__16_threads_wait_for_one_fetch(bench):
    """At a cold start one thread fetches, the others wait and take its token."""
    keeper = bench.keeper()
    bench.platform.gate = threading.Event()
    threads, results = in_threads(16, lambda: keeper.get(30).value)
    bench.platform.gate.set()
    for thread in threads:
        thread.join()
    assert results == ["token 1"] * 16
    assert bench.platform.fetches == 1


@pytest.mark.usefixtures("patient_stores")
def test_get__16_threads_share_one_failure(bench):
    """Who waited for a fetch that failed gets its failure, each an error of its own."""
    keeper = bench.keeper()
    bench.platform.failure = BusyError("busy", code=-1)
    bench.platform.gate = threading.Event()
    threads, results = in_threads(16, lambda: keeper.get(30))
    # One is fetching; all others wait for their turn, and know of no failure.
    wait_until(lambda: bench.platform.fetches == 1)
    wait_until_at(threads, "_wait_or_fetch(", "turn.acquire(")
    bench.platform.gate.set()
    for thread in threads:
        thread.join()
    assert [(type(error), error.code) for error in results] == [(BusyError, -1)] * 16
    assert len({id(error) for error in results}) == 16
    assert bench.platform.fetches == 1


def test_get__two_threads_in_the_advisory_window(bench):
    """While one thread fetches the next token, the others use the old one at once."""
    keeper = bench.keeper()
    keeper.get(1)
    bench.advance(LIFE - 300)
    bench.platform.gate = threading.Event()
    threads, results = in_threads(1, lambda: keeper.get(1).value)
    wait_until(lambda: bench.platform.fetches == 2)
    # Longer than the gate lets itself be waited for: whoever waits here finds the fetch failed.
    assert keeper.get(1000).value == "token 1"
    bench.platform.gate.set()
    threads[0].join()
    assert results == ["token 2"]
    assert keeper.get(1).value == "token 2"


def test_get__a_fetch_that_outlasts_its_lease(bench):
    """Where another has fetched since, the newer token stays and is the one returned."""
    other = bench.keeper()

    def slow(seconds):
        token = bench.platform(seconds)
        bench.advance(LEASE_SECONDS + 1)
        other.get(1)
        return token

    assert bench.keeper(slow).get(1).value == "token 2"
    assert bench.keeper().get(1).value == "token 2"


@pytest.mark.parametrize("behind", [5, 59])
def test_get__a_clock_that_is_behind(bench, behind):
    """A machine whose clock is up to a minute behind uses the others' token, and kills none."""
    bench.keeper().get(1)
    bench.clock.now -= behind
    assert bench.keeper().get(1).value == "token 1"
    assert bench.platform.fetches == 1


def test_numbers__fit_together():
    """A fetch ends before its lease, and what is looked up again is well inside the overlap."""
    # A call outlives a holder of the lock who died just before it.
    assert FETCH_SECONDS + 0.5 < LEASE_SECONDS < RetryPolicy().deadline_seconds
    assert 2 * RECHECK_SECONDS < TOKEN_OVERLAP_SECONDS
    assert PAUSE_SECONDS < MANDATORY_SECONDS < ADVISORY_SECONDS < LIFE / 10
    assert SKEW_SECONDS < MANDATORY_SECONDS
    assert REFUSAL_SECONDS < BREAKER_SECONDS < RECHECK_SECONDS
    assert STORE_SECONDS < FETCH_SECONDS


def test_replace__says_that_another_program_fetches(bench, caplog):
    """A token of the store that is rejected before its time is a warning, at most once a minute."""
    keeper = bench.keeper()
    for _ in range(3):
        keeper.replace(keeper.get(1), 1)
    assert caplog.text.count("another program") == 1
    assert repr(bench.store) in caplog.text
    bench.advance(RECHECK_SECONDS)
    keeper.replace(keeper.get(1), 1)
    assert caplog.text.count("another program") == 2


def test_replace__of_a_token_that_another_process_has_replaced(bench, caplog):
    """That is no reason to warn."""
    keeper, other = bench.keeper(), bench.keeper()
    token = keeper.get(1)
    bench.store.delete_if("token", bench.store.get("token"))
    assert other.get(1).value == "token 2"
    assert keeper.replace(token, 1).value == "token 2"
    assert "another program" not in caplog.text


def test_store__is_told_the_time_that_is_left(bench):
    """No operation of the store is given more time than the call has."""
    given = []

    class Noting:
        def __getattr__(self, name):
            method = getattr(store, name)

            def call(*arguments, timeout):
                given.append(timeout)
                return method(*arguments, timeout=timeout)

            return call

    store, bench.store = bench.store, Noting()
    assert bench.keeper().get(0.7).value == "token 1"
    assert len(given) > 5
    assert max(given) <= 0.7


def test_get__a_token_expires_in_the_store(bench):
    """What is stored of a token ends when the token does."""
    bench.keeper().get(1)
    bench.advance(LIFE - 1)
    assert bench.store.get("token") is not None
    bench.advance(2)
    assert bench.store.get("token") is None


def test_get__a_clock_that_was_set_back__and_no_token_to_be_had(bench):
    """A token whose life is unknown is not used, even where the next one cannot be fetched."""
    keeper = bench.keeper()
    keeper.get(1)
    bench.clock.now -= 3600
    bench.platform.failure = BusyError("busy")
    with pytest.raises(BusyError):
        keeper.get(1)


def test_get__a_short_life__and_another_holds_the_lock(bench):
    """The window in which all wait shrinks with the life, too."""
    bench.platform.life = 100.0
    keeper = bench.keeper()
    keeper.get(1)
    bench.advance(80)
    assert bench.store.try_lock("token", LEASE_SECONDS)
    assert keeper.get(1).value == "token 1"
    assert bench.pauses == []


def test_get__no_time_left__while_the_token_is_good_for_minutes(bench):
    """A call that has run out of time uses the token there is and fetches none."""
    keeper = bench.keeper()
    keeper.get(1)
    bench.advance(LIFE - 300)
    assert keeper.get(0).value == "token 1"
    assert bench.platform.fetches == 1


def test_get__a_fetch_ends_before_its_lease(bench):
    """However long the call may take, its fetch may not take longer than FETCH_SECONDS."""
    given = []

    def fetch(deadline):
        given.append(deadline.left())
        return bench.platform(deadline)

    bench.keeper(fetch).get(60)
    assert given == [FETCH_SECONDS]


def test_get__a_fetch_that_takes_all_the_time(bench):
    """What was fetched is shared although the call has no time left."""
    given = []

    class Told(HookedStore):
        def _step(self, name, *arguments, timeout, **options):
            given.append(timeout)
            return super()._step(name, *arguments, timeout=timeout, **options)

    def fetch(deadline):
        token = bench.platform(deadline)
        bench.advance(1)
        given.clear()
        return token

    bench.store = Told(bench.store)
    assert bench.keeper(fetch).get(1).value == "token 1"
    assert len(given) > 3
    assert min(given) > 0


def in_between(store, step, work):
    """Return a store, and have work done right before a step: that of a number or a name."""
    hooked = HookedStore(store)

    def before(number, name):
        if step in (number, name):
            hooked.before = lambda number, name: None
            work()

    hooked.before = before
    return hooked


def test_get__another_process_fetches_just_before_the_lock_is_taken(bench):
    """Whoever has the lock looks once more, and fetches nothing where a token is there by now."""
    other = bench.keeper()
    bench.store = in_between(bench.store, "try_lock", lambda: other.get(1))
    assert bench.keeper().get(1).value == "token 1"
    assert bench.platform.fetches == 1


def test_replace__another_process_replaces_it_meanwhile(bench):
    """Only the rejected token is deleted: one stored since the look stays, and is taken."""
    other = bench.keeper()
    rejected = other.get(1)
    # After a look at the token and one at the breaker.
    bench.store = in_between(bench.store, 3, lambda: other.replace(rejected, 1))
    keeper = bench.keeper()
    assert keeper.replace(rejected, 1).value == "token 2"
    assert bench.platform.fetches == 2


def test_store__out_of_reach__is_not_asked_at_every_call(bench):
    """While the token in memory serves, a broken store holds up one call a minute."""
    asked = []

    def fail(_number, name):
        asked.append(name)
        raise StoreError("out of reach")

    bench.store = HookedStore(bench.store)
    keeper = bench.keeper()
    keeper.get(1)
    bench.store.before = fail
    bench.advance(RECHECK_SECONDS)
    for _ in range(10):
        assert keeper.get(1).value == "token 1"
    assert asked == ["get"]
