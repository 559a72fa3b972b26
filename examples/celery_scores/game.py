"""The game's Celery app: what its web processes, scripts and workers import."""

import os

from celery import Celery

from qqminigame.integrations.celery import beat_schedule, register

REDIS = os.environ["REDIS_URL"]

app = Celery("game", broker=f"{REDIS}/0")
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_connection_retry_on_startup = True
app.conf.beat_schedule = beat_schedule()
app.conf.qqminigame = {
    "default": {
        "APP_ID": os.environ["APP_ID"],
        "APP_SECRET": os.environ["APP_SECRET"],
        "BASE_URL": os.environ.get("BASE_URL"),  # the sandbox; leave it out for the platform
        "STORE": f"{REDIS}/1",
    }
}
tasks = register(app)
