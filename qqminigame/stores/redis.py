"""A store in Redis: shared by all processes on all machines. Needs the extra ``redis``."""

import secrets
from typing import Any, Final

from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.forking import renew_in_child
from qqminigame.redaction import mask_values

_SECONDS: Final = 2.0
# One step for Redis: nobody can come in between the look and the deletion.
_DELETE_IF: Final = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
)


class RedisStore:
    """Keeps texts in a Redis database, under keys that start with ``qqminigame:``.

    How long a text or a lock lives is up to Redis's own clock.
    """

    def __init__(self, url: str) -> None:
        """Name the database; it is connected to when first needed.

        Args:
            url: ``redis://[user:password@]host:port/number``, ``rediss://`` for TLS or
                ``unix://`` for a socket, as ``redis.Redis.from_url`` takes it.

        Raises:
            ConfigurationError: The url is not valid, or the package ``redis`` is not installed.
        """
        self._url = url
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Connect anew; the parent's connections are left alone."""
        self._client = _connect(self._url)
        options = self._client.connection_pool.connection_kwargs
        self._password = str(options.get("password") or "")
        place = options.get("path") or f"{options.get('host')}:{options.get('port') or 6379}"
        self._name = f"redis {place}/{options.get('db') or 0}"

    def __repr__(self) -> str:
        return f"<RedisStore {self._name}>"

    def get(self, key: str) -> str | None:
        """Return the text of a key; None where there is none, or its time is over."""
        found = self._run("GET", _text(key))
        return None if found is None else str(found)

    def set(self, key: str, text: str, ttl_seconds: float | None = None) -> None:
        """Keep a text, for so many seconds, or for good."""
        if ttl_seconds is not None and ttl_seconds <= 0:
            self._run("DEL", _text(key))
        else:
            life = () if ttl_seconds is None else ("PX", _milliseconds(ttl_seconds))
            self._run("SET", _text(key), text, *life)

    def add(self, key: str, text: str) -> bool:
        """Keep a text for good where the key has none yet; say whether it had none."""
        return bool(self._run("SET", _text(key), text, "NX"))

    def delete_if(self, key: str, text: str) -> bool:
        """Delete a key only where this is still its text; say whether it was."""
        return bool(self._run("EVAL", _DELETE_IF, 1, _text(key), text))

    def try_lock(self, name: str, lease_seconds: float) -> str | None:
        """Take a lock if it is free, without waiting."""
        owner = secrets.token_hex(16)
        lease = _milliseconds(lease_seconds)
        return owner if self._run("SET", _lock(name), owner, "NX", "PX", lease) else None

    def unlock(self, name: str, owner: str) -> None:
        """Free a lock, unless it is another's by now."""
        self._run("EVAL", _DELETE_IF, 1, _lock(name), owner)

    def _run(self, *command: str | int) -> Any:
        from redis import RedisError

        # Words leave the except block, not the exception: its frames hold the command.
        try:
            return self._client.execute_command(*command)
        except (RedisError, OSError, UnicodeError) as error:
            # Servers repeat the words of a command that they do not like.
            words = [self._password, *(word for word in command[1:] if isinstance(word, str))]
            reason = f"{type(error).__name__}: {mask_values(str(error), words)}"
        raise StoreError(f"the store {self._name} cannot be used: {reason}")


def _connect(url: str) -> Any:
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError:
        problem = "it needs the package redis: python -m pip install 'qqminigame[redis]'"
    else:
        try:
            return Redis.from_url(
                url,
                decode_responses=True,
                socket_connect_timeout=_SECONDS,
                socket_timeout=_SECONDS,
                # A connection that Redis has closed meanwhile is opened again, once.
                retry=Retry(NoBackoff(), 1),
            )
        except ValueError:
            problem = "the url is not valid: redis://host:port/number"
    raise ConfigurationError(f"a store in Redis cannot be made: {problem}")


def _text(key: str) -> str:
    return f"qqminigame:text:{key}"


def _lock(name: str) -> str:
    return f"qqminigame:lock:{name}"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
