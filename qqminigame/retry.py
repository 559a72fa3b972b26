"""What may be repeated, and after how long a pause. Pure: nothing here sleeps or sends."""

from enum import Enum

from attrs import frozen

from qqminigame import messages, settings
from qqminigame.exceptions import (
    BusyError,
    OutcomeUnknownError,
    PlatformError,
    QQMiniGameError,
    ReplyError,
    TransportError,
)
from qqminigame.platforms.base import Endpoint


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
    THROTTLED = "HTTP 429", True, False, True
    BUSY = "the platform says it is busy", True, False, True
    GARBLED = "an answer that is not the documented one", False, False, True
    REFUSED = "a documented refusal, or nothing was tried", False, False, False

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
    return Outcome.GARBLED


@frozen(kw_only=True)
class RetryPolicy:
    """How often to try, and how long to pause.

    The pause before attempt n + 1 is random, between 0 and ``base_seconds`` * 2 ** (n - 1), and at
    most ``max_seconds``: exponential backoff with full jitter.

    Attributes:
        attempts: The highest number of attempts; 1 for no retries.
        base_seconds: The longest first pause.
        max_seconds: The longest pause.
        deadline_seconds: How long a whole call may take, pauses and token fetch included; at most a
            day.

    Raises:
        ConfigurationError: A value is wrong.
    """

    attempts: int = 3
    base_seconds: float = 0.2
    max_seconds: float = 2.0
    deadline_seconds: float = 8.0

    def __attrs_post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigurationError: One of them is wrong.
        """
        settings.count("attempts", self.attempts)
        settings.positive("deadline_seconds", self.deadline_seconds)
        for name in ("base_seconds", "max_seconds"):
            if getattr(self, name) != 0:
                settings.positive(name, getattr(self, name))

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


def final_error(error: QQMiniGameError, endpoint: Endpoint, attempts: int) -> QQMiniGameError:
    """Return what a call raises in the end.

    This is the one place that adds to an error: where it was first raised, neither the call it was
    part of nor the attempts before it are known.

    Only two things mean that a call was certainly not carried out: that it was not sent, and the
    codes that its row lists. Every other end of a call that must not be repeated is unknown.
    """
    refused = isinstance(error, PlatformError) and error.code in endpoint.refusals
    clear = refused or not (outcome_of(error).unclear or isinstance(error, PlatformError))
    if endpoint.idempotent or clear:
        error.endpoint, error.attempts = error.endpoint or endpoint.name, attempts
        return error
    return OutcomeUnknownError(
        messages.OUTCOME_UNKNOWN.of(failure=error.text),
        endpoint=error.endpoint or endpoint.name,
        code=error.code,
        message=error.message,
        attempts=attempts,
        sent=error.sent,
        failure=error.text,
    )
