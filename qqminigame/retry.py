"""What may be repeated, and after how long a pause. Pure: nothing here sleeps or sends."""

from enum import Enum

from attrs import field, frozen, validators

from qqminigame.exceptions import (
    BusyError,
    OutcomeUnknownError,
    QQMiniGameError,
    ReplyError,
    TransportError,
)


class Outcome(Enum):
    """How an attempt ended, and what follows from it.

    Attributes:
        if_idempotent: Whether to repeat a call that does no harm when done twice.
        if_not: Whether to repeat one that does.
        unclear: Whether the call may have been carried out all the same.
    """

    if_idempotent: bool
    if_not: bool
    unclear: bool

    #              if_idempotent, if_not, unclear
    NOT_SENT = "the request never went out", True, True, False
    UNANSWERED = "no answer came", True, False, True
    UNAVAILABLE = "a 5xx status, or an answer cut off", True, False, True
    THROTTLED = "HTTP 429", True, False, False
    BUSY = "the platform says it is busy", True, False, False
    GARBLED = "an answer that is not the documented one", False, False, True
    REFUSED = "a clear no", False, False, False

    def __init__(self, words: str, if_idempotent: bool, if_not: bool, unclear: bool) -> None:
        self.words = words
        self.if_idempotent = if_idempotent
        self.if_not = if_not
        self.unclear = unclear


def outcome_of(error: QQMiniGameError) -> Outcome:
    """Return how the attempt ended that raised this error."""
    if isinstance(error, TransportError):
        return Outcome.NOT_SENT if error.sent is False else Outcome.UNANSWERED
    if isinstance(error, BusyError):
        return Outcome.BUSY
    if not isinstance(error, ReplyError):
        return Outcome.REFUSED
    if error.status >= 500 or error.cut_off:
        return Outcome.UNAVAILABLE
    if error.status == 429:
        return Outcome.THROTTLED
    # Another status than 200 comes from in front of the platform: it did not see the call.
    return Outcome.GARBLED if error.status == 200 else Outcome.REFUSED


@frozen(kw_only=True)
class RetryPolicy:
    """How often to try, and how long to pause.

    The pause before attempt n + 1 is drawn evenly from 0 to ``base_seconds`` * 2 ** (n - 1), at
    most ``max_seconds``: exponential backoff with full jitter.

    Attributes:
        attempts: How often a call is tried at most; 1 for never again.
        base_seconds: The longest first pause.
        max_seconds: The longest pause.
        deadline_seconds: How long a whole call may take, pauses and token fetch included.
    """

    attempts: int = field(default=3, validator=[validators.instance_of(int), validators.ge(1)])
    base_seconds: float = field(default=0.2, validator=validators.ge(0))
    max_seconds: float = field(default=2.0, validator=validators.ge(0))
    deadline_seconds: float = field(default=8.0, validator=validators.gt(0))

    def pause(
        self,
        error: QQMiniGameError,
        *,
        idempotent: bool,
        attempt: int,
        left_seconds: float,
        dice: float,
    ) -> float | None:
        """Return how long to pause before the next attempt; None for no further attempt.

        Args:
            error: What the attempt raised.
            idempotent: Whether the call does no harm when done twice.
            attempt: How many attempts there were.
            left_seconds: How long the call may still take.
            dice: A random number from 0 to 1.
        """
        outcome = outcome_of(error)
        repeat = outcome.if_idempotent if idempotent else outcome.if_not
        if not repeat or attempt >= self.attempts:
            return None
        seconds = dice * min(self.max_seconds, self.base_seconds * 2 ** min(attempt - 1, 32))
        asked = error.retry_after if isinstance(error, ReplyError) else None
        seconds = max(seconds, asked or 0.0)
        return seconds if seconds < left_seconds else None


def final_error(error: QQMiniGameError, *, idempotent: bool) -> QQMiniGameError:
    """Return what to raise when there is no further attempt."""
    if idempotent or not outcome_of(error).unclear:
        return error
    return OutcomeUnknownError(
        f"{error}; it may or may not have happened, and must not be repeated before that is known",
        endpoint=error.endpoint,
        sent=error.sent,
    )
