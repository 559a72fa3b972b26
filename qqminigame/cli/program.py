"""The command ``qqminigame``: its groups, and how it ends."""

import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Final

import click

from qqminigame.cli import texts, usage
from qqminigame.cli.bilingual import Group
from qqminigame.cli.commands.completion import completion
from qqminigame.cli.commands.dawanka import dawanka
from qqminigame.cli.commands.doctor import doctor
from qqminigame.cli.commands.interactive import interactive
from qqminigame.cli.commands.local import demo, sandbox
from qqminigame.cli.commands.login import login
from qqminigame.cli.commands.logins import logins
from qqminigame.cli.commands.storage import storage
from qqminigame.cli.commands.token import token
from qqminigame.cli.exits import Exit
from qqminigame.cli.output import report
from qqminigame.cli.profiles import FILES, Source
from qqminigame.cli.stopping import StoppedError, stoppable
from qqminigame.exceptions import QQMiniGameError
from qqminigame.redaction import mask_parameters
from qqminigame.version import __version__

program: Final[Group] = Group(FILES.program, help=str(texts.PROGRAM))
for _command in (
    *(login, storage, interactive, dawanka, token, logins),
    *(doctor, sandbox, demo, completion),
):
    program.add_command(_command)
click.version_option(__version__, help=str(texts.VERSION_OPTION))(program)


def main(arguments: Sequence[str] | None = None, source: Source = FILES) -> int:
    """Run a command.

    Args:
        arguments: Those of the command line; None for those of this process.
        source: Where its settings come from.

    Returns:
        The exit code, see :class:`qqminigame.cli.exits.Exit`.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character is no reason to stop. Only a text file can be told
        # so, and what a web framework puts around one.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    as_json = "--json" in given  # also where the arguments cannot be understood
    try:
        with stoppable(), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # they are logged too
            return _run(given, source, as_json=as_json)
    except StoppedError as stopped:
        return stopped.exit


def _run(arguments: list[str], source: Source, *, as_json: bool) -> int:
    try:
        code = program.main(arguments, source.program, standalone_mode=False, obj=source)
        return code if isinstance(code, int) else Exit.DONE
    except QQMiniGameError as error:
        return report(error, as_json=as_json)
    except click.ClickException as error:
        return usage.report(error, as_json=as_json)
    except click.Abort:
        return Exit.INTERRUPTED
    except Exception:
        trace = traceback.format_exc()
    click.echo(mask_parameters(trace), err=True)
    click.echo(str(texts.BUG), err=True)
    return Exit.BUG
