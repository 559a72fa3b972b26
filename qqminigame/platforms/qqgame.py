"""The QQ game hall's OpenAPI V3: Dawanka calls and codes.

Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
"""

from typing import Final

from qqminigame import reactions
from qqminigame.exceptions import (
    BusyError,
    LoginExpiredError,
    PlatformError,
    SignatureError,
)
from qqminigame.messages import Text
from qqminigame.platforms.base import Auth, Cause, Dialect, Endpoint, PlatformCode

HOST: Final = "https://openapi.minigame.qq.com"
PAGE: Final = "https://open.qqgame.qq.com/wiki/24/255/257/257.html"

# The only value of pf the Dawanka calls accept.
PF: Final = "qqgame"

_OPENKEY: Final = Cause(
    LoginExpiredError,
    Text(
        "The openkey is no longer valid (it is valid for 2 hours), or belongs to another openid or "
        "another page. The player must re-enter through the QQ game hall.",
        "openkey 已失效（有效期 2 小时），或与当前 openid、当前页面不对应："
        "请让玩家从 QQ 游戏大厅重新进入。",
    ),
    reactions.REOPEN,
)
_OPENKEY_LENGTH: Final = Cause(
    PlatformError,
    Text(
        "The openkey is not 32 bytes long; pass it exactly as the QQ game hall gave it.",
        "openkey 长度不是 32 字节，请原样传递 QQ 游戏大厅给出的 openkey。",
    ),
)
_SIG: Final = Cause(
    SignatureError,
    Text(
        "The sig was rejected. Check app_key: it is the game hall app's own key, not app_secret. "
        "If app_key is right, check whether a gateway rewrites the path or the query string.",
        "sig 校验失败，请检查 AppKey：应为 QQ 游戏大厅应用自己的 appkey，不是 AppSecret。"
        "若 AppKey 无误，请检查网关是否改写了路径或参数。",
    ),
    reactions.MISCONFIGURED,
)
_APP_ID: Final = Cause(
    PlatformError,
    Text(
        "The QQ game hall does not know this app id. Pass the hall's own: "
        "Session(hall_app_id=...).",
        "QQ 游戏大厅不认识该 AppID：大厅使用自己的 AppID，请传入 Session(hall_app_id=...)。",
    ),
    reactions.MISCONFIGURED,
)
_OPENID: Final = Cause(
    PlatformError,
    Text(
        "Invalid openid; pass it exactly as in the query of the QQ game hall.",
        "openid 无效，请原样使用 QQ 游戏大厅传入的 openid。",
    ),
)
_TOKEN_TYPE: Final = Cause(
    PlatformError,
    Text(
        "Wrong token type; check that openid and openkey come from the QQ game hall.",
        "token type 错误，请检查 openid 与 openkey 是否来自 QQ 游戏大厅。",
    ),
)
_BUSY: Final = Cause(
    BusyError,
    Text("The QQ game hall is busy; retry shortly.", "系统繁忙，请稍后重试。"),
)
_AUTHENTICATION_FAILED: Final = Cause(
    BusyError,
    Text(
        "The game hall's authentication service is unavailable; retry shortly.",
        "平台认证服务暂时不可用，请稍后重试。",
    ),
)
_OTHER_AUTHENTICATION: Final = Cause(
    PlatformError,
    Text(
        "Authentication failed for an unspecified reason; check the hall's app id and app_key.",
        "认证失败，平台未说明原因；请检查大厅应用的 AppID 与 AppKey。",
    ),
    reactions.MISCONFIGURED,
)
_BACKEND_ERROR: Final = Cause(
    BusyError,
    Text(
        "A back-end service of the platform failed; retry shortly.",
        "平台后端服务出错，请稍后重试。",
    ),
)
_PARAMETER: Final = Cause(
    PlatformError,
    Text(
        "A common parameter is missing or wrong; check that appid, openid, openkey and pf are "
        "complete.",
        "公共参数缺失或错误，请核对 appid、openid、openkey、pf 是否完整。",
    ),
)


class DawankaCode(PlatformCode):
    """Codes of get_dawanka_info and report_dawanka_pay."""

    INVALID_APP_ID = 2000001, _APP_ID
    INVALID_OPENID = 2000002, _OPENID
    OPENKEY_LENGTH = 2000003, _OPENKEY_LENGTH
    INVALID_SIG = 2000004, _SIG
    TOKEN_TYPE = 2000005, _TOKEN_TYPE
    SIG_GENERATION = 2000006, _SIG
    AUTHENTICATION_FAILED = 2000007, _AUTHENTICATION_FAILED
    APP_ID_REFUSED = 2000020, _APP_ID
    OPENID_REFUSED = 2000021, _OPENID
    OPENKEY_REFUSED = 2000022, _OPENKEY
    LOGIN_REFUSED = 2000023, _OPENKEY
    SIG_REFUSED = 2000024, _SIG
    OTHER_AUTHENTICATION = 2000025, _OTHER_AUTHENTICATION
    BACKEND_ERROR = 2000030, _BACKEND_ERROR


class OpenApiCode(PlatformCode):
    """General codes of OpenAPI V3, which any call of the game hall may return."""

    PARAMETER = 1, _PARAMETER
    BUSY = 1001, _BUSY
    NOT_LOGGED_IN = 1002, _OPENKEY
    LOGIN_ILLEGAL = -64, _OPENKEY
    SYSTEM_BUSY = -65, _BUSY


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
