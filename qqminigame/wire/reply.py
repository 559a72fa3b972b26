"""From bytes to values: a reply is read strictly. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Never

from attrs import field, frozen

from qqminigame.exceptions import PlatformError, QQMiniGameError, ReplyError
from qqminigame.limits import MAX_TEXT_BYTES
from qqminigame.platforms.base import Endpoint
from qqminigame.redaction import mask_values
from qqminigame.wire.request import Request

_SHOWN_MESSAGE: Final = 300
_LONGEST_RETRY_AFTER: Final = 3600.0
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")


@frozen(kw_only=True)
class Reply:
    """What came back.

    Attributes:
        status: The HTTP status.
        content_type: The header of that name; empty without one.
        retry_after: The header of that name; empty without one.
        body: The bytes that could be read.
        cut_off: Whether it ended before it was complete.
        too_large: Whether reading was given up because it is too large.
    """

    status: int
    content_type: str = ""
    retry_after: str = ""
    body: bytes = field(repr=False)
    cut_off: bool = False
    too_large: bool = False


@frozen(kw_only=True)
class Result:
    """The fields of a successful reply, read by type.

    Every reader raises ReplyError where the field is not what the platform documents.
    """

    endpoint: Endpoint
    fields: Mapping[str, Any] = field(repr=False)

    def text(self, name: str) -> str:
        """Return a non-empty str of at most MAX_TEXT_BYTES that UTF-8 can encode."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value or not _is_bounded(value):
            self.refuse(name)
        return value

    def integer(self, name: str) -> int:
        """Return an int; some platforms write numbers as strings."""
        number = _integer(self.fields.get(name))
        if number is None:
            self.refuse(name)
        return number

    def boolean(self, name: str) -> bool:
        """Return a bool; 0 and 1 count."""
        value = self.fields.get(name)
        if value not in (False, True):
            self.refuse(name)
        return bool(value)

    def refuse(self, name: str) -> Never:
        """Raise the ReplyError that says the field is missing or not as documented."""
        raise _not_documented(self.endpoint, f"its field {name!r} is missing or not as documented")


def nothing(result: Result) -> None:
    """Read the answer of a call that answers nothing but success."""


def decode_reply(request: Request, reply: Reply) -> Result:
    """Return what a reply says, or raise what it means.

    Raises:
        PlatformError: The platform refused the call; a subclass where the code is documented.
        ConfigurationError: It refused the credentials.
        ReplyError: This is not the documented reply.
    """
    endpoint, dialect = request.endpoint, request.endpoint.dialect
    fields = _parse(request, reply)
    codes = [fields[name] for name in dialect.code_fields if name in fields]
    numbers = [_integer(code) for code in codes]
    if None in numbers or not (numbers or endpoint.results):
        names = " or ".join(dialect.code_fields)
        raise _not_documented(endpoint, f"its {names} is missing or not an integer")
    refused = next((number for number in numbers if number), None)
    if refused is not None:
        raise _refusal(request, refused, fields)
    data = fields.get(dialect.data_field) if dialect.data_field else fields
    result = Result(endpoint=endpoint, fields=data if isinstance(data, dict) else {})
    for name in endpoint.results:
        result.text(name)
    return result


def _parse(request: Request, reply: Reply) -> dict[str, Any]:
    endpoint = request.endpoint
    if reply.status != 200:
        raise ReplyError(
            f"{endpoint.name}: HTTP status {reply.status} ({_form(request, reply)}); redirects are "
            "not followed, anything but 200 is not the platform's own reply",
            endpoint=endpoint.name,
            status=reply.status,
            cut_off=reply.cut_off,
            retry_after=_seconds(reply.retry_after),
        )
    if reply.cut_off:
        words = f"it was cut off after {len(reply.body)} bytes"
        raise _not_documented(endpoint, words, cut_off=True)
    if reply.too_large:
        raise _not_documented(endpoint, f"it is larger than {len(reply.body)} bytes")
    try:
        fields = _DECODER.decode(reply.body.decode())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        words = f"it is not one plain JSON object ({_form(request, reply)})"
        raise _not_documented(endpoint, words)
    return fields


def _form(request: Request, reply: Reply) -> str:
    """Return content type and size, in words without secrets."""
    kind = mask_values(reply.content_type, request.secrets)[:_SHOWN_MESSAGE]
    return f"{kind or 'no content type'}, {len(reply.body)} bytes"


def _refusal(request: Request, code: int, fields: Mapping[str, Any]) -> QQMiniGameError:
    endpoint = request.endpoint
    texts = [fields.get(name) for name in endpoint.dialect.message_fields]
    message = next((str(text) for text in texts if text and type(text) in (str, int)), "")
    message = mask_values(message, request.secrets)[:_SHOWN_MESSAGE]
    says = f" (the platform says {message!r})" if message else ""
    known = endpoint.explain(code)
    if known is None:
        return PlatformError(
            f"{endpoint.name}: code {code}, which is not documented{says}",
            endpoint=endpoint.name,
            code=code,
            message=message,
            sent=True,
        )
    return known.error(
        f"{endpoint.name}: {code} {known.name}: {known.english} {known.chinese}{says}",
        endpoint=endpoint.name,
        code=code,
        message=message,
        english=known.english,
        chinese=known.chinese,
        sent=True,
    )


def _not_documented(endpoint: Endpoint, reason: str, *, cut_off: bool = False) -> ReplyError:
    return ReplyError(
        f"{endpoint.name}: the reply is not the documented one: {reason}; "
        "a proxy or gateway may have answered instead of the platform",
        endpoint=endpoint.name,
        status=200,
        cut_off=cut_off,
    )


def _is_bounded(text: str) -> bool:
    try:
        return len(text) <= MAX_TEXT_BYTES and len(text.encode()) <= MAX_TEXT_BYTES
    except UnicodeEncodeError:
        return False


def _integer(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**63 else None
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _seconds(retry_after: str) -> float | None:
    """Return a Retry-After in seconds; one that is a date, or absurd, counts as none."""
    text = retry_after.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return float(text) if float(text) <= _LONGEST_RETRY_AFTER else None


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _no_constant(name: str) -> Never:
    raise ValueError(name)


# Two values for one field leave open which counts; NaN and Infinity are no JSON.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_no_repeats, parse_constant=_no_constant)
