"""Click's classes, with headings in the reader's language.

A process has one language: texts of options and commands are settled when their module is loaded.
"""

from typing import Any, Final

import click

from qqminigame.cli import texts
from qqminigame.messages import language

# A Chinese character is two columns wide, and click counts it as one.
_COLUMNS: Final = {"en": 80, "zh": 60}
_HEADINGS: Final = {"Options": texts.OPTIONS, "Commands": texts.COMMANDS}


class _Formatter(click.HelpFormatter):
    """Writes headings in the reader's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, str(texts.USAGE_PREFIX) if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        text = _HEADINGS.get(heading)
        if text is None:
            super().write_heading(heading)
        else:
            self.write(f"{'':{self.current_indent}}{text}\n")


class _Context(click.Context):
    formatter_class: type[click.HelpFormatter] = _Formatter

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options["help_option_names"] = ["-h", "--help"]
        options["max_content_width"] = _COLUMNS[language()]
        super().__init__(*arguments, **options)


class Command(click.Command):
    """A command."""

    context_class: type[click.Context] = _Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option --help, described in the reader's language."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = str(texts.HELP_OPTION)
        return option


class Group(Command, click.Group):
    """A group of commands."""

    command_class: type[click.Command] | None = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which they were added."""
        return list(self.commands)
