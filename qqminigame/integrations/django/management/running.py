"""Runs the command line of the package as a management command."""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Final, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from qqminigame.cli.exits import Exit
from qqminigame.integrations.commands import run
from qqminigame.integrations.django.configured import sessions
from qqminigame.integrations.django.management import texts

_PROGRAM: Final = "manage.py qqminigame"


def run_in(command: BaseCommand, arguments: Sequence[str]) -> None:
    """Run a command on the project's settings; it prints to the management command's streams.

    Args:
        command: The management command.
        arguments: Those of the command line of the package.

    Raises:
        CommandError: It failed; ``returncode`` is the exit code that ``docs/cli.rst`` lists.
    """
    for stream in (command.stdout, command.stderr):
        stream.ending = ""  # what comes has its line ends
        stream.style_func = None
    out, err = cast(TextIO, command.stdout), cast(TextIO, command.stderr)
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments, _PROGRAM, sessions.configuration)
    if code != Exit.DONE:
        # The reason has been printed: Django would print the exception below it.
        command.stderr = OutputWrapper(io.StringIO())
        name = Exit(code).name.lower()
        raise CommandError(str(texts.EXIT.of(code=int(code), name=name)), returncode=code)
