"""``qqminigame interactive``."""

from typing import Final

import click

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command, Group
from qqminigame.cli.options import Run, changing, pairs
from qqminigame.cli.usage import BadUsageError
from qqminigame.interactive_data import InteractiveData

interactive: Final[Group] = Group("interactive", help=str(texts.INTERACTIVE))


@interactive.command("set", cls=Command, help=str(texts.INTERACTIVE_SET))
@click.argument("openid")
@click.argument("kv", metavar="KEY=NUMBER...", nargs=-1, required=True)
@changing
def set_marks(run: Run, openid: str, kv: tuple[str, ...]) -> None:
    """Set interactive data."""
    given = [(key, _number(value)) for key, value in pairs(kv)]
    with run.session() as session:
        InteractiveData(session).set(openid, given)
    run.done(texts.STORED, openid, [key for key, _ in given])


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        pass
    raise BadUsageError(texts.NOT_A_NUMBER.of(text=text))
