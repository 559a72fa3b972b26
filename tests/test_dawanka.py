"""Dawanka, against the sandbox."""

import pytest
from raw_server import RawServer, http
from sessions import make_session
from waiting import wait_until

from qqminigame import (
    BusyError,
    ConfigurationError,
    Dawanka,
    DawankaInfo,
    DawankaLevel,
    HallLogin,
    InvalidArgumentError,
    LoginExpiredError,
    OutcomeUnknownError,
    PayReport,
    PlatformError,
    ReplyError,
    Session,
    SignatureError,
    TransportError,
)


@pytest.fixture
def dawanka(session):
    """The service."""
    return Dawanka(session)


def test_get_info__everything(dawanka, sandbox):
    """Every field arrives typed, those of a trial card too."""
    openid, openkey = sandbox.hall_login(
        level=2,
        score=520,
        binding=True,
        discount=20,
        pay_return_count=-1,
        is_using_card=True,
        real_level=3,
        card_expire_ts=1_900_000_000,
    )
    info = dawanka.get_info(HallLogin(openid=openid, openkey=openkey))
    assert info == DawankaInfo(
        score=520,
        level=DawankaLevel.SUPER_DAWANKA,
        binding=True,
        discount=20,
        pay_return_count=-1,
        is_using_card=True,
        real_level=DawankaLevel.POTENTIAL,
        card_expire_ts=1_900_000_000,
    )
    assert info.is_unlimited
    assert info.has_bonus_left


def test_get_info__without_a_card(dawanka, hall_login):
    """The card's fields are optional."""
    info = dawanka.get_info(hall_login)
    assert (info.is_using_card, info.real_level, info.card_expire_ts) == (False, None, None)


@pytest.mark.parametrize(
    ("version", "level"), [(2, DawankaLevel.CANDIDATE), (1, DawankaLevel.NONE)]
)
def test_get_info__version(dawanka, sandbox, version, level):
    """Only version 2 knows the levels that came later."""
    openid, openkey = sandbox.hall_login(level=4)
    assert dawanka.get_info(HallLogin(openid=openid, openkey=openkey), version).level is level
    assert sandbox.log()[-1]["query"]["version"] == str(version)


@pytest.mark.parametrize("version", [0, 3, "2", None, True, 2.0])
def test_get_info__version_that_is_none(dawanka, sandbox, hall_login, version):
    """Version is the int 1 or 2."""
    with pytest.raises(InvalidArgumentError, match="version"):
        dawanka.get_info(hall_login, version)
    assert sandbox.log() == []


def test_get_info__userip_is_sent_and_signed(dawanka, sandbox):
    """The player's address is part of what is signed."""
    openid, openkey = sandbox.hall_login()
    dawanka.get_info(HallLogin(openid=openid, openkey=openkey, userip="112.90.139.30"))
    assert sandbox.log()[-1]["query"]["userip"] == "112.90.139.30"


def answered(reply):
    """Ask a server for a player's info that answers like this."""
    with RawServer(lambda _: http(reply)) as server:
        server.app_id, server.app_secret = "1", "s"
        server.hall_app_id, server.app_key = "2", "k"
        with make_session(server) as session:
            return Dawanka(session).get_info(HallLogin(openid="o", openkey="k"))


SAMPLE = '{"ret":0,"msg":"","score":0,"level":0,"binding":false,"discount":0,"payReturnCount":0%s}'


def test_get_info__the_seeds_sample():
    """The page's own sample reply."""
    info = answered(SAMPLE % "")
    assert info == DawankaInfo(
        score=0, level=DawankaLevel.NONE, binding=False, discount=0, pay_return_count=0
    )
    assert not info.has_bonus_left


@pytest.mark.parametrize("name", ["CardExpireTs", "cardExpireTs"])
def test_get_info__the_card_field_in_either_spelling(name):
    """The page writes a capital C where all other fields have a small letter."""
    info = answered(SAMPLE % f',"isUsingCard":true,"realLevel":1,"{name}":1900000000')
    assert info.card_expire_ts == 1_900_000_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", '"many"'),
        ("score", "1.5"),
        ("score", "true"),
        ("level", "null"),
        ("binding", '"yes"'),
        ("binding", "2"),
        ("discount", "[]"),
        ("payReturnCount", "{}"),
    ],
)
def test_get_info__a_field_that_is_not_as_documented(field, value):
    """A wrong type is told by the field's name."""
    reply = SAMPLE % ""
    start = reply.index(f'"{field}":') + len(field) + 3
    end = min(place for mark in ",}" if (place := reply.find(mark, start)) > 0)
    with pytest.raises(ReplyError, match=field):
        answered(reply[:start] + value + reply[end:])


@pytest.mark.parametrize("field", ["score", "level", "binding", "discount", "payReturnCount"])
def test_get_info__a_field_that_is_missing(field):
    """So is a missing one."""
    with pytest.raises(ReplyError, match=field):
        answered((SAMPLE % "").replace(f'"{field}"', '"else"'))


def test_get_info__a_level_that_is_not_documented():
    """A level that the platform adds costs nobody a report: its number is kept."""
    info = answered(
        (SAMPLE % ',"isUsingCard":true,"realLevel":9').replace('"level":0', '"level":7')
    )
    assert (info.level.value, info.real_level.value) == (7, 9)
    assert info.level < DawankaLevel.NONE


def test_get_info__numbers_as_strings():
    """Numbers may come as strings."""
    assert answered((SAMPLE % "").replace('"score":0', '"score":"520"')).score == 520


def test_report_pay__takes_one_use(dawanka, sandbox, hall_login):
    """Each report takes one use away."""
    assert dawanka.report_pay(hall_login) == PayReport(use=1, left=2)
    assert dawanka.report_pay(hall_login) == PayReport(use=2, left=1)
    assert dawanka.get_info(hall_login).pay_return_count == 1
    assert sandbox.state()["hall"][hall_login.openid]["reports"] == 2


def test_report_pay__unlimited(dawanka, sandbox):
    """An unlimited player stays so."""
    openid, openkey = sandbox.hall_login(pay_return_count=-1)
    assert dawanka.report_pay(HallLogin(openid=openid, openkey=openkey)).left == -1


def test_report_pay__nothing_left(dawanka, sandbox):
    """What the platform answers then is not documented, so it may mean anything."""
    openid, openkey = sandbox.hall_login(pay_return_count=0)
    with pytest.raises(OutcomeUnknownError, match="undocumented error code") as caught:
        dawanka.report_pay(HallLogin(openid=openid, openkey=openkey))
    assert (caught.value.sent, caught.value.order_id) == (True, None)


@pytest.mark.parametrize(
    ("fault", "reports"),
    [
        ({"kind": "reset_before"}, 0),
        ({"kind": "reset_after"}, 1),
        ({"kind": "reset_midway"}, 1),
        ({"kind": "cut_off"}, 1),
        ({"kind": "status", "status": 500}, 0),
        ({"kind": "status", "status": 502}, 0),
        ({"kind": "html"}, 0),
        ({"kind": "answer", "body": "[]", "handled": True}, 1),
        ({"kind": "answer", "body": '{"ret":0}', "handled": True}, 1),
    ],
    ids=lambda value: str(value),
)
def test_report_pay__an_unclear_end_is_said_and_never_repeated(
    dawanka, sandbox, hall_login, fault, reports
):
    """Where it may have been counted, it is sent once and the outcome is unknown."""
    sandbox.script({**fault, "endpoint": "report_dawanka_pay", "times": -1})
    with pytest.raises(OutcomeUnknownError, match="Do not report it again") as caught:
        dawanka.report_pay(hall_login)
    assert caught.value.attempts == 1
    assert len(sandbox.log()) == 1
    assert sandbox.state()["hall"][hall_login.openid]["reports"] == reports


def test_report_pay__no_answer(sandbox, hall_login):
    """Neither is one that is not answered in time."""
    sandbox.script({"kind": "no_answer_after", "times": -1})
    with (
        make_session(sandbox, timeout=(10, 0.2)) as session,
        pytest.raises(OutcomeUnknownError, match="no response from http") as caught,
    ):
        Dawanka(session).report_pay(hall_login)
    wait_until(sandbox.log)  # what was given up may be on its way yet
    assert (caught.value.sent, len(sandbox.log())) == (None, 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "busy"},
        {"kind": "code", "code": 2000007},
        {"kind": "code", "code": 4711},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 429},
        {"kind": "answer", "status": 302, "headers": {"Location": "/x"}},
    ],
    ids=str,
)
def test_report_pay__a_no_that_may_mean_anything(dawanka, sandbox, hall_login, fault):
    """Only what is documented to come before the count is certain; nothing is sent twice."""
    sandbox.script({**fault, "times": -1})
    with pytest.raises(OutcomeUnknownError) as caught:
        dawanka.report_pay(hall_login)
    assert caught.value.sent is True
    assert caught.value.code == fault.get("code") or fault["kind"] == "busy"
    assert len(sandbox.log()) == 1


def test_report_pay__what_was_never_sent_is_repeated(sandbox, pauses, hall_login):
    """A refused connection is tried again, and in the end it is certain that nothing was sent."""
    session = make_session(sandbox, base_url="http://127.0.0.1:9", sleep=pauses)
    with session, pytest.raises(TransportError) as caught:
        Dawanka(session).report_pay(hall_login)
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert (caught.value.sent, caught.value.attempts, len(pauses)) == (False, 3, 2)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (2000001, PlatformError),
        (2000002, PlatformError),
        (2000003, PlatformError),
        (2000004, SignatureError),
        (2000005, PlatformError),
        (2000006, SignatureError),
        (2000007, BusyError),
        (2000020, PlatformError),
        (2000021, PlatformError),
        (2000022, LoginExpiredError),
        (2000023, LoginExpiredError),
        (2000024, SignatureError),
        (2000025, PlatformError),
        (2000030, BusyError),
        (1, PlatformError),
        (1001, BusyError),
        (1002, LoginExpiredError),
        (-64, LoginExpiredError),
        (-65, BusyError),
    ],
)
def test_calls__each_code_of_the_hall(dawanka, sandbox, hall_login, code, error):
    """Each documented code is its error, and explains itself."""
    sandbox.script({"kind": "code", "code": code, "times": -1})
    with pytest.raises(PlatformError) as caught:
        dawanka.get_info(hall_login)
    assert type(caught.value) is error
    assert caught.value.code == code
    assert caught.value.english
    assert caught.value.chinese
    # Of a busy hall nobody knows what it has counted, nor after "other authentication error".
    unclear = error is BusyError or code == 2000025
    with pytest.raises(OutcomeUnknownError if unclear else error) as caught:
        dawanka.report_pay(hall_login)
    assert caught.value.code == code


def test_calls__an_openkey_that_is_over(dawanka, sandbox, hall_login):
    """An openkey lives two hours."""
    sandbox.advance(7201)
    with pytest.raises(LoginExpiredError, match="through the QQ game hall"):
        dawanka.get_info(hall_login)


def test_calls__a_wrong_app_key(sandbox, hall_login):
    """A wrong key is a SignatureError that names it."""
    session = make_session(sandbox, app_key="wrong")
    with session, pytest.raises(SignatureError, match="app_key") as caught:
        Dawanka(session).get_info(hall_login)
    assert caught.value.attempts == 1


@pytest.mark.parametrize(
    ("login", "where"),
    [
        (None, ["hall_login"]),
        ("openid", ["hall_login"]),
        (HallLogin(openid="", openkey=""), ["hall_login.openid", "hall_login.openkey"]),
        (HallLogin(openid="o", openkey=7), ["hall_login.openkey"]),
        (HallLogin(openid="o", openkey="k", pf="qzone"), ["hall_login.pf"]),
        (HallLogin(openid="o", openkey="k", userip=""), ["hall_login.userip"]),
    ],
)
def test_calls__a_login_that_is_none(dawanka, sandbox, login, where):
    """What cannot be a hall login is not sent."""
    for call in (dawanka.get_info, dawanka.report_pay):
        with pytest.raises(InvalidArgumentError) as caught:
            call(login)
        assert [problem.where for problem in caught.value.problems] == where
    assert sandbox.log() == []


def test_dawanka__without_app_key(sandbox):
    """A session that cannot sign the hall's calls says so at once."""
    with pytest.raises(ConfigurationError, match="QQMINIGAME_APP_KEY"):
        Dawanka(make_session(sandbox, app_key=None))


def test_dawanka__without_hall_app_id(sandbox):
    """A session for the mini game and the hall is told that the hall has ids of its own."""
    with pytest.raises(ConfigurationError, match="QQMINIGAME_HALL_APP_ID"):
        Dawanka(make_session(sandbox, hall_app_id=None))


def test_dawanka__in_a_session_for_the_hall_alone(sandbox, hall_login):
    """A session without an app_secret may pass the hall's id as its app_id."""
    session = Session(
        sandbox.hall_app_id, app_key=sandbox.app_key, base_url=sandbox.url, store="memory:"
    )
    with session:
        assert Dawanka(session).get_info(hall_login).level.value == 1


def test_dawanka__signs_with_the_halls_id(session, sandbox, hall_login):
    """The hall sees its own app id, the mini game's calls see theirs."""
    Dawanka(session).get_info(hall_login)
    assert sandbox.log()[-1]["query"]["appid"] == sandbox.hall_app_id != sandbox.app_id


def test_dawanka__needs_no_app_secret(sandbox, hall_login):
    """The hall's calls need no access token."""
    with make_session(sandbox, app_secret=None) as session:
        assert Dawanka(session).get_info(hall_login).level.value == 1
