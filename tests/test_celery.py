"""The tasks in one process: what they call, what is repeated, what goes into a message."""

import json
import secrets
import time
from functools import partial

import pytest
from celery import Celery
from celery.exceptions import MaxRetriesExceededError, Reject, Retry
from cryptography.fernet import Fernet, MultiFernet
from sessions import Clock, js_code

from qqminigame import (
    BusyError,
    ConfigurationError,
    Dawanka,
    InvalidArgumentError,
    Login,
    LoginNotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    RedisStore,
    ReplyError,
    SettleReport,
    SignatureError,
    SQLiteStore,
    StoreError,
    TransportError,
    bulk,
)
from qqminigame.integrations.celery import beat_schedule, examine, register
from qqminigame.integrations.celery.base import countdown
from qqminigame.integrations.configuration import Configuration, Sessions
from qqminigame.messages import Text
from qqminigame.reactions import MISCONFIGURED
from qqminigame.testing import assert_no_secrets

pytest_plugins = ["qqminigame.integrations.celery.pytest_plugin"]

TEXT = Text("it failed", "失败")
OPENKEY = "the key of this opening"
# A report cannot be under way any more.
LATER = 70
NOTHING = {outcome: [] for outcome in ("counted", "not_counted", "undecided", "waiting", "failed")}


@pytest.fixture
def app():
    """A game's app."""
    app = Celery("game", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.qqminigame = {"default": {"APP_ID": "1"}}
    app.conf.worker_prefetch_multiplier = 1
    # The queues of memory:// are the process's.
    app.conf.task_default_queue = secrets.token_hex(8)
    yield app
    app.close()


@pytest.fixture
def clock():
    """The clock of the orders."""
    return Clock(time.time())


@pytest.fixture
def tasks(app, qqminigame_celery, clock, tmp_path):
    """Its tasks, which run at once, against the sandbox."""
    tasks = register(app)
    qqminigame_celery(app)
    orders = SQLiteStore(tmp_path / "orders.db", durable=True, clock=clock)
    app.conf.qqminigame["default"]["ORDERS"] = orders
    return tasks


@pytest.fixture
def player(tasks, sandbox):
    """A player who has logged in."""
    session = tasks.sessions["default"]
    return Login(session).code2session(js_code(session, sandbox, "player-1")).openid


def player_in(sandbox, openid="player-1"):
    """Return what the platform has of a player."""
    return sandbox.state()["players"][openid]


# --- what the tasks do


def test_tasks__write_a_players_data(tasks, player, sandbox):
    """Each task makes the call that it is named for."""
    tasks.store_scores.delay(player, {"score": "1", "gold": "2"})
    tasks.remove_keys.delay(player, ["gold"])
    tasks.set_interactive.delay(player, {"1": 1})
    found = player_in(sandbox)
    assert (found["storage"], found["interactive"]) == ({"score": "1"}, {"1": 1})


def test_task__called_as_a_function(tasks, player, sandbox):
    """It does the same, without a message."""
    tasks.store_scores(player, {"score": "1"})
    with pytest.raises(LoginNotFoundError):
        tasks.store_scores("nobody", {"score": "1"})
    assert player_in(sandbox)["storage"] == {"score": "1"}


def test_report_pay__once_for_each_order(tasks, sandbox):
    """A second task with the same order id is answered from the records."""
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    results = [tasks.report_pay.delay(openid, openkey, "77").get() for _ in range(2)]
    assert results == [{"order_id": "77", "state": "finished", "use": 1, "left": 2}] * 2
    assert sandbox.state()["hall"][openid]["reports"] == 1


def test_report_pay__outcome_unknown(tasks, sandbox, caplog):
    """The order stays open; no message waits, and nothing is sent again."""
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
    for _ in range(2):
        result = tasks.report_pay.delay(openid, openkey, "77").get()
        assert result["state"] == "open"
        assert 0 < result["settle_in"] <= 68
    assert sandbox.state()["hall"][openid]["reports"] == 1
    assert sum("will be settled" in message for message in caplog.messages) == 2


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (True, {"order_id": "77", "state": "finished", "use": None, "left": None}),
        (False, {"order_id": "77", "state": "not_counted"}),
    ],
)
def test_settle_pay__says_what_came_of_it(happened, expected, tasks, sandbox, monkeypatch):
    """The result names the state of the order."""
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    settle = Dawanka.settle
    monkeypatch.setattr(Dawanka, "settle", lambda *given: settle(*given, happened))
    sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
    tasks.report_pay.delay(openid, openkey, "77")
    assert tasks.settle_pay.delay(openid, openkey, "77").get() == expected


def test_settle_pay__too_early(tasks, sandbox):
    """While the report may be under way, the order stays open."""
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
    tasks.report_pay.delay(openid, openkey, "77")
    result = tasks.settle_pay.delay(openid, openkey, "77").get()
    assert (result["order_id"], result["state"]) == ("77", "open")


def test_settle_due__says_what_became_of_each_order(tasks, sandbox, clock):
    """Orders that are due are settled without their players; the others are left alone."""
    logins = [sandbox.hall_login(level=1, pay_return_count=3) for _ in range(3)]
    sandbox.script(
        {"kind": "reset_after", "endpoint": "report_dawanka_pay"},
        {"kind": "reset_before", "endpoint": "report_dawanka_pay"},
    )
    for number, login in enumerate(logins):
        tasks.report_pay.delay(*login, f"order-{number}")
    assert tasks.settle_due.delay().get() == NOTHING
    clock.now += LATER
    expected = {"counted": ["order-0"], "not_counted": ["order-1"]}
    assert tasks.settle_due.delay().get() == {**NOTHING, **expected}
    assert list(tasks.sessions.dawanka().orders("open")) == []


def test_settle_due__stops_early(tasks, caplog, monkeypatch):
    """A platform that does not answer is a warning, and a wrong key fails the task."""
    wrong = SettleReport(orders=(), stopped_because=SignatureError(TEXT, reaction=MISCONFIGURED))
    later = SettleReport(orders=(), stopped_because=BusyError(TEXT))
    monkeypatch.setattr(Dawanka, "settle_due", lambda *_: later)
    assert tasks.settle_due.delay().get() == NOTHING
    assert any("stopped early" in message for message in caplog.messages)
    monkeypatch.setattr(Dawanka, "settle_due", lambda *_: wrong)
    with pytest.raises(SignatureError):
        tasks.settle_due.delay().get()


def test_refresh_token_if_due__only_near_its_end(tasks, sandbox):
    """A token that is good stays; one whose end is near is replaced although nobody calls."""
    for _ in range(2):
        assert tasks.refresh_token_if_due.delay().get()["seconds_left"] > 7000
    assert sandbox.state()["token_fetches"] == 1
    session = tasks.sessions["default"]
    token = session.stored_token()
    session.store.set(
        session._caller.tokens.key,
        f'["token1", "{token.value}", {time.time() - 7000}, {time.time() + 200}]',
    )
    tasks.sessions.close()
    assert tasks.refresh_token_if_due.delay().get()["seconds_left"] > 7000
    assert sandbox.state()["token_fetches"] == 2


def test_load__through_the_app(tasks, app, player, sandbox):
    """A Celery app stands for its task; the worker's session is found by what the load does."""
    app.conf.qqminigame = {"other": {"APP_ID": "2"}, **app.conf.qqminigame}
    tasks.sessions.close()
    session = tasks.sessions["default"]
    report = bulk.load(session, [(player, {"score": "9"})], through=app)
    assert (report.stored, report.stopped_because) == (1, None)
    assert player_in(sandbox)["storage"] == {"score": "9"}


def test_alias__chooses_the_settings(tasks, app):
    """Each task takes the name of the settings to use."""
    with pytest.raises(ConfigurationError, match="no alias 'douyin'"):
        tasks.store_scores.delay("player-1", {"score": "1"}, alias="douyin").get()


# --- what is repeated


@pytest.mark.parametrize(
    ("error", "repeats"),
    [
        (BusyError(TEXT), True),
        (RateLimitError(TEXT), True),
        (TransportError(TEXT), True),
        (StoreError(TEXT), True),
        (ReplyError(TEXT, status=503), True),
        (ReplyError(TEXT, status=200), False),
        (SignatureError(TEXT), False),
        (LoginNotFoundError(TEXT), False),
        (InvalidArgumentError(TEXT), False),
        (ConfigurationError(TEXT), False),
        (OutcomeUnknownError(TEXT), False),
    ],
)
def test_errors__that_are_repeated(error, repeats, running):
    """The library's own table decides."""
    assert error.may_retry is repeats
    with pytest.raises(Retry if repeats else type(error)):
        running(error)
    with pytest.raises(type(error)):
        running(error, retries=10)


@pytest.mark.parametrize(
    ("error", "retries", "longest", "dice", "seconds"),
    [
        (BusyError(TEXT), 0, 900.0, 0.0, 10.0),
        (BusyError(TEXT), 0, 900.0, 1.0, 15.0),
        (BusyError(TEXT), 3, 900.0, 0.0, 80.0),
        (BusyError(TEXT), 90, 900.0, 0.0, 600.0),
        (BusyError(TEXT), 90, 900.0, 1.0, 900.0),
        (BusyError(TEXT), 3, 1.0, 0.5, 1.0),
        (ReplyError(TEXT, status=429, retry_after=30.0), 0, 900.0, 0.0, 30.0),
        (ReplyError(TEXT, status=429, retry_after=9999.0), 0, 900.0, 0.0, 900.0),
        (ReplyError(TEXT, status=429, retry_after=3.0), 0, 900.0, 0.0, 10.0),
    ],
)
def test_countdown__between_ten_seconds_and_the_brokers_patience(
    error, retries, longest, dice, seconds
):
    """It doubles, has jitter, is as long as the platform asks, and never too long to wait for."""
    found = countdown(error, retries=retries, longest=longest, dice=dice)
    assert found == pytest.approx(seconds)


@pytest.fixture
def running(tasks, app):
    """A task of the app as a worker runs it, with a message of its own."""
    app.conf.task_always_eager = False
    app.conf.broker_transport_options = {"visibility_timeout": 40}

    @app.task(base=tasks.base, name="game.fail", shared=False, typing=False)
    def fail(error):
        raise error

    def run(error, **request):
        fail.push_request(id="1", called_directly=False, args=(), kwargs={}, **request)
        try:
            return fail(error)
        finally:
            fail.pop_request()

    return run


def messages_in(app):
    """Return the messages in the queue of the app."""
    found = []
    with app.connection_for_read() as connection, connection.channel() as channel:
        channel.queue_declare(app.conf.task_default_queue)
        while (message := channel.basic_get(app.conf.task_default_queue, no_ack=True)) is not None:
            found.append(message)
    return found


def test_repeat__waits_for_a_quarter_of_the_visibility_timeout(running, app):
    """The broker makes no copy of a task that waits for its next run."""
    with pytest.raises(Retry) as caught:
        running(BusyError(TEXT), retries=7)
    assert caught.value.when == 10.0
    (message,) = messages_in(app)
    assert message.headers["retries"] == 8
    assert message.headers["qqminigame_since"] == pytest.approx(time.time(), abs=60)


def test_repeat__ends_after_hours(running, app):
    """The first failure is in the message, however long it waited in queues."""
    with pytest.raises(BusyError):
        running(BusyError(TEXT), headers={"qqminigame_since": time.time() - 6 * 3600})
    assert messages_in(app) == []


def test_repeat__without_a_broker(running, app, monkeypatch):
    """A task that cannot be sent again stays in the queue."""
    monkeypatch.setattr(app, "send_task", partial(_fail, ConnectionError))
    with pytest.raises(Reject) as caught:
        running(BusyError(TEXT))
    assert caught.value.requeue is True


def _fail(error, *_, **__):
    raise error


def test_delivery__again_and_again(tasks, app, player, sandbox):
    """A task that ends its workers is given up after five deliveries."""
    task = app.tasks["qqminigame.store_scores"]
    ends = []
    for _ in range(6):
        task.push_request(id="7", called_directly=False, delivery_info={"redelivered": True})
        try:
            ends.append(task(player, {"score": "1"}))
        except MaxRetriesExceededError as error:
            ends.append(str(error))
        finally:
            task.pop_request()
    assert ends[:5] == [None] * 5
    assert "delivered again 6 times" in ends[5]


# --- messages


def fernet():
    """Return a cipher with a key of its own."""
    return Fernet(Fernet.generate_key())


@pytest.mark.parametrize("cipher", [None, fernet()], ids=["plain", "encrypted"])
def test_message__of_a_report(cipher, tasks, app, sandbox):
    """The openkey is encrypted if there is a cipher, and shown to nobody who only watches."""
    app.conf.task_always_eager = False
    app.conf.qqminigame["default"]["CIPHER"] = cipher
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    tasks.report_pay.delay(openid, openkey=openkey, order_id="77")
    (tasks.report_pay.s(openid, openkey, "78") | tasks.refresh_token_if_due.si()).delay()
    (tasks.refresh_token_if_due.si() | tasks.report_pay.si(openid, openkey, "79")).delay()
    messages = messages_in(app)
    assert len(messages) == 3
    for message in messages:
        assert_no_secrets(message.headers, [openkey])
        assert openid not in json.dumps(message.headers)
        if cipher is not None:
            assert_no_secrets(message.body, [openkey])
    for message in messages[:2]:
        args, kwargs, _ = message.decode()
        assert tasks.report_pay.apply(args, kwargs).get()["state"] == "finished"


def test_openkey__keys_may_be_replaced(tasks, app, sandbox):
    """A task that was sent with the old key is carried out while the cipher still knows it."""
    old, new = fernet(), fernet()
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    app.conf.qqminigame["default"]["CIPHER"] = old
    signature = tasks.report_pay.s(openid, openkey, "77")
    app.conf.qqminigame["default"]["CIPHER"] = MultiFernet([new, old])
    tasks.sessions.close()
    assert signature.delay().get()["state"] == "finished"
    for cipher in (new, None):
        app.conf.qqminigame["default"]["CIPHER"] = cipher
        tasks.sessions.close()
        with pytest.raises(ConfigurationError, match="cannot be decrypted"):
            signature.delay().get()


def test_openkey__not_a_cipher(tasks, app):
    """A cipher that cannot encrypt is refused where the task is sent; nothing is shown."""
    app.conf.qqminigame["default"]["CIPHER"] = "secret"
    with pytest.raises(ConfigurationError) as caught:
        tasks.report_pay.delay("player-1", OPENKEY, "77")
    assert_no_secrets(caught.value, [OPENKEY])


def test_configuration__that_celery_prints(tasks, app, sandbox):
    """``celery report`` and ``inspect conf`` show neither credentials nor the store's password."""
    store = RedisStore("redis://:the-password@127.0.0.1/0")
    app.conf.qqminigame["default"].update(STORE=store, CIPHER=fernet())
    shown = [app.conf.humanize(), repr(app.conf.qqminigame["default"]["STORE"])]
    assert_no_secrets(shown, [sandbox.app_secret, sandbox.app_key, "the-password"])


# --- settings


def test_sessions__of_the_environment(sandbox, monkeypatch):
    """Without a setting of the app, the variables are read when a session is first needed."""
    app = Celery("game", set_as_current=False)
    tasks = register(app)
    with pytest.raises(ConfigurationError, match=r"set app\.conf\.qqminigame"):
        tasks.sessions["default"]
    monkeypatch.setenv("QQMINIGAME_APP_ID", sandbox.app_id)
    monkeypatch.setenv("QQMINIGAME_STORE", "memory:")
    assert f"{sandbox.app_id} store=<MemoryStore" in repr(tasks.sessions["default"])


@pytest.mark.parametrize("value", ["1110766236", {"APP_ID": "1110766236"}, {"app_id": "1"}])
def test_setting__without_aliases(value, app):
    """The message shows how it is to be."""
    app.conf.qqminigame = value
    with pytest.raises(ConfigurationError, match="dict of aliases"):
        register(app).sessions["default"]


def test_sessions__of_a_framework(app):
    """What is given is used, and the app's own setting is not read."""
    given = Sessions(
        lambda alias: Configuration(arguments={"app_id": "framework"}, where="here"),
        lambda: ["default"],
    )
    tasks = register(app, sessions=given)
    assert tasks.sessions is given
    assert "framework" in repr(app.tasks["qqminigame.store_scores"].sessions["default"])


def test_base__of_the_apps_own_tasks(qqminigame_celery):
    """What the app's own task class does around each task, such as pushing a context, it does."""
    calls = []
    app = Celery("game", broker="memory://", set_as_current=False)

    class InContext(app.Task):
        def __call__(self, *args, **kwargs):
            calls.append("context")
            return self.run(*args, **kwargs)

    app.Task = InContext
    tasks = register(app)
    qqminigame_celery(app)
    with pytest.raises(LoginNotFoundError):
        tasks.store_scores.delay("nobody", {"score": "1"}).get()
    assert calls == ["context"]


def test_beat_schedule__names_tasks_that_there_are(tasks, app):
    """Each entry's task takes its arguments, and expires before the next."""
    entries = beat_schedule(tokens=["default"], orders=["default"])
    assert entries.keys() == {"qqminigame-token-default", "qqminigame-settle-default"}
    for entry in entries.values():
        app.tasks[entry["task"]].apply(kwargs=entry["kwargs"]).get()
        assert entry["options"]["expires"] <= entry["schedule"]


@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ({"broker_transport_options": {"visibility_timeout": 4}}, "visibility_timeout is 4 s"),
        ({"task_time_limit": 3600}, "task_time_limit is 3600 s"),
        ({"worker_prefetch_multiplier": 4}, "worker_prefetch_multiplier is 4"),
        ({"task_acks_on_failure_or_timeout": False}, "again and again"),
        ({"accept_content": ["pickle"]}, "lacks 'json'"),
        ({"qqminigame": {"default": {"APP_ID": "1", "STORE": "memory:"}}}, "is in memory"),
        ({"qqminigame": {"default": {}}}, "no APP_ID"),
        ({"qqminigame": None}, "no settings for qqminigame"),
    ],
)
def test_examine__finds_what_loses_tasks(conf, words, app, tmp_path):
    """Each setting that does harm is named, with what to do."""
    app.conf.qqminigame = {"default": {"APP_ID": "1", "STORE": f"sqlite:///{tmp_path}/s.db"}}
    tasks = register(app)
    assert [each.is_wrong for each in examine(app, tasks.sessions)] == [False]
    app.conf.update(conf)
    tasks.sessions.close()
    (found,) = examine(app, tasks.sessions)
    assert words in found.what.english
    assert found.is_wrong
    assert found.todo.english


def test_examine__greenlets(app, tmp_path):
    """A pool of greenlets is doubtful with Redis, and fine with another broker."""
    app.conf.qqminigame = {"default": {"APP_ID": "1", "STORE": f"sqlite:///{tmp_path}/s.db"}}
    sessions = register(app).sessions
    assert not examine(app, sessions, "celery.concurrency.gevent")[0].is_wrong
    app.conf.broker_url = "redis://localhost/0"
    (found,) = examine(app, sessions, "celery.concurrency.gevent")
    assert "gevent" in found.what.english
