"""What can go wrong on the way to the platform, and what a call then ends with: a row for each.

The tests run every row; docs/outcomes.rst shows them. ``python tests/fault_table.py`` prints the
table for it.
"""

import functools
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import field, frozen

from qqminigame import (
    BusyError,
    OutcomeUnknownError,
    QQMiniGameError,
    ReplyError,
    TransportError,
)

# Makes a reply's body of the endpoint's proper one and the name of its code field.
Body = Callable[[dict[str, Any], str], bytes]


@frozen
class End:
    """How a call ends while a fault lasts.

    Attributes:
        error: The class that is raised; exactly this one.
        sent: Its attribute of that name.
        attempts: Its attribute of that name.
        heals: Whether a fault that happens only once goes unnoticed, for the call is repeated.
    """

    error: type[QQMiniGameError]
    sent: bool | None
    attempts: int
    heals: bool = False


@frozen
class Outcome:
    """How calls end that may be repeated, and how the one that may not."""

    repeatable: End
    report_pay: End

    def of(self, endpoint: str) -> End:
        """Return how a call of an endpoint ends."""
        return self.report_pay if endpoint == "report_dawanka_pay" else self.repeatable


_UNKNOWN: Final = End(OutcomeUnknownError, None, 1)
_UNKNOWN_ANSWERED: Final = End(OutcomeUnknownError, True, 1)
_NO: Final = End(ReplyError, True, 1)
_NEVER_SENT: Final = End(TransportError, False, 3, True)

NOT_SENT: Final = Outcome(_NEVER_SENT, _NEVER_SENT)
LOST: Final = Outcome(End(TransportError, None, 3, True), _UNKNOWN)
BROKEN_OFF: Final = Outcome(End(ReplyError, True, 3, True), _UNKNOWN_ANSWERED)
UNAVAILABLE: Final = BROKEN_OFF
TOO_SLOW: Final = Outcome(End(TransportError, None, 1), _UNKNOWN)
TOO_SLOW_ANSWER: Final = Outcome(End(ReplyError, True, 1), _UNKNOWN_ANSWERED)
NOT_THE_PLATFORM: Final = Outcome(_NO, _UNKNOWN_ANSWERED)
THROTTLED: Final = BROKEN_OFF
BUSY: Final = Outcome(End(BusyError, True, 3, True), _UNKNOWN_ANSWERED)


@frozen(kw_only=True)
class Row:
    """One thing that goes wrong.

    Attributes:
        name: What, in words; the docs show it.
        outcome: What follows; None where the call succeeds and nobody notices.
        script: The sandbox's fault.
        body: What makes the answer's body, where the script sends one.
        gate: The gate's fault, where the sandbox cannot do it; see fault_servers.
        status: The HTTP status a ReplyError tells.
        cut_off: Whether a ReplyError says that the answer was cut off.
        handled: Whether the platform carries the call out before it goes wrong.
        silent: Whether nothing but the clock ends an attempt.
        endless: Whether the read timeout cannot end it either; only the deadline does.
        large: Whether it tries to fill the memory.
        before: Whether it hits the call before, and the connection this one finds.
    """

    name: str
    outcome: Outcome | None
    script: Mapping[str, Any] | None = None
    body: Body | None = field(default=None, repr=False)
    gate: str = ""
    status: int = 200
    cut_off: bool = False
    handled: bool = False
    silent: bool = False
    endless: bool = False
    large: bool = False
    before: bool = False


def _answer(name: str, outcome: Outcome | None, body: Body, **fields: Any) -> Row:
    """Return the row of a canned answer; what is no field of a row goes to the sandbox."""
    row = {key: fields.pop(key) for key in ("cut_off", "handled", "large") if key in fields}
    script = {"kind": "answer", "handled": row.get("handled", False), **fields}
    return Row(name=name, outcome=outcome, script=script, body=body, **row)


def _status(
    name: str, outcome: Outcome, status: int, *, handled: bool = False, **headers: str
) -> Row:
    script = {"kind": "answer", "status": status, "headers": headers, "body": "<html>no</html>"}
    script["handled"] = handled
    return Row(name=name, outcome=outcome, script=script, status=status, handled=handled)


def _good(good: dict[str, Any], code: str, **changes: object) -> bytes:
    return json.dumps({code: 0, **good, **changes}).encode()


def _more(text: str) -> Body:
    """Put something more at the end of the proper answer's JSON object."""
    return lambda good, code: _good(good, code)[:-1] + text.replace("code", code).encode() + b"}"


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(64 * 1024 * 1024))


ROWS: Final = (
    # before anything is sent
    Row(name="the host name is not found", outcome=NOT_SENT, gate="unknown name"),
    Row(name="the connection is refused", outcome=NOT_SENT, gate="refused"),
    Row(
        name="connecting takes longer than the timeout",
        outcome=NOT_SENT,
        gate="full backlog",
        silent=True,
    ),
    Row(name="the TLS certificate is self-signed", outcome=NOT_SENT, gate="self-signed"),
    # no answer
    Row(name="reset before the request is read", outcome=LOST, gate="reset unread"),
    Row(name="reset after the request is read", outcome=LOST, script={"kind": "reset_before"}),
    Row(
        name="reset after the request is carried out",
        outcome=LOST,
        script={"kind": "reset_after"},
        handled=True,
    ),
    Row(
        name="no answer within the timeout",
        outcome=LOST,
        script={"kind": "no_answer_after"},
        handled=True,
        silent=True,
    ),
    Row(
        name="the answer is not HTTP",
        outcome=LOST,
        script={"kind": "answer", "raw_base64": "bm90IEhUVFANCg0K"},
    ),
    _answer(
        "two different Content-Lengths",
        LOST,
        _good,
        headers={"Content-Length": "5, 7"},
        handled=True,
        close=True,
    ),
    Row(
        name="headers drip in past the deadline",
        outcome=TOO_SLOW,
        script={"kind": "drip", "seconds": 0.05},
        handled=True,
        silent=True,
        endless=True,
    ),
    Row(
        name="100 Continue again and again past the deadline",
        outcome=TOO_SLOW,
        gate="endless continue",
        silent=True,
        endless=True,
    ),
    # an answer that does not end well
    Row(
        name="the body drips in past the deadline",
        outcome=TOO_SLOW_ANSWER,
        script={"kind": "drip", "seconds": 0.05, "head": False},
        cut_off=True,
        handled=True,
        silent=True,
        endless=True,
    ),
    Row(
        name="reset in the middle of the body",
        outcome=BROKEN_OFF,
        script={"kind": "reset_midway"},
        cut_off=True,
        handled=True,
    ),
    Row(
        name="closed in the middle of the body",
        outcome=BROKEN_OFF,
        script={"kind": "cut_off"},
        cut_off=True,
        handled=True,
    ),
    _answer(
        "Content-Length too large",
        BROKEN_OFF,
        _good,
        headers={"Content-Length": "5000"},
        cut_off=True,
        handled=True,
        close=True,
    ),
    _answer(
        "invalid chunked encoding",
        BROKEN_OFF,
        lambda good, code: b"zz\r\nrubbish",
        headers={"Transfer-Encoding": "chunked"},
        cut_off=True,
        handled=True,
        close=True,
    ),
    # another status than 200
    _status("status 500", UNAVAILABLE, 500),
    _status("status 502 with an HTML page", UNAVAILABLE, 502),
    _status("status 503", UNAVAILABLE, 503),
    _status("status 429", THROTTLED, 429),
    _status("status 201, and carried out", NOT_THE_PLATFORM, 201, handled=True),
    _status("status 202, and carried out", NOT_THE_PLATFORM, 202, handled=True),
    _status("status 206, and carried out", NOT_THE_PLATFORM, 206, handled=True),
    _status("status 404", NOT_THE_PLATFORM, 404),
    _status("status 408, and carried out", NOT_THE_PLATFORM, 408, handled=True),
    _status("status 499, and carried out", NOT_THE_PLATFORM, 499, handled=True),
    _status("status 301 to elsewhere", NOT_THE_PLATFORM, 301, Location="{elsewhere}"),
    _status("status 307 to elsewhere", NOT_THE_PLATFORM, 307, Location="{elsewhere}"),
    # 200, but not the platform's answer
    Row(name="an HTML page", outcome=NOT_THE_PLATFORM, script={"kind": "html"}),
    _answer("an empty body", NOT_THE_PLATFORM, lambda good, code: b"", handled=True),
    _answer("the body []", NOT_THE_PLATFORM, lambda good, code: b"[]"),
    _answer("the body null", NOT_THE_PLATFORM, lambda good, code: b"null"),
    _answer(
        "invalid UTF-8",
        NOT_THE_PLATFORM,
        lambda good, code: _good(good, code, more="?").replace(b"?", b"\xff"),
    ),
    _answer("NaN in the body", NOT_THE_PLATFORM, _more(', "more": NaN')),
    _answer("a field given twice", NOT_THE_PLATFORM, _more(', "code": 0')),
    _answer(
        "100 000 nested lists", NOT_THE_PLATFORM, _more(', "more": ' + "[" * 100_000), handled=True
    ),
    _answer(
        "a word for the code, a number for the message",
        NOT_THE_PLATFORM,
        lambda good, code: _good(good, code, **{code: "ok", "errmsg": 7, "msg": 7}),
    ),
    _answer(
        "Content-Length too small",
        NOT_THE_PLATFORM,
        _good,
        headers={"Content-Length": "5"},
        handled=True,
        close=False,
    ),
    # larger than any answer
    Row(
        name="a Content-Length of a gigabyte",
        outcome=NOT_THE_PLATFORM,
        gate="gigabyte announced",
        large=True,
    ),
    Row(name="an endless body", outcome=NOT_THE_PLATFORM, gate="endless body", large=True),
    _answer(
        "a response that inflates to 64 MiB",
        NOT_THE_PLATFORM,
        lambda good, code: _bomb(),
        headers={"Content-Encoding": "gzip"},
        large=True,
    ),
    # the platform's own word
    Row(name="the platform says it is busy", outcome=BUSY, script={"kind": "busy"}),
    # what nobody notices
    Row(
        name="the kept connection was closed before the call",
        outcome=None,
        script={"kind": "close_idle"},
        before=True,
        handled=True,
    ),
    Row(
        name="the kept connection is reset by the call",
        outcome=None,
        gate="reset kept",
        before=True,
        handled=True,
    ),
    _answer(
        "a number as a string for the code, a number for the message",
        None,
        lambda good, code: _good(good, code, **{code: "0", "errmsg": 7, "msg": 7}),
    ),
    Row(
        name="a malformed header line",
        outcome=None,
        script={"kind": "answer", "handled": False, "headers": {"X-Ok": "1", "no header": ""}},
        body=_good,
    ),
)

_HEADINGS: Final = ("What goes wrong", "All calls but ``report_pay``", "``report_pay``")
_SUCCESS: Final = "succeeds"


def table() -> str:
    """Return the rows as a table for the docs."""
    lines = [
        *(".. list-table::", "   :header-rows: 1", "   :widths: 34 33 33", ""),
        *_line(_HEADINGS),
    ]
    for row in ROWS:
        ends = ("repeatable", "report_pay")
        cells = [_cell(getattr(row.outcome, end)) if row.outcome else _SUCCESS for end in ends]
        lines += _line((row.name, *cells))
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> list[str]:
    return [f"   {'* -' if n == 0 else '  -'} {cell}" for n, cell in enumerate(cells)]


def _cell(end: End) -> str:
    attempts = "1 attempt" if end.attempts == 1 else f"{end.attempts} attempts"
    healed = "; once only: succeeds" if end.heals else ""
    return f"``{end.error.__name__}``, sent ``{end.sent}``, {attempts}{healed}"


if __name__ == "__main__":
    print(table(), end="")
