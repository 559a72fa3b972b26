"""``qqminigame logins``."""

from itertools import islice
from typing import Final

import click

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command, Group
from qqminigame.cli.options import Run, asking, changing, option

logins: Final[Group] = Group("logins", help=str(texts.LOGINS))


@logins.command("list", cls=Command, help=str(texts.LOGINS_LIST))
@option("--limit", type=click.IntRange(min=1), text=texts.LIMIT_OPTION)
@asking
def list_logins(run: Run, limit: int | None) -> None:
    """List the players whose login the store remembers."""
    with run.session(needs=None) as session:
        for login in islice(session.logins.each(), limit):
            run.output.data({"openid": login.openid, "unionid": login.unionid}, login.openid)


@logins.command(cls=Command, help=str(texts.LOGINS_FORGET))
@click.argument("openids", metavar="OPENID...", nargs=-1, required=True)
@changing
def forget(run: Run, openids: tuple[str, ...]) -> None:
    """Forget logins: the players have to log in again."""
    with run.session(needs=None) as session:
        found = session.logins.find_many(openids)
        for login in () if run.dry else found.values():
            session.logins.forget(login)
        kept = session.logins.find_many(found)
    for openid in openids:
        forgotten = openid in found and openid not in kept
        text = texts.FORGOTTEN if forgotten else texts.NOT_FORGOTTEN
        run.output.done({"openid": openid, "forgotten": forgotten}, text.of(openid=openid))
