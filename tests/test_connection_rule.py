"""No answer is ever given to a call it does not belong to, whatever a server writes and when.

Each answer carries the js_code of the call it belongs to as its openid, so a mix-up shows.
"""

import threading

import pytest
from attrs import evolve, field, frozen
from connection_server import HANG_UP, ConnectionServer, answer, chunked, server_context
from hypothesis import HealthCheck, given, settings, strategies as st
from sessions import Pauses

from qqminigame import Clock, Login, QQMiniGameError, RetryPolicy, Session

FORGED = answer("forged")
INFORMATION = {
    100: b"HTTP/1.1 100 Continue\r\n\r\n",
    102: b"HTTP/1.1 102 Processing\r\n\r\n",
    103: b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
    199: b"HTTP/1.1 199 Whatever\r\n\r\n",
}
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
ODD_HEADS = [
    ("Content-Length: 5",),
    ("Content-Length: 5, 5",),
    ("Content-Length: abc",),
    ("Content-Length: -1",),
    ("Content-Length: +7",),
    ("Content-Length: 1_0",),
    ("Content-Length: 0x10",),
    ("Content-Length:",),
    ("Content-Length : 7",),
    ("Content-Length: 1\r\n 0",),
    ("Transfer-Encoding: chunked",),
    ("Transfer-Encoding: identity",),
    ("Transfer-Encoding: xchunked",),
    ("X-Folded: a\r\n b",),
    ("X-Folded: a\r\n Content-Length: 7",),
    ("no colon at all",),
    (": no name",),
    ("Connection: close",),
    ("Connection: keep-alive",),
    ("Connection: keep-alive, close",),
    ("Keep-Alive: timeout=5, max=100",),
]
STATUSES = [
    "201 Created",
    "202 Accepted",
    "204 No Content",
    "205 Reset Content",
    "206 Partial Content",
    "226 IM Used",
    "301 Moved",
    "304 Not Modified",
    "400 Bad Request",
    "404 Not Found",
    "407 Proxy Authentication Required",
    "408 Request Timeout",
    "429 Too Many Requests",
    "499 Gone",
    "500 Failed",
    "503 Unavailable",
    "999 What",
]


@frozen(kw_only=True)
class Step:
    """How a server answers one call.

    Attributes:
        information: 1xx heads before the answer.
        pause: Whether it lets time go by between those and the answer.
        status: Status of the answer.
        version: Its version of HTTP.
        heads: More lines of its head, before the length.
        longer: By how much Content-Length is more than the body; None for no such line.
        is_chunked: Whether it comes in chunks, with trailers.
        switches: Whether a 101 comes in its place.
        size: How many bytes it has, at least.
        late: What is written behind it.
        when: When that is: in the same write (and TLS record), in the next, or when the caller has
            the answer.
        hang_up: Whether the connection is closed then.
    """

    information: tuple[int, ...] = ()
    pause: bool = False
    status: str = "200 OK"
    version: str = "HTTP/1.1"
    heads: tuple[str, ...] = ()
    longer: int | None = 0
    is_chunked: bool = False
    switches: bool = False
    size: int = 0
    late: bytes = field(default=b"", repr=lambda late: repr(late[:40]))
    when: str = "same"
    hang_up: bool = False

    @property
    def is_plain(self):
        """Whether a client has to take the answer."""
        return (
            self.status == "200 OK"
            and not (self.heads or self.longer or self.switches or self.late)
            and (self.longer == 0 or self.hang_up)
        )

    @property
    def is_open_ended(self):
        """Whether a client may wait for the end of the connection, or ask again."""
        odd = self.heads or self.longer != 0 or self.version == "HTTP/1.0"
        return bool(odd or self.switches or self.status != "200 OK")

    def answer(self, openid):
        """Return the answer itself."""
        if self.switches:
            return SWITCHING
        if self.is_chunked:
            trailers = ("X-Sum: 1", "Content-Length: 3")
            return chunked(openid, *trailers, version=self.version, heads=self.heads)
        whole = answer(
            openid, *self.heads, status=self.status, version=self.version, size=self.size
        )
        if self.longer is None or self.longer:
            length = len(whole.partition(b"\r\n\r\n")[2])
            told = "" if self.longer is None else max(0, length + self.longer)
            whole = answer(openid, *self.heads, status=self.status, length=told)
        return (
            whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if self.status[:3] in "204304" else whole
        )


class Conversation:
    """What is said on the connections of one session."""

    def __init__(self, steps):
        self._steps = {f"player{number}": step for number, step in enumerate(steps)}
        self._returned = {js_code: threading.Event() for js_code in self._steps}
        self._asked = set()
        self._written = {js_code: threading.Event() for js_code in self._steps}

    def script(self, js_code):
        """Write the answer to one call, and what comes with it."""
        step, returned = self._steps[js_code], self._returned[js_code]
        self._asked.add(js_code)
        try:
            for number in step.information:
                yield INFORMATION[number]
            if step.pause:
                returned.wait(0.1)  # A client that took the 1xx for the answer has returned.
            answer = step.answer(js_code)
            if step.when == "same":
                yield answer + step.late
            else:
                yield answer
                if step.when == "returned":
                    # Not for ever, because the client may be waiting for the end.
                    returned.wait(0.1 if step.is_open_ended else 10)
                if step.late:
                    yield step.late
            if step.hang_up or step.is_open_ended:
                yield HANG_UP
        finally:
            self._written[js_code].set()

    def hold(self, login):
        """Make the calls one after the other; return how each ended."""
        ends = []
        for js_code in self._steps:
            try:
                ends.append(login.code2session(js_code))
            except QQMiniGameError as error:
                ends.append(error)
            self._returned[js_code].set()
            if js_code in self._asked:
                # What is written late is there before the next call.
                self._written[js_code].wait(60)
        return ends


def check(steps, context=None):
    """Hold a conversation; return the connections that the last two calls, plain ones, used."""
    steps = [*steps, Step(), Step()]
    talk = Conversation(steps)
    with ConnectionServer(talk.script, context) as server:
        session = Session(
            "1",
            app_secret="secret",
            base_url=server.url,
            store="memory:",
            pool_size=1,
            retry=RetryPolicy(deadline_seconds=20),
            clock=Clock(sleep=Pauses()),
        )
        with session:
            ends = talk.hold(Login(session))
        calls = list(server.calls)
    for number, (step, end) in enumerate(zip(steps, ends, strict=True)):
        if step.is_plain:
            assert not isinstance(end, Exception), (number, steps, end)
        if not isinstance(end, Exception):
            own = (f"player{number}", f"key of player{number}")
            assert (end.openid, end.session_key) == own, (number, steps, end.openid)
    return [connection for _, connection in calls[-2:]]


LATE = [b"", b"\r\n", b"0\r\n\r\n", b"x", FORGED, b"\r\n" + FORGED, FORGED[:40], FORGED * 3]
PLAIN = st.builds(
    Step,
    information=st.lists(st.sampled_from(list(INFORMATION)), max_size=3).map(tuple),
    pause=st.booleans(),
    is_chunked=st.booleans(),
)
BEHIND = st.builds(
    Step,
    late=st.sampled_from(LATE),
    when=st.sampled_from(["same", "next", "returned"]),
    is_chunked=st.booleans(),
    hang_up=st.booleans(),
)
ODD = st.builds(
    Step,
    information=st.lists(st.sampled_from(list(INFORMATION)), max_size=1).map(tuple),
    heads=st.sampled_from([(), *ODD_HEADS]),
    version=st.sampled_from(["HTTP/1.1", "HTTP/1.0"]),
    longer=st.sampled_from([0, None, -1, -30, 1, len(FORGED)]),
    is_chunked=st.booleans(),
    late=st.sampled_from(LATE),
    when=st.sampled_from(["same", "next", "returned"]),
)
OTHER_STATUS = st.builds(
    Step,
    status=st.sampled_from(STATUSES),
    heads=st.sampled_from([(), ("Connection: keep-alive",)]),
    late=st.sampled_from(LATE),
    when=st.sampled_from(["same", "next", "returned"]),
)
SWITCH = st.builds(
    Step,
    switches=st.just(True),
    late=st.sampled_from(LATE),
    when=st.sampled_from(["same", "next", "returned"]),
)
RECORDS = st.builds(
    Step,
    size=st.sampled_from([8191, 8192, 8193, 16383 - len(FORGED), 16384 - len(FORGED), 16384]),
    late=st.just(FORGED),
    when=st.sampled_from(["same", "next", "returned"]),
)
STEPS = st.lists(st.one_of(PLAIN, BEHIND, ODD, OTHER_STATUS, SWITCH, RECORDS), max_size=5)
CHECKED = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@CHECKED
@given(STEPS)
def test_any_sequence__over_tcp(steps):
    """No answer is given to another call, and a plain answer is taken whatever came before it."""
    check(steps)


@pytest.mark.slow
@CHECKED
@given(STEPS)
def test_any_sequence__over_tls(trusted, steps):
    """The same behind TLS, where what was not asked for may lie decrypted in a buffer."""
    check(steps, trusted)


@pytest.fixture
def trusted(authority, monkeypatch):
    """A TLS context of a server that is trusted, as users say it: in the environment."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
    return server_context(authority)


@pytest.fixture(params=["tcp", "tls"])
def context(request):
    """None for TCP; a server's TLS context."""
    return None if request.param == "tcp" else request.getfixturevalue("trusted")


@pytest.mark.parametrize("number", INFORMATION)
def test_1xx__is_passed_over_and_the_answer_behind_it_taken(context, number):
    """A 1xx other than 101 is not the answer, though the answer comes some time after it."""
    check([Step(information=(number,), pause=True)] * 3, context)


def test_101__is_no_answer_and_what_follows_is_never_read(context):
    """A server that switches protocols speaks no HTTP after it."""
    for when in ("same", "next", "returned"):
        check([Step(switches=True, late=FORGED, when=when)], context)


@pytest.mark.parametrize("status", STATUSES)
def test_any_other_status__what_follows_is_never_read(context, status):
    """Behind anything but a 200, an answer lies in wait: the next call does not get it."""
    for when in ("same", "next", "returned"):
        check([Step(status=status, late=FORGED, when=when)], context)


@pytest.mark.parametrize("size", [0, 8191, 8192, 8193, 16384 - len(FORGED)])
def test_200__what_follows_is_never_read(context, size):
    """Behind a complete 200, an answer lies in wait, in its TLS record or later."""
    for when in ("same", "next", "returned"):
        check([Step(size=size, late=FORGED, when=when)], context)


@pytest.mark.parametrize("heads", ODD_HEADS, ids=[repr(heads[0]) for heads in ODD_HEADS])
def test_odd_heads__what_follows_is_never_read(context, heads):
    """However a length is to be understood, what is behind the answer is not the next one."""
    for longer in (0, -30, len(FORGED)):
        step = Step(heads=heads, longer=longer, late=FORGED)
        check([step, evolve(step, when="returned")], context)


@pytest.mark.parametrize("end", ["after the answer", "later", "after an idle while"])
def test_a_connection_that_ended__is_not_used_again(context, end):
    """A server closes a connection without a word: the next call opens one, and succeeds."""
    when = "same" if end == "after the answer" else "returned"
    check([Step(hang_up=True, when=when)] * 3, context)


@pytest.mark.parametrize(
    "step",
    [
        Step(),
        Step(is_chunked=True),
        Step(information=(103,)),
        Step(size=8192),
        Step(size=16384),
        Step(size=50_000),
    ],
    ids=["length", "chunks", "early hints", "8192 bytes", "one record", "many records"],
)
def test_a_good_server__has_its_connection_used_again(context, step):
    """After a complete 200 with nothing behind it the connection serves the next call."""
    assert check([step] * 3, context) == [1, 1]
