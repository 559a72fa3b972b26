"""What a database's error means, in plain words, and whether the statement may be run again.

The words of a server about a statement can repeat its values; those about a connection do not.
"""

from typing import Final

from attrs import frozen
from django.db import Error, InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from qqminigame.integrations.django import store_texts
from qqminigame.messages import Text
from qqminigame.redaction import mask_values

# Codes of PostgreSQL are five characters, those of MySQL and MariaDB four digits, those of SQLite
# words. What another transaction was in the way of:
_CONFLICTS: Final = {"40001", "40P01", "55P03", "1020", "1205", "1213"}
_LOCKED: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")
_TOO_SLOW: Final = {"57014", "1969", "3024"}
_BROKEN: Final = {"57P01", "57P02", "57P03", "0", "1053", "1927", "2006", "2013", "2055", "4031"}
_NO_TABLE: Final = {"42P01", "42703", "1054", "1146"}
_READ_ONLY: Final = ("25006", "1290", "1836", "SQLITE_READONLY")
_SHOWN_CHARACTERS: Final = 300


@frozen(kw_only=True)
class Failure:
    """Why a statement failed.

    Attributes:
        text: The reason, and what to do.
        is_conflict: Whether another transaction was in the way, and may be gone the next moment.
        is_broken: Whether the connection is of no use any more.
    """

    text: Text
    is_conflict: bool = False
    is_broken: bool = False


def failure_of(error: Error, connection: BaseDatabaseWrapper) -> Failure:
    """Return what an error of a connection means."""
    code = _code_of(error, connection)
    is_broken = _is_broken(error, code, connection)
    shown = is_broken or connection.vendor == "sqlite"
    reason = " ".join(filter(None, [type(error).__name__, code]))
    if shown and str(error):
        reason += f": {_first_line(error, connection)}"
    return Failure(
        text=_text(reason, code, error, connection.alias),
        is_conflict=code in _CONFLICTS or code.startswith(_LOCKED),
        is_broken=is_broken,
    )


def _text(reason: str, code: str, error: Error, alias: str) -> Text:
    if code in _TOO_SLOW:
        return store_texts.TOO_SLOW.of(alias=alias)
    return store_texts.UNUSABLE.of(alias=alias, reason=reason, advice=_advice(code, error, alias))


def _advice(code: str, error: Error, alias: str) -> Text:
    if code in _NO_TABLE or str(error).startswith(("no such table", "no such column")):
        return store_texts.MIGRATE.of(alias=alias)
    if code.startswith(_LOCKED):
        return store_texts.IS_LOCKED
    if code in _CONFLICTS:
        return store_texts.IS_BUSY
    return store_texts.IS_READ_ONLY if code.startswith(_READ_ONLY) else store_texts.CHECK_DATABASE


def _code_of(error: Error, connection: BaseDatabaseWrapper) -> str:
    """Return the database's code, where the drivers document it."""
    if connection.vendor == "mysql":
        return str(error.args[0]) if error.args else ""
    cause = error.__cause__
    names = ("sqlstate", "pgcode", "sqlite_errorname")  # psycopg, psycopg2, sqlite3
    return next(filter(None, (getattr(cause, name, None) for name in names)), "")


def _is_broken(error: Error, code: str, connection: BaseDatabaseWrapper) -> bool:
    if code in _BROKEN or code.startswith("08"):
        return True
    # psycopg has no code for a connection that is gone, or was never there.
    return (
        not code
        and connection.vendor != "sqlite"
        and isinstance(error, InterfaceError | OperationalError)
    )


def _first_line(error: Error, connection: BaseDatabaseWrapper) -> str:
    said = str(error.args[-1]).strip().partition("\n")[0]
    return mask_values(said[:_SHOWN_CHARACTERS], [str(connection.settings_dict["PASSWORD"])])
