"""``--lock``: a second run of the same command is refused while the first goes on.

It is the operating system's lock on a file, so it ends with the process, however that ends.
"""

import contextlib
import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, TextIO

import click

from qqminigame.cli import texts
from qqminigame.cli.exits import Exit
from qqminigame.cli.output import clock
from qqminigame.exceptions import ConfigurationError
from qqminigame.messages import Text


class AlreadyRunningError(click.ClickException):
    """Another run has the lock."""

    exit_code: ClassVar[int] = Exit.TRY_LATER

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


@contextlib.contextmanager
def locked(*names: str) -> Iterator[None]:
    """Hold the lock of these names while the block runs.

    Raises:
        AlreadyRunningError: Another process has it.
        ConfigurationError: There is no place for it.
    """
    digest = hashlib.sha256("\0".join(names).encode()).hexdigest()[:16]
    with _opened(lock_folder() / f"{digest}.lock") as file:
        if not _take(file):
            raise AlreadyRunningError(_held_by(file))
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())}
        file.seek(0)
        file.truncate()
        file.write(json.dumps(holder))
        file.flush()
        yield


def lock_folder() -> Path:
    """Return where this user's locks are."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "qqminigame" / "locks"


def _opened(path: Path) -> TextIO:
    if not path.is_absolute():
        raise ConfigurationError(texts.NO_LOCK_FILE.of(path=path, reason="HOME?"))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
    raise ConfigurationError(texts.NO_LOCK_FILE.of(path=path, reason=reason))


def _take(file: TextIO) -> bool:
    if sys.platform == "win32":
        raise ConfigurationError(texts.NO_LOCKS_HERE)
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held_by(file: TextIO) -> Text:
    """Say who has the lock, as far as it has written it down."""
    file.seek(0)
    try:
        holder = json.loads(file.read())
        since = clock(holder["since"])
        return texts.LOCKED_BY.of(pid=holder["pid"], host=holder["host"], since=since)
    except (ValueError, LookupError, TypeError):
        return texts.LOCKED
