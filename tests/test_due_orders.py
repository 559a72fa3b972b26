"""Open orders that are settled without their players: which, by whom, and what is left behind."""

import contextlib
import json
import logging
import sqlite3

import pytest
from cryptography.fernet import Fernet, MultiFernet
from hooked_store import HookedStore
from order_records import open_records
from sessions import Clock, Pauses, enter_hall, make_session

from qqminigame import (
    ConfigurationError,
    Dawanka,
    HallLogin,
    InvalidArgumentError,
    LoginExpiredError,
    MemoryStore,
    OutcomeUnknownError,
    PayReport,
    PlatformError,
    SignatureError,
    SQLiteStore,
    StoreError,
    TransportError,
)
from qqminigame.sandbox import Sandbox
from qqminigame.testing import assert_no_secrets

REPORT = "report_dawanka_pay"
INFO = "get_dawanka_info"
# Long enough for any report to have come in.
LATER = 8.0 + 60.0 + 1.0
# Longer than a claim.
SOON = 17.0
TWO_HOURS = 7200.0


@pytest.fixture
def clock(sandbox):
    """The time of the processes, and of all the records hold."""
    return Clock(sandbox.state()["now"])


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request, clock):
    """The order records, which the processes share."""
    return open_records(request.param, request, clock)


@pytest.fixture
def file_store(tmp_path, clock, monkeypatch):
    """Order records in a file, by an SQLite that leaves the bytes of what is deleted as they are.

    Debian compiles it to overwrite them; most others do not.
    """
    connect = sqlite3.connect

    def connect_carelessly(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA secure_delete = OFF")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_carelessly)
    return SQLiteStore(tmp_path / "orders.db", durable=True, clock=clock)


@pytest.fixture
def process(sandbox, clock):
    """Make a service with a session of its own, as another process would."""
    cache = MemoryStore()
    with contextlib.ExitStack() as sessions:

        def make(orders, cipher=None, **arguments):
            arguments = {"store": cache, "clock": clock, "sleep": Pauses(), **arguments}
            session = sessions.enter_context(make_session(sandbox, **arguments))
            return Dawanka(session, orders, cipher=cipher)

        yield make


def lose(sandbox, dawanka, hall_login, order_id, kind="reset_after"):
    """Report an order with an unclear end; by default it is counted."""
    sandbox.script({"kind": kind, "endpoint": REPORT})
    with pytest.raises(OutcomeUnknownError):
        dawanka.report_pay(hall_login, order_id)


def lose_some(sandbox, dawanka, clock, number):
    """Report an order for each of some players, a second apart, none of them counted."""
    players = [enter_hall(sandbox) for _ in range(number)]
    for n, player in enumerate(players):
        lose(sandbox, dawanka, player, f"order-{n}", "reset_before")
        clock.now += 1
    return players


def asked(sandbox):
    """Return how often the platform was asked for a player's uses."""
    return sum(entry["path"].endswith(INFO) for entry in sandbox.log())


def outcomes(report):
    """Return how each order of a sweep ended, by its id."""
    return {end.order.order_id: end.outcome for end in report.orders}


def kept_openkeys(store):
    """Return how many openkeys the records hold."""
    found, cursor = store.scan("pay:")
    while cursor:
        more, cursor = store.scan("pay:", cursor=cursor)
        found += more
    return sum(":openkey:" in key for key, _ in found)


@pytest.mark.parametrize(
    ("kind", "outcome"), [("reset_after", "counted"), ("reset_before", "not_counted")]
)
def test_settle_due(process, store, sandbox, hall_login, clock, kind, outcome):
    """An open order is closed by another process, which knows nothing of the player."""
    lose(sandbox, process(store), hall_login, "order-1", kind)
    clock.now += LATER
    before = asked(sandbox)
    (end,) = process(store).settle_due().orders
    assert (end.order.order_id, end.outcome, end.error) == ("order-1", outcome, None)
    counted = PayReport(use=None, left=2) if outcome == "counted" else None
    assert end.report == counted
    assert asked(sandbox) == before + 1
    assert list(process(store).orders("open")) == []
    assert kept_openkeys(store) == 0
    assert process(store).settle_due().orders == ()
    assert end.hall_login == (hall_login if outcome == "not_counted" else None)
    assert process(store).report_pay(end.hall_login or hall_login, "order-1").left == 2
    assert sandbox.state()["hall"][hall_login.openid]["reports"] == 1


def test_settle_due__not_before_the_report_is_over(process, store, sandbox, hall_login, clock):
    """A report that may still be under way is left alone."""
    lose(sandbox, process(store), hall_login, "order-1", "reset_before")
    sent = len(sandbox.log())
    clock.now += LATER - 2
    assert process(store).settle_due().orders == ()
    assert len(sandbox.log()) == sent
    clock.now += 2
    assert outcomes(process(store).settle_due()) == {"order-1": "not_counted"}


def test_openkey__is_removed_with_the_end_of_its_order(process, store, sandbox, hall_login, clock):
    """Counted, refused, settled by the player or by word: no openkey is left."""
    dawanka = process(store)
    dawanka.report_pay(hall_login, "order-1")
    assert kept_openkeys(store) == 0
    sandbox.script({"kind": "code", "code": 2000023, "endpoint": REPORT})
    with pytest.raises(LoginExpiredError):
        dawanka.report_pay(hall_login, "order-2")
    assert kept_openkeys(store) == 0
    for happened in (None, True, False):
        lose(sandbox, dawanka, hall_login, f"order-{happened}")
        assert kept_openkeys(store) == 1
        clock.now += LATER
        dawanka.settle(hall_login, f"order-{happened}", happened=happened)
        assert kept_openkeys(store) == 0


def test_openkey__is_kept_no_longer_than_it_lives(process, store, sandbox, hall_login, clock):
    """After two hours the order waits for the player's next visit, and nothing is sent for it."""
    lose(sandbox, process(store), hall_login, "order-1")
    (order,) = process(store).orders("open")
    assert order.has_openkey
    clock.now += TWO_HOURS + 1
    sandbox.advance(TWO_HOURS + 1)
    (order,) = process(store).orders("open")
    assert not order.has_openkey
    sent = len(sandbox.log())
    (end,) = process(store).settle_due().orders
    assert (end.outcome, end.error) == ("waiting", None)
    assert len(sandbox.log()) == sent
    openid, openkey = sandbox.hall_login(hall_login.openid)
    back = HallLogin(openid=openid, openkey=openkey)
    assert process(store).settle(back, "order-1").left == 2


def test_openkey__that_the_platform_refuses(process, store, sandbox, hall_login, clock):
    """It is removed, and the order waits; the next sweep does not ask again."""
    lose(sandbox, process(store), hall_login, "order-1")
    clock.now += LATER
    sandbox.advance(TWO_HOURS + 1)
    (end,) = process(store).settle_due().orders
    assert end.outcome == "waiting"
    assert isinstance(end.error, LoginExpiredError)
    assert kept_openkeys(store) == 0
    sent = len(sandbox.log())
    clock.now += SOON
    (end,) = process(store).settle_due().orders
    assert (end.outcome, end.error) == ("waiting", None)
    assert len(sandbox.log()) == sent


def test_records__of_the_version_before(process, store, sandbox, hall_login, clock):
    """An order without an openkey is read as ever, and waits for its player."""
    dawanka = process(store)
    begun = dawanka._orders.store.now() - 100
    order = ["order1", "order-1", hall_login.openid, sandbox.url, "0123456789abcdef"]
    order += [begun, begun + 68, 3, 1, begun - 10, None, None, None]
    latest = ["latest1", "order-1", "0123456789abcdef", begun + 68, begun - 10]
    keys = dawanka._orders.keys
    for key, values in (
        (keys.order("order-1"), order),
        (keys.open("0123456789abcdef"), order),
        (keys.latest(hall_login.openid), latest),
    ):
        store.set(key, json.dumps(values, separators=(",", ":")))
    assert [order.has_openkey for order in dawanka.orders("open")] == [False]
    assert outcomes(dawanka.settle_due()) == {"order-1": "waiting"}
    assert dawanka.settle(hall_login, "order-1") is None


def test_undecided__is_left_to_the_caller(process, store, sandbox, clock):
    """Where the count proves nothing, it is said once, and the openkey is of no more use."""
    openid, openkey = sandbox.hall_login(pay_return_count=-1)
    dawanka = process(store)
    lose(sandbox, dawanka, HallLogin(openid=openid, openkey=openkey), "order-1")
    clock.now += LATER
    (end,) = dawanka.settle_due().orders
    assert end.outcome == "undecided"
    assert isinstance(end.error, OutcomeUnknownError)
    assert "happened=True" in end.error.english
    assert kept_openkeys(store) == 0
    clock.now += SOON
    assert outcomes(dawanka.settle_due()) == {"order-1": "waiting"}


def test_undecided__is_not_decided_by_chance(process, store, sandbox, hall_login, clock):
    """Uses that were gained and spent may fit later: no sweep takes that for a proof."""
    dawanka = process(store)
    lose(sandbox, dawanka, hall_login, "order-1", "reset_before")
    sandbox.hall_login(hall_login.openid, pay_return_count=5)
    clock.now += LATER
    assert outcomes(dawanka.settle_due()) == {"order-1": "undecided"}
    sandbox.hall_login(hall_login.openid, pay_return_count=2)
    clock.now += SOON
    assert outcomes(dawanka.settle_due()) == {"order-1": "waiting"}
    assert [order.order_id for order in dawanka.orders("open")] == ["order-1"]


def test_failure__of_one_order(process, store, sandbox, clock):
    """It does not stop the others; a later sweep tries again, but not at once."""
    dawanka = process(store)
    lose_some(sandbox, dawanka, clock, 3)
    clock.now += LATER
    sandbox.script({"kind": "code", "code": 4711, "endpoint": INFO})
    report = dawanka.settle_due()
    assert outcomes(report) == {
        "order-0": "failed",
        "order-1": "not_counted",
        "order-2": "not_counted",
    }
    assert report.stopped_because is None
    assert isinstance(report.orders[0].error, PlatformError)
    assert dawanka.settle_due().orders == ()
    clock.now += SOON
    assert outcomes(dawanka.settle_due()) == {"order-0": "not_counted"}


def test_stop__wrong_app_key(process, store, sandbox, clock):
    """Every order would fail the same way: one is tried, and none loses its openkey."""
    lose_some(sandbox, process(store), clock, 3)
    clock.now += LATER
    before = asked(sandbox)
    report = process(store, app_key="wrong").settle_due()
    assert outcomes(report) == {"order-0": "failed"}
    assert isinstance(report.stopped_because, SignatureError)
    assert asked(sandbox) == before + 1
    assert kept_openkeys(store) == 3
    clock.now += SOON
    assert set(outcomes(process(store).settle_due()).values()) == {"not_counted"}


def test_stop__the_platform_is_gone(process, store, sandbox, clock):
    """After three orders in a row the sweep ends, and says why."""
    lose_some(sandbox, process(store), clock, 5)
    clock.now += LATER
    sandbox.script({"kind": "status", "status": 502, "endpoint": INFO, "times": -1})
    report = process(store).settle_due()
    assert list(outcomes(report).values()) == ["failed"] * 3
    assert report.stopped_because is report.orders[-1].error
    assert report.stopped_because.may_retry
    assert kept_openkeys(store) == 5


def test_stop__the_store_fails_in_the_middle(process, store, sandbox, clock):
    """What was settled before is in the result, and so is the failure."""
    lose_some(sandbox, process(store), clock, 3)
    clock.now += LATER
    records = HookedStore(store)
    locks = []

    def fail(_number, name):
        locks.append(name == "try_lock")
        if name == "try_lock" and sum(locks) == 2:
            raise StoreError("out of order")

    records.before = fail
    report = process(records).settle_due()
    assert outcomes(report) == {"order-0": "not_counted", "order-1": "failed"}
    assert isinstance(report.stopped_because, StoreError)


def test_limit__those_with_an_openkey_first(process, store, sandbox, clock):
    """The oldest are settled first, and those that wait for a player do not hold them up."""
    dawanka = process(store)
    lose_some(sandbox, dawanka, clock, 5)
    clock.now += LATER
    orders = dawanka._orders
    gone = next(order for order in dawanka.orders("open") if order.order_id == "order-0")
    orders.openkeys.drop(gone.mark, dawanka._session.deadline())
    assert list(outcomes(dawanka.settle_due(limit=2))) == ["order-1", "order-2"]
    assert list(outcomes(dawanka.settle_due(limit=3))) == ["order-3", "order-4", "order-0"]


@pytest.mark.parametrize("limit", [0, -1, "1", True, None], ids=repr)
def test_limit__that_is_none(process, store, sandbox, limit):
    """It is a positive int."""
    with pytest.raises(InvalidArgumentError, match="limit"):
        process(store).settle_due(limit)


@pytest.mark.parametrize(("moment", "operation"), [("before", "try_lock"), ("after", "get")])
def test_claim__of_two_sweeps_at_once(process, store, sandbox, clock, moment, operation):
    """While one settles an order, another that has listed it too leaves it alone."""
    lose_some(sandbox, process(store), clock, 2)
    clock.now += LATER
    before = asked(sandbox)
    others = []
    records = HookedStore(store)

    def sweep(_number, name):
        if name == operation:
            setattr(records, moment, lambda number, name: None)
            others.append(outcomes(process(store).settle_due()))

    setattr(records, moment, sweep)
    mine = outcomes(process(records).settle_due())
    (other,) = others
    assert not mine.keys() & other.keys()
    assert mine | other == {"order-0": "not_counted", "order-1": "not_counted"}
    assert asked(sandbox) == before + 2


def test_address__of_another_platform(process, store, sandbox, hall_login, clock):
    """No openkey goes to another address than its report."""
    with Sandbox(hall_app_id=sandbox.hall_app_id, app_key=sandbox.app_key) as other:
        lose(sandbox, process(store), hall_login, "order-1")
        clock.now += LATER
        assert process(store, base_url=other.url).settle_due().orders == ()
        assert other.log() == []
    assert outcomes(process(store).settle_due()) == {"order-1": "counted"}


def test_records__that_are_lost(process, store, sandbox, hall_login, clock):
    """An empty place is not taken for one without due orders."""
    records = HookedStore(store)  # not a MemoryStore, whose user knows that it forgets
    lose(sandbox, process(records), hall_login, "order-1")
    for key, text in store.scan("pay:")[0]:
        store.delete_if(key, text)
    with pytest.raises(StoreError, match="trust_orders"):
        process(records).settle_due()


def test_openkey__cannot_be_kept(process, store, sandbox, hall_login):
    """Then nothing is sent, and nothing is begun."""
    records = HookedStore(store)

    def fail(_number, name):
        if name == "set":
            records.before = lambda number, name: None
            raise StoreError("out of order")

    records.before = fail
    with pytest.raises(StoreError):
        process(records).report_pay(hall_login, "order-1")
    assert asked(sandbox) == len(sandbox.log()) == 1
    assert process(store).report_pay(hall_login, "order-1").left == 2


# --- encryption


def test_cipher__is_needed_to_read(process, store, sandbox, hall_login, clock, caplog):
    """Records hold no openkey that others can read; without the key, orders wait."""
    key, other = Fernet.generate_key(), Fernet.generate_key()
    lose(sandbox, process(store, Fernet(key)), hall_login, "order-1")
    texts = [text for _, text in store.scan("pay:", limit=10_000)[0]]
    assert kept_openkeys(store) == 1
    assert_no_secrets(texts, [hall_login.openkey])
    clock.now += LATER
    for cipher in (None, Fernet(other)):
        caplog.clear()
        assert outcomes(process(store, cipher).settle_due()) == {"order-1": "waiting"}
        assert "cipher" in caplog.text
    rotated = MultiFernet([Fernet(other), Fernet(key)])
    assert outcomes(process(store, rotated).settle_due()) == {"order-1": "counted"}


def test_cipher__that_came_later(process, store, sandbox, hall_login, clock):
    """Openkeys that were kept without one are still used."""
    lose(sandbox, process(store), hall_login, "order-1")
    clock.now += LATER
    cipher = Fernet(Fernet.generate_key())
    assert outcomes(process(store, cipher).settle_due()) == {"order-1": "counted"}


class BrokenCipher:
    """Raises what a key service in another place would."""

    def encrypt(self, data):
        """Fail, and show what was to be encrypted."""
        raise OSError(f"no key for {data!r}")

    decrypt = encrypt


def test_cipher__that_is_broken(process, store, sandbox, hall_login):
    """Nothing is sent, nothing is begun, and its error is not passed on."""
    with pytest.raises(ConfigurationError, match="OSError") as caught:
        process(store, BrokenCipher()).report_pay(hall_login, "order-1")
    assert_no_secrets(caught.value, [hall_login.openkey])
    assert asked(sandbox) == len(sandbox.log()) == 1
    assert list(process(store).orders()) == []


@pytest.mark.parametrize("cipher", ["key", b"key", object()], ids=["str", "bytes", "object"])
def test_cipher__that_is_none(process, file_store, cipher):
    """It has encrypt and decrypt."""
    with pytest.raises(ConfigurationError, match="cipher"):
        process(file_store, cipher)


def test_openkey__that_is_damaged(process, store, sandbox, hall_login, clock, caplog):
    """A text that is not an openkey's is not sent as one."""
    dawanka = process(store)
    lose(sandbox, dawanka, hall_login, "order-1")
    clock.now += LATER
    (order,) = dawanka.orders("open")
    for text in ("", "{}", '["openkey1"]', '["openkey1",7]', '["sealed1","%"]', '["order1","k"]'):
        store.set(dawanka._orders.keys.openkey(order.mark), text)
        assert outcomes(dawanka.settle_due()) == {"order-1": "waiting"}
        cipher = Fernet(Fernet.generate_key())
        assert outcomes(process(store, cipher).settle_due()) == {"order-1": "waiting"}


# --- secrets


def test_secrets__are_shown_nowhere(process, store, sandbox, hall_login, clock, caplog):
    """Neither results nor errors, locals included, nor the log hold an openkey or a key."""
    caplog.set_level(logging.DEBUG)
    key = Fernet.generate_key()
    dawanka = process(store, Fernet(key))
    lose(sandbox, dawanka, hall_login, "order-1")
    seen = [dawanka, dawanka._orders, list(dawanka.orders("open"))]
    clock.now += LATER
    for fault in (
        {"kind": "code", "code": 4711},
        {"kind": "html"},
        {"kind": "code", "code": 2000024},
        {"kind": "code", "code": 2000023},
    ):
        sandbox.script({**fault, "endpoint": INFO})
        report = dawanka.settle_due()
        assert report.orders[0].error is not None
        seen += [report, report.orders[0].error, report.stopped_because]
        clock.now += SOON
    secrets = [hall_login.openkey, key.decode(), sandbox.app_key]
    assert_no_secrets(seen, secrets)
    assert_no_secrets(caplog.records, secrets)
    for thing in seen:
        if isinstance(thing, Exception):
            assert_no_secrets(thing, secrets, include_locals=True)


def in_file(store, secret):
    """Return whether the bytes of a file hold a text."""
    return secret.encode() in store.path.read_bytes()


@pytest.mark.parametrize("end", ["counted", "settled", "swept"])
def test_secrets__are_not_left_in_the_file(process, file_store, sandbox, clock, end):
    """The bytes of an openkey are gone with the end of its order, not only its row."""
    # So few that their rows stay on one page: moving rows to another one leaves copies behind.
    players = [enter_hall(sandbox) for _ in range(3)]
    dawanka = process(file_store)
    for number, player in enumerate(players):
        if end == "counted":
            dawanka.report_pay(player, f"order-{number}")
        else:
            lose(sandbox, dawanka, player, f"order-{number}")
    if end != "counted":
        assert all(in_file(file_store, player.openkey) for player in players)
    clock.now += LATER
    for number, player in enumerate(players):
        if end == "settled":
            assert dawanka.settle(player, f"order-{number}").left == 2
    if end == "swept":
        assert set(outcomes(dawanka.settle_due()).values()) == {"counted"}
    assert not [player for player in players if in_file(file_store, player.openkey)]


def test_secrets__a_sweep_removes_what_has_expired(process, file_store, sandbox, hall_login, clock):
    """Also from a file that nobody else writes to."""
    lose(sandbox, process(file_store), hall_login, "order-1")
    assert in_file(file_store, hall_login.openkey)
    clock.now += TWO_HOURS + 1
    process(file_store).settle_due()
    assert not in_file(file_store, hall_login.openkey)


def test_transport__is_down_for_one(process, store, sandbox, hall_login, clock):
    """A TransportError is a failure of the order, and no openkey is lost over it."""
    lose(sandbox, process(store), hall_login, "order-1")
    clock.now += LATER
    sandbox.script({"kind": "reset_before", "endpoint": INFO, "times": -1})
    (end,) = process(store).settle_due().orders
    assert end.outcome == "failed"
    assert isinstance(end.error, TransportError)
    assert kept_openkeys(store) == 1
