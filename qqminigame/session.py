"""The order of one call: token, build, send, decode, repeat. What is shared by all services."""

import logging
import os
import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from attrs import define, field

from qqminigame import platforms, settings, wire
from qqminigame.exceptions import (
    AccessTokenError,
    ConfigurationError,
    QQMiniGameError,
    TransportError,
)
from qqminigame.login_store import LoginStore
from qqminigame.models import AccessToken, HallLogin, LoginState
from qqminigame.platforms.base import Endpoint, Platform
from qqminigame.retry import RetryPolicy, final_error
from qqminigame.stores import Store, default_store, open_store
from qqminigame.tokens import AccessTokens
from qqminigame.transport import HttpSession, Transport
from qqminigame.version import __version__
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
    ends: float
    attempts: int = 0


class Session:
    """One app's connection to its platform: credentials, access token, logins, HTTP connections.

    Make one for a process and share it: it may be used by many threads at once, and in the
    children of a fork. It opens nothing before the first call.
    """

    def __init__(
        self,
        app_id: str,
        *,
        app_secret: str | None = None,
        app_key: str | None = None,
        platform: str | Platform = "qq",
        store: Store | str | None = None,
        timeout: float | tuple[float, float] = (3.05, 10.0),
        retry: RetryPolicy = RetryPolicy(),
        base_url: str | None = None,
        http: HttpSession | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """Create a session; nothing is sent.

        Args:
            app_id: The app's id on the platform; for Dawanka, the game hall's own.
            app_secret: Needed for everything but Dawanka. Secret.
            app_key: Needed for Dawanka. Secret.
            platform: Name of the platform: ``"qq"``.
            store: Where the access token and logins are kept: a store, or the address of one:
                ``"memory:"``, ``"sqlite:///file"``. By default an SQLite file in the user's cache
                folder, which all processes of this user share.
            timeout: Seconds to wait for a connection, and for the next bytes of an answer; one
                number for both.
            retry: What is repeated, and for how long; see :class:`RetryPolicy`.
            base_url: Sends every call to this address, paths unchanged: a sandbox or gateway.
            http: A ``requests.Session`` whose adapters, headers, proxies, ``verify`` and ``cert``
                are to be used.
            clock: Returns the time in unix seconds; for tests.
            monotonic: Returns the seconds of a clock that is never set; for tests.
            sleep: Waits for so many seconds; for tests.
            dice: Returns a random number from 0 to 1; for tests.

        Raises:
            ConfigurationError: An argument is not what it has to be.
        """
        self._app = App(
            app_id=settings.credential("app_id", app_id),
            app_secret=settings.secret("app_secret", app_secret),
            app_key=settings.secret("app_key", app_key),
        )
        platform = platforms.named(platform) if isinstance(platform, str) else platform
        self.platform = settings.instance("platform", platform, Platform)
        self._base_url = None if base_url is None else settings.address(base_url)
        self._retry = settings.instance("retry", retry, RetryPolicy)
        if http is not None:
            settings.instance("http", http, HttpSession)
        self._monotonic = monotonic
        self._sleep = sleep
        self._dice = dice
        self._clock = clock
        opened = open_store(store, clock) if isinstance(store, str) else store
        opened = default_store(clock) if opened is None else opened
        settings.instance("store", opened, Store)
        self._transport = Transport(
            http, settings.timeout_pair(timeout), f"qqminigame/{__version__}"
        )
        self.logins = LoginStore(prefix=f"login:{self._name()}:", store=opened)
        self._tokens = AccessTokens(
            key=f"token:{self._name()}:{settings.digest(app_secret or '')}",
            store=opened,
            fetch=self._fetch_token,
            clock=clock,
            sleep=sleep,
            monotonic=monotonic,
        )

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Create a session from environment variables.

        ``QQMINIGAME_APP_ID`` is required; ``QQMINIGAME_APP_SECRET``, ``_APP_KEY``, ``_PLATFORM``,
        ``_STORE`` and ``_BASE_URL`` set the argument of the same name.

        Args:
            **arguments: Arguments of :class:`Session`; they win over the environment.

        Raises:
            ConfigurationError: ``QQMINIGAME_APP_ID`` is missing, or a value is not valid.
        """
        arguments = {**settings.from_environment(os.environ), **arguments}
        if "app_id" not in arguments:
            raise ConfigurationError("the environment variable QQMINIGAME_APP_ID is not set")
        return cls(**arguments)

    def __repr__(self) -> str:
        return f"<Session {self._name()}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The session stays usable and opens new ones when needed."""
        self._transport.close()

    def endpoint(self, endpoint: Endpoint | None, service: str) -> Endpoint:
        """Return an endpoint after checking that this session can call it.

        Args:
            endpoint: A row of the platform; None where the platform has none.
            service: Who asks, for the error.

        Raises:
            ConfigurationError: The platform has no such call, or the session lacks the credential.
        """
        if endpoint is None:
            raise ConfigurationError(f"{service}: the platform {self.platform.name} has none")
        credential = endpoint.auth.credential
        if getattr(self._app, credential) is None:
            raise ConfigurationError(
                f"{service} needs the {credential}: Session({self._app.app_id!r}, {credential}=...)"
                f" or QQMINIGAME_{credential.upper()} for Session.from_env()"
            )
        return endpoint

    def call(
        self,
        endpoint: Endpoint,
        payload: Payload,
        login: LoginState | HallLogin | None,
        read: Callable[[Result], T],
    ) -> T:
        """Make one call of the platform and return what it answered.

        The arguments have to be checked: this is what the services do.

        Args:
            endpoint: The call.
            payload: Its own parameters.
            login: Who it is made for; None for a call of the app itself.
            read: Reads the answer; a ReplyError in it is one of the call.

        Raises:
            QQMiniGameError: It did not succeed; see :mod:`qqminigame.exceptions`.
        """
        ends = self._monotonic() + self._retry.deadline_seconds
        return self._call_repeatedly(_Call(endpoint, payload, login, read, ends))

    def login_state(self, login: LoginState | str) -> LoginState:
        """Return a login; a bare openid is looked up among those remembered.

        Raises:
            LoginExpiredError: None of this openid is remembered.
        """
        return self.logins.find(login) if isinstance(login, str) else login

    def now(self) -> int:
        """Return the time in unix seconds."""
        return int(self._clock())

    def _call_repeatedly(self, call: _Call[T]) -> T:
        """Repeat what may be repeated, until the policy or the deadline ends it."""
        idempotent = call.endpoint.idempotent
        while True:
            call.attempts += 1
            try:
                return self._call_authorised(call)
            except QQMiniGameError as error:
                failure = error
            pause = self._retry.pause(
                failure,
                idempotent=idempotent,
                attempt=call.attempts,
                left_seconds=self._left(call),
                dice=self._dice(),
            )
            if pause is None:
                failure = final_error(failure, idempotent=idempotent)
                failure.attempts = call.attempts
                raise failure
            _log.info("attempt %d: %s; repeated in %.2f s", call.attempts, failure, pause)
            self._sleep(pause)

    def _call_authorised(self, call: _Call[T]) -> T:
        """Call with an access token where one is needed; replace a rejected one once."""
        if not isinstance(call.login, LoginState):
            return self._call_once(call, None)
        token = self._tokens.get(self._left(call))
        try:
            return self._call_once(call, token)
        except AccessTokenError as error:
            _log.info("%s; the token is replaced", error)
        self._tokens.reject(token)
        call.attempts += 1
        return self._call_once(call, self._tokens.get(self._left(call)))

    def _call_once(self, call: _Call[T], token: AccessToken | None) -> T:
        """Build, send, decode, read."""
        left = self._left(call)
        if left <= 0:
            raise TransportError(
                f"{call.endpoint.name}: not sent, for {self._retry.deadline_seconds:g} s are over",
                endpoint=call.endpoint.name,
            )
        request = self._request(call, token)
        return call.read(wire.decode_reply(request, self._transport.send(request, left)))

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
        request = wire.app_request(self.platform.token, self._base_url, {}, self._app)
        # Half for connecting, half for the answer.
        result = wire.decode_reply(request, self._transport.send(request, seconds / 2))
        lifetime = result.integer("expires_in")
        if lifetime <= 0:
            result.refuse("expires_in")
        return AccessToken(
            value=result.text("access_token"),
            fetched_at=fetched_at,
            expires_at=fetched_at + lifetime,
        )

    def _left(self, call: _Call[T]) -> float:
        return call.ends - self._monotonic()

    def _name(self) -> str:
        """Name app and platform; what is kept for one address is never sent to another."""
        host = self._base_url or self.platform.token.host
        return f"{self.platform.name}:{host}:{self._app.app_id}"
