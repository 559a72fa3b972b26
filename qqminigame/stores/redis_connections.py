"""Connections to Redis that are told how long each command may take."""

import os
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.messages import Text
from qqminigame.redaction import mask_values

_IDLE_CONNECTIONS: Final = 16
_SHOWN_CHARACTERS: Final = 300

_OPTIONS: Final = frozenset(
    {
        *("db", "username", "password", "client_name", "protocol"),
        *("socket_keepalive", "health_check_interval"),
        *("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_keyfile_password"),
        *("ssl_cert_reqs", "ssl_check_hostname", "ssl_min_version"),
    }
)
_STATEMENT: Final = "persistent"


class Connections:
    """Sends commands over connections that are kept, each process its own.

    Attributes:
        name: The place, without user and password.
        is_stated_persistent: Whether the url says that nothing is evicted or lost.
    """

    def __init__(self, url: str) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigurationError: The url is not valid, or the package ``redis`` is not installed.
        """
        url, stated_persistent = _without_statement(url)
        self.is_stated_persistent: Final = stated_persistent
        self._class, self._options = _parse(url)
        self._idle: dict[int, deque[Any]] = {}
        self._secrets = [str(self._options.get(name) or "") for name in ("username", "password")]
        place = self._options.get("path") or (
            f"{self._options.get('host', 'localhost')}:{self._options.get('port', 6379)}"
        )
        self.name: Final = f"{place}/{self._options.get('db', 0)}"
        weakref.finalize(self, _close_all, self._idle)

    def run(
        self,
        command: Sequence[str | int],
        ends: float,
        *,
        again: bool,
        passing: tuple[type[Exception], ...] = (),
    ) -> Any:
        """Send a command and return the reply.

        Args:
            command: Its words.
            ends: When it has to be over, by time.monotonic.
            again: Whether to send it once more where the connection breaks.
            passing: Errors to return, not to raise.

        Raises:
            StoreError: Redis cannot be reached, refused the command, or did not answer in time.
        """
        from redis import ConnectionError as Broken, RedisError, TimeoutError as TooLate

        # Words leave the except block, not the exception: its frames hold the command.
        try:
            return self._send(command, ends)
        except passing as error:
            return error
        except (RedisError, OSError, ValueError, RecursionError) as error:
            broken = isinstance(error, Broken | OSError) and not isinstance(error, TooLate)
            reason, advice = self._reason(error, command), _advice(error)
        if broken and again and time.monotonic() < ends:
            return self.run(command, ends, again=False, passing=passing)
        raise StoreError(messages.REDIS_UNUSABLE.of(name=self.name, reason=reason, advice=advice))

    def _send(self, command: Sequence[str | int], ends: float) -> Any:
        idle = self._idle.setdefault(os.getpid(), deque())
        connection = self._take(idle, ends)
        try:
            connection.send_command(*command)
            reply = connection.read_response()
        except BaseException as error:
            if not _is_refusal(error):
                connection.disconnect()
                raise
            _keep(idle, connection)
            raise
        _keep(idle, connection)
        return reply

    def _take(self, idle: deque[Any], ends: float) -> Any:
        """Return a connection on which nothing waits to be read, not even its end."""
        while idle:
            connection = idle.pop()
            connection.ends = ends
            if _is_quiet(connection):
                return connection
            connection.disconnect()
        connection = self._class(**self._options)
        connection.ends = ends
        return connection

    def _reason(self, error: BaseException, command: Sequence[str | int]) -> str:
        # Servers repeat the words of a command that they do not like.
        words = [word for word in command[1:] if isinstance(word, str)]
        said = str(error).partition(", with args")[0]
        shown = mask_values(said[:_SHOWN_CHARACTERS], [*self._secrets, *words])
        return f"{type(error).__name__}: {shown.rstrip('.')}"


def _keep(idle: deque[Any], connection: Any) -> None:
    idle.append(connection)
    if len(idle) > _IDLE_CONNECTIONS:
        idle.popleft().disconnect()


def _close_all(connections: dict[int, deque[Any]]) -> None:
    """Close what this process has opened; a parent's connections are left alone."""
    for connection in connections.get(os.getpid(), ()):
        connection.disconnect()


def _is_refusal(error: BaseException) -> bool:
    from redis import ResponseError

    return isinstance(error, ResponseError)


def _is_quiet(connection: Any) -> bool:
    from redis import RedisError

    try:
        return not connection.can_read(timeout=0)
    except (RedisError, OSError):
        return False


def _advice(error: BaseException) -> Text:
    from redis.exceptions import MovedError, ReadOnlyError

    if isinstance(error, MovedError) or str(error).startswith("MOVED"):
        return messages.IS_A_CLUSTER
    return messages.IS_A_REPLICA if isinstance(error, ReadOnlyError) else messages.CHECK_REDIS


def _without_statement(url: str) -> tuple[str, bool]:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    stated = [value for name, value in query if name == _STATEMENT]
    if stated not in ([], ["yes"]):
        raise ConfigurationError(messages.REDIS_REFUSED.of(problem=messages.REDIS_PERSISTENT))
    rest = urlencode([pair for pair in query if pair[0] != _STATEMENT])
    return (urlunsplit(parts._replace(query=rest)) if stated else url), bool(stated)


def _parse(url: str) -> tuple[type[Any], dict[str, Any]]:
    """Return the class of the connections, and what to make them with."""
    try:
        from redis.backoff import NoBackoff
        from redis.connection import Connection, parse_url
        from redis.retry import Retry
    except ModuleNotFoundError:
        problem: Text | None = messages.REDIS_MISSING
    else:
        problem = _unknown_option(url)
        parse: Any = parse_url  # has no types
        try:
            options = {"protocol": 2, **parse(url)}
            timed = _timed(options.pop("connection_class", Connection))
            options |= {"socket_timeout": None, "decode_responses": True}
            options["retry"] = Retry(NoBackoff(), 0)
            if not problem:
                timed(**options)
                return timed, options
        except (ValueError, TypeError, AttributeError):
            problem = problem or messages.REDIS_URL
    raise ConfigurationError(messages.REDIS_REFUSED.of(problem=problem))


def _unknown_option(url: str) -> Text | None:
    unknown = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    unknown -= _OPTIONS
    if not unknown:
        return None
    known = ", ".join(sorted(_OPTIONS | {_STATEMENT}))
    return messages.REDIS_OPTION.of(unknown=", ".join(sorted(unknown)), known=known)


def _timed(base: type[Any]) -> type[Any]:
    """Return a class of connections whose every step ends when its command has to.

    redis-py limits each wait for a piece of a reply, not the whole of it: a server that sent 200
    bytes one by one, 50 ms apart, held up a call of one second for 10 s. So its connections get
    a socket that knows when the command ends. For that, this defines ``_connect``, the one
    method that redis-py's AbstractConnection leaves to every kind of connection; the tests run
    with redis-py 5.0.0 and the newest. Once redis-py has a limit for a whole command, that will
    do.
    """

    class TimedConnection(base):  # type: ignore[misc]  # untyped base
        ends = 0.0
        socket_timeout: float | None = None

        @property
        def socket_connect_timeout(self) -> float:
            """What is left; the base class asks again for each address of the host."""
            return max(self.ends - time.monotonic(), 0.001)

        @socket_connect_timeout.setter
        def socket_connect_timeout(self, seconds: float | None) -> None:
            """Ignore what the base class sets."""

        def _connect(self) -> "_TimedSocket":
            self.socket_timeout = self.socket_connect_timeout  # for the handshake of TLS
            try:
                connected = super()._connect()
            finally:
                self.socket_timeout = None
            return _TimedSocket(connected, lambda: self.ends - time.monotonic())

    return TimedConnection


class _TimedSocket:
    """A connected socket on which no wait is longer than the time left."""

    def __init__(self, connected: Any, left: Callable[[], float]) -> None:
        self._socket = connected
        self._left = left
        self._limit: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def settimeout(self, seconds: float | None) -> None:
        self._limit = seconds

    def recv(self, *arguments: Any) -> Any:
        return self._in_time().recv(*arguments)

    def recv_into(self, *arguments: Any) -> Any:
        return self._in_time().recv_into(*arguments)

    def sendall(self, data: bytes) -> None:
        self._in_time().sendall(data)

    def _in_time(self) -> Any:
        left = self._left()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._socket.settimeout(left if self._limit is None else min(left, self._limit))
        return self._socket
