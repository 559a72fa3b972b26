"""The command line of the package, on the settings of a framework; needs the extra ``cli``."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from qqminigame.cli import profiles
from qqminigame.cli.exits import Exit
from qqminigame.cli.profiles import Choice, Setting, Source
from qqminigame.exceptions import InvalidArgumentError
from qqminigame.integrations import texts
from qqminigame.integrations.configuration import DEFAULT_ALIAS, Configuration
from qqminigame.messages import Text

_NEEDED: Final = ("click", "rich")


def run(
    arguments: Sequence[str], program: str, configuration: Callable[[str], Configuration]
) -> int:
    """Run a command of ``qqminigame``; ``--profile`` names the alias.

    It prints to ``sys.stdout`` and ``sys.stderr``, its errors too.

    Args:
        arguments: Those behind the name of the program.
        program: What users type to get the commands, such as ``"flask qqminigame"``.
        configuration: Returns the configuration of an alias.

    Returns:
        The exit code, as ``docs/cli.rst`` lists them.
    """
    for package in _NEEDED:
        if importlib.util.find_spec(package) is None:
            needed = texts.COMMANDS_NEED_AN_EXTRA.of(package=package)
            print(f"qqminigame: {needed}", file=sys.stderr)
            return Exit.CONFIGURATION
    # Not imported at the top: the processes that serve requests do not need it.
    main = importlib.import_module("qqminigame.cli.program").main
    return int(main(arguments, Source(program=program, read=partial(_read, configuration))))


def _read(configuration: Callable[[str], Configuration], choice: Choice) -> profiles.Configuration:
    """Return the settings of an alias, as commands take them."""
    if choice.file is not None:
        raise InvalidArgumentError(texts.NO_CONFIGURATION_FILE)
    found = configuration(choice.profile or DEFAULT_ALIAS)
    place = Text(found.where, found.where)
    values = {**found.arguments, "orders": found.orders, "cipher": found.cipher}
    settings = {name: Setting(value, place) for name, value in values.items() if value is not None}
    return profiles.Configuration(settings={**settings, **profiles.by_options(choice)}, place=place)
