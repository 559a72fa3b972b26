"""How users' code is typed, right and wrong; read by mypy, never run.

Each wrong line has to be one: mypy reports an ignore that ignores nothing.
"""

from collections.abc import Iterator
from typing import assert_type

from cryptography.fernet import Fernet, MultiFernet
from django.http import HttpRequest, JsonResponse
from flask import Blueprint, Flask

from qqminigame import (
    CallEvent,
    ClientError,
    Clock,
    CloudStorage,
    Dawanka,
    DawankaInfo,
    DawankaLevel,
    HallLogin,
    InteractiveData,
    KVData,
    Login,
    LoginState,
    MemoryStore,
    OutcomeUnknownError,
    PayOrder,
    PayReport,
    PlatformError,
    Problem,
    QQMiniGameError,
    RetryPolicy,
    Session,
    SettleReport,
    Store,
    UserData,
    bulk,
    decrypt_user_data,
    kv_data_list,
    verify_raw_data,
)
from qqminigame.integrations.django import dawanka, error_response, session, sessions as configured
from qqminigame.integrations.django.testing import SandboxTestCase
from qqminigame.integrations.flask import (
    QQMiniGame,
    current_dawanka,
    current_session,
    register_error_handlers,
)
from qqminigame.sandbox import Sandbox


def flask_app(app: Flask) -> None:
    """Give an app its sessions."""
    minigame = QQMiniGame()
    minigame.init_app(app)
    register_error_handlers(app)
    register_error_handlers(Blueprint("api", "api"))
    assert_type(minigame.session("douyin"), Session)
    assert_type(minigame.dawanka(app=app), Dawanka)
    assert_type(current_session, Session)
    assert_type(current_dawanka, Dawanka)
    CloudStorage(current_session).set("openid", {"score": "100"})
    minigame.session(app="game")  # type: ignore[arg-type]


class MySession(Session):
    """A session of a user's own."""


def sessions(name: str, store: Store) -> None:
    """Make sessions from arguments and from the environment."""
    Session("1110766236", app_secret="secret", platform="douyin", timeout=3)
    Session("1", store=store, timeout=(3.05, 10), retry=RetryPolicy(attempts=1), on_call=print)
    Session("1", clock=Clock(sleep=lambda seconds: None), store=MemoryStore())
    assert_type(Session.from_env(), Session)
    assert_type(MySession.from_env(platform="wechat", stable_token=True), MySession)
    assert_type(MySession("1").within(2.0), MySession)
    with MySession("1") as session:
        assert_type(session, MySession)
    assert_type(session.token_fetches, int)
    assert_type(session.describe(), str)
    assert_type(session.login_state("openid"), LoginState)

    Session(1110766236)  # type: ignore[arg-type]
    Session("1", "secret")  # type: ignore[call-arg]
    Session("1", platform="qzone")  # type: ignore[arg-type]
    Session("1", platform=name)  # type: ignore[arg-type]
    Session("1", clock=print)  # type: ignore[arg-type]
    Session("1", on_call=lambda: None)  # type: ignore[arg-type, misc]
    Session("1", app_secrt="secret")  # type: ignore[call-arg]
    Session.from_env(app_secrt="secret")  # type: ignore[call-arg]
    Session.from_env(timeout="3")  # type: ignore[arg-type]


def watch(event: CallEvent) -> None:
    """See each attempt."""
    assert_type(event.code, int | None)
    event.attempt = 2  # type: ignore[misc]


def services(session: Session) -> None:
    """Call the platform."""
    login = assert_type(Login(session).code2session("code"), LoginState)
    storage = CloudStorage(session)
    storage.set(login, {"score": "100"})
    storage.set("openid", [("score", "100")])
    storage.set_score(login, "score", 100, level=7)
    storage.remove(login, ["gold"])
    InteractiveData(session).set(login, {"1": 1})

    storage.set(login, {"score": 100})  # type: ignore[arg-type]
    storage.set_score(login, "score", "100")  # type: ignore[arg-type]
    InteractiveData(session).set(login, {1: 1})  # type: ignore[arg-type]
    CloudStorage("1110766236")  # type: ignore[arg-type]


def hall(session: Session, query: dict[str, str]) -> None:
    """Call the game hall."""
    login = assert_type(HallLogin.from_query(query), HallLogin)
    dawanka = Dawanka(session, orders="sqlite:///orders.db")
    info = assert_type(dawanka.get_info(login), DawankaInfo)
    assert_type(info.level >= DawankaLevel.DAWANKA, bool)
    report = assert_type(dawanka.report_pay(login, order_id="1"), PayReport)
    assert_type(report.use, int | None)
    assert_type(dawanka.report_pay_if_left(login), PayReport | None)
    assert_type(dawanka.orders("open"), Iterator[PayOrder])
    try:
        dawanka.settle(login, "1")
    except OutcomeUnknownError as error:
        assert_type(error.settle_in, int | None)

    due = assert_type(Dawanka(session, cipher=Fernet(b"key")).settle_due(), SettleReport)
    assert_type(due.orders[0].order, PayOrder)
    Dawanka(session, cipher=MultiFernet([]))

    Dawanka(session, cipher=b"key")  # type: ignore[arg-type]
    dawanka.report_pay("openid")  # type: ignore[arg-type]
    dawanka.orders("done")  # type: ignore[arg-type]


def loads(session: Session, login: LoginState) -> None:
    """Write the data of many players."""
    report = bulk.load(session, [(login, {"a": "1"})], workers=4, progress=print)
    assert_type(report, bulk.BulkReport)
    assert_type(report.stored, int)
    rows = (("openid", {"a": str(number)}) for number in range(3))
    bulk.load(session, rows, journal="journal.db", per_second=10)
    bulk.load(session, [bulk.Row(number=2, login="openid", data={"a": "1"})])
    bulk.remove(session, [("openid", ["a"])], failures="failures.ndjson")
    bulk.set_interactive(session, [(login, {"1": 1})], processes=2)

    bulk.load(session, [("openid", {"a": 1})])  # type: ignore[list-item]
    bulk.load(session, [], wokers=4)  # type: ignore[call-arg]
    bulk.remove(session, [], workers="4")  # type: ignore[arg-type]


def pages(login: LoginState) -> None:
    """Take and give what a game's page knows."""
    assert_type(kv_data_list({"a": "1"}, platform="qq"), list[KVData])
    verify_raw_data(b"{}", "signature", login)
    assert_type(decrypt_user_data("data", "iv", login, "1"), UserData)
    assert_type(ClientError.from_fail({"errorCode": 1}), ClientError)

    kv_data_list({"a": "1"}, platform="qzone")  # type: ignore[arg-type]
    verify_raw_data("{}", "signature", "openid")  # type: ignore[arg-type]


def errors(error: QQMiniGameError, problem: Problem) -> None:
    """Look at an error."""
    assert_type(error.sent, bool | None)
    assert_type(error.describe(), str)
    assert_type(problem.limit, int | None)
    if isinstance(error, PlatformError):
        assert_type(error.signed, str)


def django(request: HttpRequest, error: QQMiniGameError) -> JsonResponse:
    """Use the sessions of a project's settings."""
    assert_type(session, Session)
    assert_type(dawanka, Dawanka)
    assert_type(configured["douyin"], Session)
    assert_type(configured.dawanka("douyin"), Dawanka)
    CloudStorage(session).set("openid", {"score": "100"})
    configured[7]  # type: ignore[index]
    return error_response(request, error)


class ScoreTest(SandboxTestCase):
    """A project's own test."""

    def test_score(self) -> None:
        """Log a player in, and look at what is stored."""
        assert_type(self.players.log_in("AB"), LoginState)
        assert_type(self.players.enter_hall(level=1), HallLogin)
        assert_type(self.players.stored("AB"), dict[str, str])
        assert_type(self.sandbox, Sandbox)
