"""The exit codes, and which error ends with which. Pure.

The numbers are documented in ``docs/cli.rst``; scripts depend on them.
"""

from enum import IntEnum

from qqminigame.exceptions import (
    ConfigurationError,
    InvalidArgumentError,
    OutcomeUnknownError,
    QQMiniGameError,
    RateLimitError,
    SignatureError,
)


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    BUG = 1
    USAGE = 2
    SOME_FAILED = 3
    CONFIGURATION = 4
    LOGIN_EXPIRED = 5
    REFUSED = 6
    OUTCOME_UNKNOWN = 7
    TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h, which mail servers and systemd know
    HANGUP = 129
    INTERRUPTED = 130
    UNREAD = 141  # as a program that SIGPIPE ends: nobody reads what it prints
    TERMINATED = 143


def exit_of(error: QQMiniGameError) -> Exit:
    """Return the exit code of an error: who has to act, and whether a repeat can help."""
    if isinstance(error, InvalidArgumentError):
        return Exit.USAGE
    if isinstance(error, OutcomeUnknownError):
        return Exit.OUTCOME_UNKNOWN
    if error.must_log_in:
        return Exit.LOGIN_EXPIRED
    # A signature that no login can cure is made with a wrong app_key.
    if isinstance(error, ConfigurationError | SignatureError):
        return Exit.CONFIGURATION
    # A quota that is used up for today is there again tomorrow.
    if error.may_retry or isinstance(error, RateLimitError):
        return Exit.TRY_LATER
    return Exit.REFUSED
