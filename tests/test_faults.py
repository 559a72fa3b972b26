"""Every fault of the table at every endpoint: what the call ends with, and that nothing remains.

Real sockets, real HTTP; what follows from a fault stands in fault_table, not here.
"""

import base64
import contextlib
import gc
import logging
import pickle
import time
import traceback
import tracemalloc
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from attrs import evolve
from fault_servers import Gate, GateFault, make_certificate
from fault_table import ROWS, table
from raw_server import RawServer, platform
from sessions import make_session
from waiting import wait_until

from qqminigame import (
    CloudStorage,
    Dawanka,
    HallLogin,
    InteractiveData,
    Login,
    LoginExpiredError,
    OutcomeUnknownError,
    QQMiniGameError,
    ReplyError,
    TransportError,
)

DOCS = Path(__file__).parents[1] / "docs" / "outcomes.rst"
DEADLINE_SECONDS = 0.5
# The longest that what is only slow may take: without that deadline a call would take 8 s.
SLACK_SECONDS = 6.0
# How long silence is listened to: the good calls of such a test may take longer, and are repeated.
READ_SECONDS = 0.15
MIB = 1024 * 1024
# Each endpoint with the fields of a proper answer.
GOOD = {
    "getToken": {"access_token": "made-up-token", "expires_in": 7200},
    "jscode2session": {"openid": "made-up", "session_key": "made-up-key"},
    "set_user_storage": {},
    "remove_user_storage": {},
    "setuserinteractivedata": {},
    "get_dawanka_info": {
        "score": 0,
        "level": 0,
        "binding": False,
        "discount": 0,
        "payReturnCount": 0,
    },
    "report_dawanka_pay": {"use": 1, "left": 2},
}
# Their calls go the same way as those of set_user_storage or report_dawanka_pay.
ALIKE = ("remove_user_storage", "setuserinteractivedata", "get_dawanka_info")
SECRETS = {"access_token", "secret", "session_key", "js_code", "openkey", "signature", "sig"}


class Stage:
    """A session and its players, and one fault that is yet to come, on, or over.

    Attributes:
        session: The session.
        elsewhere: Where a redirect leads.
        passes: Whether the fault is over at the session's first pause.
    """

    def __init__(self, sandbox, row, endpoint, gate_fault, elsewhere, *, is_short_of_time):
        self.sandbox = sandbox
        self.elsewhere = elsewhere
        self.passes = False
        self.js_codes = []
        self._row = row
        self._endpoint = endpoint
        self._gate_fault = gate_fault
        self._is_short_of_time = is_short_of_time

    def set_up(self, session):
        """Use a session; log in, and fetch the access token if that is not to be tested."""
        self.session = session
        openid, openkey = self.sandbox.hall_login(pay_return_count=3)
        self.hall_login = HallLogin(openid=openid, openkey=openkey)
        self.login = self._in_time(lambda: Login(session).code2session(self.sandbox.js_code()))
        if self._endpoint in ("set_user_storage", "remove_user_storage", "setuserinteractivedata"):
            self._in_time(lambda: CloudStorage(session).remove(self.login, ["x"]))

    def _in_time(self, call):
        """Make a good call, again where a busy machine has not answered in a very short time."""
        for _ in range(20 if self._is_short_of_time else 0):
            # A code may have been used by an attempt whose answer came too late.
            with contextlib.suppress(TransportError, LoginExpiredError, OutcomeUnknownError):
                return call()
        return call()

    def works_on(self):
        """Call the endpoint, which is well."""
        self._in_time(self.call)

    def call(self, session=None):
        """Call the endpoint."""
        session = session or self.session
        match self._endpoint:
            case "jscode2session":
                self.js_codes.append(self.sandbox.js_code())
                Login(session).code2session(self.js_codes[-1])
            case "getToken" | "set_user_storage":
                CloudStorage(session).set(self.login, {"a": "1"})
            case "remove_user_storage":
                CloudStorage(session).remove(self.login, ["a"])
            case "setuserinteractivedata":
                InteractiveData(session).set(self.login, {"1": 1})
            case "get_dawanka_info":
                Dawanka(session).get_info(self.hall_login)
            case "report_dawanka_pay":
                Dawanka(session).report_pay(self.hall_login)

    def begin(self):
        """Let the fault begin; return how many requests the endpoint has had before."""
        if self._gate_fault is not None:
            self.session.close()  # a gate does nothing to the connections there are
            self._gate_fault.begin()
        else:
            self.sandbox.script(self._script())
        if self._row.before:
            Login(self.session).code2session(self.sandbox.js_code())
        return self.requests()

    def pause(self, seconds):
        """Stand for time.sleep."""
        if self.passes:
            self.end()

    def end(self):
        """Let the fault be over."""
        if self._gate_fault is not None:
            self._gate_fault.end()
            return
        with contextlib.closing(HTTPConnection(urlsplit(self.sandbox.url).netloc)) as control:
            control.request("DELETE", "/_sandbox/faults")
            assert control.getresponse().read()

    def requests(self):
        """Return how many requests for the endpoint the platform has read."""
        return sum(entry["path"].endswith("/" + self._endpoint) for entry in self.sandbox.log())

    def reports(self):
        """Return how many reports the platform has counted."""
        return self.sandbox.state()["hall"][self.hall_login.openid]["reports"]

    def stored(self):
        """Return what the platform has stored for the player."""
        return self.sandbox.state()["players"][self.login.openid]["storage"]

    def reports_expected(self):
        """Return how many it should have counted by the end of one call."""
        return int(self._row.handled and self._endpoint == "report_dawanka_pay")

    @property
    def gate(self):
        """The gate, where the row has one."""
        return self._gate_fault.gate

    def hits(self):
        """Return how many attempts the fault has met; None where that cannot be counted."""
        return None if self._gate_fault is None else self._gate_fault.hits()

    def _script(self):
        row = self._row
        script = {**row.script, "endpoint": "*" if row.before else self._endpoint}
        script["times"] = -1 if row.outcome else 1
        if row.body is not None:
            code = "ret" if "dawanka" in self._endpoint else "errcode"
            body = row.body(GOOD[self._endpoint], code)
            script["body_base64"] = base64.b64encode(body).decode()
        if "Location" in script.get("headers", {}):
            script["headers"] = {"Location": f"{self.elsewhere.url}/elsewhere"}
        return script


@pytest.fixture(scope="module")
def certificates(certificate, tmp_path_factory):
    """The certificate that is trusted, and one that is not."""
    return certificate, make_certificate(tmp_path_factory.mktemp("other"))


@pytest.fixture
def urls(monkeypatch):
    """Every URL that is asked for."""
    asked = []
    put = HTTPConnection.putrequest

    def noted(connection, method, url, *arguments, **named):
        asked.append(url)
        return put(connection, method, url, *arguments, **named)

    monkeypatch.setattr(HTTPConnection, "putrequest", noted)
    return asked


@pytest.fixture
def stage(sandbox, certificates, urls, monkeypatch):
    """Return a function that sets the stage for a row and an endpoint."""
    with contextlib.ExitStack() as stack:

        def set_up(row, endpoint, **arguments):
            fault, elsewhere = None, None
            if row.status in (301, 307):
                elsewhere = stack.enter_context(RawServer(platform))
            if row.gate:
                gate = stack.enter_context(Gate(sandbox.url))
                fault = stack.enter_context(GateFault(row.gate, gate, *certificates))
                monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates[0]))
                arguments |= {"base_url": fault.url}
            on = Stage(
                sandbox, row, endpoint, fault, elsewhere, is_short_of_time="timeout" in arguments
            )
            arguments = {"sleep": on.pause, "dice": lambda: 1.0, **arguments}
            on.set_up(stack.enter_context(make_session(sandbox, **arguments)))
            return on

        yield set_up


def each(wanted):
    """Give each row that is wanted, with each endpoint, to a test."""
    cases = [
        pytest.param(
            row,
            endpoint,
            id=f"{row.name}-{endpoint}",
            marks=pytest.mark.slow if endpoint in ALIKE else (),
        )
        for row in ROWS
        for endpoint in GOOD
        if wanted(row, endpoint)
    ]
    return pytest.mark.parametrize(("row", "endpoint"), cases)


def check_error(error, row, end, endpoint):
    """Check that an error is the one of the table, stands for itself, and can be pickled."""
    assert type(error) is end.error
    assert isinstance(error, QQMiniGameError)
    assert (error.sent, error.attempts, error.endpoint) == (end.sent, end.attempts, endpoint)
    if isinstance(error, ReplyError):
        assert (error.status, error.cut_off) == (row.status, row.cut_off)
    assert error.__context__ is None
    assert error.__cause__ is None
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.args, vars(copy)) == (type(error), error.args, vars(error))


def check_secrets(error, stage, urls, logged):
    """Check that no text a program may keep of the error, and no log line, shows a secret."""
    sandbox = stage.sandbox
    asked = [pair for url in urls for pair in parse_qsl(urlsplit(url).query)]
    codes = {*stage.js_codes, *(value for name, value in asked if name == "js_code")}
    secrets = {sandbox.app_secret, sandbox.app_key, stage.login.session_key}
    secrets |= {stage.hall_login.openkey, *(value for name, value in asked if name in SECRETS)}
    texts, values = [logged], []
    if error is not None:
        frames = [
            (frame, line)
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_filename != __file__
        ]
        assert len(frames) >= 1
        # Sentry and Django's error page show the locals of every frame.
        values = [
            str(frame.locals)
            for frame in traceback.StackSummary.extract(frames, capture_locals=True)
        ]
        texts += [str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))]
        texts += traceback.format_exception(error)
    for secret in secrets | codes:
        shown = texts if secret in codes else texts + values
        for written in (secret, quote(secret, safe="")):
            assert not any(written in text for text in shown)


@contextlib.contextmanager
def little_memory(row, on):
    """Check that an answer which is too large is not read to its end."""
    if not row.large:
        yield
        return
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB
    # What the client has not read fills the buffers of both sides' sockets, and a piece is counted
    # a moment after it is gone.
    assert row.gate == "" or MIB // 2 <= on.gate.bytes_sent < 16 * MIB


def test_table__stands_in_the_docs():
    """The page for users shows the table that the tests run."""
    assert table() in DOCS.read_text(encoding="utf-8")


def test_table__no_two_rows_have_one_name():
    """A row can be told by its name."""
    assert len({row.name for row in ROWS}) == len(ROWS)


@each(lambda row, endpoint: row.outcome and not row.endless)
def test_fault__while_it_lasts(stage, row, endpoint, urls, caplog):
    """The call ends as the table says and shows no secret; afterwards the session works on."""
    caplog.set_level(logging.DEBUG)
    on = stage(row, endpoint, **({"timeout": READ_SECONDS} if row.silent else {}))
    end = row.outcome.of(endpoint)
    before = on.begin()
    with little_memory(row, on), pytest.raises(QQMiniGameError) as caught:
        on.call()
    requests = 0 if row.gate else end.attempts
    # What was given up may be on its way to the platform yet.
    wait_until(lambda: on.requests() - before >= requests)
    wait_until(lambda: on.hits() is None or on.hits() >= end.attempts)
    wait_until(lambda: on.reports() >= on.reports_expected())
    assert on.requests() - before == requests
    assert on.hits() in (end.attempts, None)
    assert on.reports() == on.reports_expected()
    check_error(caught.value, row, end, endpoint)
    check_secrets(caught.value, on, urls, caplog.text)
    on.end()
    on.works_on()
    assert on.elsewhere is None or on.elsewhere.connections == 0


@each(lambda row, endpoint: row.outcome and row.outcome.of(endpoint).heals)
def test_fault__that_passes(stage, row, endpoint, urls, caplog):
    """Where the table says so, a fault that comes once is made good by the second attempt."""
    caplog.set_level(logging.DEBUG)
    # Long enough for the attempt that is to succeed.
    on = stage(row, endpoint, **({"timeout": 10 * READ_SECONDS} if row.silent else {}))
    on.passes = True
    on.begin()
    # A js_code works once; where the answer to its use was lost, the player has to log in again.
    if endpoint == "jscode2session" and row.handled:
        with pytest.raises(LoginExpiredError) as caught:
            on.call()
        assert caught.value.attempts == 2
    else:
        on.call()
    assert on.stored() == ({"a": "1"} if endpoint in ("getToken", "set_user_storage") else {})
    check_secrets(None, on, urls, caplog.text)
    on.works_on()


@each(lambda row, endpoint: row.silent)
def test_fault__never_outlives_the_deadline(stage, row, endpoint):
    """Where nothing but the clock ends it, the deadline does, and the session works on."""
    on = stage(row, endpoint)
    on.begin()
    hurried = on.session.within(DEADLINE_SECONDS)
    started = time.monotonic()
    with pytest.raises(QQMiniGameError) as caught:
        on.call(hurried)
    assert time.monotonic() - started < DEADLINE_SECONDS + SLACK_SECONDS
    check_error(caught.value, row, evolve(row.outcome.of(endpoint), attempts=1), endpoint)
    on.end()
    on.call()


@each(lambda row, endpoint: row.outcome is None)
def test_fault__that_is_not_noticed(stage, row, endpoint, urls, caplog):
    """The call succeeds, what may not be repeated is sent once, and no log shows a secret."""
    caplog.set_level(logging.DEBUG)
    on = stage(row, endpoint)
    before = on.begin()
    on.call()
    if endpoint == "report_dawanka_pay":
        assert on.requests() - before == 1
    assert on.reports() == on.reports_expected()
    check_secrets(None, on, urls, caplog.text)
    on.end()
    on.call()


def test_session__close_after_faults_leaves_no_connection_open(stage):
    """What urllib3 keeps of a failure, until Python collects it, does not keep a connection."""
    on = stage(next(row for row in ROWS if row.gate == "reset unread"), "get_dawanka_info")
    gc.disable()
    try:
        on.begin()
        with pytest.raises(QQMiniGameError):
            on.call()
        on.end()
        on.call()
        on.session.close()
        wait_until(lambda: on.gate.serving() == 0)
    finally:
        gc.enable()
