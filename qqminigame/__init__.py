"""Server-side client for mini games of QQ, Douyin and WeChat.

from qqminigame import CloudStorage, Login, Session

session = Session("1110766236", app_secret=...)
login = Login(session).code2session(js_code)
CloudStorage(session).set(login, {"score": "100"})
"""

import importlib
import logging
from typing import Any, Final

# Where each public name is at home. A name is imported when it is first asked for: attrs alone
# takes longer to import than this package may. Type checkers read __init__.pyi.
_HOMES: Final = {
    "client_call": (
        "ClientError",
        "KVData",
        "kv_data_list",
    ),
    "cloud_storage": ("CloudStorage",),
    "dawanka": ("Dawanka",),
    "exceptions": (
        "AccessTokenError",
        "BusyError",
        "ConfigurationError",
        "InvalidArgumentError",
        "LoginExpiredError",
        "OutcomeUnknownError",
        "PlatformError",
        "Problem",
        "QQMiniGameError",
        "RateLimitError",
        "ReplyError",
        "SignatureError",
        "StorageLimitError",
        "StoreError",
        "TransportError",
    ),
    "interactive_data": ("InteractiveData",),
    "login": ("Login",),
    "models": (
        "CallEvent",
        "DawankaInfo",
        "DawankaLevel",
        "HallLogin",
        "LoginState",
        "PayReport",
    ),
    "platforms.base": ("Platform",),
    "platforms.douyin": (
        "DouyinClientCode",
        "DouyinLoginCode",
        "DouyinStorageCode",
        "DouyinTokenCode",
    ),
    "platforms.qq": (
        "AccessTokenCode",
        "InteractiveCode",
        "LoginCode",
        "SignatureCode",
        "StorageCode",
        "TokenCode",
    ),
    "platforms.qqgame": (
        "DawankaCode",
        "OpenApiCode",
    ),
    "platforms.wechat": (
        "WeChatLoginCode",
        "WeChatSignedCode",
        "WeChatTokenCode",
    ),
    "retry": ("RetryPolicy",),
    "session": ("Session",),
    "stores": (
        "MemoryStore",
        "RedisStore",
        "SQLiteStore",
        "Store",
    ),
    "user_data": (
        "UserData",
        "decrypt_user_data",
        "verify_raw_data",
    ),
    "version": ("__version__",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Import a public name."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return [*globals(), *__all__]
