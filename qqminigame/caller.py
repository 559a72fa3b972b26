"""The order of one call: token, build, send, decode, repeat."""

import logging
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from attrs import define, field

from qqminigame import wire
from qqminigame.deadline import Deadline
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
from qqminigame.stores import Store
from qqminigame.tokens import AccessTokens
from qqminigame.transport import Transport
from qqminigame.wire import App, Payload, Request, Result

T = TypeVar("T")

_log: Final = logging.getLogger("qqminigame")


@define
class _Call(Generic[T]):
    """One call on its way: what it is, how far it got, when it has to be over."""

    endpoint: Endpoint
    payload: Payload = field(repr=False)  # of a login, it holds the js_code
    login: LoginState | HallLogin | None
    read: Callable[[Result], T]
    deadline: Deadline
    attempts: int = 0


class Caller:
    """Makes calls: each policy is one frame around the next.

    Attributes:
        tokens: The app's access token.
        retry: What is repeated, and for how long.
    """

    def __init__(
        self,
        *,
        app: App,
        base_url: str | None,
        token_endpoint: Endpoint,
        token_key: str,
        transport: Transport,
        store: Store,
        logins: LoginStore,
        retry: RetryPolicy,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        dice: Callable[[], float],
        on_call: Callable[[CallEvent], object] | None,
    ) -> None:
        self._app = app
        self._base_url = base_url
        self._token_endpoint = token_endpoint
        self._transport = transport
        self._logins = logins
        self.retry = retry
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._dice = dice
        self._on_call = on_call
        self.tokens = AccessTokens(
            key=token_key,
            store=store,
            fetch=self._fetch_token,
            clock=clock,
            sleep=sleep,
            monotonic=monotonic,
        )

    def call(
        self,
        endpoint: Endpoint,
        payload: Payload,
        login: LoginState | HallLogin | None,
        read: Callable[[Result], T],
        deadline: Deadline,
    ) -> T:
        """Make one call; see :meth:`qqminigame.session.Session.call`."""
        return self._call_repeatedly(_Call(endpoint, payload, login, read, deadline))

    def _call_repeatedly(self, call: _Call[T]) -> T:
        """Repeat what may be repeated, until the policy or the deadline ends it."""
        idempotent = call.endpoint.idempotent
        while True:
            call.attempts += 1
            try:
                return self._call_authorised(call)
            except QQMiniGameError as error:
                failure = error
            pause = self.retry.pause(
                failure,
                idempotent=idempotent,
                attempt=call.attempts,
                left_seconds=call.deadline.left(),
                dice=self._dice(),
            )
            if pause is None:
                self._forget_stale(call, failure)
                failure = final_error(failure, idempotent=idempotent)
                failure.attempts = call.attempts
                failure.endpoint = failure.endpoint or call.endpoint.name
                raise failure
            _log.info("attempt %d: %s; repeated in %.2f s", call.attempts, failure, pause)
            self._sleep(pause)

    def _forget_stale(self, call: _Call[T], failure: QQMiniGameError) -> None:
        """Forget a login that the platform refuses; who names its openid is told to log in."""
        if isinstance(call.login, LoginState) and isinstance(
            failure, SignatureError | LoginExpiredError
        ):
            self._logins.forget(call.login)

    def _call_authorised(self, call: _Call[T]) -> T:
        """Call with an access token where one is needed; replace a rejected one once."""
        if not isinstance(call.login, LoginState):
            return self._call_once(call, None)
        token = self.tokens.get(call.deadline.left())
        try:
            return self._call_once(call, token)
        except AccessTokenError as error:
            rejection = error
        other = self.tokens.replace(token, call.deadline.left())
        if other is None:
            raise rejection
        _log.info("%s; the token was replaced", rejection)
        call.attempts += 1
        try:
            return self._call_once(call, other)
        except AccessTokenError as error:
            rejection = error
        self.tokens.distrust()
        raise rejection

    def _call_once(self, call: _Call[T], token: AccessToken | None) -> T:
        """Build a request and exchange it for its answer."""
        left = call.deadline.left()
        if left <= 0:
            raise TransportError(
                f"{call.endpoint.name}: not sent, for {call.deadline.seconds:g} s are over",
                endpoint=call.endpoint.name,
            )
        return self._exchange(self._request(call, token), call.read, call.attempts, left)

    def _exchange(
        self, request: Request, read: Callable[[Result], T], attempt: int, seconds: float
    ) -> T:
        """Send, decode, read; tell whoever watches how it ended."""
        since = self._monotonic()
        received, outcome, code = 0, "interrupted", None
        try:
            reply = self._transport.send(request, seconds)
            received = len(reply.body)
            value = read(wire.decode_reply(request, reply))
            outcome = "ok"
            return value
        except QQMiniGameError as error:
            if isinstance(error, SignatureError | LoginExpiredError):
                error.signed = wire.signed_text(request)
            outcome, code = outcome_of(error).name.lower(), error.code
            raise
        finally:
            self._watch(
                CallEvent(
                    endpoint=request.endpoint.name,
                    attempt=attempt,
                    outcome=outcome,
                    code=code,
                    seconds=self._monotonic() - since,
                    sent_bytes=len(request.body or b""),
                    received_bytes=received,
                )
            )

    def _watch(self, event: CallEvent) -> None:
        _log.debug(
            "%s: %s, code %s, attempt %d, %.3f s",
            *(event.endpoint, event.outcome, event.code, event.attempt, event.seconds),
        )
        if self._on_call is not None:
            try:
                self._on_call(event)
            except Exception:
                _log.exception("on_call failed; the call goes on")

    def _request(self, call: _Call[T], token: AccessToken | None) -> Request:
        endpoint, payload, login = call.endpoint, call.payload, call.login
        if isinstance(login, LoginState) and token is not None:
            return wire.login_state_request(endpoint, self._base_url, payload, login, token)
        if isinstance(login, HallLogin):
            return wire.openapi_request(endpoint, self._base_url, payload, login, self._app)
        return wire.app_request(endpoint, self._base_url, payload, self._app)

    def _fetch_token(self, seconds: float) -> AccessToken:
        """Fetch an access token once; its life counts from before the request."""
        fetched_at = self._clock()
        request = wire.app_request(self._token_endpoint, self._base_url, {}, self._app)

        def read(result: Result) -> AccessToken:
            lifetime = result.integer("expires_in")
            if lifetime <= 0:
                result.refuse("expires_in")
            return AccessToken(
                value=result.text("access_token"),
                fetched_at=fetched_at,
                expires_at=fetched_at + lifetime,
            )

        return self._exchange(request, read, 1, seconds)
