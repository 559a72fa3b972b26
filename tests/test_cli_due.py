"""``qqminigame dawanka settle --due``, as cron runs it: quiet, by several at once, killed."""

import contextlib
import json
import signal
import time

import pytest
from redis_server import MovedRedisStore
from sessions import Pauses, enter_hall, make_session
from test_cli import NAMES
from waiting import wait_until

from qqminigame import Dawanka, HallLogin, OutcomeUnknownError, SQLiteStore
from qqminigame.cli.exits import Exit
from qqminigame.testing import assert_no_secrets

REPORT = "report_dawanka_pay"
INFO = "get_dawanka_info"
SETTLE = ("dawanka", "settle", "--due")
# Orders are begun so long ago that they are due, and their openkeys still live.
AGO = 100.0
# Longer than the claim of a process that was killed.
SOON = 17.0


class Records:
    """Order records at an address, for stores with clocks that differ."""

    def __init__(self, address, open_at):
        self.address = address
        self.open_at = open_at


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.slow)])
def records(request, tmp_path):
    """The order records of the processes."""
    if request.param == "redis":
        url = request.getfixturevalue("durable_redis").url
        return Records(url, lambda ahead: MovedRedisStore(url, lambda: ahead))
    path = tmp_path / "orders.db"

    def open_at(ahead):
        return SQLiteStore(path, durable=True, clock=lambda: time.time() + ahead)

    return Records(f"sqlite:///{path}", open_at)


@pytest.fixture
def settle(command, records):
    """Run the command on these records."""
    command.env["QQMINIGAME_ORDERS"] = records.address
    return lambda *arguments, **env: command(*SETTLE, *arguments, **env)


@pytest.fixture
def service(sandbox, records):
    """Make a service whose clock is ahead by some seconds, or behind."""
    with contextlib.ExitStack() as sessions:

        def make(ahead):
            session = sessions.enter_context(make_session(sandbox, sleep=Pauses()))
            return Dawanka(session, orders=records.open_at(ahead))

        yield make


@pytest.fixture
def lose(sandbox, service):
    """Report an order, some time ago, with an unclear end; by default it was counted."""

    def report(order_id, player=None, kind="reset_after"):
        player = player or enter_hall(sandbox)
        sandbox.script({"kind": kind, "endpoint": REPORT})
        with pytest.raises(OutcomeUnknownError):
            service(-AGO).report_pay(player, order_id)
        return player

    return report


def asked(sandbox):
    """Return how often the platform was asked for a player's uses."""
    return sum(entry["path"].endswith(INFO) for entry in sandbox.log())


def test_quiet__where_all_is_well(settle, service, lose):
    """Nothing is due, or all is settled: cron has no mail to send."""
    done = settle()
    assert (done.code, done.out, done.err) == (0, "", "")
    lose("order-1")
    lose("order-2", kind="reset_before")
    done = settle()
    assert (done.code, done.out, done.err) == (0, "", "")
    states = {order.order_id: order.state for order in service(0).orders()}
    assert states == {"order-1": "finished"}


def test_json__a_line_for_each_order(settle, lose, command):
    """What became of it, and no secret."""
    player = lose("order-1")
    lose("order-2", kind="reset_before")
    listed = command("dawanka", "orders", "--json").objects
    assert [order["has_openkey"] for order in listed] == [True, True]
    done = settle("--json")
    assert done.code == 0
    assert {tuple(each) for each in done.objects} == {tuple(NAMES["dawanka settle --due"])}
    ends = {each["order_id"]: (each["outcome"], each["left"]) for each in done.objects}
    assert ends == {"order-1": ("counted", 2), "order-2": ("not_counted", None)}
    assert done.objects[0]["openid"]
    assert_no_secrets([done.out, done.err], [player.openkey])
    assert settle("--json").out == ""


def test_limit(settle, lose):
    """The rest is for the next run."""
    for number in range(3):
        lose(f"order-{number}")
    assert [len(settle("--json", "--limit", "2").objects) for _ in range(3)] == [2, 1, 0]


def test_7__only_the_game_can_know(settle, lose, sandbox):
    """It is said once, with what to do; after that the order is in the list of open ones."""
    openid, openkey = sandbox.hall_login(pay_return_count=-1)
    lose("order-1", HallLogin(openid=openid, openkey=openkey))
    done = settle()
    assert (done.code, done.out) == (Exit.OUTCOME_UNKNOWN, "")
    assert "order-1" in done.err
    assert "unlimited" in done.err
    done = settle()
    assert (done.code, done.out, done.err) == (0, "", "")
    (line,) = settle("--json").objects
    assert (line["outcome"], line["english"]) == ("waiting", None)


def test_5__the_player_has_to_come_back(settle, lose, sandbox):
    """An openkey that the platform refuses is said once."""
    lose("order-1")
    sandbox.advance(7300)
    done = settle()
    assert (done.code, done.out) == (Exit.LOGIN_EXPIRED, "")
    assert "'order-1'" in done.err
    assert "game hall" in done.err
    assert settle().code == 0


def test_4__wrong_app_key(settle, lose):
    """The run ends with the first order."""
    for number in range(3):
        lose(f"order-{number}")
    done = settle("--json", QQMINIGAME_APP_KEY="wrong")
    assert done.code == Exit.CONFIGURATION
    assert [each["outcome"] for each in done.objects] == ["failed"]
    assert done.error["error"] == "SignatureError"


def test_75__the_platform_is_gone(settle, lose, sandbox):
    """The run ends after three orders, to be tried again."""
    for number in range(4):
        lose(f"order-{number}")
    sandbox.script({"kind": "status", "status": 502, "endpoint": INFO, "times": -1})
    done = settle()
    assert (done.code, done.out) == (Exit.TRY_LATER, "")
    assert done.err.count("was not settled") == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["settle"],
        ["settle", "openid"],
        ["settle", "openid", "order-1", "--due"],
        ["settle", "openid", "order-1", "--limit", "3"],
        ["settle", "--due", "--counted"],
        ["settle", "--due", "--userip", "10.0.0.1"],
        ["settle", "--due", "--limit", "0"],
    ],
    ids=" ".join,
)
def test_2__usage(command, sandbox, arguments):
    """One order, or all that are due."""
    done = command("dawanka", *arguments, "--json")
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert done.error["english"]
    assert sandbox.log() == []


def test_two_at_once(settle, lose, command, sandbox, service):
    """Two processes share the orders: each is settled by one, and the platform is asked once."""
    numbers = range(16)
    for number in numbers:
        lose(f"order-{number}", kind="reset_after" if number % 2 else "reset_before")
    before = asked(sandbox)
    # Both have listed all orders before either has settled one.
    sandbox.script({"kind": "delay", "seconds": 1.5, "endpoint": INFO, "times": 2})
    running = [command.start(*SETTLE, "--json") for _ in range(2)]
    ends = []
    for process in running:
        out, err = process.communicate()
        assert (process.returncode, err) == (0, b"")
        ends += [json.loads(line) for line in out.splitlines()]
    assert sorted(each["order_id"] for each in ends) == sorted(f"order-{n}" for n in numbers)
    for each in ends:
        counted = int(each["order_id"].partition("-")[2]) % 2
        assert each["outcome"] == ("counted" if counted else "not_counted")
    assert asked(sandbox) == before + len(numbers)
    assert list(service(0).orders("open")) == []


def test_killed_in_the_middle(settle, lose, command, sandbox, service, request):
    """SIGKILL while the platform is being asked: the next run but one settles the order."""
    players = [lose(f"order-{number}") for number in range(3)]
    before = asked(sandbox)
    sandbox.script({"kind": "no_answer", "endpoint": INFO, "skip": 1})
    process = command.start(*SETTLE)
    wait_until(lambda: asked(sandbox) == before + 2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = settle("--json")
    assert {each["order_id"] for each in done.objects} == {"order-2"}
    assert [order.order_id for order in service(0).orders("open")] == ["order-1"]
    if "redis" in request.node.name:
        request.getfixturevalue("durable_redis").pass_time(SOON)
    (end,) = service(SOON).settle_due().orders
    assert (end.order.order_id, end.outcome) == ("order-1", "counted")
    reports = [sandbox.state()["hall"][player.openid]["reports"] for player in players]
    assert reports == [1, 1, 1]
