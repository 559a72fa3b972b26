"""How each family of endpoints words a reply: which fields, which numbers, which content type."""

import json
from collections.abc import Callable, Mapping

import attrs

from qqminigame.sandbox.accounts import World
from qqminigame.sandbox.calls import Call, RefusedError

Payload = dict[str, object]
Rule = Callable[[World, Call], Payload]

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@attrs.frozen(kw_only=True)
class Reply:
    """What goes back: status, content type and the body's bytes."""

    status: int = 200
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
    """

    code: str
    message: str
    busy: int
    on_failure: Mapping[str, str] = attrs.field(factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def reply(self, payload: Payload) -> Reply:
        """Write a payload as JSON."""
        return Reply(content_type=self.content_type, body=_write_json(payload).encode())

    def failure(self, code: int, message: str) -> Reply:
        """Answer with a code and a message."""
        return self.reply({**self.on_failure, self.code: code, self.message: message})


@attrs.frozen(kw_only=True)
class Endpoint:
    """One row of the platform's table of calls."""

    method: str
    path: str
    dialect: Dialect
    rule: Rule

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def answer(self, world: World, call: Call) -> Reply:
        """Run the rules on a call."""
        try:
            payload = self.rule(world, call)
        except RefusedError as refused:
            return self.dialect.failure(refused.code, refused.message)
        return self.dialect.reply(payload)


QQ = Dialect(code="errcode", message="errmsg", busy=-1)

# A failed login still carries the fields of a successful one, empty.
QQ_LOGIN = attrs.evolve(QQ, on_failure={"openid": "", "session_key": ""})

# Sent as text/html on purpose: the pages say that the content type may be that.
HALL = Dialect(code="ret", message="msg", busy=2000030, content_type="text/html; charset=utf-8")
