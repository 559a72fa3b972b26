"""What a command prints: data on stdout, all else on stderr.

With ``--json`` every object is one line, whose names do not change within a schema; the form for
people may change at any time.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, Final, TextIO

import click
from attrs import frozen

from qqminigame.cli.exits import Exit, exit_of
from qqminigame.exceptions import QQMiniGameError
from qqminigame.messages import Text

SCHEMA: Final = 1
_CLOCK: Final = "%Y-%m-%d %H:%M:%S"


@frozen
class Output:
    """Prints what a command has to say.

    Attributes:
        as_json: Whether for a program.
    """

    as_json: bool

    def data(self, values: Mapping[str, Any], human: str) -> None:
        """Print what was asked for.

        Args:
            values: What a program gets.
            human: What a person gets.
        """
        _print(json_line(values) if self.as_json else human)

    def done(self, values: Mapping[str, Any], note: Text) -> None:
        """Print that something was done: to a program, or to a person at a terminal.

        Nothing else: cron sends by mail whatever is printed.
        """
        if self.as_json:
            _print(json_line(values))
        else:
            self.note(note)

    def failed(self, values: Mapping[str, Any], text: Text) -> None:
        """Print that not all went well: to a program, or to a person and so to cron."""
        if self.as_json:
            _print(json_line(values))
        else:
            click.echo(f"qqminigame: {text}", err=True)

    def note(self, note: Text) -> None:
        """Tell a person at a terminal."""
        if is_terminal(sys.stderr):
            click.echo(str(note), err=True)


def table(rows: Mapping[str, object]) -> str:
    """Return names and values, one in a line."""
    width = max(map(len, rows))
    return "\n".join(f"{name:{width}}  {shown(value)}" for name, value in rows.items())


def shown(value: object) -> str:
    """Return a value as people write it."""
    return "-" if value is None else str(value)


def clock(seconds: float | None) -> str | None:
    """Return a time in unix seconds as the clock of this machine shows it."""
    return None if seconds is None else time.strftime(_CLOCK, time.localtime(seconds))


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person is at the other end; a stream that was closed is None."""
    return stream is not None and stream.isatty()


def json_line(values: Mapping[str, Any]) -> str:
    """Return one object; as ASCII where stdout cannot print all that JSON may hold."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    ascii_only = encoding not in ("utf8", "utf8sig")
    return json.dumps({"schema": SCHEMA, **values}, ensure_ascii=ascii_only)


def report(error: QQMiniGameError, *, as_json: bool) -> Exit:
    """Print an error to stderr and return its exit code."""
    code = exit_of(error)
    if as_json:
        click.echo(json_line(described(error, code)), err=True)
    else:
        click.echo(f"qqminigame: {error}", err=True)
    return code


def described(error: QQMiniGameError, code: Exit) -> dict[str, Any]:
    """Return what a program is told of an error."""
    return {
        "error": type(error).__name__,
        "exit_code": int(code),
        "endpoint": error.endpoint,
        "code": error.code,
        "sent": error.sent,
        "english": error.english,
        "chinese": error.chinese,
        "must_log_in": error.must_log_in,
        "may_retry": error.may_retry,
    }


def _print(line: str) -> None:
    try:
        click.echo(line)  # it flushes
        return
    except BrokenPipeError:
        # Or the interpreter tries again at its end, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise click.exceptions.Exit(Exit.UNREAD)
