"""One request as the rules see it, and how a query string is read."""

import re
from collections.abc import Mapping

import attrs

_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_FORM_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


class MalformedQueryError(ValueError):
    """The query string is no form encoding of UTF-8 text."""


@attrs.frozen(kw_only=True)
class Call:
    """A request, decoded: what the rules judge.

    Attributes:
        query: The parameters that are given once.
        repeated: The names of those given more than once; no value of theirs is to be trusted.
        content_type: The header as it came; empty if there was none.
    """

    method: str
    path: str
    query: Mapping[str, str] = attrs.field(repr=False)
    repeated: frozenset[str] = frozenset()
    body: bytes = attrs.field(default=b"", repr=False)
    content_type: str = ""

    def get(self, name: str) -> str:
        """Return a query parameter; empty if it is absent or repeated."""
        return self.query.get(name, "")

    @property
    def says_json(self) -> bool:
        """Whether the content type is JSON's; parameters such as a charset do not matter."""
        return self.content_type.partition(";")[0].strip().lower() == "application/json"


def split_target(target: str) -> tuple[str, str]:
    """Split a request target into path and raw query; an absolute one loses its origin."""
    path, _, query = _ORIGIN.sub("", target, count=1).partition("?")
    return path or "/", query


def parse_query(raw: str) -> list[tuple[str, str]]:
    """Decode a raw query string; ``+`` is a space, ``%XX`` are UTF-8 bytes, nothing is forgiven.

    Raises:
        MalformedQueryError: A character that must be escaped, a broken escape, or no UTF-8.
    """
    if not _FORM_ENCODED.fullmatch(raw):
        raise MalformedQueryError
    pieces = (piece.partition("=") for piece in raw.split("&") if piece)
    return [(_decode(name), _decode(value)) for name, _, value in pieces]


def make_call(
    method: str, path: str, pairs: list[tuple[str, str]], body: bytes, content_type: str = ""
) -> Call:
    """Put a request's parts together."""
    query = dict(pairs)
    call = Call(method=method, path=path, query=query, body=body, content_type=content_type)
    if len(query) == len(pairs):
        return call
    names = [name for name, _ in pairs]
    repeated = frozenset(name for name in names if names.count(name) > 1)
    once = {name: value for name, value in pairs if name not in repeated}
    return attrs.evolve(call, query=once, repeated=repeated)


def _decode(text: str) -> str:
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    data = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode())
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MalformedQueryError from None
