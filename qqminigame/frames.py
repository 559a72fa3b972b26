"""Exceptions without the frames they came through, whose locals error reporters show."""

import functools
import os
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from qqminigame.exceptions import QQMiniGameError

P = ParamSpec("P")
T = TypeVar("T")


def drop_frames(function: Callable[P, T]) -> Callable[P, T]:
    """Have what a public function raises leave its frames behind, with the secrets in them.

    An error of this library says by itself what happened. Any other exception, such as a time limit
    or Ctrl-C, gets a note of where it struck.
    """

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return function(*arguments, **named)
        except BaseException as error:
            failure = _without_frames(error)
        finally:
            del arguments, named
        raise failure

    return call


def _without_frames(error: BaseException) -> BaseException:
    if not isinstance(error, QQMiniGameError):
        places = [
            f"{os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[1:]
        ]
        error.add_note(f"in qqminigame, whose frames may hold secrets: {'; '.join(places)}")
    cause: BaseException | None = error
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__context__
    return error
