"""One row, until it is stored or has failed for good."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from attrs import frozen

from qqminigame import messages
from qqminigame.bulk.pace import Pace
from qqminigame.bulk.values import Failure, Kind, Row, Stop, remedy_of
from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    QQMiniGameError,
    RateLimitError,
    ReplyError,
    StoreError,
)
from qqminigame.models import LoginState
from qqminigame.session import Session

# A call repeats by itself within its deadline; these are for what lasts longer than that.
_TRIES: Final = 6
# The tries of calls that do not, and how many refusals of a row are no sign of a crowd.
_SINGLE_TRIES: Final = 9
_PATIENCE: Final = 2
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 10.0
# Turns that are no later than this put 5 % too many into a second, at most.
_LATE_SECONDS: Final = 0.05
# So many turns are taken where each one is late: on a machine that is always busy.
_TURNS: Final = 5

_log: Final = logging.getLogger("qqminigame")

Outcome = Failure | Stop | None
"""How a row ended: None if it is stored; a Stop says why no row can succeed."""

Logins = Mapping[str, LoginState]


@frozen(kw_only=True)
class Operation:
    """What is done with each row.

    Attributes:
        kind: What it is.
        name: The platform's word for the call.
        load: Names what is loaded, and where to.
        send: Makes the call for a player.
        is_single: Whether ``send`` tries only once.
    """

    kind: Kind
    name: str
    load: str
    send: Callable[[Any, Any], None]
    is_single: bool = False


class StoppedError(Exception):
    """The run is being stopped, and the row was not stored."""


class Sender:
    """Sends rows. Any thread may use it."""

    def __init__(
        self,
        session: Session,
        operation: Operation,
        pace: Pace,
        stopping: threading.Event,
        queue: AbstractContextManager[object] | None = None,
    ) -> None:
        """Send nothing yet.

        Args:
            session: Makes the calls, and has the logins.
            operation: What to do with each row.
            pace: How fast.
            stopping: Is set when no further row is to be sent.
            queue: A lock that is held from taking a turn until it comes, so that few turns are
                taken in advance; None for no such lock.
        """
        self._session = session
        self._operation = operation
        self._pace = pace
        self._stopping = stopping
        self._queue = queue or nullcontext()
        self._tries = _SINGLE_TRIES if operation.is_single else _TRIES

    def logins(self, openids: Iterable[str]) -> Logins:
        """Return the logins that the store has of some players."""
        try:
            return self._session.logins.find_many(openids, timeout=self._session.deadline_seconds)
        except StoreError as error:
            _log.info("logins are looked up one by one: %s", error)
        return {}

    def send(self, row: Row, logins: Logins) -> Outcome:
        """Send a row until it is stored or has failed for good.

        Args:
            row: The row.
            logins: What is known of the players' logins.

        Raises:
            StoppedError: The run is to stop; the row may or may not have been stored.
        """
        if row.error is not None:
            return Failure.of(row, row.error, self._operation.name)
        login = logins.get(row.openid, row.login) if isinstance(row.login, str) else row.login
        for attempt in range(self._tries):
            failure = self._tried(row, login, attempt)
            if failure is None:
                return None
            error = failure
            newer = self._newer_login(row, login, error)
            if newer is None and not error.may_retry:
                break
            login = newer or login
            self._pause(attempt, error)
        if _concerns_all_rows(error):
            return Stop(messages.STOP_REFUSED.of(failure=error.text), remedy_of(error))
        return Failure.of(row, error, self._operation.name)

    def _tried(self, row: Row, login: LoginState | str, attempt: int) -> QQMiniGameError | None:
        """Try once, in turn; return what it failed with."""
        try:
            with self._queue:
                self._wait_for_turn()
            self._operation.send(login, row.data)
        except QQMiniGameError as error:
            failure = error
        else:
            self._pace.succeeded()
            return None
        patience = _PATIENCE if self._operation.is_single else 0
        if isinstance(failure, RateLimitError) or (_is_full(failure) and attempt >= patience):
            self._pace.refused()
        return failure

    def _wait_for_turn(self) -> None:
        """Wait for a turn; a late one is given up, for it would crowd those after it.

        When a process stands still and goes on, all its threads are late.

        Raises:
            StoppedError: The run is to stop.
            StoreError: The turns are shared, and the store cannot be used.
        """
        monotonic = self._session.clock.monotonic
        for _ in range(_TURNS):
            self._wait(0.0)  # else a turn that others could have had would go to waste
            seconds = self._pace.turn()
            due = monotonic() + seconds
            self._wait(seconds)
            if monotonic() <= due + _LATE_SECONDS:
                return

    def _newer_login(
        self, row: Row, login: LoginState | str, error: QQMiniGameError
    ) -> LoginState | None:
        """Return the login of a player who has logged in again since the login was looked up."""
        if not (isinstance(row.login, str) and error.must_log_in):
            return None
        newer = self.logins([row.login]).get(row.login)
        return None if newer == login else newer

    def _pause(self, attempt: int, error: QQMiniGameError) -> None:
        """Pause before the next attempt: longer each time, and as long as the platform asks."""
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
        asked = error.retry_after if isinstance(error, ReplyError) else None
        self._wait(max(self._session.clock.random() * longest, asked or 0.0))

    def _wait(self, seconds: float) -> None:
        """Wait, unless the run is to stop.

        Raises:
            StoppedError: It is.
        """
        if self._stopping.wait(seconds) if seconds > 0 else self._stopping.is_set():
            raise StoppedError


def _concerns_all_rows(error: QQMiniGameError) -> bool:
    """Return whether other rows would fail as well: the credentials, the quota of a day."""
    is_used_up = isinstance(error, RateLimitError) and not error.may_retry
    return is_used_up or isinstance(error, ConfigurationError | AccessTokenError)


def _is_full(error: QQMiniGameError) -> bool:
    """Return whether the platform says that it has too much to do."""
    too_many = isinstance(error, ReplyError) and error.status in (429, 503)
    return too_many or isinstance(error, BusyError)
