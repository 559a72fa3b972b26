"""A game's Celery app, as the workers of tests import it; the environment says where things are."""

import json
import os

from celery import Celery

from qqminigame.integrations.celery import beat_schedule, register

_SETTINGS = json.loads(os.environ["CELERY_APP"])

app = Celery("game", broker=_SETTINGS["broker"], backend=_SETTINGS["broker"])
app.conf.update(
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Seconds instead of an hour, and looked at every second instead of every hundred.
    broker_transport_options={
        "visibility_timeout": _SETTINGS["visible"],
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    },
    result_expires=600,
    qqminigame={"default": _SETTINGS["qqminigame"]},
    beat_schedule=beat_schedule(),
    **_SETTINGS.get("conf", {}),
)
for _entry in app.conf.beat_schedule.values():
    _entry["schedule"] = 1.0
tasks = register(app)


@app.task(base=tasks.base, name="game.end_worker", shared=False)
def end_worker():
    """Kill the process that runs this task, each time."""
    os.kill(os.getpid(), 9)
