"""A store in Redis: shared by all processes on all machines. Needs the extra ``redis``."""

import math
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.stores.base import TIMEOUT_SECONDS, check_texts
from qqminigame.stores.redis_connections import Connections

_KEYS_AT_ONCE: Final = 500
_SCANNED_AT_ONCE: Final = 5000
# One step for Redis: nobody can come in between the look and the deletion.
_DELETE_IF: Final = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
)
_REPLACE_IF: Final = (
    "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end "
    "redis.call('set', KEYS[1], ARGV[2]) return 1"
)
# Reserves a turn by Redis's own clock, in microseconds; the key goes when its turn is past.
_NEXT_TURN: Final = (
    "local time = redis.call('time') "
    "local now = time[1] * 1000000 + time[2] "
    "local turn = math.max(tonumber(redis.call('get', KEYS[1]) or 0), now) "
    "local wait = turn - now "
    "local life = math.ceil((wait + ARGV[1]) / 1000) + 1000 "
    "redis.call('set', KEYS[1], string.format('%.0f', turn + ARGV[1]), 'PX', life) "
    "return string.format('%.0f', wait)"
)
_OF_PATTERNS: Final = str.maketrans({each: f"\\{each}" for each in "*?[]^\\"})
_DURABLE: Final = {
    "maxmemory-policy": "noeviction",
    "appendonly": "yes",
    "appendfsync": "always",
}


class RedisStore:
    """Keeps texts in a Redis database, under keys that start with ``qqminigame:``.

    Redis's own clock decides when a text or a lock expires.

    A command whose reply is lost is sent once more if it is idempotent. Adding, locking and
    deleting are not repeated: the first attempt may have worked.
    """

    def __init__(self, url: str) -> None:
        """Name the database; the connection is opened when first needed.

        Args:
            url: ``redis://[user:password@]host:port/number``, ``rediss://`` for TLS or
                ``unix://`` for a socket. Options may follow, as ``redis.Redis.from_url`` takes
                them: ``ssl_ca_certs`` and the other ``ssl_`` files, ``client_name``, ``protocol``,
                ``socket_keepalive``. ``persistent=yes`` states that this Redis neither evicts nor
                loses keys, if CONFIG GET is forbidden. Sentinel and Cluster are not
                supported.

        Raises:
            ConfigurationError: The url is not valid, or the package ``redis`` is not installed.
        """
        self._connections = Connections(url)

    def __repr__(self) -> str:
        return f"<RedisStore {self._connections.name}>"

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return the text of a key; None if there is none, or it has expired."""
        found = self._repeatable(_ends(timeout), "GET", _text(key))
        if found is None or isinstance(found, str):
            return found
        raise self._odd(found)

    def get_many(self, keys: Sequence[str], *, timeout: float = TIMEOUT_SECONDS) -> dict[str, str]:
        """Return the texts of those keys that have one."""
        ends = _ends(timeout)
        found: dict[str, str] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            texts = self._repeatable(ends, "MGET", *map(_text, some))
            if not isinstance(texts, list) or len(texts) != len(some):
                raise self._odd(texts)
            for key, text in zip(some, texts, strict=True):
                if isinstance(text, str):
                    found[key] = text
                elif text is not None:
                    raise self._odd(text)
        return found

    def set(
        self,
        key: str,
        text: str,
        ttl_seconds: float | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep a text, for the given seconds or without a limit."""
        check_texts(key, text)
        ends = _ends(timeout)
        if ttl_seconds is not None and ttl_seconds <= 0:
            self._repeatable(ends, "DEL", _text(key))
            return
        life = () if ttl_seconds is None else ("PX", _milliseconds(ttl_seconds))
        self._is_ok(self._repeatable(ends, "SET", _text(key), text, *life))

    def add(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Keep a text without a time limit if the key has none yet; return whether it had none.

        Raises:
            StoreError: Also where the answer was lost, and it was kept or not.
        """
        check_texts(key, text)
        return self._is_ok(self._once(_ends(timeout), "SET", _text(key), text, "NX"))

    def replace_if(self, key: str, old: str, new: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Replace a text only if it is still ``old``; return whether it was."""
        check_texts(key, new)
        replaced = self._once(_ends(timeout), "EVAL", _REPLACE_IF, 1, _text(key), old, new)
        if replaced not in (0, 1):
            raise self._odd(replaced)
        return bool(replaced)

    def delete_if(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Delete a key only if this is still its text; return whether it was."""
        return self._delete_if(_text(key), text, timeout)

    def try_lock(
        self, name: str, lease_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> str | None:
        """Take a lock if it is free, without waiting for its holder."""
        owner = secrets.token_hex(16)
        lease = _milliseconds(lease_seconds)
        taken = self._once(_ends(timeout), "SET", _lock(name), owner, "NX", "PX", lease)
        return owner if self._is_ok(taken) else None

    def unlock(self, name: str, owner: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Release a lock, unless somebody else has taken it meanwhile."""
        self._delete_if(_lock(name), owner, timeout)

    def now(self, *, timeout: float = TIMEOUT_SECONDS) -> float:
        """Return the time in Unix seconds by Redis's clock."""
        found = self._repeatable(_ends(timeout), "TIME")
        try:
            seconds, microseconds = map(int, found)
            return seconds + microseconds / 1e6
        except (TypeError, ValueError):
            pass
        raise self._odd(found)

    def next_turn(
        self, name: str, interval_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> float:
        """Reserve the next turn; return the seconds until it, by Redis's clock.

        A turn whose answer is lost is lost too.
        """
        interval = math.ceil(interval_seconds * 1e6)
        found = self._once(_ends(timeout), "EVAL", _NEXT_TURN, 1, _turn(name), interval)
        if not isinstance(found, str) or not found.isdigit():
            raise self._odd(found)
        return int(found) / 1e6

    def scan(
        self,
        prefix: str,
        *,
        cursor: str = "",
        limit: int = 1000,
        timeout: float = TIMEOUT_SECONDS,
    ) -> tuple[list[tuple[str, str]], str]:
        """Return some of the keys that start with ``prefix``, with their texts.

        A call may return none although there are more: Redis looks at ``limit`` of all its keys.
        """
        ends = _ends(timeout)
        following, names = self._scan(ends, prefix, cursor or "0", limit)
        start = len(_text(""))
        texts = self.get_many([name[start:] for name in names], timeout=ends - time.monotonic())
        return list(texts.items()), "" if following == "0" else following

    def count(self, prefix: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return about how many keys start with ``prefix``; this scans all keys of the database.

        Those that Redis moves meanwhile, because it grows or shrinks, may be counted twice.
        """
        ends = _ends(timeout)
        cursor, names = self._scan(ends, prefix, "0", _SCANNED_AT_ONCE)
        total = len(names)
        while cursor != "0":
            cursor, names = self._scan(ends, prefix, cursor, _SCANNED_AT_ONCE)
            total += len(names)
        return total

    def check_durable(self, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Refuse to keep orders where they might be lost.

        Snapshots (``save``) lose minutes, and ``appendfsync everysec`` a second or two of what
        Redis has said it keeps: an order in them would be counted twice.

        Raises:
            ConfigurationError: Redis may evict keys, or forgets them when it stops; or it does not
                say, and the url does not state ``persistent=yes``.
            StoreError: Redis cannot be asked.
        """
        if self._connections.is_stated_persistent:
            return
        ends = _ends(timeout)
        settings = {name: self._setting(ends, name) for name in _DURABLE}
        wanted = [f"{name} {value}" for name, value in _DURABLE.items() if settings[name] != value]
        if wanted:
            raise ConfigurationError(
                messages.REDIS_MAY_LOSE.of(name=self._connections.name, settings=", ".join(wanted))
            )

    def _setting(self, ends: float, name: str) -> str:
        from redis import ResponseError

        found = self._connections.run(
            ["CONFIG", "GET", name], ends, again=True, passing=(ResponseError,)
        )
        if isinstance(found, ResponseError):
            raise ConfigurationError(
                messages.REDIS_NO_CONFIG.of(name=self._connections.name, setting=name)
            )
        if not isinstance(found, list) or len(found) != 2:
            raise self._odd(found)
        return str(found[1])

    def _scan(self, ends: float, prefix: str, cursor: str, limit: int) -> tuple[str, list[str]]:
        pattern = f"{_text(prefix.translate(_OF_PATTERNS))}*"
        found = self._repeatable(ends, "SCAN", cursor, "MATCH", pattern, "COUNT", limit)
        if not isinstance(found, list) or len(found) != 2 or not isinstance(found[1], list):
            raise self._odd(found)
        return str(found[0]), [str(name) for name in found[1]]

    def _delete_if(self, name: str, text: str, timeout: float) -> bool:
        deleted = self._once(_ends(timeout), "EVAL", _DELETE_IF, 1, name, text)
        if deleted not in (0, 1):
            raise self._odd(deleted)
        return bool(deleted)

    def _is_ok(self, reply: object) -> bool:
        if reply not in ("OK", None):
            raise self._odd(reply)
        return reply == "OK"

    def _odd(self, reply: object) -> StoreError:
        return StoreError(
            messages.REDIS_ODD.of(name=self._connections.name, kind=type(reply).__name__)
        )

    def _repeatable(self, ends: float, *command: str | int) -> Any:
        return self._connections.run(command, ends, again=True)

    def _once(self, ends: float, *command: str | int) -> Any:
        return self._connections.run(command, ends, again=False)


def _ends(timeout: float) -> float:
    return time.monotonic() + timeout


def _text(key: str) -> str:
    return f"qqminigame:text:{key}"


def _turn(name: str) -> str:
    return f"qqminigame:turn:{name}"


def _lock(name: str) -> str:
    return f"qqminigame:lock:{name}"


def _milliseconds(seconds: float) -> int:
    return max(1, math.floor(seconds * 1000))
