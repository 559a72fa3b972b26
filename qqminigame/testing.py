"""Support for your own tests: assert that no secret is shown, in any encoding.

    from qqminigame.testing import assert_no_secrets

    with pytest.raises(SignatureError) as caught:
        view(request)
    assert_no_secrets([caught.value, caplog.records], [SESSION_KEY, APP_SECRET])

A traceback quotes source lines, so keep the secrets in constants and out of the lines that run.
"""

# No code is shared with qqminigame.redaction: a mask that checked itself would hide its own gaps.

import base64
import pickle
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from logging import LogRecord
from traceback import TracebackException
from typing import Final

_SHORTEST: Final = 4
# What JSON and ``repr`` write behind a backslash.
_NAMED: Final = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


def assert_no_secrets(
    thing: object, secrets: Iterable[str], *, include_locals: bool = False
) -> None:
    """Assert that a value shows none of the secrets: plain, URL-encoded, base64, hex or escaped.

    - Of an exception, its text, arguments, attributes, notes, causes and contexts (also suppressed
      ones), traceback and pickle are searched.
    - Of a log record, its message, every attribute, its exception and its pickle.
    - Of mappings and other iterables, each item. An iterator is read to its end.
    - Of anything else, ``str`` and ``repr``: a value may hold a secret if it does not show it.

    Args:
        thing: A value that others may see.
        secrets: The secrets, of at least 4 characters each: shorter ones are found by chance.
        include_locals: Whether local variables in tracebacks are searched too, as error reporters
            may send them. This includes those of the test that caught the exception.

    Raises:
        AssertionError: A secret is shown. The message says where, and identifies the secret by its
            number and length without showing it.
        ValueError: No secret was given, or one is too short or not a str.
    """
    __tracebackhide__ = True  # pytest prints the arguments of the frames it shows
    patterns = [_pattern(number, secret) for number, secret in enumerate(secrets, 1)]
    if not patterns:
        raise ValueError("there is no secret to look for")
    places = [
        f"secret {number} ({length} characters) in {where}"
        for where, text in _Reader(include_locals=include_locals).texts(thing, "thing")
        for number, (length, pattern) in enumerate(patterns, 1)
        if pattern.search(text)
    ]
    if places:
        shown = "\n".join(["what must not be seen is shown:", *places])
        for _, pattern in patterns:  # a key of a mapping may be one
            shown = pattern.sub("***", shown)
        raise AssertionError(shown) from None  # an exception being handled would be printed too


class _Reader:
    """Yields every text of a value that others may see, with the place where it is seen."""

    def __init__(self, *, include_locals: bool) -> None:
        self._include_locals = include_locals
        # By id; kept, so that no other thing comes to have the same one.
        self._seen: dict[int, object] = {}

    def texts(self, thing: object, where: str) -> Iterator[tuple[str, str]]:
        """Yield the texts of a thing and of all in it."""
        if isinstance(thing, str):
            yield where, str.__str__(thing)
            return
        if isinstance(thing, bytes | bytearray | memoryview):
            yield where, _decoded(bytes(thing))
            return
        if id(thing) in self._seen:
            return
        self._seen[id(thing)] = thing
        yield f"str({where})", str(thing)
        yield f"repr({where})", repr(thing)
        if isinstance(thing, BaseException):
            yield from self._of_exception(thing, where)
        elif isinstance(thing, LogRecord):
            yield from self._of_record(thing, where)
        elif isinstance(thing, Mapping):
            for key, value in thing.items():
                yield from self.texts(key, f"a key of {where}")
                yield from self.texts(value, f"{where}[{key!r}]")
        elif isinstance(thing, Iterable):
            for number, entry in enumerate(thing):
                yield from self.texts(entry, f"{where}[{number}]")

    def _of_exception(self, error: BaseException, where: str) -> Iterator[tuple[str, str]]:
        yield from self.texts(error.args, f"{where}.args")
        yield from self._attributes(error, where)
        trace = TracebackException.from_exception(error, capture_locals=self._include_locals)
        yield f"the traceback of {where}", "".join(trace.format(chain=False))
        yield f"the pickle of {where}", _pickled(error)
        for name in ("__cause__", "__context__"):
            yield from self.texts(getattr(error, name), f"{where}.{name}")

    def _of_record(self, record: LogRecord, where: str) -> Iterator[tuple[str, str]]:
        # Where the arguments do not fit the text, both are still among the attributes.
        with suppress(LookupError, TypeError, ValueError):
            yield f"{where}.getMessage()", record.getMessage()
        yield from self._attributes(record, where)
        yield f"the pickle of {where}", _pickled(record)

    def _attributes(self, thing: object, where: str) -> Iterator[tuple[str, str]]:
        for name, value in vars(thing).items():
            yield from self.texts(value, f"{where}.{name}")


def _pickled(thing: object) -> str:
    """Return a pickle as text; nothing where the thing cannot be pickled."""
    try:
        return _decoded(pickle.dumps(thing))
    except Exception:  # whatever a __reduce__ raises
        return ""


def _decoded(data: bytes) -> str:
    return data.decode(errors="backslashreplace")


def _pattern(number: int, secret: str) -> tuple[int, re.Pattern[str]]:
    """Return a secret's length, and a pattern for all its forms."""
    if not isinstance(secret, str) or len(secret) < _SHORTEST:
        raise ValueError(f"secret {number} is not a str of at least {_SHORTEST} characters")
    data = secret.encode(errors="surrogatepass")
    forms = [_in_any_style(secret), f"(?i:{data.hex()})"]
    # The same bytes come out in three ways, by where they stand in what is encoded; the characters
    # at either end that also depend on the neighbours are left out.
    for before, first in enumerate((0, 2, 3)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(bytes(before) + data).decode()
            forms.append(_in_any_style(encoded[first : (before + len(data)) * 8 // 6]))
    return len(secret), re.compile("|".join(dict.fromkeys(forms)))


def _in_any_style(text: str) -> str:
    """Return a pattern for a text as it is, and as URLs, JSON and ``repr`` write it, mixed too.

    No two parts of it match the same: trying them all would take for ever.
    """
    parts = re.findall(r"\\+|[^\\]", text)
    return "".join(
        _backslashes(len(part)) if part.startswith("\\") else _one_in_any_style(part)
        for part in parts
    )


def _backslashes(count: int) -> str:
    """Return a pattern for so many backslashes; each style but URLs doubles them."""
    return rf"(?:\\{{{count},}}|(?i:{_encoded(chr(92))}){{{count}}})"


def _one_in_any_style(character: str) -> str:
    plus = r"|\+" if character == " " else ""
    named = rf"|\\+{_NAMED[character]}" if character in _NAMED else ""
    return rf"(?:\\*{re.escape(character)}|(?i:{_encoded(character)}){named}{plus})"


def _encoded(character: str) -> str:
    """Return a pattern for the ways to write a character by its number."""
    data = character.encode(errors="surrogatepass")
    units = re.findall("....", character.encode("utf-16-be", errors="surrogatepass").hex())
    number = ord(character)
    # Encoded twice, a % is %25 and a backslash two.
    ways = [
        "".join(f"%(?:25)*{byte:02x}" for byte in data),
        "".join(rf"\\+x{byte:02x}" for byte in data),
        "".join(rf"\\+u{unit}" for unit in units),
        rf"\\+x{number:02x}",
        rf"\\+U{number:08x}",
    ]
    return f"(?:{'|'.join(dict.fromkeys(ways))})"
