"""The one clock that all users of a database share: the database's own.

Times are microseconds since 1970, as integers: no time zone, neither Django's nor that of the
database's session, changes them, and no hour comes twice.
"""

from typing import Final

from django.db import NotSupportedError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Expression
from django.db.models.sql.compiler import SQLCompiler

MICROSECONDS: Final = 1_000_000

_NOW: Final = {
    "postgresql": "(EXTRACT(EPOCH FROM STATEMENT_TIMESTAMP()) * 1000000)::bigint",
    # UNIX_TIMESTAMP(NOW(6)) would go by the session's time zone, whose hours can come twice.
    "mysql": "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
    "sqlite": "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000",
}


class DatabaseTime(Expression):
    """The database's time when it runs the statement, or some microseconds later."""

    def __init__(self, later: int = 0) -> None:
        """Create the expression.

        Args:
            later: The microseconds to add; negative for a time in the past.
        """
        super().__init__(output_field=BigIntegerField())
        self._later = later

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        """Return the SQL of the database's vendor."""
        return f"({now_sql(connection)} + %s)", (self._later,)


def now_sql(connection: BaseDatabaseWrapper) -> str:
    """Return the SQL expression for the time.

    Raises:
        NotSupportedError: This kind of database is not supported.
    """
    try:
        return _NOW[connection.vendor]
    except KeyError:
        pass
    raise NotSupportedError(f"{connection.vendor} is not supported")


def read_time(connection: BaseDatabaseWrapper) -> int:
    """Return the database's time in microseconds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now_sql(connection)}")
        (now,) = cursor.fetchone()
        return int(now)


def microseconds(seconds: float) -> int:
    """Return seconds in the unit of the database's times."""
    return round(seconds * MICROSECONDS)
