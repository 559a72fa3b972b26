"""What a store is, for those who have to say it."""

from pathlib import Path

from qqminigame.stores import MemoryStore, SQLiteStore, Store
from qqminigame.stores.default import DefaultStore


def file_of(store: Store) -> Path | None:
    """Return the file that a store keeps things in; None where it is no file."""
    return store.path if isinstance(store, SQLiteStore | DefaultStore) else None


def in_memory(store: Store) -> bool:
    """Return whether what the store keeps ends with this process."""
    return isinstance(store, MemoryStore) or (
        isinstance(store, DefaultStore) and store.path is None
    )
