"""What more than one platform says no for. A row of a platform's table is its number and one."""

from typing import Final

from qqminigame import reactions
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
from qqminigame.messages import Text
from qqminigame.platforms.base import Cause

BUSY: Final = Cause(
    BusyError,
    Text("The platform is busy; retry shortly.", "系统繁忙，请稍后重试。"),
)

# The app's credentials
WRONG_APP_ID: Final = Cause(
    ConfigurationError,
    Text(
        "Invalid app_id; check it in the developer console, including upper and lower case and "
        "stray spaces.",
        "AppID 不合法，请在开发者后台核对（注意大小写和首尾空格）。",
    ),
)
WRONG_SECRET: Final = Cause(
    ConfigurationError,
    Text(
        "Wrong app_secret: it may have been reset, or belong to another app_id; check it in the "
        "developer console.",
        "AppSecret 错误：可能已被重置，或不属于该 AppID，请在开发者后台核对。",
    ),
)
WRONG_GRANT_TYPE: Final = Cause(
    PlatformError,
    Text(
        "The platform received a wrong grant_type: the request was complete when it was sent, so "
        "check whether a gateway or proxy changed it.",
        "平台收到的 grant_type 错误：SDK 发出的请求是完整的，请检查网关或代理是否改动了请求。",
    ),
)


# A login
def bad_js_code(call: str) -> Cause:
    """Return the cause for a js_code that the platform does not take.

    Args:
        call: What the game's client gets a js_code from, such as ``"qq.login()"``.
    """
    text = Text(
        "The js_code is invalid, already used, or more than 5 minutes old. Call {call} in the game "
        "again and send the new code.",
        "登录凭证 code 无效、已使用或超过 5 分钟，请让客户端重新调用 {call}，并提交新的 code。",
    )
    return Cause(LoginExpiredError, text.of(call=call))


TOO_MANY_LOGINS: Final = Cause(
    RateLimitError,
    Text(
        "This player logged in more than 100 times in one minute; retry in a minute.",
        "该玩家 1 分钟内登录超过 100 次，请 1 分钟后重试。",
    ),
)
RATE_LIMIT: Final = Cause(
    RateLimitError,
    Text(
        "Rate limit reached; call less often, and retry later.",
        "触发调用频率限制，请降低频率后重试。",
    ),
)
DAILY_QUOTA: Final = Cause(
    RateLimitError,
    Text(
        "The daily quota for this API is used up; it resets the next day. Check whether a program "
        "fetches access tokens again and again.",
        "当日接口调用次数已达上限，次日恢复；请检查是否有程序在反复获取 access_token。",
    ),
    reactions.USED_UP,
)

# An access token
TOKEN_NOT_VALID: Final = Cause(
    AccessTokenError,
    Text(
        "The access token is no longer valid, and fetching a new one was tried. Check whether "
        "another program fetches access tokens for this app: each fetch invalidates the previous "
        "token.",
        "access_token 已失效，SDK 已尝试换新。请检查是否有其他程序也在获取该应用的 access_token"
        "（重复获取会使上一个失效）。",
    ),
)
TOKEN_MISSING: Final = Cause(
    AccessTokenError,
    Text(
        "The platform received no access token: the request was complete when it was sent, so "
        "check whether a gateway or proxy changed the query string.",
        "平台未收到 access_token：SDK 发出的请求是完整的，请检查网关或代理是否改动了查询参数。",
    ),
)

# A player's signature
SIGNATURE_REFUSED: Final = Cause(
    SignatureError,
    Text(
        "Signature rejected, most likely because the session_key is no longer valid (the player "
        "has logged in again, or it has expired): have the player log in again. If it still fails, "
        "check that session_key, openid and app_id belong together, and that no gateway rewrites "
        "the request body. The signature contains no timestamp, so the clock does not matter.",
        "用户登录态签名校验失败，多半是 session_key 已失效（玩家重新登录过，或已过期）："
        "请让玩家重新登录。"
        "若仍失败，请检查 session_key 与 openid、AppID 是否对应，以及网关是否改写了请求体。"
        "签名不含时间戳，与服务器时间无关。",
    ),
)
WRONG_OPENID: Final = Cause(
    PlatformError,
    Text(
        "Unknown openid: use the one that code2session returned for the same app.",
        "openid 无效：请使用同一应用 code2session 返回的 openid。",
    ),
)

# Cloud storage
PAIR_TOO_LONG: Final = Cause(
    StorageLimitError,
    Text(
        "A key-value pair exceeds 1 KB (1024 bytes, key plus value, in UTF-8); shorten the value.",
        "某个 key-value 对超过 1 KB（key 与 value 合计 1024 字节，按 UTF-8 计），请缩短 value。",
    ),
)
TOTAL_TOO_LARGE: Final = Cause(
    StorageLimitError,
    Text(
        "The player's stored data would exceed the platform's total limit; remove unused keys with "
        "CloudStorage.remove().",
        "该玩家的托管数据总量超过平台限制，请先用 CloudStorage.remove() 删除不用的 key。",
    ),
)
TOO_MANY_PAIRS: Final = Cause(
    StorageLimitError,
    Text(
        "This would give the player more than 128 stored pairs, with those stored before; remove "
        "unused keys with CloudStorage.remove().",
        "该玩家的托管数据将超过 128 个 key-value 对（含已有的），"
        "请先用 CloudStorage.remove() 删除不用的 key。",
    ),
)
KEY_TOO_LONG: Final = Cause(
    StorageLimitError,
    Text(
        "A key exceeds 128 bytes in UTF-8; shorten it.",
        "某个 key 超过 128 字节（按 UTF-8 计），请缩短。",
    ),
)
