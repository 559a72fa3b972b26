"""The order of one call: access token, attempt, repeat."""

import logging
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from attrs import define, frozen

from qqminigame import messages, wire
from qqminigame.clock import Clock, Deadline
from qqminigame.exceptions import (
    AccessTokenError,
    LoginExpiredError,
    QQMiniGameError,
    SignatureError,
    TransportError,
)
from qqminigame.login_store import LoginStore
from qqminigame.models import AccessToken, CallEvent, HallLogin, LoginState
from qqminigame.platforms.base import Endpoint
from qqminigame.retry import RetryPolicy, final_error, outcome_of
from qqminigame.tokens import AccessTokens
from qqminigame.transport import Transport
from qqminigame.wire import App, Payload, Request, Result

T = TypeVar("T")

# What has to be done at the end of a call gets this much time even where the call has none left.
_LAST_SECONDS: Final = 0.5

_log: Final = logging.getLogger("qqminigame")


@define(eq=False, repr=False)
class Call(Generic[T]):
    """One call on its way: what it is, how far it got, when it has to be over."""

    endpoint: Endpoint
    payload: Payload  # of a login, it holds the js_code
    login: LoginState | HallLogin | None
    read: Callable[[Result], T]
    deadline: Deadline
    attempts: int = 0


@frozen(kw_only=True, eq=False, repr=False)
class Attempts:
    """Makes single attempts at calls.

    Attributes:
        app: The app's credentials.
        base_url: Where all calls go; None for the platform's own hosts.
        token_endpoint: The call that fetches an access token.
        transport: Sends requests.
        on_call: Is told of each attempt.
        clock: The session's.
    """

    app: App
    base_url: str | None
    token_endpoint: Endpoint
    transport: Transport
    on_call: Callable[[CallEvent], object] | None
    clock: Clock

    def make(self, call: Call[T], token: AccessToken | None) -> T:
        """Build a request, send it, read its reply; tell whoever watches how it ended."""
        if call.deadline.left() <= 0:
            raise TransportError(
                messages.PAST_DEADLINE.of(call=call.endpoint.name, seconds=call.deadline.seconds),
                endpoint=call.endpoint.name,
            )
        request, since = self._request(call, token), self.clock.monotonic()
        received, outcome, code = 0, "interrupted", None
        try:
            reply = self.transport.send(request, call.deadline)
            received = len(reply.body)
            value = call.read(wire.decode_reply(request, reply))
            outcome = "ok"
            return value
        except QQMiniGameError as error:
            outcome, code = outcome_of(error).name.lower(), error.code
            raise
        finally:
            if self.on_call is not None or _log.isEnabledFor(logging.DEBUG):
                event = CallEvent(
                    endpoint=request.endpoint.name,
                    attempt=call.attempts,
                    outcome=outcome,
                    code=code,
                    seconds=self.clock.monotonic() - since,
                    sent_bytes=len(request.body or b""),
                    received_bytes=received,
                )
                self._watch(event)

    def _watch(self, event: CallEvent) -> None:
        _log.debug(
            "%s: %s, code %s, attempt %d, %.3f s",
            *(event.endpoint, event.outcome, event.code, event.attempt, event.seconds),
        )
        if self.on_call is not None:
            try:
                self.on_call(event)
            except Exception:
                _log.exception(messages.ON_CALL_FAILED)

    def _request(self, call: Call[T], token: AccessToken | None) -> Request:
        endpoint, payload, login = call.endpoint, call.payload, call.login
        if isinstance(login, LoginState) and token is not None:
            return wire.login_state_request(endpoint, self.base_url, payload, login, token)
        if isinstance(login, HallLogin):
            return wire.openapi_request(endpoint, self.base_url, payload, login, self.app)
        return wire.app_request(endpoint, self.base_url, payload, self.app)

    def fetch_token(self, deadline: Deadline) -> AccessToken:
        """Fetch an access token once; its life counts from before the request."""
        fetched_at = self.clock.time()

        def read(result: Result) -> AccessToken:
            lifetime = result.integer("expires_in")
            if lifetime <= 0:
                result.refuse("expires_in")
            return AccessToken(
                value=result.text("access_token"),
                fetched_at=fetched_at,
                expires_at=fetched_at + lifetime,
            )

        return self.make(Call(self.token_endpoint, {}, None, read, deadline, 1), None)


@frozen(kw_only=True, eq=False, repr=False)
class Caller:
    """Makes calls: each policy is one frame around the next.

    Attributes:
        attempts: Makes single attempts.
        tokens: The app's access token.
        logins: The logins that the store remembers.
        retry: What is repeated, and for how long.
        clock: The session's.
    """

    attempts: Attempts
    tokens: AccessTokens
    logins: LoginStore
    retry: RetryPolicy
    clock: Clock

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
                dice=self.clock.random(),
            )
            if pause is None:
                self._forget_refused(call, failure)
                raise final_error(failure, endpoint, call.attempts)
            _log.info("attempt %d: %s; repeated in %.2f s", call.attempts, failure, pause)
            self.clock.sleep(pause)

    def _forget_refused(self, call: Call[T], failure: QQMiniGameError) -> None:
        """Forget a login that the platform refuses."""
        if isinstance(call.login, LoginState) and isinstance(
            failure, SignatureError | LoginExpiredError
        ):
            self.logins.forget(call.login, timeout=max(call.deadline.left(), _LAST_SECONDS))

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
