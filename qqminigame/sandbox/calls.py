"""A call: the row of the table it belongs to, the request as rules see it, how JSON is read."""

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeGuard

import attrs

from qqminigame.sandbox.replies import Codes, Dialect, Payload, Reason, RefusedError, Reply
from qqminigame.sandbox.world import World

_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_FORM_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_FAR_AWAY = 1e12  # seconds; beyond it a time is a slip, and floats lose their fractions


class MalformedQueryError(ValueError):
    """The query string is not a form encoding of UTF-8 text."""


@attrs.frozen(kw_only=True)
class Call:
    """A request, decoded: what the rules judge.

    Attributes:
        query: The parameters that are given once.
        repeated: The names of those given more than once; no value of theirs is to be trusted.
        headers: The headers, their names in lower case.
        peer: The address it came from.
        warnings: What a rule notes for the log: accepted, but hardly meant.
    """

    method: str
    path: str
    query: Mapping[str, str] = attrs.field(repr=False)
    repeated: frozenset[str] = frozenset()
    body: bytes = attrs.field(default=b"", repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    peer: str = ""
    warnings: list[str] = attrs.field(factory=list)

    def get(self, name: str) -> str:
        """Return a query parameter; empty if it is absent or repeated."""
        return self.query.get(name, "")

    @property
    def says_json(self) -> bool:
        """Whether the content type is JSON's; parameters such as a charset do not matter."""
        content_type = self.headers.get("content-type", "")
        return content_type.partition(";")[0].strip().lower() == "application/json"


Rule = Callable[[World, Call], Payload]


@attrs.frozen(kw_only=True)
class Endpoint:
    """One row of the table of calls.

    Attributes:
        codes: The numbers of the reasons for which its rule may refuse.
        fetches_token: Whether it hands out access tokens.
    """

    method: str
    path: str
    dialect: Dialect
    rule: Rule
    codes: Codes = attrs.field(factory=dict)
    fetches_token: bool = False

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def answer(self, world: World, call: Call) -> Reply:
        """Run the rules on a call."""
        try:
            payload = self.rule(world, call)
        except RefusedError as refused:
            why = refused.why
            code = self.codes[why] if isinstance(why, Reason) else why
            return self.dialect.failure(code, refused.message)
        return self.dialect.reply(payload)


def split_target(target: str) -> tuple[str, str]:
    """Split a request target into path and raw query; an absolute one loses its origin."""
    path, _, query = _ORIGIN.sub("", target, count=1).partition("?")
    return path or "/", query


def parse_query(raw: str) -> list[tuple[str, str]]:
    """Decode a raw query string; ``+`` is a space, ``%XX`` are UTF-8 bytes, nothing is forgiven.

    Raises:
        MalformedQueryError: A character that must be escaped, a broken escape, or not UTF-8.
    """
    if not _FORM_ENCODED.fullmatch(raw):
        raise MalformedQueryError
    pieces = (piece.partition("=") for piece in raw.split("&") if piece)
    return [(_decode(name), _decode(value)) for name, _, value in pieces]


def make_call(
    method: str,
    path: str,
    pairs: list[tuple[str, str]],
    body: bytes,
    *,
    headers: Mapping[str, str],
    peer: str,
) -> Call:
    """Put a request's parts together; a parameter given more than once loses its value."""
    names = [name for name, _ in pairs]
    repeated = frozenset(name for name in names if names.count(name) > 1)
    return Call(
        method=method,
        path=path,
        query={name: value for name, value in pairs if name not in repeated},
        repeated=repeated,
        body=body,
        headers={name.lower(): value for name, value in headers.items()},
        peer=peer,
    )


def json_object(text: bytes | str) -> Payload:
    """Read a JSON object, with nothing in it that only Python takes for JSON.

    Raises:
        RefusedError: It is not one, for the reason BODY.
    """
    try:
        text = text if isinstance(text, str) else text.decode()
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RefusedError(Reason.BODY, "the body is not a JSON object")
    return value


def is_int(value: object) -> TypeGuard[int]:
    """Tell whether it is a whole number; True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_signed(value: object, bits: int) -> bool:
    """Tell whether it is a whole number that fits into so many bits, one of them for the sign."""
    return is_int(value) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def is_seconds(value: object) -> TypeGuard[float]:
    """Tell whether it is a finite number that can be a time."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_FAR_AWAY <= value <= _FAR_AWAY


def is_text(value: object) -> TypeGuard[str]:
    """Tell whether it is a text that UTF-8 can carry."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def _decode(text: str) -> str:
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    data = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode())
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MalformedQueryError from None
