"""What is wrong with an app's settings, before tasks are lost or doubled because of it."""

from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen
from celery import Celery

from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.celery import texts
from qqminigame.integrations.celery.visibility import visibility_seconds
from qqminigame.integrations.configuration import Sessions
from qqminigame.messages import NOTHING, Text
from qqminigame.stores import MemoryStore

_GREENLETS: Final = ("gevent", "eventlet")


@frozen
class Finding:
    """What a check found.

    Attributes:
        what: What it is.
        todo: What to do; empty where there is nothing to do.
    """

    what: Text
    todo: Text = NOTHING

    @property
    def is_wrong(self) -> bool:
        """Whether there is something to do."""
        return self.todo is not NOTHING


def examine(app: Celery, sessions: Sessions, pool: str = "") -> list[Finding]:
    """Return what is wrong with the settings of an app; nothing is connected to.

    Args:
        app: The app.
        sessions: Its sessions.
        pool: The module of the worker's pool; empty where there is no worker.
    """
    return [
        *_sessions(sessions),
        *_times(app, sessions),
        *_delivery(app),
        *_pool(app, pool),
    ] or [Finding(texts.SETTINGS_GOOD)]


def _sessions(sessions: Sessions) -> Iterator[Finding]:
    try:
        for alias in sessions.aliases:
            if isinstance(sessions[alias].store, MemoryStore):
                yield Finding(texts.MEMORY_STORE.of(alias=alias), texts.SET_STORE)
    except ConfigurationError as error:
        yield Finding(error.text, texts.FIX_SETTINGS)


def _times(app: Celery, sessions: Sessions) -> Iterator[Finding]:
    visible, limit = visibility_seconds(app), app.conf.task_time_limit
    if limit is not None and limit >= visible:
        what = texts.LONG_TIME_LIMIT.of(limit=float(limit), visible=visible)
        yield Finding(what, texts.RAISE_VISIBILITY)
    call = _longest_call(sessions)
    if visible < 2 * call:
        what = texts.SHORT_VISIBILITY.of(visible=visible, call=call)
        yield Finding(what, texts.RAISE_VISIBILITY)


def _longest_call(sessions: Sessions) -> float:
    try:
        return max(sessions[alias].deadline_seconds for alias in sessions.aliases)
    except (ConfigurationError, ValueError):
        return 0.0


def _delivery(app: Celery) -> Iterator[Finding]:
    conf: Any = app.conf
    if conf.worker_prefetch_multiplier != 1:
        what = texts.PREFETCH.of(multiplier=conf.worker_prefetch_multiplier)
        yield Finding(what, texts.SET_PREFETCH)
    if not conf.task_acks_on_failure_or_timeout:
        yield Finding(texts.REQUEUED_FAILURES, texts.SET_ACKS)
    if not {"json", "application/json"} & set(conf.accept_content):
        yield Finding(texts.NO_JSON, texts.ACCEPT_JSON)


def _pool(app: Celery, pool: str) -> Iterator[Finding]:
    name = next((name for name in _GREENLETS if name in pool), None)
    if name is not None and str(app.conf.broker_url).startswith(("redis", "rediss")):
        yield Finding(texts.GREENLETS.of(pool=name), texts.USE_PREFORK)
