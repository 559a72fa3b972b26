"""The one form of what a store keeps."""

import json
import math

import pytest
from hypothesis import given, settings, strategies as st

from qqminigame import codec

VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
)
ANY = (str, int, float, type(None))


@settings(deadline=None)
@given(st.lists(VALUES, max_size=8))
def test_to_text__and_back(values):
    """What goes in comes out, and the same values are always the same text."""
    text = codec.to_text("kind1", *values)
    kinds = [(type(value),) for value in values]
    assert text.isascii()
    assert codec.from_text(text, "kind1", *kinds) == values
    assert codec.to_text("kind1", *codec.from_text(text, "kind1", *kinds)) == text


@settings(deadline=None)
@given(st.one_of(st.text(), st.recursive(VALUES, st.lists).map(json.dumps)))
def test_from_text__never_raises(text):
    """Anything may be in a store."""
    values = codec.from_text(text, "kind1", (str,), (float,))
    assert values is None or (isinstance(values[0], str) and isinstance(values[1], float))


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ('["kind1",true]', (int,)),
        ('["kind1",true]', (float,)),
        ('["kind1",1.0]', (int,)),
        ('["kind1","1"]', (int,)),
        ('["kind1",NaN]', (float,)),
        ('["kind1",Infinity]', (float,)),
        ('["kind1",1e999]', (float,)),
        ('["kind1",' + "9" * 400 + "]", (float,)),
        ('["kind1",' + "9" * 5000 + "]", (int,)),
        ('["kind1",null]', (str,)),
        ('["kind1",[]]', (str,)),
        ('["kind1","\\ud800"]', (str,)),
        ('["kind2","a"]', (str,)),
        ('["kind1"]', (str,)),
        ('["kind1","a","b"]', (str,)),
        ('{"kind1":"a"}', (str,)),
        ('"kind1"', (str,)),
        ("[" * 100_000, (str,)),
        ('["kind1",' * 30_000, (str,)),
        ('["kind1","' + "a" * 70_000 + '"]', (str,)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_from_text__what_is_not_exactly_that(text, types):
    """It counts as unreadable."""
    assert codec.from_text(text, "kind1", types) is None


def test_from_text__an_int_for_a_float():
    """JSON of another program may write 1 for 1.0."""
    (value,) = codec.from_text('["kind1",1]', "kind1", (float,))
    assert type(value) is float


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_to_text__a_number_that_is_none(number):
    """It would not come back."""
    with pytest.raises(ValueError, match="JSON"):
        codec.to_text("kind1", number)
