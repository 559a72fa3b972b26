"""The tasks, and how a Celery app gets them."""

import inspect
import logging
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen
from celery import Celery, signals
from celery.exceptions import OperationalError

from qqminigame.bulk import Chunks
from qqminigame.bulk.operations import operation_of
from qqminigame.cloud_storage import CloudStorage
from qqminigame.exceptions import ConfigurationError, OutcomeUnknownError, StoreError
from qqminigame.integrations.celery import texts
from qqminigame.integrations.celery.base import QQMiniGameTask
from qqminigame.integrations.celery.checks import Finding, examine
from qqminigame.integrations.celery.configured import sessions_of
from qqminigame.integrations.celery.seal import opened, sealed
from qqminigame.integrations.configuration import DEFAULT_ALIAS, Sessions
from qqminigame.interactive_data import InteractiveData
from qqminigame.models import HallLogin, PayReport
from qqminigame.session import Session

_log: Final = logging.getLogger("qqminigame")

_OUTCOMES: Final = ("counted", "not_counted", "undecided", "waiting", "failed")


class HallTask(QQMiniGameTask):
    """A task with an openkey, which is encrypted on its way if the settings have a cipher."""

    abstract = True

    def apply_async(self, args: Any = None, kwargs: Any = None, *more: Any, **options: Any) -> Any:
        """Send the task."""
        return super().apply_async(*self._sealed(args, kwargs), *more, **options)

    def signature(self, args: Any = None, kwargs: Any = None, *more: Any, **options: Any) -> Any:
        """Return a signature: a chain or group carries it whole."""
        return super().signature(*self._sealed(args, kwargs), *more, **options)

    def hall_login(self, openid: str, openkey: str, alias: str) -> HallLogin:
        """Return the player's login from the arguments of the task."""
        cipher = self.sessions.configuration(alias).cipher
        return HallLogin(openid=openid, openkey=opened(openkey, cipher))

    def _sealed(self, args: Any, kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        bound = inspect.signature(self.run).bind_partial(*(args or ()), **(kwargs or {}))
        openkey = bound.arguments.get("openkey")
        if isinstance(openkey, str):
            alias = bound.arguments.get("alias", DEFAULT_ALIAS)
            cipher = self.sessions.configuration(alias).cipher
            bound.arguments["openkey"] = sealed(openkey, cipher)
        return bound.args, bound.kwargs


class ChunkTask(QQMiniGameTask):
    """Carries chunks of bulk loads to the workers; a queue for :func:`qqminigame.bulk.load`.

    The load itself sends a chunk again that was lost, so the broker need not keep it.
    """

    abstract = True
    acks_late = False
    reject_on_worker_lost: bool | None = False
    ignore_result = True
    max_retries: int | None = 0
    carriers: dict[Session, Chunks]

    def post(self, chunk: dict[str, Any]) -> None:
        """Put a chunk into the queue.

        Raises:
            StoreError: The broker cannot be used.
        """
        try:
            self.apply_async((chunk,))
            return
        except (OperationalError, OSError) as error:
            reason = type(error).__name__
        raise StoreError(texts.BROKER_FAILED.of(reason=reason))

    def examine(self) -> list[Finding]:
        """Return what is wrong with the app's settings."""
        return examine(self.app, self.sessions)

    def carrier(self, load: str, kind: Any) -> Chunks:
        """Return what carries out the chunks of a load: with the session that it is for."""
        candidates = [self.sessions[alias] for alias in self.sessions.aliases]
        meant = [each for each in candidates if _does(each, load, kind)]
        session = (*meant, *candidates)[0]
        return self.carriers.setdefault(session, Chunks(session))


def _does(session: Session, load: str, kind: Any) -> bool:
    try:
        return operation_of(session, kind).load == load
    except ConfigurationError:
        return False


@frozen(kw_only=True)
class Tasks:
    """The tasks of an app; each can be called, and sent with ``delay`` or ``apply_async``.

    All take ``alias="default"``, the name of the settings to use. Arguments and results are JSON.

    Attributes:
        sessions: The sessions of the app, by alias.
        base: The base class, for tasks of your own: ``@app.task(base=tasks.base)``.
        store_scores: ``(openid, kv)``: stores pairs, as :meth:`qqminigame.CloudStorage.set`.
        remove_keys: ``(openid, keys)``: removes keys, as :meth:`qqminigame.CloudStorage.remove`.
        set_interactive: ``(openid, kv)``: as :meth:`qqminigame.InteractiveData.set`.
        report_pay: ``(openid, openkey, order_id)``: reports a bonus, once for each order id. Its
            result has ``state``: ``"finished"`` with ``use`` and ``left``, or ``"open"``.
        settle_pay: ``(openid, openkey, order_id)``: closes an order with an openkey that is valid
            now. ``state`` is ``"finished"``, ``"not_counted"`` or ``"open"``.
        load_chunk: Some rows of a bulk load; :func:`qqminigame.bulk.load` sends it.
        settle_due: ``(limit=100)``: closes the orders that are due and can be closed without their
            players. Its result has the order ids by what became of them: ``counted``,
            ``not_counted`` (may be reported again), ``undecided``, ``waiting`` (for the player) and
            ``failed`` (the next sweep tries again).
        refresh_token_if_due: ``()``: renews the access token ahead of its end, for all processes.
    """

    sessions: Sessions
    base: type[QQMiniGameTask]
    store_scores: Any
    remove_keys: Any
    set_interactive: Any
    report_pay: Any
    settle_pay: Any
    load_chunk: Any
    settle_due: Any
    refresh_token_if_due: Any


def register(app: Celery, sessions: Sessions | None = None) -> Tasks:
    """Give an app the tasks; their names start with ``qqminigame.``.

    Nothing is opened: each worker process makes its sessions when it first needs them.

    Args:
        app: The app.
        sessions: The sessions of a framework, such as those of
            :mod:`qqminigame.integrations.django`. By default they are made from
            ``app.conf.qqminigame``, a dict as Django's setting ``QQMINIGAME``; without it from the
            environment, ``QQMINIGAME_*``.
    """
    found = sessions_of(app) if sessions is None else sessions
    base = _bound(QQMiniGameTask, app, sessions=found)
    hall = _bound(HallTask, app, sessions=found)
    chunk = _bound(ChunkTask, app, sessions=found, carriers={})
    _warn_at_start(app, found)
    return Tasks(
        sessions=found,
        base=base,
        store_scores=_task(app, base, store_scores),
        remove_keys=_task(app, base, remove_keys),
        set_interactive=_task(app, base, set_interactive),
        report_pay=_task(app, hall, report_pay),
        settle_pay=_task(app, hall, settle_pay),
        load_chunk=_task(app, chunk, load_chunk),
        settle_due=_task(app, base, settle_due, max_retries=0),
        refresh_token_if_due=_task(app, base, refresh_token_if_due, max_retries=0),
    )


def _bound(kind: type[Any], app: Celery, **attributes: Any) -> Any:
    """Return a base class of an app; its own (Flask's pushes an app context) comes behind ours."""
    own: Any = app.Task
    return type(kind.__name__, (kind, own), {"abstract": True, **attributes})


def _task(app: Celery, base: type[Any], function: Any, **options: Any) -> Any:
    name = f"qqminigame.{function.__name__}"
    # Not shared: each app of a process has sessions of its own.
    register_with: Any = app.task
    return register_with(name=name, base=base, bind=True, shared=False, **options)(function)


def _warn_at_start(app: Celery, sessions: Sessions) -> None:
    """Have each worker of the app log what is wrong with its settings."""

    def warn(sender: Any, **_: Any) -> None:
        if sender.app is not app:
            return
        for finding in examine(app, sessions, pool=type(sender.pool).__module__):
            if finding.is_wrong:
                _log.warning(texts.WORKER_SETTINGS.of(what=finding.what, todo=finding.todo))

    # Sent to the consumer when logging has been set up, unlike worker_init.
    worker_ready: Any = signals.worker_ready
    worker_ready.connect(warn, weak=False, dispatch_uid=f"qqminigame {id(app)}")


def store_scores(
    self: QQMiniGameTask, openid: str, kv: Mapping[str, str], alias: str = DEFAULT_ALIAS
) -> None:
    """Store pairs for a player."""
    CloudStorage(self.sessions[alias]).set(openid, kv)


def remove_keys(
    self: QQMiniGameTask, openid: str, keys: list[str], alias: str = DEFAULT_ALIAS
) -> None:
    """Remove keys of a player."""
    CloudStorage(self.sessions[alias]).remove(openid, keys)


def set_interactive(
    self: QQMiniGameTask, openid: str, kv: Mapping[str, int], alias: str = DEFAULT_ALIAS
) -> None:
    """Set the interactive data of a player."""
    InteractiveData(self.sessions[alias]).set(openid, kv)


def report_pay(
    self: HallTask, openid: str, openkey: str, order_id: str, alias: str = DEFAULT_ALIAS
) -> dict[str, Any]:
    """Report that a player used a bonus; an order whose outcome is unknown stays open."""
    try:
        dawanka = self.sessions.dawanka(alias)
        report = dawanka.report_pay(self.hall_login(openid, openkey, alias), order_id)
    except OutcomeUnknownError as error:
        failure = error
    else:
        return _finished(order_id, report)
    return _open(order_id, failure)


def settle_pay(
    self: HallTask, openid: str, openkey: str, order_id: str, alias: str = DEFAULT_ALIAS
) -> dict[str, Any]:
    """Close an order whose outcome is unknown."""
    try:
        dawanka = self.sessions.dawanka(alias)
        report = dawanka.settle(self.hall_login(openid, openkey, alias), order_id)
    except OutcomeUnknownError as error:
        failure = error
    else:
        if report is None:
            return {"order_id": order_id, "state": "not_counted"}
        return _finished(order_id, report)
    return _open(order_id, failure)


def load_chunk(self: ChunkTask, chunk: dict[str, Any]) -> None:
    """Send the rows of a chunk of a bulk load."""
    self.carrier(chunk["load"], chunk["kind"]).carry_out(chunk)


def settle_due(
    self: QQMiniGameTask, limit: int = 100, alias: str = DEFAULT_ALIAS
) -> dict[str, list[str]]:
    """Close the orders that are due; of several sweeps at once, each order has one."""
    report = self.sessions.dawanka(alias).settle_due(limit)
    if report.stopped_because is not None:
        failure = report.stopped_because
        if not failure.may_retry:
            raise failure
        _log.warning(texts.SWEEP_STOPPED.of(failure=failure.text))
    return {
        outcome: [each.order.order_id for each in report.orders if each.outcome == outcome]
        for outcome in _OUTCOMES
    }


def refresh_token_if_due(self: QQMiniGameTask, alias: str = DEFAULT_ALIAS) -> dict[str, Any]:
    """Renew the access token if its end is near; one process at a time does."""
    session = self.sessions[alias]
    token = session.access_token()
    return {"seconds_left": round(token.expires_at - session.clock.time())}


def _finished(order_id: str, report: PayReport) -> dict[str, Any]:
    return {"order_id": order_id, "state": "finished", "use": report.use, "left": report.left}


def _open(order_id: str, failure: OutcomeUnknownError) -> dict[str, Any]:
    """Return the result of an order that stays open: no message waits, its record does."""
    _log.warning(texts.REPORT_OPEN.of(order_id=order_id, failure=failure.text))
    return {"order_id": order_id, "state": "open", "settle_in": failure.settle_in}
