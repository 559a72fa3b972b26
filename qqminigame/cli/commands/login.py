"""``qqminigame login``."""

from typing import Final

import click

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command
from qqminigame.cli.dry import NothingSentError
from qqminigame.cli.options import Run, changing, read_argument
from qqminigame.cli.places import in_memory
from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.login import Login

# Looking for a login that nobody has opens the store: a code that is spent must not be lost.
_NOBODY: Final = ["qqminigame-login"]


@click.command(cls=Command, help=str(texts.LOGIN))
@click.argument("code", metavar="CODE")
@changing
def login(run: Run, code: str) -> None:
    """Exchange a js_code for a login, which the store remembers."""
    with run.session() as session:
        session.logins.find_many(_NOBODY)
        if in_memory(session.store):
            raise ConfigurationError(texts.LOGIN_IN_MEMORY.of(store=repr(session.store)))
        try:
            state = Login(session).code2session(read_argument(code))
        except NothingSentError as unsent:
            run.would_send(unsent)
            return
    values = {"openid": state.openid, "unionid": state.unionid, "remembered": state.remembered}
    if not state.remembered:
        raise StoreError(texts.LOGIN_LOST.of(openid=state.openid, store=repr(session.store)))
    run.output.data(values, state.openid)
