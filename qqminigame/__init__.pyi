"""The public names, for type checkers; ``__init__.py`` imports each when it is asked for."""

from qqminigame.client_call import (
    ClientError as ClientError,
    KVData as KVData,
    kv_data_list as kv_data_list,
)
from qqminigame.cloud_storage import (
    CloudStorage as CloudStorage,
)
from qqminigame.dawanka import (
    Dawanka as Dawanka,
)
from qqminigame.exceptions import (
    AccessTokenError as AccessTokenError,
    BusyError as BusyError,
    ConfigurationError as ConfigurationError,
    InvalidArgumentError as InvalidArgumentError,
    LoginExpiredError as LoginExpiredError,
    OutcomeUnknownError as OutcomeUnknownError,
    PlatformError as PlatformError,
    Problem as Problem,
    QQMiniGameError as QQMiniGameError,
    RateLimitError as RateLimitError,
    ReplyError as ReplyError,
    SignatureError as SignatureError,
    StorageLimitError as StorageLimitError,
    StoreError as StoreError,
    TransportError as TransportError,
)
from qqminigame.interactive_data import (
    InteractiveData as InteractiveData,
)
from qqminigame.login import (
    Login as Login,
)
from qqminigame.models import (
    CallEvent as CallEvent,
    DawankaInfo as DawankaInfo,
    DawankaLevel as DawankaLevel,
    HallLogin as HallLogin,
    LoginState as LoginState,
    PayReport as PayReport,
)
from qqminigame.platforms.base import (
    Platform as Platform,
)
from qqminigame.platforms.douyin import (
    DouyinClientCode as DouyinClientCode,
    DouyinLoginCode as DouyinLoginCode,
    DouyinStorageCode as DouyinStorageCode,
    DouyinTokenCode as DouyinTokenCode,
)
from qqminigame.platforms.qq import (
    AccessTokenCode as AccessTokenCode,
    InteractiveCode as InteractiveCode,
    LoginCode as LoginCode,
    SignatureCode as SignatureCode,
    StorageCode as StorageCode,
    TokenCode as TokenCode,
)
from qqminigame.platforms.qqgame import (
    DawankaCode as DawankaCode,
    OpenApiCode as OpenApiCode,
)
from qqminigame.platforms.wechat import (
    WeChatLoginCode as WeChatLoginCode,
    WeChatSignedCode as WeChatSignedCode,
    WeChatTokenCode as WeChatTokenCode,
)
from qqminigame.retry import (
    RetryPolicy as RetryPolicy,
)
from qqminigame.session import (
    Session as Session,
)
from qqminigame.stores import (
    MemoryStore as MemoryStore,
    RedisStore as RedisStore,
    SQLiteStore as SQLiteStore,
    Store as Store,
)
from qqminigame.user_data import (
    UserData as UserData,
    decrypt_user_data as decrypt_user_data,
    verify_raw_data as verify_raw_data,
)
from qqminigame.version import (
    __version__ as __version__,
)

__all__: list[str]
