"""Calls to the platform as Celery tasks.

    from celery import Celery
    from qqminigame.integrations.celery import beat_schedule, register

    app = Celery("game", broker="redis://localhost/0")
    app.conf.qqminigame = {"default": {"APP_ID": "1110766236", "APP_SECRET": ..., "STORE": ...}}
    app.conf.beat_schedule = beat_schedule()
    tasks = register(app)

    tasks.store_scores.delay(openid, {"score": "100"})

``docs/celery.rst`` is the guide.
"""

import importlib.util

if importlib.util.find_spec("celery") is None:
    raise ModuleNotFoundError(
        "qqminigame.integrations.celery needs Celery; run python -m pip install "
        "'qqminigame[celery]' （需要 Celery，请执行该命令安装）",
        name="celery",
    )

from qqminigame.integrations.celery.base import QQMiniGameTask
from qqminigame.integrations.celery.beat import beat_schedule
from qqminigame.integrations.celery.checks import Finding, examine
from qqminigame.integrations.celery.tasks import Tasks, register

__all__ = ["Finding", "QQMiniGameTask", "Tasks", "beat_schedule", "examine", "register"]
