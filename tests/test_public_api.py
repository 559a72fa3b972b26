"""What the package offers: names, types, docstrings."""

import inspect
import logging
import typing

import pytest

import qqminigame
from qqminigame import sandbox
from qqminigame.platforms.base import PlatformCode

SERVICES = (
    qqminigame.Login,
    qqminigame.CloudStorage,
    qqminigame.InteractiveData,
    qqminigame.Dawanka,
)
# What looks at our own records only.
LOCAL = {"CloudStorage.score_pairs", "Dawanka.orders", "Dawanka.prune", "Dawanka.trust_orders"}
CLASSES = [
    value
    for module in (qqminigame, sandbox)
    for name in module.__all__
    if inspect.isclass(value := getattr(module, name))
]


def methods(owner):
    """Yield the public functions that a class of ours defines itself."""
    for name, value in vars(owner).items():
        function = getattr(value, "__func__", value)
        if inspect.isfunction(function) and not name.startswith("_"):
            yield function


FUNCTIONS = [function for owner in CLASSES for function in methods(owner)]


def test_names__are_all_there():
    """What the package says it has can be imported, and is sorted."""
    assert sorted(qqminigame.__all__) == qqminigame.__all__
    assert all(hasattr(qqminigame, name) for name in qqminigame.__all__)


def test_names__that_are_none():
    """A slip is an AttributeError or ImportError, as with any module."""
    with pytest.raises(AttributeError, match=r"qqminigame.*CloudStore"):
        qqminigame.CloudStore  # noqa: B018
    with pytest.raises(ImportError, match="CloudStore"):
        from qqminigame import CloudStore  # noqa: F401


@pytest.mark.parametrize("owner", CLASSES, ids=lambda owner: owner.__name__)
def test_classes__have_a_docstring(owner):
    """Every public class says what it is."""
    assert inspect.getdoc(owner)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)
def test_functions__are_typed_and_documented(function):
    """Every public function has types for all it takes and gives, and names each argument."""
    hints = typing.get_type_hints(function)
    parameters = [name for name in inspect.signature(function).parameters if name != "self"]
    assert {*parameters, "return"} - {"cls"} <= set(hints)
    text = inspect.getdoc(function)
    assert text
    if owner_of(function) in SERVICES or function.__qualname__ in {
        "Session.from_env",
        "HallLogin.from_query",
    }:
        assert "Args:" in text or not parameters
        assert "Raises:" in text
        for name in parameters:
            if name != "cls":
                assert f"{name}:" in text


@pytest.mark.parametrize(
    "function",
    [
        function
        for owner in SERVICES
        for function in methods(owner)
        if function.__qualname__ not in LOCAL
    ],
    ids=lambda function: function.__qualname__,
)
def test_services__name_their_source(function):
    """Every call of a platform names the page it follows and the errors it raises."""
    text = inspect.getdoc(function)
    assert "Source: https://" in text
    assert "InvalidArgumentError:" in text
    assert "QQMiniGameError:" in text


def owner_of(function):
    """Return the public class a function belongs to."""
    return getattr(qqminigame, function.__qualname__.partition(".")[0], None)


def test_codes__are_documented():
    """Every table of codes says whose codes they are."""
    tables = [owner for owner in CLASSES if issubclass(owner, PlatformCode)]
    assert len(tables) == sum(name.endswith("Code") for name in qqminigame.__all__) == 15
    assert all(inspect.getdoc(table) for table in tables)


def test_logging__is_silent_unless_asked():
    """The package adds a NullHandler and nothing else."""
    handlers = logging.getLogger("qqminigame").handlers
    assert [type(handler) for handler in handlers if handler.__class__.__module__ == "logging"] == [
        logging.NullHandler
    ]
