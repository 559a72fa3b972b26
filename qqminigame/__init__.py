"""Server-side client for mini games of QQ, Douyin and WeChat.

from qqminigame import CloudStorage, Login, Session

session = Session("1110766236", app_secret=...)
login = Login(session).code2session(js_code)
CloudStorage(session).set(login, {"score": "100"})
"""

import logging

from qqminigame.adapter import DeadlineAdapter
from qqminigame.client_data import (
    ClientError,
    KVData,
    UserData,
    decrypt_user_data,
    kv_data_list,
    verify_raw_data,
)
from qqminigame.clock import Clock
from qqminigame.cloud_storage import CloudStorage
from qqminigame.dawanka import Dawanka
from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    InvalidArgumentError,
    LoginExpiredError,
    LoginNotFoundError,
    OutcomeUnknownError,
    PlatformError,
    Problem,
    QQMiniGameError,
    RateLimitError,
    ReplyError,
    SignatureError,
    StorageLimitError,
    StoreError,
    TransportError,
)
from qqminigame.interactive_data import InteractiveData
from qqminigame.login import Login
from qqminigame.models import (
    CallEvent,
    DawankaInfo,
    DawankaLevel,
    DueOrder,
    HallLogin,
    LoginState,
    PayOrder,
    PayReport,
    SettleReport,
)
from qqminigame.platforms.base import Platform
from qqminigame.platforms.douyin import (
    DouyinClientCode,
    DouyinLoginCode,
    DouyinStorageCode,
    DouyinTokenCode,
)
from qqminigame.platforms.qq import (
    AccessTokenCode,
    InteractiveCode,
    LoginCode,
    SignatureCode,
    StorageCode,
    TokenCode,
)
from qqminigame.platforms.qqgame import (
    DawankaCode,
    OpenApiCode,
)
from qqminigame.platforms.wechat import (
    WeChatLoginCode,
    WeChatSignedCode,
    WeChatTokenCode,
)
from qqminigame.retry import RetryPolicy
from qqminigame.session import Session
from qqminigame.stores import (
    MemoryStore,
    RedisStore,
    SQLiteStore,
    Store,
)
from qqminigame.version import __version__

__all__ = [
    "AccessTokenCode",
    "AccessTokenError",
    "BusyError",
    "CallEvent",
    "ClientError",
    "Clock",
    "CloudStorage",
    "ConfigurationError",
    "Dawanka",
    "DawankaCode",
    "DawankaInfo",
    "DawankaLevel",
    "DeadlineAdapter",
    "DouyinClientCode",
    "DouyinLoginCode",
    "DouyinStorageCode",
    "DouyinTokenCode",
    "DueOrder",
    "HallLogin",
    "InteractiveCode",
    "InteractiveData",
    "InvalidArgumentError",
    "KVData",
    "Login",
    "LoginCode",
    "LoginExpiredError",
    "LoginNotFoundError",
    "LoginState",
    "MemoryStore",
    "OpenApiCode",
    "OutcomeUnknownError",
    "PayOrder",
    "PayReport",
    "Platform",
    "PlatformError",
    "Problem",
    "QQMiniGameError",
    "RateLimitError",
    "RedisStore",
    "ReplyError",
    "RetryPolicy",
    "SQLiteStore",
    "Session",
    "SettleReport",
    "SignatureCode",
    "SignatureError",
    "StorageCode",
    "StorageLimitError",
    "Store",
    "StoreError",
    "TokenCode",
    "TransportError",
    "UserData",
    "WeChatLoginCode",
    "WeChatSignedCode",
    "WeChatTokenCode",
    "__version__",
    "decrypt_user_data",
    "kv_data_list",
    "verify_raw_data",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
