"""The session that all services share: credentials, platform, store and connections."""

import copy
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypedDict, TypeVar, Unpack

from attrs import evolve

from qqminigame import messages, platforms, settings
from qqminigame.calls import Attempts, Caller
from qqminigame.clock import SYSTEM_CLOCK, Clock, Deadline
from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.login_store import LoginStore
from qqminigame.models import AccessToken, CallEvent, HallLogin, LoginState
from qqminigame.platforms import PlatformName
from qqminigame.platforms.base import Auth, Endpoint, Platform
from qqminigame.retry import RetryPolicy
from qqminigame.stores import Store, default_store, open_store
from qqminigame.tokens import AccessTokens
from qqminigame.transport import HttpSession, Transport
from qqminigame.version import __version__
from qqminigame.wire import App, Payload, Result

T = TypeVar("T")


class SessionArguments(TypedDict, total=False):
    """The arguments of :class:`Session`, which describes them, for :meth:`Session.from_env`."""

    app_id: str
    app_secret: str | None
    hall_app_id: str | None
    app_key: str | None
    platform: PlatformName | Platform
    stable_token: bool
    store: Store | str | None
    timeout: float | tuple[float, float]
    pool_size: int
    login_ttl: float | None
    retry: RetryPolicy
    base_url: str | None
    http: HttpSession | None
    on_call: Callable[[CallEvent], object] | None
    clock: Clock


class Session:
    """One app's connection to its platform: credentials, access token, logins, HTTP connections.

    Create one per process and share it: several threads may use it at once, and so may the children
    of a fork. Nothing is opened before the first call.
    """

    def __init__(
        self,
        app_id: str,
        *,
        app_secret: str | None = None,
        hall_app_id: str | None = None,
        app_key: str | None = None,
        platform: PlatformName | Platform = "qq",
        stable_token: bool = False,
        store: Store | str | None = None,
        timeout: float | tuple[float, float] = (3.05, 10.0),
        pool_size: int = 32,
        login_ttl: float | None = None,
        retry: RetryPolicy = RetryPolicy(),
        base_url: str | None = None,
        http: HttpSession | None = None,
        on_call: Callable[[CallEvent], object] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Create a session; nothing is sent.

        Args:
            app_id: The mini game's id on the platform.
            app_secret: Needed for everything but Dawanka. Secret.
            hall_app_id: The app's id in the QQ game hall, which has ids of its own. A session for
                the hall alone may pass it as ``app_id``.
            app_key: Needed for Dawanka: the key of the app in the game hall. Secret.
            platform: Name of the platform: ``"qq"``, ``"douyin"``, ``"wechat"``; and
                ``"douyin-toutiao"`` for Douyin's older host. Or a platform of your own.
            stable_token: Fetch access tokens by the platform's ``stable_token`` call (Douyin,
                WeChat): programs that do all get the same token and do not invalidate each other's.
            store: Where the access token and logins are kept: a store, or the address of one:
                ``"memory:"``, ``"sqlite:///file"``, ``"redis://host:port/number"``. By default an
                SQLite file in the user's cache folder, shared by all processes of this user.
            timeout: Seconds to wait for a connection, and for the next bytes of a reply: a tuple,
                or one number for both.
            pool_size: The highest number of connections to one address. A thread that finds no free
                connection waits for one until its call's deadline. The adapters of ``http`` have
                sizes of their own.
            login_ttl: Seconds for which a login is remembered; None keeps it until the platform
                rejects it.
            retry: What is retried, and for how long; see :class:`RetryPolicy`.
            base_url: Sends every call to this address, paths unchanged: a sandbox or gateway.
            http: A ``requests.Session`` whose adapters (for whole hosts), headers, proxies,
                ``verify`` and ``cert`` are used.
            on_call: Called after each attempt at a call, with a :class:`CallEvent`. An exception
                that it raises is logged and otherwise ignored.
            clock: The source of time, pauses and randomness; for tests.

        Raises:
            ConfigurationError: An argument is missing or invalid.
        """
        self._app = App(
            app_id=settings.credential("app_id", app_id),
            app_secret=settings.optional_credential("app_secret", app_secret),
            hall_app_id=settings.optional_credential("hall_app_id", hall_app_id),
            app_key=settings.optional_credential("app_key", app_key),
        )
        self.platform: Final = platforms.chosen(platform)
        if on_call is not None and not callable(on_call):
            raise ConfigurationError(messages.NOT_CALLABLE.of(kind=type(on_call).__name__))
        self._base_url = None if base_url is None else settings.address(base_url)
        if http is not None:
            settings.instance("http", http, HttpSession)
        transport = Transport(
            http,
            timeout=settings.timeout_pair(timeout),
            pool_size=settings.count("pool_size", pool_size),
            user_agent=f"qqminigame/{__version__}",
        )
        self.clock: Final = settings.instance("clock", clock, Clock)
        self.store: Final = _store(store, clock)
        self.logins: Final = LoginStore(
            prefix=f"login:{self._name()}:",
            store=self.store,
            clock=clock,
            ttl_seconds=None
            if login_ttl is None
            else settings.positive("login_ttl", login_ttl, settings.MAX_LOGIN_SECONDS),
        )
        token = self._token_endpoint(settings.instance("stable_token", stable_token, bool))
        attempts = Attempts(
            app=self._app,
            base_url=self._base_url,
            token_endpoint=token,
            transport=transport,
            on_call=on_call,
            clock=clock,
        )
        tokens = AccessTokens(
            key=f"{token.name}:{self._name()}:{settings.digest(app_secret or '')}",
            store=self.store,
            fetch=attempts.fetch_token,
            clock=clock,
        )
        self._caller = Caller(
            attempts=attempts,
            tokens=tokens,
            logins=self.logins,
            retry=settings.instance("retry", retry, RetryPolicy),
            clock=clock,
        )

    @classmethod
    def from_env(cls, **arguments: Unpack[SessionArguments]) -> Self:
        """Create a session from environment variables.

        ``QQMINIGAME_APP_ID`` is required; ``QQMINIGAME_APP_SECRET``, ``_HALL_APP_ID``,
        ``_APP_KEY``, ``_PLATFORM``, ``_STORE`` and ``_BASE_URL`` set the argument of the same name.

        Args:
            **arguments: Arguments of :class:`Session`; they win over the environment.

        Raises:
            ConfigurationError: ``QQMINIGAME_APP_ID`` is missing, a value is not valid, or there is
                no argument of a name.
        """
        settings.known_arguments(arguments, SessionArguments.__annotations__)
        # Values from outside are checked like any other, and not typed.
        merged: dict[str, Any] = {**settings.from_environment(os.environ), **arguments}
        if "app_id" not in merged:
            raise ConfigurationError(messages.NO_APP_ID)
        return cls(**merged)

    def __repr__(self) -> str:
        if not hasattr(self, "_caller"):  # an argument was refused, and a debugger looks
            return "<Session, not made>"
        return f"<Session {self._name()} store={self.store!r}>"

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
        """Close the connections. The session remains usable and opens new ones when needed.

        Proxies and certificates, those of the environment and of ``http``, are looked up once per
        address, and again after this call.
        """
        self._caller.attempts.transport.close()

    def endpoint(self, endpoint: Endpoint | None, service: str) -> Endpoint:
        """Return an endpoint after checking that this session can call it.

        Args:
            endpoint: A row of the platform; None if the platform has no such call.
            service: The service that needs it, for the error message.

        Raises:
            ConfigurationError: The platform has no such call, or the session lacks the credential.
        """
        if endpoint is None:
            raise ConfigurationError(
                messages.NOT_SUPPORTED.of(service=service, platform=self.platform.name)
            )
        credential = endpoint.auth.credential
        if getattr(self._app, credential) is None:
            raise ConfigurationError(
                messages.MISSING_CREDENTIAL.of(
                    service=service,
                    name=credential,
                    app_id=self._app.app_id,
                    variable=settings.variable(credential),
                )
            )
        if endpoint.auth is Auth.OPENAPI_V3 and self._app.app_secret and not self._app.hall_app_id:
            raise ConfigurationError(
                messages.MISSING_HALL_APP_ID.of(service=service, app_id=self._app.app_id)
            )
        return endpoint

    def target(self, endpoint: Endpoint) -> tuple[str, str]:
        """Return the app's id for an endpoint, and the address that its calls go to."""
        hall = endpoint.auth is Auth.OPENAPI_V3 and self._app.hall_app_id
        return hall or self._app.app_id, self._base_url or endpoint.host

    def call(
        self,
        endpoint: Endpoint,
        payload: Payload,
        login: LoginState | HallLogin | str | None,
        read: Callable[[Result], T],
        deadline: Deadline | None = None,
    ) -> T:
        """Make one call to the platform and return its result.

        This is for the services, which check the arguments first.

        Args:
            endpoint: The call.
            payload: Its own parameters.
            login: The player; a str is the openid of a login that the store remembers; None for a
                call of the app itself.
            read: Turns the reply into the result; it may raise ReplyError.
            deadline: The deadline, if the call is a step of something longer; None for a new one.

        Raises:
            QQMiniGameError: The call did not succeed; see :mod:`qqminigame.exceptions`.
        """
        deadline = deadline or self.deadline()
        if isinstance(login, str):
            login = self.logins.find(login, timeout=deadline.left())
        return self._caller.call(endpoint, payload, login, read, deadline)

    def deadline(self) -> Deadline:
        """Return the deadline of a call that starts now: :attr:`deadline_seconds` from now."""
        return Deadline(self._caller.retry.deadline_seconds, self.clock.monotonic)

    def login_state(self, login: LoginState | str) -> LoginState:
        """Return a login; for a bare openid, the one that the store remembers.

        Raises:
            LoginNotFoundError: The store has no login of this openid.
        """
        if isinstance(login, str):
            return self.logins.find(login, timeout=self.deadline_seconds)
        return login

    def access_token(self) -> AccessToken:
        """Return the access token that calls use now; it is fetched if the store has none.

        Raises:
            ConfigurationError: The session has no app_secret, or the platform refuses it.
            QQMiniGameError: There is no token, and the fetch failed or took too long.
        """
        self.endpoint(self.platform.token, "Session.access_token")
        return self._caller.tokens.get(self.deadline())

    def stored_token(self) -> AccessToken | None:
        """Return the access token that the store has, valid or not; nothing is fetched.

        Raises:
            StoreError: The store cannot be used.
        """
        return self._caller.tokens.stored(self.deadline())

    def refresh_token(self) -> AccessToken:
        """Fetch the next access token now, for all programs that share the store.

        The one before stays valid for at most 5 minutes. Nothing needs this in ordinary use: the
        token is renewed ahead of its end, and when the platform rejects it.

        Raises:
            QQMiniGameError: There is no new token; the one before stays in use.
        """
        self.endpoint(self.platform.token, "Session.refresh_token")
        return self._caller.tokens.refresh(self.deadline())

    @property
    def token_fetches(self) -> int:
        """How many access tokens this session has fetched; platforms limit them per day."""
        return self._caller.tokens.fetches

    @property
    def deadline_seconds(self) -> float:
        """How long a whole call may take."""
        return self._caller.retry.deadline_seconds

    def within(self, seconds: float, *, attempts: int | None = None) -> Self:
        """Return a session with another deadline for its calls; everything else is shared.

        Args:
            seconds: How long a whole call may take, from its start to its result or error.
            attempts: How often a call is tried at most; None for as often as this session's.

        Raises:
            ConfigurationError: ``seconds`` or ``attempts`` is not a positive number.
        """
        view = copy.copy(self)
        retry = evolve(
            self._caller.retry,
            deadline_seconds=settings.positive("Session.within: seconds", seconds),
            attempts=self._caller.retry.attempts if attempts is None else attempts,
        )
        view._caller = evolve(self._caller, retry=retry)
        return view

    def describe(self) -> str:
        """Return a multi-line description of this session's settings, to print.

        The store is asked for the number of its logins; nothing is sent.
        """
        logins: object
        try:
            logins = self.logins.count(timeout=self.deadline_seconds)
        except (ConfigurationError, StoreError) as error:
            logins = messages.LOGINS_UNKNOWN.of(failure=error.text)
        text = messages.SESSION.of(
            platform=self.platform.name,
            app_id=self._app.app_id,
            hall_app_id=self._app.hall_app_id or messages.NOT_SET,
            base_url=self._base_url or messages.NO_BASE_URL,
            store=self.store,
            logins=logins,
            seconds=self.deadline_seconds,
        )
        return str(text)

    def now(self) -> int:
        """Return the time in Unix seconds."""
        return int(self.clock.time())

    def _token_endpoint(self, stable: bool) -> Endpoint:
        if not stable:
            return self.platform.token
        if self.platform.stable_token is None:
            raise ConfigurationError(messages.NO_STABLE_TOKEN.of(platform=self.platform.name))
        return self.platform.stable_token

    def _name(self) -> str:
        """Name app and platform; what is kept for one address is never sent to another."""
        host = self._base_url or self.platform.token.host
        return f"{self.platform.name}:{host}:{self._app.app_id}"


def _store(store: Store | str | None, clock: Clock) -> Store:
    if store is None:
        return default_store(clock.time)
    opened = open_store(store, clock.time) if isinstance(store, str) else store
    return settings.instance("store", opened, Store)


def checked(session: object, service: str) -> Session:
    """Return what a service was given, where it is a session.

    Args:
        session: What it was given.
        service: Its name, for the error.

    Raises:
        ConfigurationError: It is something else, such as an app id.
    """
    if not isinstance(session, Session):
        kind = type(session).__name__
        raise ConfigurationError(messages.NOT_A_SESSION.of(service=service, kind=kind))
    return session
