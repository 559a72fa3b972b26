"""What the game itself keeps, in SQLite.

The platform's storage can be written by servers, but not read.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from flask import current_app

_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS score (
    openid TEXT PRIMARY KEY,
    best INTEGER NOT NULL,
    reached_at INTEGER NOT NULL  -- Unix seconds, as rankings have them
);
CREATE TABLE IF NOT EXISTS purchase (
    order_id TEXT PRIMARY KEY,
    openid TEXT NOT NULL,
    gems INTEGER NOT NULL,
    is_granted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS purchase_openid ON purchase (openid);
"""


def create_tables() -> None:
    """Make the file and its tables where there are none."""
    current_app.config["DATA"].mkdir(parents=True, exist_ok=True)
    with closing(_connect()) as database:
        database.executescript(_TABLES)


def record_score(openid: str, stars: int) -> tuple[int, int]:
    """Return a player's best score and when it was reached, with the score of a new round.

    They are compared in the database and not here, for two rounds of a player may end at once.
    """
    row = (openid, stars, int(time.time()))
    with _database() as database:
        database.execute(
            "INSERT INTO score VALUES (?, ?, ?) ON CONFLICT (openid) DO UPDATE "
            "SET best = excluded.best, reached_at = excluded.reached_at WHERE excluded.best > best",
            row,
        )
        query = "SELECT best, reached_at FROM score WHERE openid = ?"
        best, reached_at = database.execute(query, (openid,)).fetchone()
    return best, reached_at


def best_score(openid: str) -> int | None:
    """Return a player's best score; None before the first round."""
    with _database() as database:
        query = "SELECT best FROM score WHERE openid = ?"
        row = database.execute(query, (openid,)).fetchone()
    return None if row is None else row[0]


def all_scores() -> Iterator[tuple[str, int, int]]:
    """Yield openid, best score and when it was reached, always in the same order."""
    with closing(_connect()) as database:
        yield from database.execute("SELECT openid, best, reached_at FROM score ORDER BY openid")


def open_purchase(openid: str, order_id: str, gems: int) -> None:
    """Record what a player is about to buy, once."""
    with _database() as database:
        database.execute(
            "INSERT OR IGNORE INTO purchase (order_id, openid, gems) VALUES (?, ?, ?)",
            (order_id, openid, gems),
        )


def grant(order_id: str) -> None:
    """Give the gems of a counted order to its player, however often this is said."""
    with _database() as database:
        database.execute("UPDATE purchase SET is_granted = 1 WHERE order_id = ?", (order_id,))


def gems_of(openid: str) -> int:
    """Return how many gems a player has.

    They are added up from the purchases: a counter could count one of them twice.
    """
    with _database() as database:
        query = "SELECT COALESCE(SUM(gems), 0) FROM purchase WHERE openid = ? AND is_granted"
        return int(database.execute(query, (openid,)).fetchone()[0])


def _connect() -> sqlite3.Connection:
    path = current_app.config["DATA"] / "game.sqlite3"
    # Each statement is a transaction of its own. SQLite lets one write at a time and keeps no
    # queue: with dozens of threads, one of them may be passed over for several seconds.
    return sqlite3.connect(path, timeout=20, isolation_level=None)


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    with closing(_connect()) as database:
        yield database
