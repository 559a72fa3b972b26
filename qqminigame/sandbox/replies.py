"""How a platform words its replies: fields, numbers, content types, reasons to refuse, pages."""

import json
from collections.abc import Mapping
from enum import Enum, auto
from http import HTTPStatus

import attrs

Payload = dict[str, object]

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Reason(Enum):
    """What is wrong with a call; an endpoint's codes say which number that is."""

    GRANT_TYPE = auto()
    APP_ID = auto()
    APP_SECRET = auto()
    NO_CODE = auto()
    JS_CODE = auto()
    JS_CODE_USED = auto()
    ANONYMOUS_CODE = auto()
    LOGIN_RATE = auto()
    FETCH_RATE = auto()
    IP = auto()
    TOKEN_MISSING = auto()
    AUTH_MISSING = auto()
    AUTH_MALFORMED = auto()
    TOKEN = auto()
    OPENID = auto()
    SIGNATURE = auto()
    SESSION = auto()
    BODY = auto()
    KEY_BYTES = auto()
    PAIR_BYTES = auto()
    PAIRS = auto()
    TOTAL_BYTES = auto()
    RANKING = auto()
    INTERACTIVE_KEY = auto()


class RefusedError(Exception):
    """A rule says no: for a shared reason, or with a number of one endpoint's own."""

    def __init__(self, why: Reason | int, message: str) -> None:
        super().__init__(why, message)
        self.why = why
        self.message = message


Codes = Mapping[Reason, int]


@attrs.frozen(kw_only=True)
class Reply:
    """What goes back: status, headers and the body's bytes."""

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    content_type: str = "application/json; charset=utf-8"
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Dialect:
    """The envelope of one family of endpoints.

    Attributes:
        code: The field that carries the code.
        message: The field that carries the message.
        busy: The code for "busy, try again later".
        on_failure: Fields a failure carries besides.
        content_type: What the replies are sent as.
        headers: Further headers of every reply, also of those that a fault makes.
    """

    code: str
    message: str
    busy: int
    on_failure: Mapping[str, object] = attrs.field(factory=dict)
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = attrs.field(factory=dict)

    def reply(self, payload: Payload) -> Reply:
        """Write a payload as JSON."""
        return Reply(content_type=self.content_type, body=_write_json(payload).encode())

    def failure(self, code: int, message: str) -> Reply:
        """Answer with a code and a message."""
        return self.reply({**self.on_failure, self.code: code, self.message: message})


def html_page(status: int) -> Reply:
    """Make a page such as a web server in front of the platform sends."""
    title = f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)
    text = (
        f"<html>\n<head><title>{title}</title></head>\n"
        f"<body><center><h1>{title}</h1></center><hr><center>sandbox</center></body>\n</html>\n"
    )
    return Reply(status=status, content_type="text/html; charset=utf-8", body=text.encode())
