"""Every platform request in order, as bytes came and went; secrets are masked when it is read."""

import re
from collections import deque
from collections.abc import Sequence
from itertools import count
from typing import Any

import attrs

from qqminigame.sandbox.replies import Reply

SECRET_NAMES = frozenset(
    {
        "access_token",
        "anonymous_code",
        "code",
        "js_code",
        "openkey",
        "secret",
        "session_key",
        "sig",
        "signature",
    },
)
KEPT_BODY_BYTES = 256 * 1024

_SECRET_FIELD = re.compile(
    r'("(?:' + "|".join(sorted(SECRET_NAMES)) + r')"\s*:\s*")((?:[^"\\]|\\.)*)(")'
)


@attrs.define(kw_only=True)
class Entry:
    """One request and what became of it.

    Attributes:
        reply: The body sent, or begun to be sent; None where not one byte of a body went out.
        handled: Whether the rules ran.
        warnings: What was accepted but hardly meant.
    """

    n: int
    time: float
    method: str
    path: str
    query: Sequence[tuple[str, str]]
    body: bytes
    body_bytes: int
    connection: int
    fault: str | None = None
    status: int | None = None
    reply: bytes | None = None
    handled: bool = False
    warnings: Sequence[str] = ()

    def sent(self, reply: Reply) -> None:
        """Note what goes back."""
        self.status = reply.status
        self.reply = reply.body[:KEPT_BODY_BYTES]

    def describe(self) -> dict[str, Any]:
        """Return the entry with its secrets masked."""
        return {
            "n": self.n,
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "query": self._masked_query(),
            "body": _masked_text(self.body),
            "body_bytes": self.body_bytes,
            "status": self.status,
            "reply": None if self.reply is None else _masked_text(self.reply),
            "fault": self.fault,
            "connection": self.connection,
            "handled": self.handled,
            "warnings": list(self.warnings),
        }

    def _masked_query(self) -> dict[str, str | list[str]]:
        """Map each parameter to its value; one given more than once to the list of them."""
        values: dict[str, list[str]] = {}
        for name, value in self.query:
            shown = mask(value) if name in SECRET_NAMES else value
            values.setdefault(name, []).append(shown)
        return {name: given[0] if len(given) == 1 else given for name, given in values.items()}


class RequestLog:
    """The latest requests, oldest first."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self.clear()

    def clear(self) -> None:
        """Forget all requests and count from 1 again."""
        self._entries.clear()
        self._numbers = count(1)

    def open(
        self,
        *,
        time: float,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: bytes,
        connection: int,
    ) -> Entry:
        """Note a request that has just been read."""
        entry = Entry(
            n=next(self._numbers),
            time=time,
            method=method,
            path=path,
            query=query,
            body=body[:KEPT_BODY_BYTES],
            body_bytes=len(body),
            connection=connection,
        )
        self._entries.append(entry)
        return entry

    def describe(self) -> list[dict[str, Any]]:
        """Return all entries, masked."""
        return [entry.describe() for entry in self._entries]


def mask(secret: str) -> str:
    """Show the last four characters of a long secret and nothing of a short one."""
    return f"***{secret[-4:]}" if len(secret) >= 16 else "***"


def _masked_text(data: bytes) -> str:
    text = data.decode(errors="replace")
    return _SECRET_FIELD.sub(lambda match: f"{match[1]}{mask(match[2])}{match[3]}", text)
