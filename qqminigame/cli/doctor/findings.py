"""What a check finds."""

from enum import StrEnum
from typing import Final

from attrs import frozen

from qqminigame.cli.exits import Exit, exit_of
from qqminigame.exceptions import QQMiniGameError
from qqminigame.messages import NOTHING, Text


class Grade(StrEnum):
    """How good it is."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@frozen
class Finding:
    """One line of the doctor's report.

    Attributes:
        check: What was looked at.
        grade: How good it is.
        what: What was found.
        todo: What to do; empty where there is nothing to do.
        exit: The exit code that this finding asks for.
    """

    check: str
    grade: Grade
    what: Text
    todo: Text = NOTHING
    exit: Exit = Exit.DONE


_ORDER: Final = (Exit.DONE, Exit.BUG, Exit.TRY_LATER, Exit.CONFIGURATION)


def good(check: str, what: Text) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(check, Grade.GOOD, what)


def doubtful(check: str, what: Text, todo: Text) -> Finding:
    """Return a finding that may be meant so."""
    return Finding(check, Grade.DOUBTFUL, what, todo)


def bad(check: str, what: Text, todo: Text = NOTHING, exit: Exit = Exit.CONFIGURATION) -> Finding:
    """Return a finding with which calls fail."""
    return Finding(check, Grade.BAD, what, todo, exit)


def failed(check: str, error: QQMiniGameError) -> Finding:
    """Return a finding of an error, whose text says what to do."""
    code = Exit.TRY_LATER if exit_of(error) is Exit.TRY_LATER else Exit.CONFIGURATION
    return bad(check, Text(error.english, error.chinese), exit=code)


def worst(findings: list[Finding]) -> Exit:
    """Return the exit code of a report: what has to be changed counts more than what may pass."""
    return max((finding.exit for finding in findings), key=_ORDER.index, default=Exit.DONE)
