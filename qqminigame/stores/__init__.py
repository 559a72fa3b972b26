"""Where access tokens and logins are kept, and how an address names such a place."""

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from qqminigame.exceptions import ConfigurationError
from qqminigame.redaction import MASK
from qqminigame.stores.base import Store
from qqminigame.stores.memory import MemoryStore
from qqminigame.stores.redis import RedisStore
from qqminigame.stores.sqlite import SQLiteStore, make_private_folder

__all__ = ["MemoryStore", "RedisStore", "SQLiteStore", "Store", "default_store", "open_store"]


def open_store(address: str, clock: Callable[[], float]) -> Store:
    """Return the store of an address.

    Args:
        address: ``memory:``, ``sqlite:///relative/file``, ``sqlite:////absolute/file`` or
            ``redis://host:port/number``.
        clock: Returns the time in unix seconds.

    Raises:
        ConfigurationError: The address names no store.
    """
    if address == "memory:":
        return MemoryStore(clock=clock)
    kind, found, path = address.partition(":///")
    if kind == "sqlite" and found and path:
        return SQLiteStore(path, clock=clock)
    if address.startswith(("redis://", "rediss://", "unix://")):
        return RedisStore(address)
    # What follows the scheme may hold a password.
    raise ConfigurationError(
        f"store {address.partition(':')[0]}:{MASK} is not known; "
        "it is memory:, sqlite:///file or redis://host:port/number"
    )


def default_store(clock: Callable[[], float]) -> Store:
    """Return the SQLite file in the user's cache folder; memory where it cannot be written.

    In memory, each process fetches an access token of its own and so kills those of the others;
    a warning says so.
    """
    folder = _cache_folder()
    try:
        folder = folder.expanduser()
        make_private_folder(folder)
        usable = os.access(folder, os.W_OK | os.X_OK) and _is_ours(folder)
        if usable:
            folder.chmod(0o700)
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        usable = False
    if usable:
        return SQLiteStore(folder / "store.db", clock=clock)
    warnings.warn(
        f"{folder} cannot be written, so access tokens are kept in memory: if more than one "
        "process speaks for this app, each fetch of a token kills the others' tokens. "
        "Give all of them one store, as store='sqlite:////path/to/store.db'.",
        RuntimeWarning,
        stacklevel=3,
    )
    return MemoryStore(clock=clock)


def _cache_folder() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base) / "qqminigame"


def _is_ours(folder: Path) -> bool:
    # Under sudo, HOME may still be another user's.
    return not hasattr(os, "geteuid") or folder.stat().st_uid == os.geteuid()
