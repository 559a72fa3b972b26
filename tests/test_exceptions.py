"""The tree of exceptions is as drawn, and what hangs on one survives a copy."""

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from qqminigame import exceptions, messages
from qqminigame.exceptions import (
    InvalidArgumentError,
    Problem,
    QQMiniGameError,
    ReplyError,
)

BASE_ATTRIBUTES = {"text", "endpoint", "code", "message", "attempts", "sent"}
TEXT = messages.Text("the text", "文字")
PUBLIC = {
    name: thing
    for name, thing in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(thing, Exception) and not name.startswith("_")
}
PROBLEMS = (
    Problem(where="kv['a']", text=messages.KEY_TWICE),
    Problem(
        where="kv", text=messages.TOO_MANY_ENTRIES.of(limit=128), limit=128, actual=129, code=87018
    ),
)
CALL: dict[str, Any] = {"endpoint": "set_user_storage", "code": -1, "message": "busy", "sent": True}
ARGUMENTS: dict[type[QQMiniGameError], dict[str, Any]] = {
    QQMiniGameError: CALL,
    InvalidArgumentError: {"problems": PROBLEMS},
    ReplyError: {"endpoint": "getToken", "status": 502, "cut_off": True, "retry_after": 2.5},
}


def drawn() -> dict[str, str]:
    """Read the tree out of the module's docstring: the parent of each class."""
    parents: dict[str, str] = {}
    branch: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines():
        name = line.strip(" │├└─").partition(" ")[0].partition("(")[0]
        if not (name.endswith("Error") and line.startswith("    ")):
            continue
        depth = (line.index(name) - 3) // 4  # the names stand in columns 4, 7 and 11
        branch[depth:] = [name]
        parents[name] = branch[depth - 1] if depth else "Exception"
    return parents


def build(kind: type[QQMiniGameError]) -> QQMiniGameError:
    """Make an exception with something in every attribute."""
    error = kind(TEXT, **ARGUMENTS.get(kind, CALL))
    error.attempts = 3
    return error


def test_tree__every_class_is_drawn() -> None:
    """The docstring draws every public exception of the module, and no other."""
    assert drawn().keys() == PUBLIC.keys()
    assert PUBLIC


@pytest.mark.parametrize(("name", "parent"), drawn().items())
def test_tree__parents_are_as_drawn(name: str, parent: str) -> None:
    """The nearest public ancestor of a class is the one it hangs on in the drawing."""
    ancestors = [kind.__name__ for kind in PUBLIC[name].__mro__[1:]]
    assert next(kind for kind in ancestors if not kind.startswith("_")) == parent


def test_tree__bad_arguments_are_value_errors() -> None:
    """Who expects a ValueError for a wrong argument gets one, and nothing else is one."""
    assert [name for name, kind in PUBLIC.items() if issubclass(kind, ValueError)] == [
        "InvalidArgumentError"
    ]


@pytest.mark.parametrize("kind", PUBLIC.values())
def test_attributes__of_the_base(kind: type[QQMiniGameError]) -> None:
    """Every exception has the attributes of the base, whatever it was built with."""
    error = kind(TEXT)
    assert vars(error).keys() >= BASE_ATTRIBUTES
    assert (error.endpoint, error.code, error.message, error.attempts) == (None, None, "", 0)
    assert error.sent is (issubclass(kind, ReplyError))
    assert str(error) == "the text"


@pytest.mark.parametrize("kind", PUBLIC.values())
@pytest.mark.parametrize(
    "through",
    [
        copy.copy,
        copy.deepcopy,
        *(
            lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
    ],
)
def test_copies__keep_everything(
    through: Callable[[Any], Any], kind: type[QQMiniGameError]
) -> None:
    """Every exception survives copying and pickling with its class, text and attributes."""
    error = build(kind)
    copied = through(error)
    assert copied is not error
    assert type(copied) is kind
    assert (str(copied), copied.args) == (str(error), error.args)
    assert (copied.english, copied.chinese) == ("the text (3 attempts)", "文字（已尝试 3 次）")
    assert copied.reaction == error.reaction
    assert vars(copied) == vars(error)
    assert any(vars(error).values())


def test_problem__says_where_and_what() -> None:
    """A problem reads as a sentence, without its numbers."""
    assert str(PROBLEMS[0]) == "kv['a'] key is given twice; pass each key once"
