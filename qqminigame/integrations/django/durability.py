"""Whether a database waits for its disk before it says that something is written."""

from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

# The question, the answers that are right, and what to set.
_QUESTIONS: Final[dict[str, tuple[tuple[str, set[str], str], ...]]] = {
    "postgresql": (
        ("SHOW fsync", {"on"}, "fsync = on"),
        (
            "SHOW synchronous_commit",
            {"on", "local", "remote_write", "remote_apply"},
            "synchronous_commit = on",
        ),
    ),
    "mysql": (
        (
            "SELECT @@innodb_flush_log_at_trx_commit",
            {"1"},
            "innodb_flush_log_at_trx_commit = 1",
        ),
    ),
    "sqlite": (("PRAGMA synchronous", {"2", "3"}, "PRAGMA synchronous = FULL"),),
}


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return what has to be set so that a power cut loses nothing; empty if nothing has."""
    return [
        wanted
        for question, right, wanted in _QUESTIONS.get(connection.vendor, ())
        if _ask(connection, question) not in right
    ]


def _ask(connection: BaseDatabaseWrapper, question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        (answer,) = cursor.fetchone()
        return str(answer)
