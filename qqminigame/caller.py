"""The order of one call: access token, attempt, repeat."""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from attrs import frozen

from qqminigame.attempts import Attempts, Call
from qqminigame.deadline import Deadline
from qqminigame.exceptions import (
    AccessTokenError,
    LoginExpiredError,
    QQMiniGameError,
    SignatureError,
)
from qqminigame.login_store import LoginStore
from qqminigame.models import HallLogin, LoginState
from qqminigame.platforms.base import Endpoint
from qqminigame.retry import RetryPolicy, final_error
from qqminigame.tokens import AccessTokens
from qqminigame.wire import Payload, Result

T = TypeVar("T")

# What has to be done at the end of a call gets this much time even where the call has none left.
_LAST_SECONDS: Final = 0.5

_log: Final = logging.getLogger("qqminigame")


@frozen(kw_only=True)
class Caller:
    """Makes calls: each policy is one frame around the next.

    Attributes:
        attempts: Makes single attempts.
        tokens: The app's access token.
        logins: The logins that the store remembers.
        retry: What is repeated, and for how long.
        sleep: Waits for the given seconds.
        dice: Returns a random number from 0 to 1.
    """

    attempts: Attempts
    tokens: AccessTokens
    logins: LoginStore
    retry: RetryPolicy
    sleep: Callable[[float], None]
    dice: Callable[[], float]

    def call(
        self,
        endpoint: Endpoint,
        payload: Payload,
        login: LoginState | HallLogin | None,
        read: Callable[[Result], T],
        deadline: Deadline,
    ) -> T:
        """Make one call; repeat what may be repeated until the policy or the deadline ends it."""
        call = Call(endpoint, payload, login, read, deadline)
        while True:
            call.attempts += 1
            try:
                return self._call_authorised(call)
            except QQMiniGameError as error:
                failure = error
            pause = self.retry.pause(
                failure,
                idempotent=endpoint.idempotent,
                attempt=call.attempts,
                left_seconds=deadline.left(),
                dice=self.dice(),
            )
            if pause is None:
                raise self._final(call, failure)
            _log.info("attempt %d: %s; repeated in %.2f s", call.attempts, failure, pause)
            self.sleep(pause)

    def _final(self, call: Call[T], failure: QQMiniGameError) -> QQMiniGameError:
        """Return what a call raises in the end; forget a login that the platform refuses."""
        if isinstance(call.login, LoginState) and isinstance(
            failure, SignatureError | LoginExpiredError
        ):
            self.logins.forget(call.login, timeout=max(call.deadline.left(), _LAST_SECONDS))
        final = final_error(failure, call.endpoint)
        final.attempts = call.attempts
        final.endpoint = final.endpoint or call.endpoint.name
        return final

    def _call_authorised(self, call: Call[T]) -> T:
        """Call with an access token where one is needed; replace a rejected one once."""
        if not isinstance(call.login, LoginState):
            return self.attempts.make(call, None)
        token = self.tokens.get(call.deadline)
        try:
            return self.attempts.make(call, token)
        except AccessTokenError as error:
            rejection = error
        other = self.tokens.replace(token, call.deadline)
        if other is None:
            raise rejection
        _log.info("%s; the token was replaced", rejection)
        call.attempts += 1
        try:
            return self.attempts.make(call, other)
        except AccessTokenError as error:
            rejection = error
        self.tokens.distrust(call.deadline)
        raise rejection
