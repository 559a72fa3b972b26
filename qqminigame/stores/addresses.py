"""How an address names a store."""

from collections.abc import Callable
from typing import Final

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError
from qqminigame.redaction import MASK
from qqminigame.stores.base import Store
from qqminigame.stores.memory import MemoryStore
from qqminigame.stores.redis import RedisStore
from qqminigame.stores.sqlite import SQLiteStore

_REDIS: Final = ("redis://", "rediss://", "unix://")
_DATABASE_ENDINGS: Final = (".db", ".sqlite", ".sqlite3")


def open_store(address: str, clock: Callable[[], float]) -> Store:
    """Return the store of access tokens and logins at an address.

    Args:
        address: ``memory:``, ``sqlite:///relative/file``, ``sqlite:////absolute/file`` or
            ``redis://host:port/number``. ``?mode=660`` behind the file shares it with its group.
        clock: Returns the time in Unix seconds.

    Raises:
        ConfigurationError: The address names no store.
    """
    return _open(address, clock, durable=False)


def open_order_store(address: str, clock: Callable[[], float]) -> Store:
    """Return the store of orders at an address; the same addresses, but nothing may be lost.

    A file waits for the disk and never heals. Whether Redis keeps what it is given has to be asked
    with :func:`~qqminigame.stores.base.check_durable`. ``memory:`` forgets all orders with the
    process, and so is for tests.

    Raises:
        ConfigurationError: The address names no store.
    """
    return _open(address, clock, durable=True)


def _open(address: str, clock: Callable[[], float], *, durable: bool) -> Store:
    if address != address.strip():
        raise ConfigurationError(messages.STORE_WHITESPACE)
    if address == "memory:":
        return MemoryStore(clock=clock)
    if address.startswith("sqlite:///"):
        path, mode = _file(address)
        return SQLiteStore(path, mode=mode, durable=durable, clock=clock)
    if address.startswith(_REDIS):
        return RedisStore(address)
    if any(kind in address.partition(":")[0] for kind in ("sentinel", "cluster")):
        raise ConfigurationError(messages.NOT_ONE_REDIS.of(shown=_shown(address)))
    meant = _meant(address)
    text = messages.MISTYPED_STORE if meant else messages.UNKNOWN_STORE
    raise ConfigurationError(
        text.of(shown=_shown(address), meant=meant, kinds=messages.STORE_KINDS)
    )


def _file(address: str) -> tuple[str, int]:
    path, _, query = address.removeprefix("sqlite:///").partition("?")
    if not path:
        raise ConfigurationError(messages.STORE_WITHOUT_FILE.of(kinds=messages.STORE_KINDS))
    if not query:
        return path, 0o600
    name, _, value = query.partition("=")
    if name != "mode":
        raise ConfigurationError(messages.STORE_OPTION.of(path=path, option=name))
    return path, _mode(value, path)


def _mode(value: str, path: str) -> int:
    mode = int(value, 8) if value and set(value) <= set("01234567") else 0
    if mode & 0o600 != 0o600 or mode & ~0o666:
        raise ConfigurationError(messages.STORE_MODE.of(path=path, given=value))
    return mode


def _shown(address: str) -> str:
    """Return what can be shown of an address: what follows a scheme may hold a password."""
    scheme, _, rest = address.partition(":")
    if "@" in scheme:
        return MASK
    return repr(f"{scheme}:{MASK}" if rest else address)


def _meant(address: str) -> str | None:
    if "@" in address:
        return None
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "memory" and not rest.strip("/"):
        return "memory:"
    if scheme.lower() == "sqlite" and rest.strip("/"):
        slashes = "///" if not rest.startswith("///") else ""
        return f"sqlite:{slashes}{rest.removeprefix('//') if slashes else rest}"
    if address == "redis":
        return "redis://localhost:6379/0"
    if ":" not in address and (address.startswith(("/", "~", ".")) or _is_database(address)):
        return f"sqlite:///{address}"
    return None


def _is_database(address: str) -> bool:
    return address.endswith(_DATABASE_ENDINGS)
