"""``manage.py qqminigame_settle``: for cron, the orders whose outcome is unknown."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from qqminigame.integrations.django.management import texts
from qqminigame.integrations.django.management.running import run_in


class Command(BaseCommand):
    """Is ``manage.py qqminigame dawanka settle --due``, with options that Django's help lists."""

    help = str(texts.SETTLE)
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--alias", default="default", help=str(texts.ALIAS))
        parser.add_argument("--limit", type=int, default=100, help=str(texts.LIMIT))
        parser.add_argument("--json", action="store_true", help=str(texts.JSON))

    def handle(self, *_: Any, alias: str, limit: int, json: bool, **options: Any) -> None:
        """Settle what is due."""
        form = ["--json"] if json else []
        settle = ["dawanka", "settle", "--due", "--limit", str(limit)]
        run_in(self, [*settle, "--profile", alias, *form])
