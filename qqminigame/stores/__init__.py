"""Where access tokens, logins and orders are kept, and how an address names such a place."""

from qqminigame.stores.addresses import open_order_store, open_store
from qqminigame.stores.base import Store, check_durable
from qqminigame.stores.default import default_order_store, default_store
from qqminigame.stores.memory import MemoryStore
from qqminigame.stores.redis import RedisStore
from qqminigame.stores.sqlite import SQLiteStore

__all__ = [
    "MemoryStore",
    "RedisStore",
    "SQLiteStore",
    "Store",
    "check_durable",
    "default_order_store",
    "default_store",
    "open_order_store",
    "open_store",
]
