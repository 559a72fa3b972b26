"""``--dry-run``: everything is checked as in a real call, and nothing is sent."""

from collections.abc import Callable
from typing import TypeVar, cast

from qqminigame.clock import Deadline
from qqminigame.models import HallLogin, LoginState
from qqminigame.platforms.base import Endpoint
from qqminigame.session import Session
from qqminigame.wire import Payload, Result, nothing

T = TypeVar("T")


class NothingSentError(Exception):
    """All checks have passed; only the platform knows the answer.

    Attributes:
        endpoint: The call that was not made.
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.endpoint = endpoint


class DrySession(Session):
    """A session that looks logins up and stops where a real one would send."""

    def call(
        self,
        endpoint: Endpoint,
        payload: Payload,
        login: LoginState | HallLogin | str | None,
        read: Callable[[Result], T],
        deadline: Deadline | None = None,
    ) -> T:
        """Check that the call could be made.

        Raises:
            LoginNotFoundError: No login of this openid is remembered.
            NothingSentError: The call has an answer that only the platform knows.
        """
        if isinstance(login, str):
            self.logins.find(login, timeout=(deadline or self.deadline()).left())
        if read is nothing:
            return cast(T, None)
        raise NothingSentError(endpoint.name)
