"""One row, until it is stored or has failed for good."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from qqminigame import messages
from qqminigame.bulk.pace import Pace
from qqminigame.bulk.values import Failure, Row, Stop, remedy_of
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
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 10.0

_log: Final = logging.getLogger("qqminigame")

Outcome = Failure | Stop | None
"""How a row ended: None if it is stored; a Stop says why no row can succeed."""

Logins = Mapping[str, LoginState]


@frozen(kw_only=True)
class Operation:
    """What is done with each row.

    Attributes:
        name: The platform's word for the call.
        load: Names what is loaded, and where to.
        send: Makes the call for a player.
    """

    name: str
    load: str
    send: Callable[[Any, Any], None]


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
    ) -> None:
        """Send nothing yet.

        Args:
            session: Makes the calls, and has the logins.
            operation: What to do with each row.
            pace: How fast.
            stopping: Is set when no further row is to be sent.
        """
        self._session = session
        self._operation = operation
        self._pace = pace
        self._stopping = stopping

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
        for attempt in range(_TRIES):
            failure = self._tried(row, login)
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

    def _tried(self, row: Row, login: LoginState | str) -> QQMiniGameError | None:
        """Try once, in turn; return what it failed with."""
        try:
            self._wait(self._pace.turn())
            self._operation.send(login, row.data)
        except QQMiniGameError as error:
            failure = error
        else:
            self._pace.succeeded()
            return None
        if _is_full(failure):
            self._pace.refused()
        return failure

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
    return too_many or isinstance(error, BusyError | RateLimitError)
