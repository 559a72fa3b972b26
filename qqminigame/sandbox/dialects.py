"""How each family of endpoints words a reply: which fields, which numbers, which content type."""

import json
from collections.abc import Callable, Mapping

import attrs

from qqminigame.sandbox.accounts import World
from qqminigame.sandbox.calls import Call
from qqminigame.sandbox.refusals import Reason, RefusedError

Payload = dict[str, object]
Codes = Mapping[Reason, int]
Rule = Callable[[World, Call], Payload]

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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


@attrs.frozen(kw_only=True)
class Endpoint:
    """One row of the table of calls.

    Attributes:
        codes: The numbers of the reasons for which its rule may refuse.
    """

    method: str
    path: str
    dialect: Dialect
    rule: Rule
    codes: Codes = attrs.field(factory=dict)

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
