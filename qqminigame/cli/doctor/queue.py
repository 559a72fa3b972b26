"""The Celery app: whether its settings can lose tasks or run them twice."""

from collections.abc import Iterator

from qqminigame.bulk import TASK
from qqminigame.cli.celery_app import imported
from qqminigame.cli.doctor.findings import Finding, doubtful, good


def celery(name: str) -> Iterator[Finding]:
    """Look at the settings of an app; nothing is connected to.

    Args:
        name: ``MODULE:APP``.
    """
    for found in imported(name).tasks[TASK].examine():
        if found.is_wrong:
            yield doubtful("celery", found.what, found.todo)
        else:
            yield good("celery", found.what)
