"""Rows to load, and what came of them."""

import contextlib
import json
import os
from collections import Counter
from pathlib import Path

from programs import Program
from sessions import make_session
from waiting import PATIENCE_SECONDS

from qqminigame import LoginState, Session

PROGRAM = Path(__file__).parent / "bulk_program.py"

STORAGE = "set_user_storage"


def rows_of(players, text="1"):
    """Return a row for each player."""
    return [(player.openid, {"score": text}) for player in players]


def stored(sandbox):
    """Return what the platform has stored, by player."""
    players = sandbox.state()["players"]
    return {openid: player["storage"] for openid, player in players.items() if player["storage"]}


def sent(sandbox):
    """Return how many rows were sent for each player."""
    entries = sandbox.log()
    return Counter(entry["query"]["openid"] for entry in entries if entry["path"].endswith(STORAGE))


def lines_of(path):
    """Return the failures in a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def counts(report):
    """Return the counts of a report that came to the last row."""
    assert report.stopped_because is report.remedy is None
    return report.stored, report.skipped, report.failed


def open_session(url, **arguments):
    """Make a session to a server that knows nobody."""
    options = {"app_secret": "a secret", "store": "memory:", "base_url": url, **arguments}
    return Session("1110766236", **options)


def guests(count, text="1"):
    """Return rows of players who bring their logins."""
    return [
        (LoginState(openid=f"guest-{number}", session_key="the key"), {"score": text})
        for number in range(count)
    ]


def broken_off(rows):
    """Return rows whose source fails after the last."""
    yield from rows
    raise OSError("broken off")


@contextlib.contextmanager
def run_program(sandbox, players, *, rows=None, waits_for=None, **options):
    """Run a load in a process of its own; the players' logins are in a store it can read."""
    folder = Path(os.environ["XDG_STATE_HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    store = f"sqlite:///{folder / 'logins.db'}"
    with make_session(sandbox, store=store) as session:
        for player in players:
            session.logins.remember(player)
    job = {
        "session": {
            "app_id": sandbox.app_id,
            "app_secret": sandbox.app_secret,
            "base_url": sandbox.url,
            "store": store,
        },
        "rows": rows_of(players) if rows is None else rows,
        "options": options,
    }
    job |= {} if waits_for is None else {"waits_for": str(waits_for)}
    with Program(PROGRAM, PATIENCE_SECONDS) as program:
        program.write(job)
        yield program
