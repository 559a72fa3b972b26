"""Every night: all best scores once more, and what the day has left undone."""

import sys
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from game.models import Purchase, Score
from game.views import RANKING
from qqminigame import CloudStorage, bulk
from qqminigame.integrations.django import dawanka, session

_KEPT_SECONDS = 90 * 86_400


class Command(BaseCommand):
    """Does again what may be done twice."""

    help = "Store all best scores, give out what was counted, and remove old orders."
    # Their warnings are for whoever deploys, and not for cron: manage.py check --deploy.
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Say nothing if all is well: cron sends whatever is printed by mail."""
        # A worker may have been killed between the report and the gems.
        for order in dawanka.orders("finished"):
            Purchase.grant(order.order_id)
        dawanka.prune(_KEPT_SECONDS)
        with bulk.stop_on_signals() as stop:
            report = bulk.load(
                session,
                _rows(),
                # Scores that have not changed since last night are not sent again.
                journal=settings.DATA / "scores.journal",
                failures=settings.DATA / "failures.ndjson",
                stop=stop,
            )
        if report.failed or report.stopped_because:
            self.stderr.write(f"{report.failed} scores failed; {report.stopped_because or ''}")
            sys.exit(3)


def _rows() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield all scores, always in the same order; they are read as they are sent."""
    storage = CloudStorage(session)
    for score in Score.objects.order_by("openid").iterator():
        yield score.openid, storage.score_pairs(RANKING, score.best, update_time=score.reached_at)
