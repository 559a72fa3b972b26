"""The lines of a file or of stdin, one by one, each with its number.

A line that cannot be read is a failure of its own and not the end of the file. That is also why a
row is one line: where a quotation mark is forgotten, the rest of the file is not one huge value.
"""

import os
import select
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from qqminigame.cli import texts
from qqminigame.cli.usage import BadUsageError
from qqminigame.messages import Text

ENCODINGS: Final = ("utf-8", "gb18030")
# A row of 128 pairs of 1 KB, each character escaped by JSON, has less.
MAX_LINE_BYTES: Final = 1024 * 1024

_CHUNK_BYTES: Final = 256 * 1024
_POLL_SECONDS: Final = 0.2
_BOM: Final = b"\xef\xbb\xbf"
_UTF_16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


@frozen
class Line:
    """A line, without its end.

    Attributes:
        number: From 1.
        text: What it says; empty where it cannot be read.
        problem: Why it cannot be read.
    """

    number: int
    text: str
    problem: Text | None = None


def lines(file: BinaryIO, encoding: str, stopped: Callable[[], bool]) -> Iterator[Line]:
    """Yield the lines of a file that are not blank.

    Args:
        file: Opened without a buffer.
        encoding: Its encoding; a byte order mark of UTF-8 is passed over.
        stopped: Whether to end while stdin, say, keeps us waiting for more.

    Raises:
        BadUsageError: The file is UTF-16.
    """
    for number, raw in enumerate(_raw_lines(file, stopped), 1):
        if number == 1 and raw.startswith(_UTF_16_BOMS) and encoding == "utf-8":
            raise BadUsageError(texts.UTF_16)
        line = _decoded(number, raw.removeprefix(_BOM) if number == 1 else raw, encoding)
        if line.problem is not None or line.text.strip():
            yield line


def count(path: Path) -> int:
    """Return how many lines a file has."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""))


def _decoded(number: int, raw: bytes, encoding: str) -> Line:
    if len(raw) > MAX_LINE_BYTES:
        return Line(number, "", texts.LINE_TOO_LONG.of(limit=MAX_LINE_BYTES))
    try:
        return Line(number, raw.decode(encoding).rstrip("\r"))
    except UnicodeDecodeError:
        return Line(number, "", texts.WRONG_ENCODING.of(encoding=encoding))


def _raw_lines(file: BinaryIO, stopped: Callable[[], bool]) -> Iterator[bytes]:
    """Split a file into lines; of a line that is too long, only a part is kept."""
    rest = b""
    for chunk in _chunks(file, stopped):
        *whole, last = chunk.split(b"\n")
        for line in whole:
            yield rest + line
            rest = b""
        rest = (rest + last)[: MAX_LINE_BYTES + 1]
    # Half a line is no line: "gold" would be 12 where 1234 was about to come.
    if rest and not stopped():
        yield rest


def _chunks(file: BinaryIO, stopped: Callable[[], bool]) -> Iterator[bytes]:
    wait = os.name == "posix" and not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    while not stopped():
        if wait and not select.select([file], [], [], _POLL_SECONDS)[0]:
            continue
        chunk = file.read(_CHUNK_BYTES)
        if not chunk:
            return
        yield chunk
