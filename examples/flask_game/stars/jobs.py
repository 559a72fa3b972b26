"""What cron runs: flask --app stars settle, flask --app stars nightly; and the first command."""

import sys
from collections.abc import Iterator

import click
from flask import current_app
from flask.cli import with_appcontext

from qqminigame import CloudStorage, bulk
from qqminigame.integrations.flask import current_dawanka
from stars import records
from stars.extensions import minigame
from stars.views import RANKING

_KEPT_SECONDS = 90 * 86_400


# Neither says anything if all is well: cron sends whatever is printed by mail.
@click.command()
@with_appcontext
def settle() -> None:
    """Find out what became of purchases whose outcome is unknown: every minute."""
    swept = current_dawanka.settle_due()
    for end in swept.orders:
        if end.outcome == "counted":
            records.grant(end.order.order_id)
        elif end.outcome == "undecided":
            click.echo(f"order {end.order.order_id} needs you: {end.error}", err=True)
    if swept.stopped_because is not None:
        raise swept.stopped_because


@click.command()
@with_appcontext
def nightly() -> None:
    """Store all best scores, give out what was counted, and remove old orders."""
    # A worker may have been killed between the report and the gems.
    for order in current_dawanka.orders("finished"):
        records.grant(order.order_id)
    current_dawanka.prune(_KEPT_SECONDS)
    # Not current_session: the load's threads know no app.
    session = minigame.session()
    with bulk.stop_on_signals() as stop:
        report = bulk.load(
            session,
            _rows(CloudStorage(session)),
            # Scores that have not changed since last night are not sent again.
            journal=current_app.config["DATA"] / "scores.journal",
            failures=current_app.config["DATA"] / "failures.ndjson",
            stop=stop,
        )
    if report.failed or report.stopped_because:
        click.echo(f"{report.failed} scores failed; {report.stopped_because or ''}", err=True)
        sys.exit(3)


def _rows(storage: CloudStorage) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield all scores; they are read as they are sent."""
    for openid, best, reached_at in records.all_scores():
        yield openid, storage.score_pairs(RANKING, best, update_time=reached_at)


@click.command()
@with_appcontext
def create_tables() -> None:
    """Make the game's own tables where there are none: once, before the first start."""
    records.create_tables()
