"""``flask qqminigame``: the command line, on the settings of the app."""

from collections.abc import Callable
from typing import Final

import click
from flask import Flask

from qqminigame.integrations import commands
from qqminigame.integrations.configuration import Configuration
from qqminigame.integrations.flask import texts

_PROGRAM: Final = "flask qqminigame"
# All that stands behind the name goes to the command line as it is, --help too.
_UNREAD: Final = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def add_commands(app: Flask, configuration: Callable[[str], Configuration]) -> None:
    """Add the commands to an app.

    Args:
        app: The app.
        configuration: Returns the configuration of an alias.
    """

    @app.cli.command(
        "qqminigame",
        help=str(texts.COMMANDS),
        add_help_option=False,
        context_settings=_UNREAD,
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def qqminigame(context: click.Context, arguments: tuple[str, ...]) -> None:
        context.exit(commands.run(arguments, _PROGRAM, configuration))
