"""What all tasks have in common: what is repeated, when, and how often."""

import random
import time
from typing import TYPE_CHECKING, Any, Final

from celery import Task
from celery.exceptions import MaxRetriesExceededError, Reject

from qqminigame.exceptions import (
    LoginExpiredError,
    QQMiniGameError,
    RateLimitError,
    ReplyError,
)
from qqminigame.integrations.celery import texts
from qqminigame.integrations.celery.visibility import visibility_seconds
from qqminigame.integrations.configuration import Sessions

# Celery's class has parameters for type checkers alone.
if TYPE_CHECKING:
    AnyTask = Task[..., Any]
else:
    AnyTask = Task

# The library has repeated the call already, for up to 8 seconds.
_FIRST_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 600.0
# A task that waits is not acknowledged. So it waits for a small part of the time after which the
# broker would deliver a copy of it.
_PART_OF_VISIBILITY: Final = 4
_MOST_AGE_SECONDS: Final = 6 * 3600.0
_MOST_DELIVERIES: Final = 5
_COUNTED_SECONDS: Final = 86_400.0
_SINCE: Final = "qqminigame_since"
_HIDDEN: Final = "(...)"


class QQMiniGameTask(AnyTask):
    """Repeats what the library's own table says may be repeated, and nothing else.

    ``error.may_retry`` decides. A task is acknowledged when it has ended: a worker that is lost
    loses nothing, so a task has to be one that may run twice. Arguments are shown in no log or
    event.

    For tasks of your own, after :func:`register`: ``@app.task(base=tasks.base)``.

    Attributes:
        sessions: The sessions of the app, by alias.
    """

    abstract = True
    acks_late = True
    acks_on_failure_or_timeout = True
    reject_on_worker_lost: bool | None = True
    max_retries: int | None = 10
    serializer = "json"
    # Part of every day, and not to be repaired here.
    throws: tuple[type[Exception], ...] = (LoginExpiredError, RateLimitError)
    sessions: Sessions

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task; have it repeated where that may help."""
        # Whoever runs it without a worker sees the error itself.
        if self.request.called_directly or self.request.is_eager:
            return super().__call__(*args, **kwargs)
        try:
            self._count_deliveries()
            return super().__call__(*args, **kwargs)
        except QQMiniGameError as error:
            failure = error
        raise self._repeated(failure) if self._may_repeat(failure) else _passable(failure)

    def apply_async(self, args: Any = None, kwargs: Any = None, *more: Any, **options: Any) -> Any:
        """Send the task; logs and events do not show its arguments."""
        options = {"argsrepr": _HIDDEN, "kwargsrepr": _HIDDEN, **options}
        return super().apply_async(args, kwargs, *more, **options)

    def _may_repeat(self, failure: QQMiniGameError) -> bool:
        is_young = time.time() - self._since() < _MOST_AGE_SECONDS
        is_last = self.max_retries is not None and self.request.retries >= self.max_retries
        return failure.may_retry and is_young and not is_last

    def _repeated(self, failure: QQMiniGameError) -> Exception:
        """Send the task again; return what ends this run of it."""
        seconds = countdown(
            failure,
            retries=self.request.retries,
            longest=visibility_seconds(self.app) / _PART_OF_VISIBILITY,
            dice=random.random(),  # noqa: S311 - spreads load
        )
        headers = {**(self.request.headers or {}), _SINCE: self._since()}
        error = _passable(failure)
        try:
            return self.retry(exc=error, countdown=seconds, headers=headers, throw=False)
        except Reject:
            pass
        # The broker could not take it: this message has to stay.
        return Reject(str(error), requeue=True)

    def _since(self) -> float:
        """Return when the task failed first; now if it has not."""
        headers: dict[str, Any] = self.request.headers or {}
        since: float = headers.get(_SINCE, time.time())
        return since

    def _count_deliveries(self) -> None:
        """Refuse a task that loses one worker after another.

        Raises:
            MaxRetriesExceededError: It was delivered too often.
        """
        if not (self.request.delivery_info or {}).get("redelivered"):
            return
        store = self.sessions[self.sessions.aliases[0]].store
        key = f"celery:delivered:{self.request.id}"
        count = int(store.get(key) or 0) + 1
        store.set(key, str(count), _COUNTED_SECONDS)
        if count > _MOST_DELIVERIES:
            text = texts.DELIVERED_TOO_OFTEN.of(name=self.name, count=count)
            raise MaxRetriesExceededError(str(text))


def countdown(failure: QQMiniGameError, *, retries: int, longest: float, dice: float) -> float:
    """Return how long a task waits before it runs again, in seconds.

    Args:
        failure: How it ended.
        retries: How often it was repeated before.
        longest: The longest wait that the broker allows.
        dice: A random number from 0 to 1.
    """
    asked = failure.retry_after if isinstance(failure, ReplyError) else None
    seconds = max(asked or 0.0, min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0**retries))
    return min(longest, seconds * (1 + dice / 2))


def _passable(failure: QQMiniGameError) -> QQMiniGameError:
    """Return an error that result backends can write down: as JSON, they keep its arguments."""
    failure.args = (str(failure),)
    return failure
