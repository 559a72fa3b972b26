"""The app, as Django knows it."""

from django.apps import AppConfig
from django.core import checks
from django.core.checks import Tags

from qqminigame.integrations.django.checks import check_deployment, check_settings
from qqminigame.integrations.django.database_checks import (
    check_databases,
    check_tables,
    check_waits,
)


class QQMiniGameConfig(AppConfig):
    """Registers the checks. It opens no connection: servers fork after this."""

    name = "qqminigame.integrations.django"
    label = "qqminigame"
    verbose_name = "QQ mini game"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks."""
        checks.register(check_settings, "qqminigame")
        checks.register(check_databases, "qqminigame")
        checks.register(check_deployment, "qqminigame", deploy=True)
        checks.register(check_waits, "qqminigame", deploy=True)
        checks.register(check_tables, "qqminigame", Tags.database)
