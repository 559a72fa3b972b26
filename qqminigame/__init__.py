"""Server-side client for mini games: cloud storage, interactive data, Dawanka.

from qqminigame import CloudStorage, Login, Session

session = Session("1110766236", app_secret=...)
login = Login(session).code2session(js_code)
CloudStorage(session).set(login, {"score": "100"})
"""

import logging

from qqminigame.cloud_storage import CloudStorage
from qqminigame.dawanka import Dawanka
from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    InvalidArgumentError,
    LoginExpiredError,
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
from qqminigame.models import CallEvent, DawankaInfo, DawankaLevel, HallLogin, LoginState, PayReport
from qqminigame.platforms.douyin import DouyinClientCode
from qqminigame.platforms.qq import (
    AccessTokenCode,
    InteractiveCode,
    LoginCode,
    SignatureCode,
    StorageCode,
    TokenCode,
)
from qqminigame.platforms.qqgame import DawankaCode, OpenApiCode
from qqminigame.retry import RetryPolicy
from qqminigame.session import Session
from qqminigame.stores import MemoryStore, RedisStore, SQLiteStore, Store
from qqminigame.user_data import UserData, decrypt_user_data, verify_raw_data
from qqminigame.version import __version__

__all__ = [
    "AccessTokenCode",
    "AccessTokenError",
    "BusyError",
    "CallEvent",
    "CloudStorage",
    "ConfigurationError",
    "Dawanka",
    "DawankaCode",
    "DawankaInfo",
    "DawankaLevel",
    "DouyinClientCode",
    "HallLogin",
    "InteractiveCode",
    "InteractiveData",
    "InvalidArgumentError",
    "Login",
    "LoginCode",
    "LoginExpiredError",
    "LoginState",
    "MemoryStore",
    "OpenApiCode",
    "OutcomeUnknownError",
    "PayReport",
    "PlatformError",
    "Problem",
    "QQMiniGameError",
    "RateLimitError",
    "RedisStore",
    "ReplyError",
    "RetryPolicy",
    "SQLiteStore",
    "Session",
    "SignatureCode",
    "SignatureError",
    "StorageCode",
    "StorageLimitError",
    "Store",
    "StoreError",
    "TokenCode",
    "TransportError",
    "UserData",
    "__version__",
    "decrypt_user_data",
    "verify_raw_data",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
