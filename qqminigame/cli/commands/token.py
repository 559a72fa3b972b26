"""``qqminigame token``."""

import hashlib
from typing import Any, Final

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command, Group
from qqminigame.cli.options import Run, asking, changing
from qqminigame.cli.output import clock, table
from qqminigame.models import AccessToken

token: Final[Group] = Group("token", help=str(texts.TOKEN))


@token.command(cls=Command, help=str(texts.TOKEN_SHOW))
@asking
def show(run: Run) -> None:
    """Show the shared access token, masked; nothing is fetched."""
    with run.session() as session:
        found, now = session.stored_token(), session.now()
        values = {"store": repr(session.store), **_described(found, now)}
    times = {name: clock(values[name]) for name in ("fetched_at", "expires_at")}
    run.output.data(values, table({**values, **times}))


@token.command(cls=Command, help=str(texts.TOKEN_REFRESH))
@changing
def refresh(run: Run) -> None:
    """Fetch the next access token for all programs that share the store."""
    with run.session() as session:
        found = session.stored_token() if run.dry else session.refresh_token()
        values = {"store": repr(session.store), **_described(found, session.now())}
    note = texts.DRY if run.dry else texts.REFRESHED.of(**values)
    run.output.done({**values, "dry_run": run.dry}, note)


def _described(token: AccessToken | None, now: float) -> dict[str, Any]:
    if token is None:
        return {"token": None, "fetched_at": None, "expires_at": None, "seconds_left": None}
    return {
        # Enough to see on two machines whether they have the same one.
        "token": f"sha256:{hashlib.sha256(token.value.encode()).hexdigest()[:12]}",
        "fetched_at": int(token.fetched_at),
        "expires_at": int(token.expires_at),
        "seconds_left": max(int(token.expires_at - now), 0),
    }
