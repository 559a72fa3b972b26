"""What is repeated, after how long a pause, and what is raised in the end."""

import copy
import math

import pytest

from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    InvalidArgumentError,
    LoginExpiredError,
    OutcomeUnknownError,
    PlatformError,
    QQMiniGameError,
    RateLimitError,
    ReplyError,
    SignatureError,
    StorageLimitError,
    StoreError,
    TransportError,
)
from qqminigame.platforms import PLATFORMS
from qqminigame.platforms.qqgame import REPORT_DAWANKA_PAY, DawankaCode, OpenApiCode
from qqminigame.retry import Outcome, RetryPolicy, final_error, outcome_of

NAME = "report_dawanka_pay"


def reply(status: int, *, cut_off: bool = False, retry_after: float | None = None) -> ReplyError:
    """Make the error of an undocumented answer."""
    return ReplyError("x", endpoint=NAME, status=status, cut_off=cut_off, retry_after=retry_after)


# error, outcome, repeated if idempotent, repeated if not, unclear
TABLE = [
    (TransportError("not sent", sent=False), Outcome.NOT_SENT, True, True, False),
    (TransportError("unanswered", sent=None), Outcome.UNANSWERED, True, False, True),
    (TransportError("unanswered", sent=True), Outcome.UNANSWERED, True, False, True),
    (reply(500), Outcome.UNAVAILABLE, True, False, True),
    (reply(502), Outcome.UNAVAILABLE, True, False, True),
    (reply(503, retry_after=0.01), Outcome.UNAVAILABLE, True, False, True),
    (reply(504), Outcome.UNAVAILABLE, True, False, True),
    (reply(599), Outcome.UNAVAILABLE, True, False, True),
    (reply(200, cut_off=True), Outcome.UNAVAILABLE, True, False, True),
    (reply(404, cut_off=True), Outcome.UNAVAILABLE, True, False, True),
    (reply(429), Outcome.THROTTLED, True, False, True),
    (BusyError("busy", code=-1, sent=True), Outcome.BUSY, True, False, True),
    (reply(200), Outcome.GARBLED, False, False, True),
    (reply(103), Outcome.GARBLED, False, False, True),
    (reply(201), Outcome.GARBLED, False, False, True),
    (reply(204), Outcome.GARBLED, False, False, True),
    (reply(408), Outcome.GARBLED, False, False, True),
    (reply(301), Outcome.GARBLED, False, False, True),
    (reply(403), Outcome.GARBLED, False, False, True),
    (reply(404), Outcome.GARBLED, False, False, True),
    (reply(499), Outcome.GARBLED, False, False, True),
    (PlatformError("no", code=2000004, sent=True), Outcome.REFUSED, False, False, False),
    (AccessTokenError("no", sent=True), Outcome.REFUSED, False, False, False),
    (SignatureError("no", sent=True), Outcome.REFUSED, False, False, False),
    (LoginExpiredError("no", sent=True), Outcome.REFUSED, False, False, False),
    (RateLimitError("no", sent=True), Outcome.REFUSED, False, False, False),
    (StorageLimitError("no", sent=True), Outcome.REFUSED, False, False, False),
    (ConfigurationError("no", sent=True), Outcome.REFUSED, False, False, False),
    (StoreError("no"), Outcome.REFUSED, False, False, False),
    (InvalidArgumentError("no"), Outcome.REFUSED, False, False, False),
    (QQMiniGameError("no"), Outcome.REFUSED, False, False, False),
]
ROWS = pytest.mark.parametrize(
    ("error", "outcome", "if_idempotent", "if_not", "unclear"),
    TABLE,
    ids=[f"{type(row[0]).__name__} {vars(row[0]).get('status', '')}" for row in TABLE],
)
BUSY = BusyError("busy", sent=True)


def pause(policy: RetryPolicy, attempt: int, dice: float) -> float | None:
    """Ask for the pause after a busy answer, with all the time in the world."""
    return policy.pause(BUSY, idempotent=True, attempt=attempt, left_seconds=1e9, dice=dice)


@ROWS
def test_outcome__of_every_error(
    error: QQMiniGameError, outcome: Outcome, if_idempotent: bool, if_not: bool, unclear: bool
) -> None:
    """Each error is one outcome, and the outcome says what follows."""
    assert outcome_of(error) is outcome
    assert (outcome.if_idempotent, outcome.if_not) == (if_idempotent, if_not)
    assert outcome.unclear is unclear


def test_outcome__every_one_is_in_the_table() -> None:
    """No outcome is without a row."""
    assert {row[1] for row in TABLE} == set(Outcome)


@ROWS
@pytest.mark.parametrize("idempotent", [True, False])
def test_pause__only_what_may_be_repeated(
    error: QQMiniGameError,
    outcome: Outcome,
    if_idempotent: bool,
    if_not: bool,
    unclear: bool,
    idempotent: bool,
) -> None:
    """There is a pause where the call may be repeated, and none where not."""
    seconds = RetryPolicy().pause(
        error, idempotent=idempotent, attempt=1, left_seconds=8.0, dice=0.5
    )
    assert (seconds is not None) is (if_idempotent if idempotent else if_not)


@ROWS
@pytest.mark.parametrize("idempotent", [True, False])
def test_final_error__says_when_the_outcome_is_unknown(
    error: QQMiniGameError,
    outcome: Outcome,
    if_idempotent: bool,
    if_not: bool,
    unclear: bool,
    idempotent: bool,
) -> None:
    """Only an unclear end of a call that must not be repeated becomes OutcomeUnknownError."""
    error = copy.copy(error)  # the table's own stay as they are
    final = final_error(error, PLATFORMS["qq"].set_storage if idempotent else REPORT_DAWANKA_PAY, 2)
    refused = isinstance(error, PlatformError) and error.code not in REPORT_DAWANKA_PAY.refusals
    if idempotent or not (unclear or refused):
        assert final is error
        assert final.endpoint
        assert final.attempts == 2
        return
    assert type(final) is OutcomeUnknownError
    assert str(final).startswith(str(error))
    assert "may or may not have been counted" in str(final)
    assert (final.endpoint, final.sent) == (NAME, error.sent)
    assert final.attempts == 2
    assert (final.code, final.message) == (error.code, error.message)


@pytest.mark.parametrize("code", [*DawankaCode, *OpenApiCode, 2009999, -1, 0, 1234567])
def test_final_error__only_listed_codes_are_a_clear_no(code: int) -> None:
    """Of the hall's codes, those of a busy or failing server and unknown ones leave it open."""
    error = PlatformError("x", endpoint=NAME, code=int(code), sent=True)
    clear = code in (*DawankaCode, *OpenApiCode) and code not in {
        DawankaCode.AUTHENTICATION_FAILED,
        DawankaCode.BACKEND_ERROR,
        DawankaCode.OTHER_AUTHENTICATION,
        OpenApiCode.BUSY,
        OpenApiCode.SYSTEM_BUSY,
    }
    assert (final_error(error, REPORT_DAWANKA_PAY, 1) is error) is clear


@pytest.mark.parametrize(
    ("attempt", "longest"),
    [(1, 0.2), (2, 0.4), (3, 0.8), (4, 1.6), (5, 2.0), (6, 2.0), (60, 2.0), (99, 2.0)],
)
@pytest.mark.parametrize("dice", [0.0, 0.5, 1.0])
def test_pause__doubles_up_to_the_longest(attempt: int, longest: float, dice: float) -> None:
    """The pause is drawn from 0 to base * 2 ** (n - 1), at most the longest pause."""
    policy = RetryPolicy(attempts=100, base_seconds=0.2, max_seconds=2.0)
    assert pause(policy, attempt, dice) == pytest.approx(dice * longest)


@pytest.mark.parametrize("base_seconds", [0.0, 0.2])
def test_pause__after_thousands_of_attempts(base_seconds: float) -> None:
    """However many attempts there were, the pause is at most the longest one."""
    policy = RetryPolicy(attempts=100_000, base_seconds=base_seconds, max_seconds=2.0)
    assert pause(policy, 5_000, 1.0) == (2.0 if base_seconds else 0.0)


@pytest.mark.parametrize(("attempts", "repeats"), [(1, 0), (2, 1), (3, 2), (7, 6)])
def test_pause__ends_with_the_attempts(attempts: int, repeats: int) -> None:
    """After so many attempts there is no further one."""
    policy = RetryPolicy(attempts=attempts)
    pauses = [pause(policy, attempt, 0.0) for attempt in range(1, attempts + 2)]
    assert pauses == [0.0] * repeats + [None] * 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "dice", "seconds"), [(3.0, 1.0, 3.0), (0.1, 1.0, 0.2), (0.1, 0.0, 0.1), (0, 0, 0)]
)
def test_pause__at_least_what_the_answer_asks(
    status: int, asked: float, dice: float, seconds: float
) -> None:
    """A Retry-After is waited out, beyond the longest pause too; a longer pause of ours stays."""
    error = reply(status, retry_after=asked)
    policy = RetryPolicy(base_seconds=0.2, max_seconds=2.0)
    paused = policy.pause(error, idempotent=True, attempt=1, left_seconds=8.0, dice=dice)
    assert paused == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("error", "left_seconds", "expected"),
    [
        (BUSY, 0.21, 0.2),
        (BUSY, 0.2, None),
        (BUSY, 0.1, None),
        (BUSY, 0.0, None),
        (BUSY, -1.0, None),
        (reply(429, retry_after=3.0), 3.1, 3.0),
        (reply(429, retry_after=3.0), 3.0, None),
        (reply(503, retry_after=3600.0), 8.0, None),
    ],
)
def test_pause__never_past_the_deadline(
    error: QQMiniGameError, left_seconds: float, expected: float | None
) -> None:
    """Where the pause would use up the time that is left, there is no further attempt."""
    policy = RetryPolicy(base_seconds=0.2)
    paused = policy.pause(error, idempotent=True, attempt=1, left_seconds=left_seconds, dice=1.0)
    assert paused == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"base_seconds": -0.1},
        {"max_seconds": -1},
        {"deadline_seconds": 0},
        {"deadline_seconds": -1},
        {"base_seconds": math.nan},
        {"deadline_seconds": math.nan},
        {"deadline_seconds": math.inf},
        {"deadline_seconds": 1e10},
    ],
)
def test_policy__refuses_senseless_numbers(wrong: dict[str, float]) -> None:
    """No attempt at all, negative seconds, and a deadline of nothing are refused."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("attempts", [2.0, "3", None])
def test_policy__attempts_is_an_int(attempts: object) -> None:
    """A number of attempts that is no int is refused."""
    with pytest.raises(ConfigurationError, match="attempts"):
        RetryPolicy(attempts=attempts)  # type: ignore[arg-type]


def test_policy__defaults() -> None:
    """By default, three attempts within eight seconds; pauses of at most 0.2 to 2 seconds."""
    policy = RetryPolicy()
    assert (policy.attempts, policy.deadline_seconds) == (3, 8.0)
    assert (policy.base_seconds, policy.max_seconds) == (0.2, 2.0)
    assert RetryPolicy(attempts=1, base_seconds=0, max_seconds=0).attempts == 1
