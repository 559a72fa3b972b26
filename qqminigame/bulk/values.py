"""What goes into a bulk load, row by row, and what it tells. Frozen."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Literal, Self

from attrs import field, frozen

from qqminigame.exceptions import (
    ConfigurationError,
    InvalidArgumentError,
    QQMiniGameError,
    RateLimitError,
    StorageLimitError,
)
from qqminigame.limits import MAX_PAIRS
from qqminigame.messages import Text
from qqminigame.models import LoginState

Kind = Literal["load", "remove", "set_interactive"]
"""What is done with each row; the name of the function of :mod:`qqminigame.bulk`."""

Remedy = Literal["fix_row", "log_in", "try_later", "fix_settings", "see_message"]


@frozen(kw_only=True)
class Row:
    """One row, for rows that are to have numbers of their own, such as the lines of a file.

    Attributes:
        number: Its number, from 1; the numbers rise from row to row, and may leave some out.
        login: The player: a LoginState, or an openid whose login the store remembers.
        data: What is written for the player.
        error: Why the row could not be read; it then counts as a failure and nothing is sent.
    """

    number: int
    login: LoginState | str = ""
    data: Any = field(default=None, repr=False)
    error: QQMiniGameError | None = None

    @property
    def openid(self) -> str:
        """The player; empty where the row names none."""
        openid: object = getattr(self.login, "openid", self.login)
        return openid if isinstance(openid, str) else ""

    def settled(self) -> Self:
        """Return the row with a copy of its data, which the caller may change or use up."""
        return type(self)(
            number=self.number, login=self.login, data=_settled(self.data), error=self.error
        )

    def digest(self) -> bytes:
        """Return what tells this row's player and data from any other's."""
        return _hash(repr((self.openid, self.data)), 16)

    def player(self) -> int:
        """Return a number for the player, the same in each run."""
        return int.from_bytes(_hash(self.openid, 8), "big") >> 1


@frozen(kw_only=True)
class Failure:
    """A row that was not stored, as a line of the failures file has it. It holds no secret.

    Attributes:
        row: The number of the row, from 1.
        openid: The player; empty where the row names none.
        endpoint: The platform's word for the call.
        error: The class of the error, such as ``"LoginExpiredError"``.
        code: The platform's code; None where it answered none.
        english: What happened and what to do.
        chinese: The same in Chinese.
        remedy: ``"fix_row"``, ``"log_in"`` (the player has to), ``"try_later"``,
            ``"fix_settings"`` or ``"see_message"``.
        may_retry: Whether the same row may succeed later.
        digest: Tells whether the row has changed since.
    """

    row: int
    openid: str
    endpoint: str
    error: str
    code: int | None
    english: str
    chinese: str
    remedy: Remedy
    may_retry: bool
    digest: str

    @classmethod
    def of(cls, row: Row, error: QQMiniGameError, endpoint: str) -> Self:
        """Return the failure of a row."""
        return cls(
            row=row.number,
            openid=row.openid,
            endpoint=error.endpoint or endpoint,
            error=type(error).__name__,
            code=error.code,
            english=error.english,
            chinese=error.chinese,
            remedy=remedy_of(error),
            may_retry=error.may_retry,
            digest=row.digest().hex(),
        )


@frozen(kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        stored: Rows stored so far.
        skipped: Rows passed over, because they were stored before.
        failed: Rows that were not stored.
        seconds: The time since the start.
        per_second: Rows sent a second, of late.
    """

    stored: int
    skipped: int
    failed: int
    seconds: float
    per_second: float

    @property
    def rows(self) -> int:
        """How many rows are done with."""
        return self.stored + self.skipped + self.failed


@frozen(kw_only=True)
class BulkReport:
    """How a run ended.

    Attributes:
        stored: Rows that this run stored.
        skipped: Rows passed over: an earlier run on the same journal stored them and they have not
            changed, or ``only_failures`` does not name them.
        failed: Rows that are not stored, those of the run that this one went on with included.
            Each is a line in the failures file.
        seconds: How long it took.
        stopped_because: Why it ended before the last row, and how to go on; None if it did not.
        remedy: What helps then, as for a failure; None if it did not, or was stopped as asked.
    """

    stored: int
    skipped: int
    failed: int
    seconds: float
    stopped_because: Text | None = None
    remedy: Remedy | None = None


@frozen
class Stop:
    """Why a run ends before its last row.

    Attributes:
        reason: What happened.
        remedy: What helps, as for a failure; None where it was asked to.
    """

    reason: Text
    remedy: Remedy | None = None


def remedy_of(error: QQMiniGameError) -> Remedy:
    """Return what helps against an error."""
    if isinstance(error, InvalidArgumentError | StorageLimitError):
        return "fix_row"
    if error.must_log_in:
        return "log_in"
    if isinstance(error, ConfigurationError):
        return "fix_settings"
    # A quota that is used up for today is there again tomorrow.
    if error.may_retry or isinstance(error, RateLimitError):
        return "try_later"
    return "see_message"


def _settled(data: object) -> object:
    if isinstance(data, Mapping):
        return dict(data)
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        return data
    return tuple(islice(data, MAX_PAIRS + 1))  # an iterable may be endless


def _hash(text: str, size: int) -> bytes:
    data = text.encode(errors="surrogatepass")
    return hashlib.blake2b(data, digest_size=size).digest()
