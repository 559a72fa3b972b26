"""One contract for every store; and what is each store's own, and how an address finds it."""

import itertools
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sessions import Clock

from qqminigame.stores import MemoryStore, RedisStore, SQLiteStore, Store

LEASE = 5.0
THREADS = 16
SECRET = "s3cret-text"


class TickingClock:
    """A clock that is a millisecond later at each look."""

    def __init__(self) -> None:
        self._ticks = itertools.count()

    def __call__(self) -> float:
        return 1_800_000_000.0 + next(self._ticks) / 1000


def open_memory(request: pytest.FixtureRequest, clock: Callable[[], float]) -> Store:
    """Open a store in memory."""
    return MemoryStore(clock=clock)


def open_sqlite(request: pytest.FixtureRequest, clock: Callable[[], float]) -> Store:
    """Open a store in a file of the test's."""
    return SQLiteStore(request.getfixturevalue("tmp_path") / "store.db", clock=clock)


def open_redis(request: pytest.FixtureRequest, clock: Callable[[], float]) -> Store:
    """Open a store in Redis; it ages with the clock, whose moves are Redis's."""
    server = request.getfixturevalue("redis_server")
    if isinstance(clock, Clock):
        clock.on_move[:] = [server.pass_time]
    return RedisStore(server.url)


# The contract below holds for each of these; SHARED are those that all processes see.
OPENERS = {"memory": open_memory, "sqlite": open_sqlite, "redis": open_redis}
SHARED = ["sqlite", "redis"]


@pytest.fixture
def clock() -> Clock:
    """A clock to move."""
    return Clock()


@pytest.fixture(params=OPENERS)
def opener(request: pytest.FixtureRequest) -> Callable[[Callable[[], float]], Store]:
    """Open a store of each kind with a clock."""
    return lambda clock: OPENERS[request.param](request, clock)


@pytest.fixture
def store(opener: Callable[[Callable[[], float]], Store], clock: Clock) -> Store:
    """A store of each kind, empty."""
    return opener(clock)


@pytest.fixture
def umask_0() -> Iterator[None]:
    """Let the process create what everybody may read."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let threads take turns as often as Python can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def mode(path: Path) -> int:
    """Return the permissions of a path."""
    return stat.S_IMODE(path.stat().st_mode)


class TestContract:
    """What every store does."""

    def test_get__nothing_there(self, store: Store) -> None:
        """A key that was never set has no text."""
        assert store.get("key") is None

    @pytest.mark.parametrize(
        "text",
        ["", "0", "01", "1.0", "null", "名🎮", "'; DROP TABLE texts; --", "a\r\nb", "n\0ul", " "],
    )
    def test_set__comes_back(self, store: Store, text: str) -> None:
        """Any text comes back as it was, under any key."""
        store.set("key", text)
        store.set(text, "other")
        assert (store.get("key"), store.get(text)) == (text, "other")

    def test_set__long_texts(self, store: Store) -> None:
        """A megabyte comes back, under a long key."""
        store.set("名" * 1000, "长" * 10**6)
        assert store.get("名" * 1000) == "长" * 10**6

    @pytest.mark.parametrize("keys", [["1", "01", "1.0"], ["a", "A", "a "], ["é", "e\u0301"]])
    def test_set__keys_are_exact(self, store: Store, keys: list[str]) -> None:
        """Keys that look alike are different keys."""
        for key in keys:
            store.set(key, f"text of {key}")
        assert [store.get(key) for key in keys] == [f"text of {key}" for key in keys]

    def test_set__overwrites(self, store: Store) -> None:
        """The last text of a key counts."""
        store.set("key", "old")
        store.set("key", "new")
        assert store.get("key") == "new"

    def test_set__for_good(self, store: Store, clock: Clock) -> None:
        """Without a time, a text stays for years."""
        store.set("key", "text")
        clock.now += 10 * 365 * 86400
        assert store.get("key") == "text"

    def test_set__for_a_time(self, store: Store, clock: Clock) -> None:
        """With a time, a text is there until it is over, and not after."""
        store.set("key", "text", ttl_seconds=7200)
        clock.now += 7199.75
        assert store.get("key") == "text"
        clock.now += 0.25
        assert store.get("key") is None

    def test_set__the_last_time_counts(self, store: Store, clock: Clock) -> None:
        """Setting a key again gives it the new time, longer, shorter or none."""
        for first, second in ((10.0, 100.0), (10.0, None)):
            store.set("key", "old", first)
            store.set("key", "new", second)
            clock.now += 50
            assert store.get("key") == "new"
        store.set("key", "newest", 10)
        clock.now += 11
        assert store.get("key") is None

    @pytest.mark.parametrize("ttl_seconds", [0.0, -1.0])
    def test_set__no_time_at_all(self, store: Store, ttl_seconds: float) -> None:
        """A text whose time is over from the start is not there, and nor is the one before it."""
        store.set("key", "old")
        store.set("key", "new", ttl_seconds)
        assert store.get("key") is None

    def test_set__expired_texts_leave_others_alone(self, store: Store, clock: Clock) -> None:
        """When a text's time is over, texts of other keys stay."""
        store.set("short", "1", 10)
        store.set("long", "2", 100)
        store.set("forever", "3")
        clock.now += 50
        store.set("another", "4")
        assert [store.get(key) for key in ("short", "long", "forever", "another")] == [
            None,
            "2",
            "3",
            "4",
        ]

    def test_add__only_where_nothing_is(self, store: Store, clock: Clock) -> None:
        """A text is added once; what is there stays, and what is over is not there."""
        assert store.add("key", "first") is True
        assert store.add("key", "second") is False
        assert store.get("key") == "first"
        store.set("short", "old", 10)
        assert store.add("short", "new") is False
        clock.now += 11
        assert store.add("short", "new") is True
        clock.now += 10**6
        assert (store.get("short"), store.get("key")) == ("new", "first")

    def test_add__many_threads(self, store: Store) -> None:
        """Of many threads that add the same key at once, exactly one does."""
        barrier = threading.Barrier(THREADS)

        def race(number: int) -> bool:
            barrier.wait(30)
            return store.add("key", f"{number}")

        with ThreadPoolExecutor(THREADS) as pool:
            won = list(pool.map(race, range(THREADS)))
        assert won.count(True) == 1
        assert store.get("key") == str(won.index(True))

    def test_delete_if__still_the_text(self, store: Store) -> None:
        """A text is deleted where it is the one expected, once."""
        store.set("key", "text")
        store.set("other", "text")
        assert store.delete_if("key", "text") is True
        assert store.delete_if("key", "text") is False
        assert (store.get("key"), store.get("other")) == (None, "text")

    def test_delete_if__another_text_by_now(self, store: Store) -> None:
        """A newer text stays."""
        store.set("key", "old")
        store.set("key", "new")
        assert store.delete_if("key", "old") is False
        assert store.get("key") == "new"

    def test_delete_if__nothing_there(self, store: Store, clock: Clock) -> None:
        """Nothing is deleted where nothing is, and what is over is not there."""
        assert store.delete_if("key", "text") is False
        store.set("key", "text", 10)
        clock.now += 11
        assert store.delete_if("key", "text") is False

    def test_lock__one_holder(self, store: Store) -> None:
        """While one holds a lock no other gets it; afterwards the next does, with another proof."""
        owner = store.try_lock("name", LEASE)
        assert owner
        assert store.try_lock("name", LEASE) is None
        store.unlock("name", owner)
        following = store.try_lock("name", LEASE)
        assert following
        assert following != owner

    def test_lock__names_are_independent(self, store: Store) -> None:
        """A lock holds up its own name only, and no text of the same key."""
        store.set("one", "text")
        assert store.try_lock("one", LEASE)
        assert store.try_lock("two", LEASE)
        assert store.try_lock("名🎮", LEASE)
        assert store.get("one") == "text"
        store.set("one", "new")
        assert store.delete_if("one", "new") is True
        assert store.try_lock("one", LEASE) is None

    @pytest.mark.parametrize("key", ["name", "lock:name", "locks:name", "name:lock", "lock"])
    def test_lock__is_no_text(self, store: Store, key: str) -> None:
        """No text holds a lock up, and no lock is read as a text, whatever the key."""
        store.set(key, "text")
        owner = store.try_lock("name", LEASE)
        assert owner
        assert store.get(key) == "text"
        store.set(key, "other")
        assert store.try_lock("name", LEASE) is None

    def test_lock__frees_itself(self, store: Store, clock: Clock) -> None:
        """The lock of a holder who died is free when its lease is over, and not before."""
        assert store.try_lock("name", LEASE)
        clock.now += LEASE - 0.25
        assert store.try_lock("name", LEASE) is None
        clock.now += 0.25
        assert store.try_lock("name", LEASE)

    @pytest.mark.parametrize(("first", "second"), [(60.0, 5.0), (5.0, 60.0), (5.0, 0.001)])
    def test_lock__each_holder_has_a_lease_of_its_own(
        self, store: Store, clock: Clock, first: float, second: float
    ) -> None:
        """How long the next one wants the lock changes nothing for the one who holds it."""
        assert store.try_lock("name", first)
        clock.now += first / 2
        assert store.try_lock("name", second) is None
        clock.now += first / 2 + 0.25
        assert store.try_lock("name", second)

    def test_unlock__by_a_stranger(self, store: Store) -> None:
        """Who does not hold the lock cannot free it."""
        owner = store.try_lock("name", LEASE)
        assert owner
        store.unlock("name", "stranger")
        store.unlock("name", "")
        store.unlock("other", owner)
        assert store.try_lock("name", LEASE) is None

    def test_unlock__too_late(self, store: Store, clock: Clock) -> None:
        """Who held it too long does not free the lock of the next."""
        late = store.try_lock("name", LEASE)
        clock.now += LEASE + 1
        assert late
        assert store.try_lock("name", LEASE)
        store.unlock("name", late)
        assert store.try_lock("name", LEASE) is None

    def test_unlock__nothing_locked(self, store: Store) -> None:
        """Freeing what nobody holds does nothing, twice too."""
        store.unlock("name", "owner")
        owner = store.try_lock("name", LEASE)
        assert owner
        store.unlock("name", owner)
        store.unlock("name", owner)
        assert store.try_lock("name", LEASE)

    @pytest.mark.usefixtures("restless_threads")
    @pytest.mark.parametrize("make_clock", [Clock, TickingClock, lambda: time.time])
    def test_lock__many_threads(
        self,
        opener: Callable[[Callable[[], float]], Store],
        make_clock: Callable[[], Callable[[], float]],
    ) -> None:
        """Of many threads that want a lock at once, exactly one gets it, each time."""
        store = opener(make_clock())
        store.set("key", "text")
        barrier = threading.Barrier(THREADS)

        def race(name: str) -> str | None:
            barrier.wait(30)
            return store.try_lock(name, 60.0)

        with ThreadPoolExecutor(THREADS) as pool:
            for number in range(20):
                owners = list(pool.map(race, [f"name-{number}"] * THREADS))
                assert len([owner for owner in owners if owner]) == 1

    def test_set__many_threads(self, store: Store) -> None:
        """Texts of many threads do not disturb each other."""

        def work(number: int) -> tuple[str | None, bool, str | None]:
            store.set(f"key-{number}", f"text-{number}")
            found = store.get(f"key-{number}")
            return found, store.delete_if("shared", f"{number}"), store.get(f"key-{number}")

        store.set("shared", "7")
        with ThreadPoolExecutor(THREADS) as pool:
            done = list(pool.map(work, range(THREADS)))
        assert [row[0] for row in done] == [f"text-{number}" for number in range(THREADS)]
        assert [number for number, row in enumerate(done) if row[1]] == [7]

    def test_errors__nothing_hidden_in_repr(self, store: Store) -> None:
        """A store does not show what it keeps."""
        store.set("key", SECRET)
        assert SECRET not in repr(store) + str(store)


RACE = """
import sys, time
from qqminigame.stores import open_store
store = open_store(sys.argv[1], time.time)
store.get("key")
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    if store.try_lock(f"name-{number}", 60.0):
        print(number, flush=True)
"""


@pytest.mark.parametrize("kind", SHARED)
def test_shared__two_objects(kind: str, request: pytest.FixtureRequest, clock: Clock) -> None:
    """What one object of a shared store keeps or locks, another of the same address sees."""
    one, two = OPENERS[kind](request, clock), OPENERS[kind](request, clock)
    one.set("key", "text")
    assert two.get("key") == "text"
    owner = one.try_lock("name", LEASE)
    assert owner
    assert two.try_lock("name", LEASE) is None
    two.unlock("name", owner)
    assert one.try_lock("name", LEASE)
    assert two.delete_if("key", "text") is True
    assert one.get("key") is None


def test_memory__two_objects(clock: Clock) -> None:
    """Two stores in memory know nothing of each other."""
    one, two = MemoryStore(clock=clock), MemoryStore(clock=clock)
    one.set("key", "text")
    assert two.get("key") is None
    assert one.try_lock("name", LEASE)
    assert two.try_lock("name", LEASE)


@pytest.mark.parametrize("kind", SHARED)
def test_shared__processes_race_for_locks(kind: str, request: pytest.FixtureRequest) -> None:
    """Of processes that want the same locks at once, exactly one gets each."""
    addresses = {
        "sqlite": lambda: f"sqlite:///{request.getfixturevalue('tmp_path') / 'store.db'}",
        "redis": lambda: request.getfixturevalue("redis_server").url,
    }
    command = [sys.executable, "-c", RACE, addresses[kind]()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    racers = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]  # type: ignore[call-overload]
    try:
        assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 4
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        won = [int(line) for racer in racers for line in racer.communicate(timeout=60)[0].split()]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
            racer.stdin.close()
            racer.stdout.close()
    assert sorted(won) == list(range(100))


@pytest.mark.parametrize("kind", SHARED)
def test_shared__clock_set_back(kind: str, request: pytest.FixtureRequest, clock: Clock) -> None:
    """A lock taken before the clock was set back by an hour holds nobody up for an hour."""
    store = OPENERS[kind](request, clock)
    dead = store.try_lock("name", LEASE)
    clock.now -= 3600
    waited = 0.0
    while not (owner := store.try_lock("name", LEASE)):
        clock.now += 1
        waited += 1
        assert waited <= LEASE
    assert owner != dead
    assert store.try_lock("name", LEASE) is None
