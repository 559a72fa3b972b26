"""Douyin mini games: hosts, calls, codes, and the codes of the game client's own storage call.

Source: https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/
"""

from typing import Final

from attrs import evolve

from qqminigame import reactions
from qqminigame.exceptions import (
    ConfigurationError,
    LoginExpiredError,
    PlatformError,
    StorageLimitError,
)
from qqminigame.messages import Text
from qqminigame.platforms import causes
from qqminigame.platforms.base import (
    Auth,
    Cause,
    Dialect,
    Endpoint,
    Platform,
    PlatformCode,
    RankingRules,
    StorageRules,
)

PAGES: Final = "https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/"
_SERVER: Final = PAGES + "server/"

_PARAMETERS: Final = Cause(
    PlatformError,
    Text(
        "A parameter is missing or wrong: the request was complete when it was sent, so check "
        "whether a gateway or proxy changed it.",
        "参数缺失或错误：SDK 发出的请求是完整的，请检查网关或代理是否改动了请求。",
    ),
)
_LOGIN_PARAMETERS: Final = Cause(
    PlatformError,
    Text(
        "A parameter is missing or wrong: check the js_code first, then whether a gateway or proxy "
        "changed the request.",
        "参数缺失或错误：请先核对 code，再检查网关或代理是否改动了请求。",
    ),
)
_JS_CODE: Final = causes.bad_js_code("tt.login()")
_ANONYMOUS_CODE: Final = Cause(
    LoginExpiredError,
    Text(
        "The anonymous_code is invalid, already used, or too old. Call tt.login() in the game "
        "again "
        "and send the new code.",
        "anonymous_code 无效、已使用或已过期，请让客户端重新调用 tt.login()，并提交新的 code。",
    ),
)
_RANKING_VALUE: Final = Cause(
    StorageLimitError,
    Text(
        "The value of a ranking key has the wrong form: ttgame may contain only score (int32) and "
        "optionally update_time (Unix seconds); use CloudStorage.set_score().",
        "排行榜 key 的 value 格式错误：ttgame 内只能有 score（Int32）和可选的 "
        "update_time（秒级时间戳），"
        "请改用 CloudStorage.set_score()。",
    ),
)


class DouyinTokenCode(PlatformCode):
    """Codes of v2/token and stable_token."""

    SYSTEM_BUSY = -1, causes.BUSY
    WRONG_APP_ID = 40015, causes.WRONG_APP_ID
    WRONG_SECRET = 40017, causes.WRONG_SECRET
    WRONG_GRANT_TYPE = 40020, causes.WRONG_GRANT_TYPE
    TOO_FREQUENT = 28005139, causes.RATE_LIMIT


class DouyinLoginCode(PlatformCode):
    """Codes of jscode2session."""

    SYSTEM_BUSY = -1, causes.BUSY
    BAD_PARAMETERS = 40014, _LOGIN_PARAMETERS
    WRONG_APP_ID = 40015, causes.WRONG_APP_ID
    WRONG_SECRET = 40017, causes.WRONG_SECRET
    INVALID_CODE = 40018, _JS_CODE
    INVALID_ANONYMOUS_CODE = 40019, _ANONYMOUS_CODE


class DouyinStorageCode(PlatformCode):
    """Codes of set_user_storage and remove_user_storage, and of their sister calls."""

    SYSTEM_BUSY = -1, causes.BUSY
    TOKEN_MISSING = 40002, causes.TOKEN_MISSING
    KEY_TOO_LONG = 40009, causes.KEY_TOO_LONG
    PAIR_TOO_LONG = 40010, causes.PAIR_TOO_LONG
    RANKING_VALUE = 40011, _RANKING_VALUE
    TOO_MANY_PAIRS = 60001, causes.TOO_MANY_PAIRS
    TOKEN_REFUSED = 28001003, causes.TOKEN_NOT_VALID
    WRONG_OPENID = 28001004, causes.WRONG_OPENID
    BAD_PARAMETERS = 28001038, _PARAMETERS
    SIGNATURE_REFUSED = 28001039, causes.SIGNATURE_REFUSED
    TOO_FREQUENT = 28005139, causes.RATE_LIMIT


def _framework(english: str, chinese: str) -> Cause:
    text = Text(
        f"{english} Open a ticket with Douyin if it persists.",
        f"{chinese}若持续出现，请在抖音开放平台提交工单。",
    )
    return Cause(PlatformError, text)


class DouyinClientCode(PlatformCode):
    """``errorCode`` of ``tt.setUserCloudStorage``, as its ``fail`` callback gets it."""

    SESSION_ID = (
        999998,
        Cause(
            PlatformError,
            Text(
                "The client has no session id: call tt.login() before writing.",
                "客户端未取得 session id，请先调用 tt.login() 再写入。",
            ),
        ),
    )
    BAD_KV_DATA_LIST = (
        999999,
        Cause(
            PlatformError,
            Text(
                "Invalid KVDataList: pass a list of {key, value} whose values are strings, such as "
                "kv_data_list() returns.",
                "KVDataList 参数错误：请传入 {key, value} 列表，value 必须是 string，"
                "可用 kv_data_list() 生成。",
            ),
        ),
    )
    # On Douyin's pages, an app is the one that the game runs in. What this code means is not said.
    NOT_SUPPORTED = (
        999987,
        Cause(
            ConfigurationError,
            Text(
                "The app that the game runs in does not support this; check with tt.canIUse before "
                "calling. Cloud storage is for mini games only.",
                "当前宿主 App 不支持该功能，请用 tt.canIUse 判断后再调用；托管数据仅小游戏可用。",
            ),
        ),
    )
    RESPONSE_JSON = (
        108001,
        _framework(
            "The mini game framework received an invalid response.",
            "小游戏框架收到的响应无法解析。",
        ),
    )
    FRAMEWORK = (
        108002,
        _framework("Internal error in the mini game framework.", "小游戏框架内部错误。"),
    )
    HTTP_STATUS = (
        999991,
        _framework(
            "The mini game framework received an HTTP status other than 200.",
            "小游戏框架收到的 HTTP 状态码不是 200。",
        ),
    )
    NETWORK = (
        999985,
        Cause(
            PlatformError,
            Text(
                "The player's device has no network; ask the player to check it and retry.",
                "玩家设备网络不可用，请提示玩家检查网络后重试。",
            ),
            reactions.NO_ANSWER,
        ),
    )
    INTERNAL = (
        999993,
        _framework("Internal error in the mini game framework.", "小游戏框架内部错误。"),
    )


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
