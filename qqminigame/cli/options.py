"""The options that commands share, and what a command gets from them."""

import contextlib
import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click
from attrs import frozen

from qqminigame.cli import texts
from qqminigame.cli.dry import DrySession, NothingSentError
from qqminigame.cli.output import Output, is_terminal
from qqminigame.cli.profiles import Choice, Configuration, Source
from qqminigame.cli.run_lock import locked
from qqminigame.cli.usage import BadUsageError
from qqminigame.dawanka import Dawanka
from qqminigame.exceptions import ConfigurationError
from qqminigame.messages import Text
from qqminigame.platforms import PLATFORMS
from qqminigame.session import Session

# Settings of this service and not of the session.
_OF_DAWANKA: Final = ("orders", "cipher")
_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)
_Function = Callable[..., Any]


@frozen(kw_only=True)
class Run:
    """One run of a command.

    Attributes:
        source: Where the settings come from.
        choice: What the options say about the settings.
        output: Prints.
        dry: Whether nothing is to be sent.
    """

    source: Source
    choice: Choice
    output: Output
    dry: bool = False

    def configuration(self) -> Configuration:
        """Return the settings.

        Raises:
            ConfigurationError: They cannot be read.
        """
        return self.source.read(self.choice)

    def session(self, needs: str | None = "app_secret") -> Session:
        """Return a session; what it needs is asked for where somebody can answer.

        Args:
            needs: The secret that the command cannot do without; None for one that needs none.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        configuration = self.configuration()
        arguments = {
            name: setting.value
            for name, setting in configuration.settings.items()
            if name not in _OF_DAWANKA
        }
        if "app_id" not in arguments:
            raise ConfigurationError(texts.NO_APP_ID.of(place=configuration.place))
        if needs is not None and needs not in arguments and can_ask():
            arguments[needs] = ask(needs)
        return (DrySession if self.dry else Session)(**arguments)

    def dawanka(self, session: Session) -> Dawanka:
        """Return the Dawanka service of a session; a dry run records no orders.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        configuration = self.configuration()
        orders = "memory:" if self.dry else configuration.value("orders")
        return Dawanka(session, orders, cipher=configuration.value("cipher"))

    def done(self, note: Text, openid: str, keys: Sequence[str]) -> None:
        """Say what was written for a player."""
        said = texts.DRY if self.dry else note.of(openid=openid, keys=", ".join(keys))
        self.output.done({"openid": openid, "keys": list(keys), "dry_run": self.dry}, said)

    def would_send(self, unsent: NothingSentError) -> None:
        """Say which call a dry run ended with."""
        values = {"endpoint": unsent.endpoint, "dry_run": True}
        self.output.done(values, texts.WOULD_SEND.of(endpoint=unsent.endpoint))


def can_ask() -> bool:
    """Return whether somebody sits at a terminal."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def ask(name: str) -> str:
    """Ask for a secret, which is not shown."""
    return str(click.prompt(name, hide_input=True, err=True))


def secret(name: str) -> str:
    """Return a player's secret from the environment, or ask for it.

    Never from an argument: every user of the machine can list those.

    Raises:
        BadUsageError: It is nowhere, and nobody can be asked.
    """
    variable = f"QQMINIGAME_{name.upper()}"
    value = os.environ.get(variable)
    if value:
        return value
    if not can_ask():
        raise BadUsageError(texts.NO_SECRET.of(name=name, variable=variable))
    return ask(name)


def read_argument(value: str) -> str:
    """Return an argument, or for ``-`` a line of stdin."""
    return sys.stdin.readline().strip() if value == "-" else value


def pairs(arguments: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the key and value of each ``KEY=VALUE``.

    Raises:
        BadUsageError: One of them has no ``=``.
    """
    split = [each.partition("=") for each in arguments]
    for name, mark, _ in split:
        if not mark:
            raise BadUsageError(texts.NOT_A_PAIR.of(argument=name))
    return [(name, value) for name, _, value in split]


def option(*names: str, text: Text, **settings: Any) -> Callable[[_Function], _Function]:
    """Declare an option and describe it in the reader's language."""
    return click.option(*names, help=str(text), **settings)


_COMMON: Final = (
    option("--profile", metavar="NAME", text=texts.PROFILE_OPTION),
    option("--config", "config", metavar="FILE", text=texts.CONFIG_OPTION),
    option("--platform", type=click.Choice(list(PLATFORMS)), text=texts.PLATFORM_OPTION),
    option("--json", "as_json", is_flag=True, text=texts.JSON_OPTION),
    option("--verbose", "-v", count=True, text=texts.VERBOSE_OPTION),
)
_CHANGING: Final = (
    option("--dry-run", "dry", is_flag=True, text=texts.DRY_RUN_OPTION),
    option("--lock", is_flag=True, text=texts.LOCK_OPTION),
)


def asking(function: _Function) -> _Function:
    """Give a command the options of all that only look; its first argument is the Run."""
    return _with(_COMMON, function)


def changing(function: _Function) -> _Function:
    """Give a command the options of all that change something; its first argument is the Run."""
    return _with((*_COMMON, *_CHANGING), function)


def _with(options: tuple[Any, ...], function: _Function) -> _Function:
    @functools.wraps(function)
    def command(
        *,
        profile: str | None,
        config: str | None,
        platform: str | None,
        as_json: bool,
        verbose: int,
        dry: bool = False,
        lock: bool = False,
        **arguments: Any,
    ) -> object:
        choice = Choice(profile=profile, file=config, platform=platform)
        source: Source = click.get_current_context().obj
        run = Run(source=source, choice=choice, output=Output(as_json), dry=dry)
        with _logging(verbose), _alone(run) if lock else contextlib.nullcontext():
            return function(run, **arguments)

    for each in reversed(options):
        command = each(command)
    return command


class _ToStderr(logging.Handler):
    """Prints to what stderr is at the moment: a progress bar puts itself in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line."""
        click.echo(f"qqminigame: {record.getMessage()}", err=True)


@contextlib.contextmanager
def _logging(verbose: int) -> Iterator[None]:
    """Show what the library logs on stderr: warnings always, more if asked."""
    logger, handler = logging.getLogger("qqminigame"), _ToStderr()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextlib.contextmanager
def _alone(run: Run) -> Iterator[None]:
    """Hold the lock of this command for this app."""
    settings = run.configuration()
    names = [str(settings.value(name)) for name in ("platform", "base_url", "app_id")]
    with locked(click.get_current_context().command_path, *names):
        yield
