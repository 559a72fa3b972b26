"""The QQ game hall's OpenAPI V3: Dawanka calls and codes.

Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
"""

from typing import Final

from qqminigame.exceptions import (
    BusyError,
    LoginExpiredError,
    PlatformError,
    SignatureError,
)
from qqminigame.platforms.base import Auth, Dialect, Endpoint, PlatformCode

HOST: Final = "https://openapi.minigame.qq.com"
PAGE: Final = "https://open.qqgame.qq.com/wiki/24/255/257/257.html"

# The only value of pf the Dawanka calls accept.
PF: Final = "qqgame"

_OPENKEY: Final = (
    LoginExpiredError,
    "Possible: the openkey is over (it lives two hours), or is another opening's or another "
    "openid's. Not the cause: the app_key, the sig was accepted; the clock, nothing has a time. "
    "The player has to come in again through the hall.",
    "可能原因:openkey 已过期(有效期两小时),或与 openid 不匹配。"
    "已排除:AppKey(sig 已通过)、系统时间。请让玩家从大厅重新进入。",
)
_SIG: Final = (
    SignatureError,
    "Possible: the app_key is wrong (it is the hall app's own, not the app_secret), or a gateway "
    "changed path or query. Not the cause: the clock, for nothing signed has a time; the player's "
    "login, which is looked at later. Check the app_key.",
    "可能原因:AppKey 错误(应为大厅应用自己的 AppKey,不是 AppSecret),或网关改写了路径或参数。"
    "已排除:系统时间(签名不含时间)、玩家登录态。请检查 AppKey。",
)
_APP_ID: Final = (
    PlatformError,
    "The app id is not valid in the hall; the hall has app ids of its own.",
    "AppID 无效,大厅使用自己的 AppID。",
)
_OPENID: Final = (
    PlatformError,
    "The openid is not valid; take it unchanged from the hall's query.",
    "openid 无效,请原样使用大厅传入的 openid。",
)
_BUSY: Final = (
    BusyError,
    "The hall is busy; try again a moment later.",
    "系统繁忙,请稍候再试。",
)


class DawankaCode(PlatformCode):
    """Codes of get_dawanka_info and report_dawanka_pay."""

    INVALID_APP_ID = 2000001, *_APP_ID
    INVALID_OPENID = 2000002, *_OPENID
    OPENKEY_LENGTH = (
        2000003,
        PlatformError,
        "The openkey has not 32 bytes; pass it on exactly as the hall gave it.",
        "openkey 长度不是 32 字节,请原样传递大厅给出的 openkey。",
    )
    INVALID_SIG = 2000004, *_SIG
    TOKEN_TYPE = (
        2000005,
        PlatformError,
        "The token type is wrong; check that openid and openkey come from the game hall.",
        "token type 不对,请检查 openid 与 openkey 是否来自游戏大厅。",
    )
    SIG_GENERATION = 2000006, *_SIG
    AUTHENTICATION_FAILED = (
        2000007,
        BusyError,
        "The hall could not reach its authentication; try again a moment later.",
        "认证调用失败,请稍候再试。",
    )
    APP_ID_REFUSED = 2000020, *_APP_ID
    OPENID_REFUSED = 2000021, *_OPENID
    OPENKEY_REFUSED = 2000022, *_OPENKEY
    LOGIN_REFUSED = 2000023, *_OPENKEY
    SIG_REFUSED = 2000024, *_SIG
    OTHER_AUTHENTICATION = (
        2000025,
        PlatformError,
        "The hall refused the authentication and does not say why; check app id and app_key.",
        "其他认证错误,请检查 AppID 与 AppKey。",
    )
    BACKEND_ERROR = (
        2000030,
        BusyError,
        "A server behind the hall failed; try again a moment later.",
        "后端调用错误,请稍候再试。",
    )


class OpenApiCode(PlatformCode):
    """General codes of OpenAPI V3, which any call of the hall may answer."""

    PARAMETER = (
        1,
        PlatformError,
        "A parameter is missing or wrong.",
        "参数缺失或错误。",
    )
    BUSY = 1001, *_BUSY
    NOT_LOGGED_IN = 1002, *_OPENKEY
    LOGIN_ILLEGAL = -64, *_OPENKEY
    SYSTEM_BUSY = -65, *_BUSY


_DIALECT: Final = Dialect(code_fields=("ret",), message_fields=("msg",))
_CODES: Final = (DawankaCode, OpenApiCode)

# The hall looks at who is asking before it counts. Not here: the codes of a busy or failing server,
# of which nobody knows what it has done, and "other authentication error", which does not say what
# failed. The answer for a player without uses is not documented.
_REFUSALS: Final = frozenset(
    {
        DawankaCode.INVALID_APP_ID,
        DawankaCode.INVALID_OPENID,
        DawankaCode.OPENKEY_LENGTH,
        DawankaCode.INVALID_SIG,
        DawankaCode.TOKEN_TYPE,
        DawankaCode.SIG_GENERATION,
        DawankaCode.APP_ID_REFUSED,
        DawankaCode.OPENID_REFUSED,
        DawankaCode.OPENKEY_REFUSED,
        DawankaCode.LOGIN_REFUSED,
        DawankaCode.SIG_REFUSED,
        OpenApiCode.PARAMETER,
        OpenApiCode.NOT_LOGGED_IN,
        OpenApiCode.LOGIN_ILLEGAL,
    }
)


GET_DAWANKA_INFO: Final = Endpoint(
    name="get_dawanka_info",
    method="GET",
    host=HOST,
    path="/v3/user/get_dawanka_info",
    auth=Auth.OPENAPI_V3,
    dialect=_DIALECT,
    codes=_CODES,
    source=PAGE,
)

REPORT_DAWANKA_PAY: Final = Endpoint(
    name="report_dawanka_pay",
    method="GET",
    host=HOST,
    path="/v3/user/report_dawanka_pay",
    auth=Auth.OPENAPI_V3,
    dialect=_DIALECT,
    codes=_CODES,
    # Each success takes one of the player's uses, and no order number tells a repeat.
    idempotent=False,
    refusals=_REFUSALS,
    source=PAGE,
)
