"""The failures file: one JSON object a line, written as they happen."""

import errno
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from attrs import asdict, fields

from qqminigame import messages
from qqminigame.bulk.values import Failure
from qqminigame.exceptions import ConfigurationError, StoreError

_NAMES: Final = {each.name for each in fields(Failure)}


class FailureFile:
    """Where failures are written, if anywhere. Any thread may write."""

    def __init__(self, path: Path | None, keep: Iterable[Failure] = ()) -> None:
        """Begin the file anew, with the failures that are to stay.

        Raises:
            ConfigurationError: There is a file that is not ours; it was not changed.
            StoreError: It cannot be written.
        """
        self._path = path
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        if path is None:
            return
        check_ours(path)
        try:
            self._file = _begin(path, keep)
            return
        except OSError as error:
            reason = error.strerror or str(error)
        raise StoreError(messages.FAILURES_FAILED.of(path=path, reason=reason))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def write(self, failure: Failure) -> None:
        """Write a failure; it is in the file, whatever happens to this process.

        Raises:
            StoreError: It cannot be written.
        """
        if self._file is None:
            return
        line = _line(failure)
        try:
            with self._lock:
                _append(self._file, line)
            return
        except OSError as error:
            reason = error.strerror or str(error)
        raise StoreError(messages.FAILURES_FAILED.of(path=self._path, reason=reason))


def read(path: Path) -> Iterator[Failure]:
    """Read the failures of a file; a last line that a power cut tore is left out.

    Raises:
        ConfigurationError: The file is not ours.
        StoreError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                failure = _failure(line)
                if failure is not None:
                    yield failure
                elif line.endswith(b"\n"):
                    raise ConfigurationError(messages.FAILURES_NOT_OURS.of(path=path, line=number))
            return
    except OSError as error:
        reason = error.strerror or str(error)
    raise StoreError(messages.FAILURES_FAILED.of(path=path, reason=reason))


def check_ours(path: Path) -> None:
    """Refuse a file that is there and not ours.

    Raises:
        ConfigurationError: It says which file.
        StoreError: It cannot be read.
    """
    if not os.path.lexists(path) or (path.is_file() and not path.stat().st_size):
        return
    # Not to be read: a device may have no end, and a pipe no beginning.
    if not path.is_file() or next(read(path), None) is None:
        raise ConfigurationError(messages.FAILURES_NOT_OURS.of(path=path, line=1))


def _begin(path: Path, keep: Iterable[Failure]) -> FileIO:
    """Put a new file in the old one's place."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    file = FileIO(descriptor, "ab")
    try:
        for failure in keep:
            _append(file, _line(failure))
        os.replace(new, path)
    except BaseException:
        file.close()
        new.unlink(missing_ok=True)
        raise
    return file


def _append(file: FileIO, line: bytes) -> None:
    """Write a line whole or not at all."""
    end = file.seek(0, os.SEEK_END)
    if file.write(line) < len(line):
        file.truncate(end)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _line(failure: Failure) -> bytes:
    text = json.dumps(asdict(failure), ensure_ascii=False)
    # What UTF-8 cannot encode stands as JSON's own escape then.
    return text.encode(errors="backslashreplace") + b"\n"


def _failure(line: bytes) -> Failure | None:
    """Return the failure of a line; None where it is not one."""
    try:
        found = json.loads(line)
        if not isinstance(found, dict) or _NAMES - found.keys():
            return None
        bytes.fromhex(found["digest"])
        failure = Failure(**{name: found[name] for name in _NAMES})
    except (ValueError, TypeError, RecursionError):
        return None
    return failure if type(failure.row) is int else None
