"""What more than one platform says no for: the error, and its explanation in both languages.

A row of a platform's table is its number and one of these.
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

BUSY: Final = (
    BusyError,
    "The platform is busy; try again a moment later.",
    "系统繁忙,请稍候再试。",
)

# The app's credentials
WRONG_APP_ID: Final = (
    ConfigurationError,
    "The app_id is not valid; copy it anew from the console.",
    "AppID 无效,请到管理后台重新复制。",
)
WRONG_SECRET: Final = (
    ConfigurationError,
    "The app_secret is wrong or was reset; copy it anew from the console.",
    "AppSecret 错误或已被重置,请到管理后台重新复制。",
)
WRONG_GRANT_TYPE: Final = (
    PlatformError,
    "grant_type is wrong; a gateway may have changed the request.",
    "grant_type 错误,请检查请求是否被网关改写。",
)

# A login
BAD_JS_CODE: Final = (
    LoginExpiredError,
    "The js_code is wrong, used or older than 5 minutes; have the game call qq.login() (or "
    "tt.login(), wx.login()) again.",
    "js_code 无效、已使用或超过 5 分钟,请让客户端重新调用 qq.login()、tt.login() 或 wx.login()。",
)
TOO_MANY_LOGINS: Final = (
    RateLimitError,
    "More than 100 logins of this player in a minute; wait a minute.",
    "该用户每分钟登录超过 100 次,请一分钟后再试。",
)
TOO_MANY_CALLS: Final = (
    RateLimitError,
    "Too many calls; wait a while before the next.",
    "调用过于频繁,请稍候再试。",
)

# An access token
TOKEN_NOT_VALID: Final = (
    AccessTokenError,
    "The access token is not valid; something else may be fetching tokens for this app.",
    "access_token 无效,可能有其他程序也在获取该应用的 access_token。",
)
TOKEN_EXPIRED: Final = (
    AccessTokenError,
    "The access token has expired.",
    "access_token 已过期。",
)
TOKEN_MISSING: Final = (
    AccessTokenError,
    "The platform found no access token; a gateway may have changed the query.",
    "缺少 access_token,请检查请求参数是否被网关改写。",
)

# A player's signature
SIGNATURE_REFUSED: Final = (
    SignatureError,
    "Possible: the session_key is stale (the player has logged in since, or its life is over), or "
    "is another player's or another app's; a gateway changed the body. Not the cause: the clock, "
    "for nothing signed has a time; the access token, which was accepted. "
    "Most often: have the player log in again.",
    "可能原因:session_key 已过期(玩家重新登录过)、属于其他玩家或其他应用,或网关改写了请求体。"
    "已排除:系统时间(签名不含时间)、access_token(已通过)。多数情况请让玩家重新登录。",
)
WRONG_OPENID: Final = (
    PlatformError,
    "The openid is not one of this app's players; take it from the login, of the same app.",
    "openid 无效,请使用同一应用登录返回的 openid。",
)

# Cloud storage
PAIR_TOO_LONG: Final = (
    StorageLimitError,
    "A key and its value have more than 1024 bytes together; shorten the value.",
    "某个 key+value 超过 1024 字节,请缩短 value。",
)
TOTAL_TOO_LARGE: Final = (
    StorageLimitError,
    "The player's stored data would exceed the limit; remove keys that are no longer needed.",
    "用户存储的数据总量超过限制,请删除不再需要的 key。",
)
TOO_MANY_PAIRS: Final = (
    StorageLimitError,
    "The player would have more than 128 pairs, those stored before included; remove some.",
    "用户存储的 key-value 对(含已存储的)超过 128 个,请先删除一些。",
)
KEY_TOO_LONG: Final = (
    StorageLimitError,
    "A key has more than 128 bytes; shorten it.",
    "某个 key 超过 128 字节,请缩短。",
)
