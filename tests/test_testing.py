"""Whatever shows a secret is found, with its place; what shows none passes."""

import base64
import datetime
import json
import logging
import pickle
import subprocess
import sys
from collections import deque
from types import MappingProxyType
from urllib.parse import quote, quote_plus

import attrs
import pytest
from hypothesis import given, strategies as st

from qqminigame import LoginState, PlatformError
from qqminigame.testing import assert_no_secrets

# Names, not literals, in the lines that raise: a traceback quotes those lines.
SECRET = "o0q0+tL8aE/zp cZL's\"名=="
OTHER = "another-secret"
SHOWN = f"it is {SECRET}!"


def raised(error, *, cause=None):
    """Raise an exception, catch it and return it, with its traceback."""
    with pytest.raises(type(error)) as caught:
        raise error from cause
    return caught.value


def places(thing, secrets=(SECRET,), **options):
    """Return where a secret was found; the error that says so does not show it."""
    with pytest.raises(AssertionError) as caught:
        assert_no_secrets(thing, secrets, **options)
    shown = str(caught.value)
    assert SECRET not in shown
    assert repr(SECRET)[1:-1] not in shown
    return [line.partition(" in ")[2] for line in shown.splitlines()[1:]]


def record(text="nothing", *args, exc_info=None, **extra):
    """Make a log record, as a logger does."""
    return logging.getLogger("test").makeRecord(
        "test", logging.INFO, "file.py", 1, text, args, exc_info, extra=extra
    )


def with_attribute(error, name="detail", value=SHOWN):
    """Return an exception with one more attribute."""
    setattr(error, name, value)
    return error


def with_note(error, note=SHOWN):
    """Return an exception with a note."""
    error.add_note(note)
    return error


class SilentError(Exception):
    """An exception that shows nothing of what it was made with."""

    def __str__(self):
        return "silent"

    def __repr__(self):
        return "SilentError()"


class OnlyInPickleError(Exception):
    """An exception that shows a secret to nobody but who unpickles it."""

    def __reduce__(self):
        return SilentError, (SHOWN,)


class UnpicklableError(Exception):
    """An exception that breaks whoever pickles it."""

    def __reduce__(self):
        raise RuntimeError


class Plain:
    """A thing that is neither of the kinds that are looked into."""

    def __init__(self, text="", representation=""):
        self.hidden = SHOWN
        self._text, self._representation = text, representation

    def __str__(self):
        return self._text

    def __repr__(self):
        return self._representation


FORMS = {
    "plain": SECRET,
    "url": quote(SECRET, safe=""),
    "url, the slash kept": quote(SECRET),
    "url, small digits": quote(SECRET, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
    "form": quote_plus(SECRET),
    "url, twice": quote(quote(SECRET, safe=""), safe=""),
    "json": json.dumps(SECRET),
    "json, not ascii": json.dumps(SECRET, ensure_ascii=False),
    "json, twice": json.dumps(json.dumps(SECRET)),
    "json, slash escaped": json.dumps(SECRET).replace("/", "\\/"),
    "json, all escaped": "".join(f"\\u{ord(each):04X}" for each in SECRET),
    "repr": repr(SECRET),
    "ascii": ascii(SECRET),
    "repr of bytes": repr(SECRET.encode()),
    "hex": SECRET.encode().hex(),
    "hex, capitals": SECRET.encode().hex().upper(),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64, for urls": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "base64, no padding": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "base64, in a url": quote(base64.b64encode(SECRET.encode()).decode(), safe=""),
    "base64, of more": base64.b64encode(f"u:{SECRET}:more".encode()).decode(),
    "base64, of still more": base64.b64encode(f"user:{SECRET}!".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_forms__each_is_found(form):
    """A secret is found in each of the forms it may be written in, inside a text too."""
    assert places(f"before {form} after") == ["thing"]
    assert_no_secrets(f"before {form} after", [OTHER])


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=4),
    before=st.text(max_size=4),
    after=st.text(max_size=4),
    form=st.sampled_from(
        [
            str,
            ascii,
            json.dumps,
            lambda text: json.dumps(json.dumps(text)),
            lambda text: quote(text, safe=""),
            quote_plus,
            lambda text: text.encode().hex(),
            lambda text: repr(text.encode()),
            lambda text: base64.b64encode(b"x" + text.encode() + b"y").decode(),
            lambda text: base64.urlsafe_b64encode(b"xy" + text.encode()).decode(),
        ]
    ),
)
def test_forms__of_any_secret(secret, before, after, form):
    """Whatever characters a secret has, and whatever stands around it, it is found."""
    with pytest.raises(AssertionError):
        assert_no_secrets(before + form(secret) + after, [secret])


# Secrets of which all but the end is shown, in each style.
ALMOST = [
    ("a" * 40, "a" * 39),
    ("a" * 40, r"\x61" * 39),
    ("a" * 40, r"\u0061" * 39),
    ("%" * 40, "%25" * 39),
    ('"' * 40, r"\"" * 39),
    ("\n" * 40, r"\n" * 39),
    ("\0" * 40, r"\u0000" * 39),
    ("é" * 40, r"\u00e9" * 39),
    ("\\" * 40 + "a", "\\" * 160 + "b"),
    ("\\" * 40 + "a", "%5C" * 40 + "b"),
    ("\\" * 40 + "a", r"\x5c" * 40 + "b"),
]


def test_forms__almost_a_secret():
    """To see that a text is none of its forms takes no longer for a long secret."""
    program = (
        "import sys; from qqminigame.testing import assert_no_secrets\n"
        f"for secret, text in {ALMOST!a}: assert_no_secrets(text, [secret])"
    )
    # In a process of its own: nothing interrupts a search.
    subprocess.run([sys.executable, "-c", program], timeout=240, check=True)


@pytest.mark.parametrize("text", ["", SECRET[:-1], SECRET[1:], SECRET.upper(), SECRET[::-1]])
def test_forms__what_is_no_form_of_it(text):
    """A part of it, or it in other letters, is not the secret."""
    assert_no_secrets(text, [SECRET])


def test_secrets__each_by_number_and_length():
    """The error says which secret it was by its number and length."""
    with pytest.raises(AssertionError) as caught:
        assert_no_secrets(f"{OTHER} {SECRET}", [SECRET, "not in there", OTHER])
    assert str(caught.value).splitlines()[1:] == [
        f"secret 1 ({len(SECRET)} characters) in thing",
        f"secret 3 ({len(OTHER)} characters) in thing",
    ]


@pytest.mark.parametrize("secret", ["", "abc", None, b"bytes"])
def test_secrets__too_short_or_no_text(secret):
    """What would be found by chance, or cannot be looked for, is refused by its number."""
    with pytest.raises(ValueError, match="secret 2 is not a str of at least 4") as caught:
        assert_no_secrets("thing", [SECRET, secret])
    assert SECRET not in str(caught.value)
    assert_no_secrets("thing", [SECRET, "abcd"])


@pytest.mark.parametrize("secrets", [[], (), iter([])])
def test_secrets__none_at_all(secrets):
    """A test that looks for nothing is a mistake."""
    with pytest.raises(ValueError, match="no secret"):
        assert_no_secrets("thing", secrets)


def test_secrets__any_iterable():
    """Secrets may come out of a generator; a lone str is not taken apart."""
    assert places([SECRET, SECRET], (each for each in [SECRET])).count("thing[1]") == 1
    with pytest.raises(ValueError, match="secret 1"):
        assert_no_secrets("thing", SECRET)


EXCEPTIONS = {
    "thing.args[0]": lambda: ValueError(SHOWN),
    "str(thing)": lambda: ValueError(SHOWN),
    "repr(thing)": lambda: ValueError(SHOWN),
    "thing.args[1]['name'][0]": lambda: SilentError("text", {"name": [SHOWN]}),
    "thing.detail": lambda: with_attribute(SilentError()),
    "thing.message": lambda: PlatformError("text", message=SHOWN),
    "thing.__notes__[0]": lambda: with_note(SilentError()),
    "thing.__cause__.args[0]": lambda: raised(SilentError(), cause=SilentError(SHOWN)),
    "the pickle of thing": OnlyInPickleError,
    "thing.doc": lambda: json.JSONDecodeError("no", SHOWN, 0),
    "thing.args[1][0].args[0]": lambda: ExceptionGroup("all", [SilentError(SHOWN)]),
}


@pytest.mark.parametrize(("where", "make"), EXCEPTIONS.items())
def test_exception__each_place(where, make):
    """Whatever of an exception may be seen is looked through."""
    assert where in places(make())


@pytest.mark.parametrize("make", EXCEPTIONS.values(), ids=EXCEPTIONS.keys())
def test_exception__that_shows_another_thing(make):
    """An exception may show what is no secret."""
    assert_no_secrets(make(), [OTHER])


def test_exception__only_in_its_pickle():
    """A value that hides a secret is no hiding place in an exception: its pickle tells."""
    login = LoginState(openid="player", session_key=SECRET)
    assert_no_secrets(login, [SECRET])
    assert places(with_attribute(SilentError(), value=login)) == ["the pickle of thing"]


def test_exception__only_in_the_traceback():
    """The traceback is looked through: it quotes the lines that ran, with what stands in them."""
    with pytest.raises(SilentError) as caught:
        raise SilentError(len("literal-in-the-line"))
    assert places(caught.value, ["literal-in-the-line"]) == ["the traceback of thing"]
    assert_no_secrets(raised(SilentError()), ["literal-in-the-line"])


def test_exception__context_too_if_suppressed():
    """What hangs on __context__ counts, even where ``from None`` hides it from the traceback."""
    error = SilentError()
    error.__context__ = SilentError(SHOWN)
    error.__suppress_context__ = True
    assert places(error) == [
        "str(thing.__context__.args)",
        "repr(thing.__context__.args)",
        "thing.__context__.args[0]",
        "the pickle of thing.__context__",
    ]


def test_exception__deep_in_the_chain():
    """The chain is followed to its end."""
    error = SilentError(SHOWN)
    for _ in range(5):
        error = raised(SilentError(), cause=error)
    assert f"thing{'.__cause__' * 5}.args[0]" in places(error)


def test_exception__a_chain_that_is_a_ring():
    """A ring of causes ends."""
    first, second = SilentError(), SilentError(SHOWN)
    first.__cause__, second.__cause__ = second, first
    assert "thing.__cause__.args[0]" in places(first)
    assert_no_secrets(first, [OTHER])


def test_exception__local_variables_only_if_asked():
    """The locals of the frames in the traceback count only where the test says so."""

    def fail():
        local = "".join(SHOWN)  # noqa: F841 - it is there to be found
        raise SilentError

    with pytest.raises(SilentError) as caught:
        fail()
    assert_no_secrets(caught.value, [SECRET])
    assert places(caught.value, include_locals=True) == ["the traceback of thing"]
    assert_no_secrets(caught.value, [OTHER], include_locals=True)


def test_exception__that_cannot_be_pickled():
    """Its pickle shows nothing; the rest is looked through all the same."""
    assert "thing.args[0]" in places(UnpicklableError(SHOWN))
    assert_no_secrets(UnpicklableError("text"), [SECRET])


RECORDS = {
    "thing.getMessage()": lambda: record("it %s %s", "is", SHOWN),
    "thing.msg": lambda: record(SHOWN),
    "thing.args[1]": lambda: record("it %s %s", "is", SHOWN),
    "thing.args['key']": lambda: record("%(key)s", {"key": SHOWN}),
    "thing.exc_text": lambda: with_attribute(record(), "exc_text"),
    "thing.stack_info": lambda: with_attribute(record(), "stack_info"),
    "thing.url": lambda: record(url=SHOWN),
    "thing.login['session_key']": lambda: record(login={"session_key": SHOWN}),
    "thing.exc_info[1].args[0]": lambda: record(
        exc_info=(SilentError, raised(SilentError(SHOWN)), None)
    ),
    "the pickle of thing": lambda: record(login=LoginState(openid="1", session_key=SECRET)),
}


@pytest.mark.parametrize(("where", "make"), RECORDS.items())
def test_record__each_place(where, make):
    """Whatever of a log record may be seen is looked through."""
    assert where in places(make())


@pytest.mark.parametrize("make", RECORDS.values(), ids=RECORDS.keys())
def test_record__that_shows_another_thing(make):
    """A record may show what is no secret."""
    assert_no_secrets(make(), [OTHER])


def test_record__the_message_only_as_a_whole():
    """A secret that the message puts together from its text and arguments is found."""
    assert places(record(f"{SECRET[:8]}%s", SECRET[8:])) == ["thing.getMessage()"]


def test_record__arguments_that_do_not_fit():
    """A record that cannot be formatted is looked through all the same."""
    assert "thing.args[0]" in places(record("no place", SHOWN))
    assert_no_secrets(record("%d", "text"), [SECRET])


def test_records__of_a_logger(caplog):
    """Of several records the error says which it was."""
    with caplog.at_level(logging.INFO):
        logging.info("nothing")
        logging.info("something: %s", SHOWN)
    assert "thing[1].getMessage()" in places(caplog.records)
    assert not any(place.startswith("thing[0]") for place in places(caplog.records))
    assert places(caplog.text) == ["thing"]
    assert_no_secrets(caplog.records, [OTHER])


THINGS = {
    "thing": lambda: SHOWN,
    "thing ": SHOWN.encode,
    "thing  ": lambda: bytearray(b"\xff" + SHOWN.encode()),
    "thing   ": lambda: memoryview(SHOWN.encode()),
    "str(thing)": lambda: Plain(text=SHOWN),
    "repr(thing)": lambda: Plain(representation=SHOWN),
    "thing['name']": lambda: {"name": SHOWN},
    "thing['name'] ": lambda: MappingProxyType({"name": SHOWN.encode()}),
    "a key of thing": lambda: {SHOWN: "value"},
    "thing[1]": lambda: ["", SHOWN],
    "thing[0]": lambda: (SHOWN,),
    "thing[0] ": lambda: {SHOWN},
    "thing[0]  ": lambda: deque([SHOWN]),
    "thing[1] ": lambda: (each for each in ["", SHOWN]),
    "thing[0]['a'][2]": lambda: [{"a": [1, 2.0, SHOWN]}],
    "thing[0].args[0]": lambda: iter([ValueError(SHOWN)]),
    "str(thing[0])": lambda: [attrs.make_class("Value", ["field"])(field=SHOWN)],
}


@pytest.mark.parametrize(("where", "make"), THINGS.items())
def test_thing__of_any_kind(where, make):
    """Texts, bytes, mappings, iterables and whatever has a str and a repr are looked through."""
    assert where.rstrip() in places(make())


@pytest.mark.parametrize("make", THINGS.values(), ids=THINGS.keys())
def test_thing__that_shows_another_thing(make):
    """Any of these may show what is no secret."""
    assert_no_secrets(make(), [OTHER])


@pytest.mark.parametrize("thing", [None, 1, 2.5, object(), int, datetime.date.today(), [], {}])
def test_thing__that_shows_nothing(thing):
    """Things without a text pass."""
    assert_no_secrets(thing, [SECRET])


def test_thing__that_hides_a_secret():
    """A value may hold a secret that neither its str nor its repr shows."""
    assert SECRET.encode() in pickle.dumps(LoginState(openid="player", session_key=SECRET))
    assert_no_secrets([LoginState(openid="player", session_key=SECRET), Plain()], [SECRET])


def test_thing__a_list_in_itself():
    """A thing that holds itself ends."""
    ring = [SHOWN]
    ring.append(ring)
    assert "thing[0]" in places(ring)


def test_thing__entries_that_live_only_a_moment():
    """Each entry of a generator is looked at, though one may take the place of one gone before."""
    assert f"thing[{999}][0]" in places([SHOWN if number == 999 else ""] for number in range(1000))


def test_error__a_place_that_is_a_secret():
    """A key that shows a secret is masked in the place, whichever secret was found there."""
    with pytest.raises(AssertionError) as caught:
        assert_no_secrets({f"key {OTHER}": {SHOWN: SHOWN}}, [SECRET, OTHER])
    assert OTHER not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "a key of thing['key ***']" in str(caught.value)


@pytest.mark.parametrize(
    "check",
    [
        "assert_no_secrets([SECRET], [SECRET])",
        "assert_no_secrets(thing=[SECRET], secrets=iter([SECRET]), include_locals=True)",
        """try:
        raise ValueError(SECRET)
    except ValueError:
        assert_no_secrets([SECRET], [SECRET])""",
    ],
    ids=["plain", "with names", "inside an except block"],
)
def test_error__in_the_report_of_pytest(pytester, monkeypatch, check):
    """A failing test's report shows no secret, though pytest prints arguments and contexts."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # none is needed
    pytester.makepyfile(
        "from qqminigame.testing import assert_no_secrets\n"
        "SECRET = 'not-' + 'to-be-seen'\n"
        f"def test_it():\n    {check}\n"
    )
    report = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    report.assert_outcomes(failed=1)
    shown = str(report.stdout)
    assert "secret 1 (14 characters) in thing[0]" in shown
    assert "not-to-be-seen" not in shown
