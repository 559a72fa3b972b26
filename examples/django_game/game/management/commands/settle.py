"""Every minute: find out what became of purchases whose outcome is unknown."""

from typing import Any

from django.core.management.base import BaseCommand

from game.models import Purchase
from qqminigame.integrations.django import dawanka


class Command(BaseCommand):
    """Settles orders that are due, and gives players what was counted.

    ``manage.py qqminigame_settle`` settles, too; the gems are the game's own affair.
    """

    help = "Settle the orders that are due."
    # Their warnings are for whoever deploys, and not for cron: manage.py check --deploy.
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Say nothing if all is well: cron sends whatever is printed by mail."""
        swept = dawanka.settle_due()
        for end in swept.orders:
            if end.outcome == "counted":
                Purchase.grant(end.order.order_id)
            elif end.outcome == "undecided":
                self.stderr.write(f"order {end.order.order_id} needs you: {end.error}")
        if swept.stopped_because is not None:
            raise swept.stopped_because
