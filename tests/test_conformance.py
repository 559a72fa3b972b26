"""Every service on every platform, and on one that was made up for it; by the public API alone.

What is expected is what the platform does: its stored data, its log, its own codes in its replies.
A platform that gets its line in ``platforms/__init__.py`` is in the suite.
"""

import contextlib
import inspect
import json

import made_up_platform
import pytest
from attrs import asdict, evolve
from conformance import CALLS, CASES, FAULT_CASES, FAULTS, asked, said, stored, troubles
from fault_table import ROWS, Row
from made_up_server import made_up_platform as serve_made_up_platform
from sessions import Pauses, enter_hall, js_code, log_in

from qqminigame import (
    BusyError,
    CloudStorage,
    ConfigurationError,
    Dawanka,
    InteractiveData,
    InvalidArgumentError,
    Login,
    LoginExpiredError,
    PlatformError,
    QQMiniGameError,
    SignatureError,
    StorageLimitError,
    kv_data_list,
)
from qqminigame.platforms import PLATFORMS
from qqminigame.platforms.base import Endpoint
from qqminigame.platforms.wechat import WECHAT
from qqminigame.sandbox import Sandbox, wechat
from qqminigame.sandbox.endpoints import ENDPOINTS

PAIRS = {
    "score": "100",
    "金币": "三千",
    "🎮": "👨‍👩‍👧 🏆",
    "empty": "",
    "odd": "a+b&c=d %2B \"\\' \u2028\x00\n<é>",
}
# What breaks each limit, and by how little: sizes count bytes of UTF-8.
BREACHES = {
    "129 pairs": lambda: {f"k{n}": "1" for n in range(129)},
    "a key of 129 bytes": lambda: {"键" * 43: "1"},
    "a pair of 1025 bytes": lambda: {"k": "x" + "值" * 341},
}
BUSY = "the platform says it is busy"


@pytest.fixture(scope="module", autouse=True)
def _made_up_platform():
    with serve_made_up_platform():
        yield


def on(wanted=lambda platform: True):
    """Run a test on each platform that is wanted."""
    cases = [case for case in CASES if wanted(case.platform)]
    return pytest.mark.parametrize("case", cases, ids=str)


def breaches():
    """Run a test on each platform with each limit it has."""
    pairs = [(case, breach) for case in CASES for breach in BREACHES]
    ids = [f"{case}-{breach}" for case, breach in pairs]
    return pytest.mark.parametrize(("case", "breach"), pairs, ids=ids)


def each(wanted):
    """Run a test on each case of the fault table that is wanted."""
    cases = [(case, call, row) for case, call, row in FAULT_CASES if wanted(row)]
    ids = [f"{case}-{call}-{row.name}" for case, call, row in cases]
    return pytest.mark.parametrize(("case", "call", "row"), cases, ids=ids)


@pytest.fixture
def session(case, sandbox, pauses):
    """A session to the platform that pauses without sleeping."""
    with case.session(sandbox, sleep=pauses) as session:
        yield session


@pytest.fixture(scope="module")
def running_strict_sandbox(_made_up_platform):
    """Platforms that store little and rank players by the key "rank"."""
    with Sandbox(total_bytes=2000, ranking_keys=["rank"]) as sandbox:
        yield sandbox


@pytest.fixture
def strict(running_strict_sandbox, case):
    """Such platforms, as new, with a session and a login."""
    sandbox = running_strict_sandbox
    sandbox.reset()
    with case.session(sandbox, sleep=Pauses()) as session:
        yield sandbox, session, log_in(session, sandbox)


@pytest.fixture
def trouble(sandbox, certificate):
    """Return a function that makes trouble."""
    with troubles(sandbox, certificate) as make:
        yield make


def send_unchecked(session, endpoint, login, kv):
    """Send pairs past the local checks."""
    kv_list = [{"key": key, "value": value} for key, value in kv.items()]
    session.call(endpoint, {"kv_list": kv_list}, login, lambda result: None)


def test_made_up_platform__is_one_short_file():
    """A platform whose every name, number and shape is its own takes 60 lines."""
    assert len(inspect.getsource(made_up_platform).splitlines()) <= 60


def test_suite__has_every_fault_it_names():
    """No row of the fault table was renamed behind the suite's back."""
    assert set(FAULTS) <= {row.name for row in ROWS}


@on(lambda platform: platform.name in PLATFORMS)
def test_codes__that_the_platform_can_say_are_explained(case):
    """Every number the sandbox has for a call is a constant of it, and "busy" is a BusyError."""
    rows = [
        row for row in asdict(case.platform, recurse=False).values() if isinstance(row, Endpoint)
    ]
    for row in rows:
        there = wechat.LOGIN if row is WECHAT.login else ENDPOINTS[row.path]
        assert all(row.explain(code) for code in there.codes.values())
        assert row.explain(there.dialect.busy).error is BusyError
    assert len(rows) >= 4


# login


@on()
def test_login__gives_who_the_player_is(session, sandbox):
    """A code becomes openid and unionid, and a session_key."""
    login = log_in(session, sandbox, "PLAYER", unionid="UNION")
    assert (login.openid, login.unionid) == ("PLAYER", "UNION")
    assert login.session_key


@on()
def test_login__without_unionid(session, sandbox):
    """Where the platform gives none, however it says so, unionid is None."""
    assert log_in(session, sandbox).unionid is None


@on()
@pytest.mark.parametrize("what", ["used", "unknown", "old"])
def test_login__by_a_bad_code(session, sandbox, what):
    """The player has to log in again, in the platform's code; nothing is repeated."""
    code = js_code(session, sandbox)
    if what == "used":
        Login(session).code2session(code)
    sandbox.advance(301 if what == "old" else 0)
    with pytest.raises(LoginExpiredError) as caught:
        Login(session).code2session("unknown" if what == "unknown" else code)
    assert (caught.value.code, caught.value.attempts) == (said(sandbox), 1)


@on()
def test_login__with_a_wrong_secret(case, sandbox):
    """The error says to look at the app_secret."""
    session = case.session(sandbox, app_secret="wrong")
    with pytest.raises(ConfigurationError, match="app_secret") as caught:
        log_in(session, sandbox)
    assert caught.value.code == said(sandbox)


# cloud storage


@on()
def test_set__is_what_is_stored(session, sandbox, login):
    """Chinese, emoji, empty values and whatever JSON escapes arrive as they were."""
    assert CloudStorage(session).set(login, PAIRS) is None
    assert stored(sandbox, login) == PAIRS


@on()
def test_set__overwrites_and_leaves_the_rest(session, sandbox, login):
    """A key that is there gets the new value, others stay."""
    storage = CloudStorage(session)
    storage.set(login, {"a": "1", "b": "1"})
    storage.set(login, [("b", "2"), ("c", "2")])
    assert stored(sandbox, login) == {"a": "1", "b": "2", "c": "2"}


@on()
def test_set__at_the_limits(session, sandbox, login):
    """128 pairs, keys of 128 bytes and pairs of 1024 are taken."""
    kv = {f"{n:0128}": "值" * 298 + "xx" for n in range(128)}
    CloudStorage(session).set(login, kv)
    assert stored(sandbox, login) == kv


@on()
def test_set__by_openid(case, sandbox, tmp_path):
    """Another session names the openid alone: the store they share remembers the login."""
    shared = f"sqlite:///{tmp_path}/store"
    with case.session(sandbox, store=shared) as view, case.session(sandbox, store=shared) as cron:
        login = log_in(view, sandbox, "PLAYER")
        CloudStorage(cron).set("PLAYER", {"a": "1"})
    assert stored(sandbox, login) == {"a": "1"}


@on()
def test_remove__takes_keys_away(session, sandbox, login):
    """Keys are gone, one that never was is no error, the rest stays."""
    storage = CloudStorage(session)
    storage.set(login, PAIRS)
    assert storage.remove(login, ["金币", "🎮", "never there"]) is None
    assert stored(sandbox, login).keys() == PAIRS.keys() - {"金币", "🎮"}


@on()
def test_set_score__is_a_value_the_platform_ranks_by(case, strict):
    """Score and time stand under the platform's own word, the game's fields beside it."""
    sandbox, session, login = strict
    CloudStorage(session).set_score(login, "rank", 100, update_time=1_800_000_000, 等级="七")
    assert json.loads(stored(sandbox, login)["rank"]) == {
        case.platform.ranking.wrapper: {"score": 100, "update_time": 1_800_000_000},
        "等级": "七",
    }


@on()
def test_set_score__to_both_ends_of_the_range(case, strict):
    """The platform takes the lowest and the highest score."""
    sandbox, session, login = strict
    rules = case.platform.ranking
    for score in (rules.min_score, rules.max_score):
        CloudStorage(session).set_score(login, "rank", score)
        assert json.loads(stored(sandbox, login)["rank"])[rules.wrapper]["score"] == score


@on()
def test_set_score__beyond_the_range(case, session, sandbox, login_state):
    """Lower or higher scores are refused here."""
    rules = case.platform.ranking
    for score in (rules.min_score - 1, rules.max_score + 1):
        with pytest.raises(InvalidArgumentError, match="score must be from"):
            CloudStorage(session).set_score(login_state, "rank", score)
    assert sandbox.log() == []


@on()
def test_set__like_a_ranking_value(case, session, sandbox, login):
    """Only the platform knows which keys are a ranking's: under any other, any text is stored."""
    kv = {"k": f'{{"{case.platform.ranking.wrapper}": 7}}'}
    CloudStorage(session).set(login, kv)
    assert stored(sandbox, login) == kv


@on(lambda platform: platform.name.startswith("douyin"))
def test_set__a_ranking_key_needs_a_ranking_value(strict):
    """Douyin refuses other values of it; the time may be absent, as in its own example."""
    sandbox, session, login = strict
    CloudStorage(session).set(login, {"rank": '{"ttgame":{"score":1}}'})
    with pytest.raises(StorageLimitError) as caught:
        CloudStorage(session).set(login, {"rank": '{"ttgame":7}'})
    assert caught.value.code == said(sandbox)
    assert stored(sandbox, login) == {"rank": '{"ttgame":{"score":1}}'}


# limits


@breaches()
def test_limits__are_kept_here_in_the_platforms_own_code(
    case, breach, session, sandbox, login_state
):
    """What breaks a limit is not sent; the problem has the code that sending it would have had."""
    kv = BREACHES[breach]()
    with pytest.raises(InvalidArgumentError) as here:
        CloudStorage(session).set(login_state, kv)
    assert sandbox.log() == []
    login = log_in(session, sandbox)
    with pytest.raises(StorageLimitError) as there:
        send_unchecked(session, case.platform.set_storage, login, kv)
    assert [problem.code for problem in here.value.problems] == [there.value.code]
    assert there.value.code == said(sandbox)


@on()
def test_limits__of_keys_to_remove(session, sandbox, login_state):
    """Keys to remove have the limits, and the codes, of keys to set."""
    for keys in (["键" * 43], [f"k{n}" for n in range(129)]):
        with pytest.raises(InvalidArgumentError) as remove:
            CloudStorage(session).remove(login_state, keys)
        with pytest.raises(InvalidArgumentError) as put:
            CloudStorage(session).set(login_state, dict.fromkeys(keys, ""))
        assert remove.value.problems[0].code == put.value.problems[0].code is not None
    assert sandbox.log() == []


@breaches()
def test_limits__for_the_games_page(case, breach, session, login_state):
    """What a page is to store by itself has the same problems."""
    kv = BREACHES[breach]()
    with pytest.raises(InvalidArgumentError) as page:
        kv_data_list(kv, case.platform)
    with pytest.raises(InvalidArgumentError) as back_end:
        CloudStorage(session).set(login_state, kv)
    assert page.value.problems == back_end.value.problems


@on()
def test_limits__of_pairs_stored_before(session, sandbox, login):
    """Stored pairs count: all of the call is refused, in the platform's code."""
    storage = CloudStorage(session)
    storage.set(login, {"a": "1"})
    with pytest.raises(StorageLimitError) as caught:
        storage.set(login, {f"k{n}": "1" for n in range(128)})
    assert (caught.value.code, caught.value.attempts) == (said(sandbox), 1)
    assert stored(sandbox, login) == {"a": "1"}


@on()
def test_limits__of_bytes_stored_before(strict):
    """Stored bytes count: all of the call is refused, in the platform's code."""
    sandbox, session, login = strict
    storage = CloudStorage(session)
    storage.set(login, {"a": "x" * 1000})
    with pytest.raises(StorageLimitError) as caught:
        storage.set(login, {"b": "x" * 1000})
    assert caught.value.code == said(sandbox)
    assert stored(sandbox, login).keys() == {"a"}


@on()
def test_kv_data_list__is_what_a_page_hands_on(case):
    """Pairs of any text are listed, each with key and value."""
    expected = [{"key": key, "value": value} for key, value in PAIRS.items()]
    assert kv_data_list(PAIRS, case.platform) == expected


# interactive data and Dawanka, where the platform has them


@on(lambda platform: platform.set_interactive)
def test_interactive__is_what_is_stored(case, session, sandbox, login):
    """The platform takes the lowest and the highest value there is."""
    values = case.platform.interactive_values
    marks = {"1": values[0], "50": values[-1]}
    assert InteractiveData(session).set(login, marks) is None
    assert stored(sandbox, login, "interactive") == marks


@on(lambda platform: platform.set_interactive)
def test_interactive__beyond_the_range(case, session, sandbox, login_state):
    """What is refused here, unsent, the platform would refuse."""
    platform = case.platform
    values = platform.interactive_values
    wrong = [{"1": values[0] - 1}, {"1": values[-1] + 1}, {"51": values[0]}]
    for marks in wrong:
        with pytest.raises(InvalidArgumentError):
            InteractiveData(session).set(login_state, marks)
    assert sandbox.log() == []
    login = log_in(session, sandbox)
    for marks in wrong:
        with pytest.raises(PlatformError):
            send_unchecked(session, platform.set_interactive, login, marks)
    assert stored(sandbox, login, "interactive") == {}


@on(lambda platform: not platform.set_interactive)
def test_interactive__where_there_is_none(case, session):
    """The error names the service and the platform."""
    words = f"InteractiveData is not available on platform '{case.platform.name}'"
    with pytest.raises(ConfigurationError, match=words):
        InteractiveData(session)


@on(lambda platform: platform.get_dawanka)
def test_dawanka__asks_and_reports(session, sandbox):
    """A player's uses are told, and a report takes one."""
    hall_login = enter_hall(sandbox)
    dawanka = Dawanka(session)
    assert dawanka.get_info(hall_login).pay_return_count == 3
    assert dawanka.report_pay(hall_login).left == 2
    assert sandbox.state()["hall"][hall_login.openid]["reports"] == 1


@on(lambda platform: not platform.get_dawanka)
def test_dawanka__where_there_is_none(case, session):
    """The error names the service and the platform."""
    words = f"Dawanka is not available on platform '{case.platform.name}'"
    with pytest.raises(ConfigurationError, match=words):
        Dawanka(session)


# access tokens


@on()
def test_token__one_for_many_calls(case, session, sandbox, login):
    """The first signed call fetches it, all others use it."""
    storage = CloudStorage(session)
    for n in range(3):
        storage.set(login, {"a": str(n)})
        storage.set_score(login, "b", n)
        storage.remove(login, ["b"])
    assert asked(sandbox, case.endpoint("token")) == session.token_fetches == 1


@on()
def test_token__that_is_rejected_is_replaced_and_the_call_repeated(case, session, sandbox, login):
    """Nobody notices but the log: one fetch, one repeat, no pause."""
    storage = CloudStorage(session)
    storage.set(login, {"a": "1"})
    sandbox.revoke_tokens()
    storage.set(login, {"a": "2"})
    assert stored(sandbox, login) == {"a": "2"}
    assert [asked(sandbox, case.endpoint(call)) for call in ("token", "set")] == [2, 3]


@on()
def test_token__with_a_wrong_secret(case, sandbox, login_state):
    """That is a matter of configuration, in the platform's code; nothing is repeated."""
    session = case.session(sandbox, app_secret="wrong")
    with pytest.raises(ConfigurationError, match="app_secret") as caught:
        CloudStorage(session).set(login_state, {"a": "1"})
    assert (caught.value.code, len(sandbox.log())) == (said(sandbox), 1)


def test_token__of_one_platform_is_used_on_no_other(lasting_sandbox, tmp_path):
    """Sessions to all platforms share a store: each fetches a token of its own, once."""
    sandbox, outcomes = lasting_sandbox, []
    for case in CASES * 2:
        with case.session(
            sandbox,
            store=f"sqlite:///{tmp_path}/store",
            on_call=lambda event: outcomes.append(event.outcome),
        ) as session:
            login = log_in(session, sandbox, "PLAYER")
            CloudStorage(session).set(login, {"a": "1"})
    assert [asked(sandbox, case.endpoint("token")) for case in CASES] == [1] * len(CASES)
    assert set(outcomes) == {"ok"}


def test_login__of_one_platform_is_used_on_no_other(sandbox, tmp_path):
    """Sessions to all platforms share a store: none finds a login made on another."""
    store = f"sqlite:///{tmp_path}/store"
    for case in CASES:
        if not case.stable:
            with case.session(sandbox, store=store) as session:
                with pytest.raises(LoginExpiredError, match="no login"):
                    CloudStorage(session).set("PLAYER", {"a": "1"})
                log_in(session, sandbox, "PLAYER")


@on(lambda platform: platform.stable_token)
def test_stable_token__is_the_same_for_all(case, sandbox):
    """Sessions that share no store kill each other's tokens by fetching, but not stable ones."""
    outcomes = []
    sessions = [
        case.session(sandbox, on_call=lambda event: outcomes.append(event.outcome))
        for _ in range(3)
    ]
    for session in sessions * 2:
        login = log_in(session, sandbox, "PLAYER")
        CloudStorage(session).set(login, {"a": "1"})
    assert ("refused" in outcomes) is not case.stable


@on(lambda platform: not platform.stable_token)
def test_stable_token__where_there_is_none(case, sandbox):
    """The error names the argument and the platform."""
    words = f"stable_token: platform '{case.platform.name}' does not support it"
    with pytest.raises(ConfigurationError, match=words):
        evolve(case, stable=True).session(sandbox)


# a player's signature


@on()
def test_session_key__of_a_session_that_was_ended(session, sandbox, login):
    """The platform's refusal is told in its own code, and exactly this login is forgotten."""
    storage = CloudStorage(session)
    sandbox.end_session(login.openid)
    with pytest.raises((SignatureError, LoginExpiredError)) as caught:
        storage.set(login.openid, {"a": "1"})
    assert (caught.value.code, caught.value.attempts) == (said(sandbox), 1)
    sent = len(sandbox.log())
    with pytest.raises(LoginExpiredError, match="no login"):
        storage.set(login.openid, {"a": "1"})
    assert len(sandbox.log()) == sent
    assert stored(sandbox, login) == {}


@on()
def test_session_key__that_is_wrong(session, sandbox, login):
    """Each signed call is checked: another key's signature is refused, and nothing is done."""
    storage = CloudStorage(session)
    storage.set(login, {"a": "1"})
    forged = evolve(login, session_key="another")
    for call in (lambda: storage.set(forged, {"a": "2"}), lambda: storage.remove(forged, ["a"])):
        with pytest.raises((SignatureError, LoginExpiredError)):
            call()
    assert stored(sandbox, login) == {"a": "1"}


# what goes wrong


@on()
@pytest.mark.parametrize("call", CALLS)
def test_refusal__that_nobody_documents(case, call, trouble, sandbox):
    """An unknown code is kept, with the platform's own text."""
    fault = {"kind": "code", "code": 123456, "message": "新的错误"}
    at = trouble(case, call, Row(name="", outcome=None, script=fault))
    at.begin(times=1)
    with pytest.raises(PlatformError) as caught:
        at.call()
    assert type(caught.value) is PlatformError
    assert (caught.value.code, caught.value.message) == (said(sandbox), "新的错误")


@on()
@pytest.mark.parametrize("call", CALLS)
def test_busy__for_good_is_told_in_the_platforms_own_code(case, call, trouble, sandbox):
    """After three attempts and two pauses the error has the code of the platform's own reply."""
    at = trouble(case, call, next(row for row in ROWS if row.name == BUSY))
    at.begin(times=3)
    with pytest.raises(BusyError) as caught:
        at.call()
    assert caught.value.code == said(sandbox) != 0
    assert caught.value.english
    assert caught.value.chinese


@each(lambda row: row.outcome)
def test_fault__while_it_lasts(case, call, row, trouble):
    """The call ends as the table says, after as many attempts; then the session works on."""
    at = trouble(case, call, row)
    end = row.outcome.repeatable
    at.begin(times=end.attempts)
    with pytest.raises(QQMiniGameError) as caught:
        at.call()
    at.check(caught.value, end)
    at.end()
    at.call()


@each(lambda row: row.outcome and row.outcome.repeatable.heals)
def test_fault__that_passes(case, call, row, trouble):
    """A fault that comes twice is made good by the third attempt, where the table says so."""
    at = trouble(case, call, row)
    at.begin(times=2)
    # A login code works once; where the answer to its use was lost, it is used up.
    used_up = call == "login" and row.handled
    with pytest.raises(LoginExpiredError) if used_up else contextlib.nullcontext():
        at.call()
    assert at.stored() == ({} if call == "login" else {"a": "1"})


@each(lambda row: not row.outcome)
def test_fault__that_is_not_noticed(case, call, row, trouble, sandbox):
    """The call succeeds."""
    at = trouble(case, call, row)
    at.begin(times=1)
    at.call()
    assert [entry["fault"] for entry in sandbox.log()].count(row.script["kind"]) == 1
