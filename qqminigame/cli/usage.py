"""What is wrong with a command line, in the reader's language."""

import click

from qqminigame.cli import texts
from qqminigame.cli.output import json_line
from qqminigame.cli.run_lock import AlreadyRunningError
from qqminigame.messages import Text, joined


class BadUsageError(click.UsageError):
    """The command line is wrong in a way that click does not know of.

    Attributes:
        text: What is wrong.
    """

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def report(error: click.ClickException, *, as_json: bool) -> int:
    """Print an error to stderr and return its exit code."""
    text = _text(error)
    if as_json:
        values = {
            "error": type(error).__name__,
            "exit_code": error.exit_code,
            "english": text.english,
            "chinese": text.chinese,
        }
        click.echo(json_line(values), err=True)
    elif isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
    else:
        click.echo(f"qqminigame: {text}", err=True)
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = texts.TRY_HELP.of(command=f"{error.ctx.command_path} --help")
            click.echo(str(hint), err=True)
    return error.exit_code


def _text(error: click.ClickException) -> Text:
    if isinstance(error, AlreadyRunningError | BadUsageError):
        return error.text
    text = Text(error.format_message().rstrip("."), _chinese(error))
    if isinstance(error, click.NoSuchOption) and not error.option_name.startswith("--"):
        return joined([text, texts.DASH])
    return text


def _chinese(error: click.ClickException) -> str:
    """Return what click says, in Chinese."""
    if isinstance(error, click.NoSuchOption):
        return texts.NO_SUCH_OPTION.of(name=error.option_name).chinese
    if isinstance(error, click.MissingParameter):
        return texts.MISSING_PARAMETER.of(name=_name(error)).chinese
    if isinstance(error, click.BadParameter):
        return texts.BAD_PARAMETER.of(name=_name(error), reason=error.message).chinese
    return texts.BAD_COMMAND_LINE.of(reason=error.format_message()).chinese


def _name(error: click.BadParameter) -> str:
    if error.param is None:
        return error.param_hint if isinstance(error.param_hint, str) else "?"
    return error.param.get_error_hint(error.ctx)
