"""``qqminigame completion``."""

from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command
from qqminigame.cli.usage import BadUsageError

_KINDS: Final[dict[str, type[ShellComplete]]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command(cls=Command, help=str(texts.COMPLETION))
@click.argument("shell", type=click.Choice(list(_KINDS)))
def completion(shell: str) -> None:
    """Print the script that teaches a shell this command."""
    root = click.get_current_context().find_root()
    name = root.info_name or "qqminigame"
    if " " in name:  # a shell completes programs, not the commands of another one
        raise BadUsageError(texts.NO_COMPLETION.of(program=name))
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    click.echo(_KINDS[shell](root.command, {}, name, variable).source())
