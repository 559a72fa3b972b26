"""QQ mini games: host, calls, codes.

Source: https://q.qq.com/wiki/develop/game/server/open-port/
"""

from typing import Final

from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    LoginExpiredError,
    PlatformError,
    RateLimitError,
    SignatureError,
    StorageLimitError,
)
from qqminigame.limits import MAX_SAFE_INTEGER
from qqminigame.platforms.base import (
    Auth,
    Dialect,
    Endpoint,
    Platform,
    PlatformCode,
    RankingRules,
    StorageRules,
)
from qqminigame.platforms.qqgame import GET_DAWANKA_INFO, REPORT_DAWANKA_PAY

HOST: Final = "https://api.q.qq.com"
PAGES: Final = "https://q.qq.com/wiki/develop/game/server/open-port/"

_BUSY: Final = (
    BusyError,
    "The platform is busy; try again a moment later.",
    "系统繁忙,请稍候再试。",
)


class TokenCode(PlatformCode):
    """Codes of getToken. Here 40001 and 40013 mean wrong credentials, not a stale token."""

    SYSTEM_BUSY = -1, *_BUSY
    WRONG_SECRET = (
        40001,
        ConfigurationError,
        "The app_secret is wrong or was reset; copy it anew from the console.",
        "AppSecret 错误或已被重置,请到管理后台重新复制。",
    )
    WRONG_GRANT_TYPE = (
        40002,
        PlatformError,
        "grant_type must be client_credential; a gateway may have changed the request.",
        "grant_type 必须为 client_credential,请检查请求是否被网关改写。",
    )
    WRONG_APP_ID = (
        40013,
        ConfigurationError,
        "The app_id is not valid; copy it anew from the console.",
        "AppID 无效,请到管理后台重新复制。",
    )


class LoginCode(PlatformCode):
    """Codes of jscode2session."""

    SYSTEM_BUSY = -1, *_BUSY
    INVALID_JS_CODE = (
        40029,
        LoginExpiredError,
        "The js_code is wrong, used or older than 5 minutes; have the game call qq.login() again.",
        "js_code 无效、已使用或超过 5 分钟,请让客户端重新调用 qq.login()。",
    )
    TOO_MANY_LOGINS = (
        45011,
        RateLimitError,
        "More than 100 logins of this player in a minute; wait a minute.",
        "该用户每分钟登录超过 100 次,请一分钟后再试。",
    )
    BAD_PARAMETERS = (
        -101222100,
        PlatformError,
        "A parameter is wrong; check app_id and app_secret.",
        "参数错误,请检查 AppID 与 AppSecret。",
    )
    BAD_REQUEST = (
        -2100,
        PlatformError,
        "A parameter is wrong; check app_id and app_secret.",
        "参数错误,请检查 AppID 与 AppSecret。",
    )


class AccessTokenCode(PlatformCode):
    """Codes by which a call says that its access token is not valid (any more)."""

    INVALID_CREDENTIAL = (
        40001,
        AccessTokenError,
        "The access token is not valid; something else may be fetching tokens for this app.",
        "access_token 无效,可能有其他程序也在获取该应用的 access_token。",
    )
    INVALID_TOKEN = (
        40014,
        AccessTokenError,
        "The access token is not valid; something else may be fetching tokens for this app.",
        "access_token 不合法,可能有其他程序也在获取该应用的 access_token。",
    )
    EXPIRED_TOKEN = (
        42001,
        AccessTokenError,
        "The access token has expired.",
        "access_token 已过期。",
    )
    TOKEN_REFUSED = (
        -100050019,
        AccessTokenError,
        "The access token is wrong; something else may be fetching tokens for this app.",
        "access_token 错误,可能有其他程序也在获取该应用的 access_token。",
    )


_CAUSES: Final = (
    "Possible: the session_key is stale (the player has logged in since, or its life is over), or "
    "is another player's or another app's; a gateway changed the body. Not the cause: the clock, "
    "for nothing signed has a time; the access token, which was accepted. "
    "Most often: have the player log in again.",
    "可能原因:session_key 已过期(玩家重新登录过)、属于其他玩家或其他应用,或网关改写了请求体。"
    "已排除:系统时间(签名不含时间)、access_token(已通过)。多数情况请让玩家重新登录。",
)


class SignatureCode(PlatformCode):
    """Codes by which a call says that the player's signature does not check out."""

    SIGNATURE_REFUSED = -100050007, SignatureError, *_CAUSES
    INVALID_SIGNATURE = 87009, SignatureError, *_CAUSES


class StorageCode(PlatformCode):
    """Codes of set_user_storage and remove_user_storage."""

    SYSTEM_BUSY = -1, *_BUSY
    PAIR_TOO_LONG = (
        87016,
        StorageLimitError,
        "A key and its value have more than 1024 bytes together; shorten the value.",
        "某个 key+value 超过 1024 字节,请缩短 value。",
    )
    TOTAL_TOO_LARGE = (
        87017,
        StorageLimitError,
        "The player's stored data would exceed the limit; remove keys that are no longer needed.",
        "用户存储的数据总量超过限制,请删除不再需要的 key。",
    )
    TOO_MANY_PAIRS = (
        87018,
        StorageLimitError,
        "The player would have more than 128 pairs, those stored before included; remove some.",
        "用户存储的 key-value 对(含已存储的)超过 128 个,请先删除一些。",
    )
    KEY_TOO_LONG = (
        87019,
        StorageLimitError,
        "A key has more than 128 bytes; shorten it.",
        "某个 key 超过 128 字节,请缩短。",
    )


class InteractiveCode(PlatformCode):
    """Codes of setuserinteractivedata."""

    SYSTEM_BUSY = -1, *_BUSY
    KV_LIST_MISSING = (
        -2,
        PlatformError,
        "The platform found no kv_list; a gateway may have changed the body.",
        "kv_list 不存在,请检查请求体是否被网关改写。",
    )
    AUTH_PARAMETER_TYPE = (
        -3,
        PlatformError,
        "An authorising parameter has the wrong type; a gateway may have changed the query.",
        "鉴权参数类型错误,请检查请求参数是否被网关改写。",
    )
    AUTH_PARAMETER_MISSING = (
        -4,
        PlatformError,
        "An authorising parameter is missing; a gateway may have changed the query.",
        "鉴权参数缺失,请检查请求参数是否被网关改写。",
    )


DIALECT: Final = Dialect(code_fields=("errcode",), message_fields=("errmsg",))
# The pages of the storage calls document no code for a refused token, signature or parameter; the
# same host's interactive data does, so all its numbers are understood from every signed call.
_SIGNED_CODES: Final = (StorageCode, AccessTokenCode, SignatureCode, InteractiveCode)


QQ: Final = Platform(
    name="qq",
    token=Endpoint(
        name="getToken",
        method="GET",
        host=HOST,
        path="/api/getToken",
        auth=Auth.APP,
        dialect=DIALECT,
        codes=(TokenCode,),
        results=("access_token",),
        constants={"grant_type": "client_credential"},
        source=PAGES + "getAccessToken.html",
    ),
    login=Endpoint(
        name="jscode2session",
        method="GET",
        host=HOST,
        path="/sns/jscode2session",
        auth=Auth.APP,
        dialect=DIALECT,
        codes=(LoginCode, TokenCode),
        # A js_code works once, but a repeat can do no worse than be refused.
        idempotent=True,
        results=("openid", "session_key"),
        constants={"grant_type": "authorization_code"},
        source=PAGES + "code2Session.html",
    ),
    login_code="js_code",
    set_storage=Endpoint(
        name="set_user_storage",
        method="POST",
        host=HOST,
        path="/api/openDataContext/set_user_storage",
        auth=Auth.LOGIN_STATE,
        dialect=DIALECT,
        codes=_SIGNED_CODES,
        source=PAGES + "setUserStorage.html",
    ),
    remove_storage=Endpoint(
        name="remove_user_storage",
        method="POST",
        host=HOST,
        path="/api/openDataContext/remove_user_storage",
        auth=Auth.LOGIN_STATE,
        dialect=DIALECT,
        codes=_SIGNED_CODES,
        source=PAGES + "removeUserStorage.html",
    ),
    storage=StorageRules(
        too_many_pairs=StorageCode.TOO_MANY_PAIRS,
        pair_too_long=StorageCode.PAIR_TOO_LONG,
        key_too_long=StorageCode.KEY_TOO_LONG,
    ),
    ranking=RankingRules(wrapper="qqgame", min_score=-MAX_SAFE_INTEGER, max_score=MAX_SAFE_INTEGER),
    set_interactive=Endpoint(
        name="setuserinteractivedata",
        method="POST",
        host=HOST,
        path="/api/setuserinteractivedata",
        auth=Auth.LOGIN_STATE,
        dialect=DIALECT,
        codes=_SIGNED_CODES,
        source=PAGES + "setUserInteractiveData.html",
    ),
    # The page's table says "only 1 for now", its signed sample sends 0.
    interactive_values=range(2),
    get_dawanka=GET_DAWANKA_INFO,
    report_dawanka=REPORT_DAWANKA_PAY,
)
