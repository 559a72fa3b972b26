"""``qqminigame storage``."""

import json
from typing import Final

import click

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command, Group
from qqminigame.cli.commands.load import load
from qqminigame.cli.options import Run, changing, option, pairs
from qqminigame.cloud_storage import CloudStorage

storage: Final[Group] = Group("storage", help=str(texts.STORAGE))
storage.add_command(load)


@storage.command("set", cls=Command, help=str(texts.STORAGE_SET))
@click.argument("openid")
@click.argument("kv", metavar="KEY=VALUE...", nargs=-1, required=True)
@changing
def set_pairs(run: Run, openid: str, kv: tuple[str, ...]) -> None:
    """Store pairs."""
    given = pairs(kv)
    with run.session() as session:
        CloudStorage(session).set(openid, given)
    run.done(texts.STORED, openid, [key for key, _ in given])


@storage.command("remove", cls=Command, help=str(texts.STORAGE_REMOVE))
@click.argument("openid")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@changing
def remove(run: Run, openid: str, keys: tuple[str, ...]) -> None:
    """Remove keys."""
    with run.session() as session:
        CloudStorage(session).remove(openid, keys)
    run.done(texts.REMOVED, openid, list(keys))


@storage.command("score", cls=Command, help=str(texts.STORAGE_SCORE))
@click.argument("openid")
@click.argument("key")
@click.argument("number", metavar="SCORE", type=int)
@option("--time", "when", type=int, metavar="SECONDS", text=texts.TIME_OPTION)
@option("--field", "fields", multiple=True, metavar="NAME=VALUE", text=texts.FIELD_OPTION)
@changing
def score(
    run: Run, openid: str, key: str, number: int, when: int | None, fields: tuple[str, ...]
) -> None:
    """Store a ranking value."""
    own = {name: _value(text) for name, text in pairs(fields)}
    with run.session() as session:
        CloudStorage(session).set_score(openid, key, number, when, **own)
    run.done(texts.STORED, openid, [key])


def _value(text: str) -> object:
    """Return what a field's text stands for: a JSON value, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
