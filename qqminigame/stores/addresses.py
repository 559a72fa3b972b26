"""How an address names a store."""

from collections.abc import Callable
from typing import Final

from qqminigame.exceptions import ConfigurationError
from qqminigame.redaction import MASK
from qqminigame.stores.base import Store
from qqminigame.stores.memory import MemoryStore
from qqminigame.stores.redis import RedisStore
from qqminigame.stores.sqlite import SQLiteStore

_REDIS: Final = ("redis://", "rediss://", "unix://")
_KINDS: Final = (
    "a store is 'memory:', 'sqlite:///relative/file', 'sqlite:////absolute/file' or "
    "'redis://host:port/number'"
)
_DATABASE_ENDINGS: Final = (".db", ".sqlite", ".sqlite3")


def open_store(address: str, clock: Callable[[], float]) -> Store:
    """Return the store of access tokens and logins at an address.

    Args:
        address: ``memory:``, ``sqlite:///relative/file``, ``sqlite:////absolute/file`` or
            ``redis://host:port/number``. ``?mode=660`` behind the file shares it with its group.
        clock: Returns the time in unix seconds.

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
        raise ConfigurationError("the address of the store has white space around it; remove it")
    if address == "memory:":
        return MemoryStore(clock=clock)
    if address.startswith("sqlite:///"):
        path, mode = _file(address)
        return SQLiteStore(path, mode=mode, durable=durable, clock=clock)
    if address.startswith(_REDIS):
        return RedisStore(address)
    if any(kind in address.partition(":")[0] for kind in ("sentinel", "cluster")):
        raise ConfigurationError(
            f"store {_shown(address)}: Redis Sentinel and Redis Cluster are not supported; name a "
            "single Redis, or a proxy in front of them, as redis://host:port/number"
        )
    raise ConfigurationError(f"unknown store {_shown(address)}{_suggestion(address)}; {_KINDS}")


def _file(address: str) -> tuple[str, int]:
    path, _, query = address.removeprefix("sqlite:///").partition("?")
    if not path:
        raise ConfigurationError(f"the store 'sqlite:///' names no file; {_KINDS}")
    if not query:
        return path, 0o600
    name, _, value = query.partition("=")
    if name != "mode":
        raise ConfigurationError(f"sqlite:///{path}: unknown option {name!r}; there is ?mode=660")
    return path, _mode(value, path)


def _mode(value: str, path: str) -> int:
    mode = int(value, 8) if value and set(value) <= set("01234567") else 0
    if mode & 0o600 != 0o600 or mode & ~0o666:
        raise ConfigurationError(
            f"sqlite:///{path}: mode must be like 600 (its owner), 660 (its group) or 666 "
            f"(everybody), not {value!r}"
        )
    return mode


def _shown(address: str) -> str:
    """Return what can be shown of an address: what follows a scheme may hold a password."""
    scheme, _, rest = address.partition(":")
    if "@" in scheme:
        return MASK
    return repr(f"{scheme}:{MASK}" if rest else address)


def _suggestion(address: str) -> str:
    meant = _meant(address)
    return f"; did you mean {meant!r}?" if meant else ""


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
