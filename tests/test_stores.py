"""One contract for every store; and what is each store's own, and how an address finds it."""

import itertools
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from forks import Child, each_fork
from sessions import Clock
from waiting import PATIENCE_SECONDS

from qqminigame.exceptions import StoreError
from qqminigame.stores import MemoryStore, RedisStore, SQLiteStore, Store, default_store

LEASE = 120.0
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


def open_default(request: pytest.FixtureRequest, clock: Callable[[], float]) -> Store:
    """Open the store of a session that names none."""
    return default_store(clock)


def open_database(kind: str) -> Callable[[pytest.FixtureRequest, Callable[[], float]], Store]:
    """Return what opens a store in a Django project's database of a kind; it ages like Redis."""

    def open_store(request: pytest.FixtureRequest, clock: Callable[[], float]) -> Store:
        alias = request.getfixturevalue("databases")(kind)
        from django_databases import DatabaseStore, pass_time

        if isinstance(clock, Clock):
            clock.on_move[:] = [lambda seconds: pass_time(alias, seconds)]
        return DatabaseStore(alias)

    return open_store


# The contract below holds for each of these; SHARED are those that all processes see.
OPENERS = {
    "memory": open_memory,
    "sqlite": open_sqlite,
    "redis": open_redis,
    "default": open_default,
    "django-sqlite": open_database("sqlite"),
    "django-postgresql": open_database("postgresql"),
    "django-mariadb": open_database("mariadb"),
}
DATABASES = ["django-sqlite", "django-postgresql", "django-mariadb"]
SHARED = ["sqlite", "redis", *DATABASES]


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
def moment(store: Store, clock: Clock) -> float:
    """So many seconds before its end a text is still there, and a lock is still held.

    A server's clock goes on between the steps of a test.
    """
    return 60.0 if clock.on_move else 0.25


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


def scan(store: Store, prefix: str) -> dict[str, str]:
    """Return all texts under a prefix, a page at a time."""
    found, cursor = store.scan(prefix, limit=100)
    everything = dict(found)
    while cursor:
        found, cursor = store.scan(prefix, cursor=cursor, limit=100)
        everything.update(found)
    return everything


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

    def test_set__for_a_time(self, store: Store, clock: Clock, moment: float) -> None:
        """With a time, a text is there until it is over, and not after."""
        store.set("key", "text", ttl_seconds=7200)
        clock.now += 7200 - moment
        assert store.get("key") == "text"
        clock.now += moment
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
            return store.add("key", f"{number}", timeout=PATIENCE_SECONDS)

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

    def test_replace_if__still_the_text(self, store: Store, clock: Clock) -> None:
        """A text is replaced where it is the one expected, once, and is kept for good."""
        store.set("key", "old", 10)
        store.set("other", "old")
        assert store.replace_if("key", "old", "new") is True
        assert store.replace_if("key", "old", "newer") is False
        clock.now += 11
        assert (store.get("key"), store.get("other")) == ("new", "old")
        assert store.replace_if("key", "new", "new") is True

    def test_replace_if__nothing_there(self, store: Store, clock: Clock) -> None:
        """Nothing is written where nothing is, and what has expired is not there."""
        assert store.replace_if("key", "old", "new") is False
        store.set("key", "old", 10)
        clock.now += 11
        assert store.replace_if("key", "old", "new") is False
        assert store.get("key") is None

    def test_replace_if__one_of_many(self, store: Store) -> None:
        """Of threads that replace the same text at once, one does."""
        store.set("key", "old")

        def race(number: int) -> bool:
            return store.replace_if("key", "old", f"{number}", timeout=PATIENCE_SECONDS)

        with ThreadPoolExecutor(THREADS) as pool:
            replaced = pool.map(race, range(THREADS))
            won = [n for n, done in enumerate(replaced) if done]
        assert len(won) == 1
        assert store.get("key") == str(won[0])

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

    def test_lock__frees_itself(self, store: Store, clock: Clock, moment: float) -> None:
        """The lock of a holder who died is free when its lease is over, and not before."""
        assert store.try_lock("name", LEASE)
        clock.now += LEASE - moment
        assert store.try_lock("name", LEASE) is None
        clock.now += moment
        assert store.try_lock("name", LEASE)

    @pytest.mark.parametrize(("first", "second"), [(120.0, 60.0), (60.0, 120.0), (60.0, 0.001)])
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
            return store.try_lock(name, LEASE, timeout=PATIENCE_SECONDS)

        with ThreadPoolExecutor(THREADS) as pool:
            for number in range(20):
                owners = list(pool.map(race, [f"name-{number}"] * THREADS))
                assert len([owner for owner in owners if owner]) == 1

    def test_set__many_threads(self, store: Store) -> None:
        """Texts of many threads do not disturb each other."""

        def work(number: int) -> tuple[str | None, bool, str | None]:
            store.set(f"key-{number}", f"text-{number}", timeout=PATIENCE_SECONDS)
            found = store.get(f"key-{number}", timeout=PATIENCE_SECONDS)
            deleted = store.delete_if("shared", f"{number}", timeout=PATIENCE_SECONDS)
            return found, deleted, store.get(f"key-{number}", timeout=PATIENCE_SECONDS)

        store.set("shared", "7")
        with ThreadPoolExecutor(THREADS) as pool:
            done = list(pool.map(work, range(THREADS)))
        assert [row[0] for row in done] == [f"text-{number}" for number in range(THREADS)]
        assert [number for number, row in enumerate(done) if row[1]] == [7]

    def test_get_many__those_that_have_one(self, store: Store, clock: Clock) -> None:
        """Many keys are looked up at once; those without a text are left out."""
        for number in range(0, 1200, 2):
            store.set(f"login:{number}", f"text-{number}")
        store.set("login:1", "expired", 10)
        store.set("other", "text")
        clock.now += 11
        keys = [*(f"login:{number}" for number in range(1200)), "other", "other"]
        assert store.get_many(keys) == {
            "other": "text",
            **{f"login:{number}": f"text-{number}" for number in range(0, 1200, 2)},
        }
        assert store.get_many([]) == {}

    def test_scan__finds_all(self, store: Store, clock: Clock) -> None:
        """Page by page all texts under a prefix are found, and no others."""
        expected = {f"login:1:{number}": f"text-{number}" for number in range(250)}
        for key, text in expected.items():
            store.set(key, text)
        for key in ("login:", "login:10", "login:2:1", "login:1", "k", "m", "LOGIN:1:1"):
            store.set(key, "another")
        store.set("login:1:expired", "text", 10)
        store.try_lock("login:1:lock", LEASE)
        clock.now += 11
        assert scan(store, "login:1:") == expected
        assert len(scan(store, "")) == 257
        assert scan(store, "nothing") == {}
        assert store.count("login:1:") == 250
        assert store.count("") == 257
        assert store.count("nothing") == 0

    def test_scan__what_is_there_all_the_time(self, store: Store) -> None:
        """Texts that come and go during a scan do not hide those that stay."""
        for number in range(200):
            store.set(f"stays:{number}", "text")
            store.set(f"goes:{number}", "text")
        found, cursor = store.scan("stays:", limit=20)
        for number in range(200):
            store.set(f"stays:new:{number}", "text")
            assert store.delete_if(f"goes:{number}", "text")
        seen = dict(found)
        while cursor:
            found, cursor = store.scan("stays:", cursor=cursor, limit=20)
            seen.update(found)
        assert {f"stays:{number}" for number in range(200)} <= seen.keys()

    @pytest.mark.parametrize(
        "prefix",
        [
            *("a*", "a?", "[ab]", "[^a]", "\\", "a\\*", "a%", "a_", "'", '"', "名", " ", "é"),
            *("\U0010ffff", "\ud7ff", "z\U0010ffff"),
        ],
    )
    def test_scan__prefixes_are_plain_text(self, store: Store, prefix: str) -> None:
        """No character of a prefix stands for others."""
        others = ["ab", "axx", "b", "^", "A*", "_", "{", "\ue000", "zz", "e\u0301", ""]
        for key in (prefix, f"{prefix}\U0010ffff", f"{prefix}1", *others):
            store.set(key, "text")
        expected = {prefix, f"{prefix}\U0010ffff", f"{prefix}1"}
        assert scan(store, prefix).keys() == expected
        assert store.count(prefix) == 3

    @pytest.mark.parametrize(
        "use",
        [
            lambda store: store.set("key", f"{SECRET}\udc80"),
            lambda store: store.set(f"{SECRET}\udc80", "text"),
            lambda store: store.add("key", f"{SECRET}\ud83d"),
            lambda store: store.add(f"{SECRET}\ud83d", "text"),
        ],
    )
    def test_set__what_utf8_cannot_encode(
        self, store: Store, use: Callable[[Store], object]
    ) -> None:
        """A lone surrogate is refused on arrival, by every store, and is not shown."""
        with pytest.raises(StoreError, match="lone surrogate") as caught:
            use(store)
        assert SECRET not in str(caught.value)
        assert caught.value.__context__ is None
        assert store.count("") == 0

    def test_now__is_one_clock(self, store: Store, opener: Callable[[Clock], Store]) -> None:
        """Two users of a store see the same clock."""
        other = opener(Clock())
        assert abs(store.now() - other.now()) < 60

    def test_timeout__of_every_operation(self, store: Store) -> None:
        """Every operation takes the time that it may have."""
        store.set("key", "text", timeout=20)
        assert store.get("key", timeout=20) == "text"
        assert store.get_many(["key"], timeout=20) == {"key": "text"}
        assert store.add("key", "new", timeout=20) is False
        owner = store.try_lock("name", LEASE, timeout=20)
        assert owner
        store.unlock("name", owner, timeout=20)
        assert store.delete_if("key", "text", timeout=20) is True
        assert store.scan("", timeout=20)[0] == []
        assert store.count("", timeout=20) == 0
        assert store.now(timeout=20) > 1e9

    def test_errors__nothing_hidden_in_repr(self, store: Store) -> None:
        """A store does not show what it keeps."""
        store.set("key", SECRET)
        assert SECRET not in repr(store) + str(store)


OPENING = """
import time
from qqminigame.stores import open_store
store = open_store({address!r}, time.time)
"""
RACE = """
import sys
store.get("key")
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    if store.try_lock(f"name-{number}", 600.0, timeout=60.0):
        print(number, flush=True)
"""


def opening(kind: str, request: pytest.FixtureRequest) -> str:
    """Return the lines of a program that open a shared store of a kind."""
    if kind in DATABASES:
        alias = request.getfixturevalue("databases")(kind.removeprefix("django-"))
        from django_databases import opening

        return str(opening(alias))
    if kind == "redis":
        return OPENING.format(address=request.getfixturevalue("redis_server").url)
    return OPENING.format(address=f"sqlite:///{request.getfixturevalue('tmp_path')}/store.db")


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


@pytest.mark.parametrize("kind", SHARED)
def test_shared__processes_race_for_locks(kind: str, request: pytest.FixtureRequest) -> None:
    """Of processes that want the same locks at once, exactly one gets each."""
    command = [sys.executable, "-c", opening(kind, request) + RACE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    racers = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]  # type: ignore[call-overload]
    try:
        assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 4
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        won = [int(line) for racer in racers for line in racer.communicate(timeout=240)[0].split()]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
            racer.stdin.close()
            racer.stdout.close()
    assert sorted(won) == list(range(100))


@pytest.mark.parametrize("kind", ["sqlite", "default"])
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


class TestMemory:
    """What is the memory store's own: bounds, forks, interruptions."""

    def test_two_objects(self, clock: Clock) -> None:
        """Two stores in memory know nothing of each other."""
        one, two = MemoryStore(clock=clock), MemoryStore(clock=clock)
        one.set("key", "text")
        assert two.get("key") is None
        assert one.try_lock("name", LEASE)
        assert two.try_lock("name", LEASE)

    def test_logins_are_bounded(self, clock: Clock) -> None:
        """The least recently used login goes; tokens, orders and locks never."""
        store = MemoryStore(max_logins=100, clock=clock)
        for number in range(1000):
            store.set(f"token:{number}", "text")
            store.add(f"order:{number}", "text")
            store.try_lock(f"name:{number}", 60)
        for number in range(100):
            store.set(f"login:{number}", "text")
        assert store.get("login:0") == "text"
        store.set("login:new", "text")
        store.add("login:newer", "text")
        assert store.count("login:") == 100
        assert [store.get(f"login:{number}") for number in range(4)] == ["text", None, None, "text"]
        assert (store.count("token:"), store.count("order:")) == (1000, 1000)
        assert store.try_lock("name:0", 60) is None

    def test_logins_are_bounded__by_default(self, clock: Clock) -> None:
        """A hundred thousand logins are kept where nothing else is said."""
        store = MemoryStore(clock=clock)
        for number in range(100_100):
            store.set(f"login:{number}", "text")
        assert store.count("login:") == 100_000

    @each_fork
    def test_fork__keeps_the_texts_and_frees_the_locks(
        self, fork: Callable[[], int], clock: Clock
    ) -> None:
        """The holders of locks are threads of the parent, which the child does not have."""
        store = MemoryStore(clock=clock)
        store.set("key", "text")
        store.set("login:1", "text")
        store.try_lock("name", LEASE)

        def work() -> tuple[object, ...]:
            seen = store.get("key"), store.get("login:1"), store.try_lock("name", LEASE) is not None
            store.set("key", "of the child")
            return seen

        assert Child(work, fork).result() == ("text", "text", True)
        assert store.get("key") == "text"
        assert store.try_lock("name", LEASE) is None

    @each_fork
    def test_fork__in_the_middle_of_an_operation(
        self, fork: Callable[[], int], clock: Clock
    ) -> None:
        """A child that is born while another thread changes the store starts empty, and goes on."""
        store = MemoryStore(clock=clock)
        store.set("key", "text")
        inside, go_on = threading.Event(), threading.Event()

        class Slow(str):
            __slots__ = ()

            def startswith(self, *_: object) -> bool:
                inside.set()
                assert go_on.wait(60)
                return False

        thread = threading.Thread(target=store.set, args=(Slow("key"), "new"))
        thread.start()
        assert inside.wait(60)
        child = Child(lambda: (store.get("key"), store.add("key", "new"), store.get("key")), fork)
        go_on.set()
        thread.join(60)
        assert child.result() == (None, True, "new")
        assert store.get("key") == "new"

    def test_a_call_from_a_signal_handler(self) -> None:
        """A handler that interrupts an operation is told so in time; the operation ends well."""
        failed: list[str] = []

        def handle(*_: object) -> None:
            with pytest.raises(StoreError, match=r"in use for 0\.1 s; .*signal handler") as caught:
                store.get("key", timeout=0.1)
            failed.append(str(caught.value))

        def interrupted() -> float:
            if not failed:
                signal.raise_signal(signal.SIGUSR1)
            return 1.0

        store = MemoryStore(clock=interrupted)
        before = signal.signal(signal.SIGUSR1, handle)
        try:
            store.set("key", "text")
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert len(failed) == 1
        assert store.get("key") == "text"

    def test_no_lock_before_it_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A store made at import uses the locks that gevent puts in place later."""
        store = MemoryStore()
        made: list[object] = []

        def make_lock() -> object:
            made.append(original())
            return made[-1]

        original = threading.Lock
        monkeypatch.setattr(threading, "Lock", make_lock)
        store.set("key", "text")
        assert len(made) == 1
