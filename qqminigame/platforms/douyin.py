"""Douyin mini games: hosts, calls, codes, and the codes of the game client's own storage call.

Source: https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/
"""

from typing import Final

from attrs import evolve

from qqminigame.exceptions import (
    ConfigurationError,
    LoginExpiredError,
    PlatformError,
    StorageLimitError,
)
from qqminigame.platforms import causes
from qqminigame.platforms.base import (
    Auth,
    Dialect,
    Endpoint,
    Platform,
    PlatformCode,
    RankingRules,
    StorageRules,
)

PAGES: Final = "https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/"
_SERVER: Final = PAGES + "server/"

_PARAMETERS: Final = (
    PlatformError,
    "A parameter is missing or wrong; a gateway may have changed the request.",
    "参数缺失或错误,请检查请求是否被网关改写。",
)


class DouyinTokenCode(PlatformCode):
    """Codes of v2/token and stable_token."""

    SYSTEM_BUSY = -1, *causes.BUSY
    WRONG_APP_ID = 40015, *causes.WRONG_APP_ID
    WRONG_SECRET = 40017, *causes.WRONG_SECRET
    WRONG_GRANT_TYPE = 40020, *causes.WRONG_GRANT_TYPE
    TOO_FREQUENT = 28005139, *causes.TOO_MANY_CALLS


class DouyinLoginCode(PlatformCode):
    """Codes of jscode2session."""

    SYSTEM_BUSY = -1, *causes.BUSY
    BAD_PARAMETERS = 40014, *_PARAMETERS
    WRONG_APP_ID = 40015, *causes.WRONG_APP_ID
    WRONG_SECRET = 40017, *causes.WRONG_SECRET
    INVALID_CODE = 40018, *causes.BAD_JS_CODE
    INVALID_ANONYMOUS_CODE = (
        40019,
        LoginExpiredError,
        "The anonymous code is wrong, used or too old; have the game call tt.login() again.",
        "anonymous_code 无效、已使用或已过期,请让客户端重新调用 tt.login()。",
    )


class DouyinStorageCode(PlatformCode):
    """Codes of set_user_storage and remove_user_storage, and of their sister calls."""

    SYSTEM_BUSY = -1, *causes.BUSY
    TOKEN_MISSING = 40002, *causes.TOKEN_MISSING
    KEY_TOO_LONG = 40009, *causes.KEY_TOO_LONG
    PAIR_TOO_LONG = 40010, *causes.PAIR_TOO_LONG
    RANKING_VALUE = (
        40011,
        StorageLimitError,
        "A ranking value has the wrong form: ttgame holds score (Int32) and update_time (seconds) "
        "and nothing else; CloudStorage.set_score writes it so.",
        "排行榜 value 格式错误:ttgame 内只能有 score(Int32)与 update_time(秒),"
        "请使用 CloudStorage.set_score。",
    )
    TOO_MANY_PAIRS = 60001, *causes.TOO_MANY_PAIRS
    TOKEN_REFUSED = 28001003, *causes.TOKEN_NOT_VALID
    WRONG_OPENID = 28001004, *causes.WRONG_OPENID
    BAD_PARAMETERS = 28001038, *_PARAMETERS
    SIGNATURE_REFUSED = 28001039, *causes.SIGNATURE_REFUSED
    TOO_FREQUENT = 28005139, *causes.TOO_MANY_CALLS


_FRAMEWORK: Final = "小游戏框架内部错误,有需要请创建工单咨询。"


class DouyinClientCode(PlatformCode):
    """``errorCode`` of ``tt.setUserCloudStorage``, as its ``fail`` callback gets it."""

    SESSION_ID = (
        999998,
        PlatformError,
        "The client has no session id; have the player log in.",
        "获取 session id 失败,请让玩家登录。",
    )
    BAD_KV_DATA_LIST = (
        999999,
        PlatformError,
        "The KVDataList is wrong: a list of {key, value} with string values.",
        "KVDataList 参数错误:应为 {key, value} 列表,value 必须是 string。",
    )
    NOT_SUPPORTED = (
        999987,
        ConfigurationError,
        "This app does not have the feature; cloud storage is for mini games.",
        "当前应用不支持该功能,云存储仅用于小游戏。",
    )
    RESPONSE_JSON = 108001, PlatformError, "The client framework got a broken reply.", _FRAMEWORK
    FRAMEWORK = 108002, PlatformError, "The client framework failed.", _FRAMEWORK
    HTTP_STATUS = (
        999991,
        PlatformError,
        "The client framework got an HTTP status other than 200.",
        _FRAMEWORK,
    )
    NETWORK = 999985, PlatformError, "The player's network is not available.", "网络不可用。"
    INTERNAL = 999993, PlatformError, "The client framework failed.", _FRAMEWORK


# Newer replies carry error, older ones errcode; a failure may carry both, then errcode tells more.
_DIALECT: Final = Dialect(
    code_fields=("errcode", "error", "err_no"), message_fields=("errmsg", "message", "err_tips")
)
_TOKEN_DIALECT: Final = Dialect(
    code_fields=("err_no", "errcode", "error"),
    message_fields=("err_tips", "errmsg", "message"),
    data_field="data",
)


def _platform(name: str, host: str, prefix: str) -> Platform:
    """Return the rows of one of the platform's hosts."""
    token = Endpoint(
        name="v2/token",
        method="POST",
        host=host,
        path=f"{prefix}v2/token",
        auth=Auth.APP,
        dialect=_TOKEN_DIALECT,
        codes=(DouyinTokenCode,),
        results=("access_token",),
        constants={"grant_type": "client_credential"},
        source=_SERVER + "interface-request-credential/get-access-token",
    )
    set_storage = Endpoint(
        name="set_user_storage",
        method="POST",
        host=host,
        path=f"{prefix}set_user_storage",
        auth=Auth.LOGIN_STATE,
        dialect=_DIALECT,
        codes=(DouyinStorageCode,),
        source=_SERVER + "data-caching/set-user-storage",
    )
    return Platform(
        name=name,
        token=token,
        stable_token=evolve(token, name="stable_token", path=f"{prefix}stable_token"),
        login=Endpoint(
            name="jscode2session",
            method="GET",
            host=host,
            path=f"{prefix}jscode2session",
            auth=Auth.APP,
            dialect=_DIALECT,
            codes=(DouyinLoginCode,),
            results=("openid", "session_key"),
            source=_SERVER + "log-in/code-2-session",
        ),
        login_code="code",
        set_storage=set_storage,
        remove_storage=evolve(
            set_storage,
            name="remove_user_storage",
            path=f"{prefix}remove_user_storage",
            source=_SERVER + "data-caching/remove-user-storage",
        ),
        storage=StorageRules(
            too_many_pairs=DouyinStorageCode.TOO_MANY_PAIRS,
            pair_too_long=DouyinStorageCode.PAIR_TOO_LONG,
            key_too_long=DouyinStorageCode.KEY_TOO_LONG,
        ),
        ranking=RankingRules(wrapper="ttgame", min_score=-(2**31), max_score=2**31 - 1),
    )


DOUYIN: Final = _platform("douyin", "https://minigame.zijieapi.com", "/mgplatform/api/apps/")
# The older host, which still answers.
DOUYIN_TOUTIAO: Final = _platform("douyin-toutiao", "https://developer.toutiao.com", "/api/apps/")
