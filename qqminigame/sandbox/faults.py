"""Faults on demand: which kinds there are, what they take, and whose turn it is."""

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from qqminigame.sandbox.calls import Endpoint, is_int, is_seconds, is_text
from qqminigame.sandbox.endpoints import ENDPOINTS

EVERY_ENDPOINT = "*"
_ENDPOINT_NAMES = {EVERY_ENDPOINT, *ENDPOINTS, *(row.name for row in ENDPOINTS.values())}


@attrs.frozen
class Wanted:
    """What a value may be, in words and as a test."""

    words: str
    accepts: Callable[[object], bool]
    required: bool = False


def _is_base64(value: object) -> bool:
    try:
        return is_text(value) and base64.b64decode(value, validate=True) is not None
    except ValueError:
        return False


def _is_header_text(value: object) -> bool:
    return is_text(value) and not {"\r", "\n", "\0"}.intersection(value)


def _is_headers(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    return all(map(_is_header_text, value)) and all(map(_is_header_text, value.values()))


def whole_number_from(low: int, *, or_minus_one: str = "") -> Wanted:
    """Want a whole number from ``low``, or -1 with the meaning given."""
    words = f"a whole number from {low}" + (f", or -1 {or_minus_one}" if or_minus_one else "")
    allowed = {-1} if or_minus_one else set()
    return Wanted(words, lambda value: is_int(value) and (value >= low or value in allowed))


BOOL = Wanted("true or false", lambda value: isinstance(value, bool))
TEXT = Wanted("a text", is_text)
INTEGER = Wanted("a whole number", is_int)
SECONDS = Wanted("seconds, 0 or more", lambda value: is_seconds(value) and value >= 0)
STATUS = Wanted("a status from 200 to 599", lambda value: is_int(value) and 200 <= value <= 599)
BASE64 = Wanted("base64 text", _is_base64)
HEADERS = Wanted("an object of texts, each on one line", _is_headers)


def _required(wanted: Wanted) -> Wanted:
    return attrs.evolve(wanted, required=True)


_COMMON: Mapping[str, Wanted] = {
    "endpoint": Wanted(
        "one of " + ", ".join(sorted(_ENDPOINT_NAMES)),
        lambda value: value is None or (isinstance(value, str) and value in _ENDPOINT_NAMES),
    ),
    "times": whole_number_from(1, or_minus_one="for ever"),
    "skip": whole_number_from(0),
}

KINDS: Mapping[str, Mapping[str, Wanted]] = {
    "busy": {},
    "code": {"code": _required(INTEGER), "message": TEXT},
    "delay": {"seconds": _required(SECONDS)},
    "reset_before": {},
    "reset_after": {},
    "reset_midway": {},
    "no_answer": {},
    "no_answer_after": {},
    "cut_off": {},
    "drip": {"seconds": _required(SECONDS), "head": BOOL},
    "answer": {
        "status": STATUS,
        "headers": HEADERS,
        "body": TEXT,
        "body_base64": BASE64,
        "raw_base64": BASE64,
        "handled": BOOL,
        "close": BOOL,
    },
    "html": {},
    "status": {"status": _required(STATUS)},
    "oversized": {"bytes": whole_number_from(32), "announce": BOOL},
    "close_idle": {},
}


@attrs.frozen(kw_only=True)
class Fault:
    """One thing to go wrong.

    Attributes:
        kind: One of `KINDS`.
        endpoint: Where: the last part of a path, a full path, or ``"*"`` for every call. None for
            every call but those that fetch an access token: a client makes these unasked, before
            the call that a test has in mind.
        times: How many matching requests it hits; -1 for all from then on.
        skip: How many matching requests pass first.
        parameters: What the kind takes besides, by name.
    """

    kind: str
    endpoint: str | None = None
    times: int = 1
    skip: int = 0
    parameters: Mapping[str, object] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Refuse what no fault can be.

        Raises:
            ValueError: The kind, endpoint or a parameter is not among those allowed.
        """
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))

    @classmethod
    def from_dict(cls, fields: object) -> "Fault":
        """Read a fault written flat, as the control endpoint takes it.

        Raises:
            ValueError: It is no such object.
        """
        if not isinstance(fields, Mapping):
            raise ValueError(  # noqa: TRY004 - a wrong value from outside, as all others here
                'a fault is an object such as {"kind": "busy"}'
            )
        own: dict[str, Any] = {
            name: value for name, value in fields.items() if name in ("kind", *_COMMON)
        }
        rest = {name: value for name, value in fields.items() if name not in own}
        return cls(kind=own.pop("kind", None), parameters=rest, **own)

    def matches(self, row: Endpoint) -> bool:
        """Tell whether it is meant for this call."""
        if self.endpoint is None:
            return not row.fetches_token
        return self.endpoint in (EVERY_ENDPOINT, row.path, row.name)


def _problems(fault: Fault) -> Iterable[str]:
    for name, wanted in _COMMON.items():
        if not wanted.accepts(getattr(fault, name)):
            yield f"{name} must be {wanted.words}"
    if not isinstance(fault.kind, str) or fault.kind not in KINDS:
        yield "kind must be one of " + ", ".join(KINDS)
        return
    allowed = KINDS[fault.kind]
    for name in sorted(map(str, set(fault.parameters) - set(allowed))):
        words = ", ".join([*_COMMON, *allowed])
        yield f"{fault.kind} takes no parameter {name!r}; allowed: {words}"
    for name, wanted in allowed.items():
        if name not in fault.parameters:
            if wanted.required:
                yield f"{fault.kind} needs {name}: {wanted.words}"
        elif not wanted.accepts(fault.parameters[name]):
            yield f"{name} of {fault.kind} must be {wanted.words}"


@attrs.define
class _Pending:
    fault: Fault
    skip: int
    times: int


class FaultScript:
    """The faults still to come, in the order they were scripted.

    A request is hit by the first fault that matches it and has nothing left to skip; the faults
    before that one count the request as passed, those behind it do not see it.
    """

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(self, faults: Iterable[Fault | Mapping[str, object]]) -> None:
        """Append faults, all or none.

        Raises:
            ValueError: One of them is no fault.
        """
        checked = [each if isinstance(each, Fault) else Fault.from_dict(each) for each in faults]
        self._pending.extend(_Pending(fault, fault.skip, fault.times) for fault in checked)

    def take(self, row: Endpoint) -> Fault | None:
        """Return the fault that hits a request for this call, and count it."""
        for pending in self._pending:
            if not pending.fault.matches(row):
                continue
            if pending.skip:
                pending.skip -= 1
                continue
            pending.times -= pending.times > 0
            if not pending.times:
                self._pending.remove(pending)
            return pending.fault
        return None

    def clear(self) -> None:
        """Forget all faults."""
        self._pending.clear()

    def describe(self) -> list[dict[str, object]]:
        """List the faults still to come, with what is left of their counts."""
        return [
            {
                "kind": each.fault.kind,
                "endpoint": each.fault.endpoint,
                "times": each.times,
                "skip": each.skip,
                **each.fault.parameters,
            }
            for each in self._pending
        ]
