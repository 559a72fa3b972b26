"""The conformance suite's shared part: which platforms it runs on, and what goes wrong there."""

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from fault_servers import Gate, GateFault
from fault_table import ROWS, End, Row
from made_up_platform import MADE_UP
from sessions import log_in, make_session

from qqminigame import CloudStorage, LoginState, Platform, ReplyError, Session
from qqminigame.platforms import PLATFORMS
from qqminigame.platforms.base import Endpoint
from qqminigame.sandbox.endpoints import ENDPOINTS

# Of the fault table a row for each way a call can end, and all that reading a reply depends on.
FAULTS: Final = [
    "the connection is refused",
    "reset after the request is carried out",
    "closed in the middle of the body",
    "status 500",
    "status 429",
    "status 404",
    "an HTML page",
    "an empty body",
    "the body []",
    "a field given twice",
    "a word for the code, a number for the message",
    "the platform says it is busy",
    "the kept connection was closed before the call",
    "a number as a string for the code, a number for the message",
]
CALLS: Final = ("token", "login", "set")


@frozen
class Case:
    """A platform, and which of its calls fetches access tokens."""

    platform: Platform
    stable: bool = False

    def __str__(self) -> str:
        return self.platform.name + (" stable" if self.stable else "")

    def session(self, sandbox: Any, **arguments: Any) -> Session:
        """Make a session: by the platform's name where it has one that everybody knows."""
        name = self.platform.name
        platform = name if name in PLATFORMS else self.platform
        return make_session(sandbox, platform=platform, stable_token=self.stable, **arguments)

    def endpoint(self, call: str) -> Endpoint:
        """Return the row of one of ``CALLS``."""
        platform = self.platform
        token = platform.stable_token if self.stable else platform.token
        assert token is not None
        return {"token": token, "login": platform.login, "set": platform.set_storage}[call]


_ALL: Final = (*PLATFORMS.values(), MADE_UP)
CASES: Final = [
    Case(platform, stable)
    for platform in _ALL
    for stable in (False, True)
    if platform.stable_token or not stable
]
FAULT_CASES: Final = [
    (case, call, row)
    for row in ROWS
    if row.name in FAULTS
    for call in CALLS
    for case in CASES
    # How the token is fetched makes a difference only there.
    if call == "token" or not case.stable
]


def asked(sandbox: Any, endpoint: Endpoint | None) -> int:
    """Return how often a call was made, whatever became of it."""
    assert endpoint is not None
    return sum(entry["path"] == endpoint.path for entry in sandbox.log())


def said(sandbox: Any) -> object:
    """Return the code in the platform's latest reply."""
    entry = sandbox.log()[-1]
    return json.loads(entry["reply"])[ENDPOINTS[entry["path"]].dialect.code]


def stored(sandbox: Any, login: LoginState, what: str = "storage") -> dict[str, Any]:
    """Return what the platform has stored for a player."""
    return dict(sandbox.state()["players"][login.openid][what])


class Trouble:
    """A session, and a row of the fault table that is yet to come at one of its calls."""

    def __init__(
        self, case: Case, call: str, row: Row, sandbox: Any, gate_fault: GateFault | None
    ) -> None:
        self._case, self._call, self._row = case, call, row
        self._sandbox, self._gate_fault = sandbox, gate_fault
        self._left = 0
        self._good = self._proper_reply()
        self.session = case.session(
            sandbox,
            base_url=gate_fault.url if gate_fault else sandbox.url,
            sleep=self._pause,
            dice=lambda: 1.0,
        )
        self._login = log_in(self.session, sandbox)
        if call == "set":
            CloudStorage(self.session).remove(self._login, ["a"])  # fetches the token

    def begin(self, times: int) -> None:
        """Let it hit the next so many attempts."""
        self._left = times
        if self._gate_fault is not None:
            self.session.close()  # a gate does nothing to the connections there are
            self._gate_fault.begin()
        else:
            self._sandbox.script(self._script(times))
        if self._row.before:
            log_in(self.session, self._sandbox)

    def end(self) -> None:
        """See to it that it is over."""
        if self._gate_fault is not None:
            self._gate_fault.end()

    def call(self) -> None:
        """Make the call; where that is a token fetch, the first call that needs a token."""
        if self._call == "login":
            log_in(self.session, self._sandbox)
        else:
            CloudStorage(self.session).set(self._login, {"a": "1"})

    def stored(self) -> dict[str, Any]:
        """Return what the platform has stored for the player."""
        return stored(self._sandbox, self._login)

    def check(self, error: Exception, end: End) -> None:
        """Check that an error is the one of the table, in the platform's word for the call."""
        assert type(error) is end.error
        facts = vars(error)
        endpoint = self._case.endpoint(self._call).name
        assert (facts["sent"], facts["attempts"]) == (end.sent, end.attempts)
        assert facts["endpoint"] == endpoint
        if end.error is ReplyError:
            assert (facts["status"], facts["cut_off"]) == (self._row.status, self._row.cut_off)

    def _pause(self, seconds: float) -> None:
        """Stand for time.sleep."""
        self._left -= 1
        if self._left == 0:
            self.end()

    def _proper_reply(self) -> dict[str, Any]:
        """Return what the platform answers to the call when all is well, secrets masked."""
        with self._case.session(self._sandbox) as session:
            login = log_in(session, self._sandbox)
            CloudStorage(session).set(login, {"a": "1"})
        path = self._case.endpoint(self._call).path
        replies = [entry["reply"] for entry in self._sandbox.log() if entry["path"] == path]
        good: dict[str, Any] = json.loads(replies[-1])
        return good

    def _script(self, times: int) -> dict[str, Any]:
        script = {"endpoint": "*", **(self._row.script or {}), "times": times}
        if self._row.body is not None:
            code = self._case.endpoint(self._call).dialect.code_fields[0]
            script["body_base64"] = base64.b64encode(self._row.body(self._good, code)).decode()
        return script


@contextlib.contextmanager
def troubles(sandbox: Any, certificate: Path) -> Iterator[Callable[[Case, str, Row], Trouble]]:
    """Give a function that makes ``Trouble`` of a case, a call and a row."""
    with contextlib.ExitStack() as stack:

        def make(case: Case, call: str, row: Row) -> Trouble:
            fault = None
            if row.gate:
                gate = stack.enter_context(Gate(sandbox.url))
                fault = stack.enter_context(GateFault(row.gate, gate, certificate, certificate))
            trouble = Trouble(case, call, row, sandbox, fault)
            stack.enter_context(trouble.session)
            return trouble

        yield make
