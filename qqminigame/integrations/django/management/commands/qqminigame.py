"""``manage.py qqminigame``: the command line of the package, on the project's settings."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from qqminigame.integrations.django.management import texts
from qqminigame.integrations.django.management.running import run_in


class Command(BaseCommand):
    """Passes all arguments on; ``--profile`` names the alias."""

    help = str(texts.COMMANDS)
    # The doctor is for settings that are wrong, and a cron job says nothing of warnings.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what stands behind the name, and read nothing of it."""
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help=str(texts.ARGUMENTS))

    def handle(self, *_: Any, arguments: list[str], **options: Any) -> None:
        """Run the command."""
        run_in(self, arguments)
