"""WeChat mini games: the calls of QQ at another host, with some codes of their own.

Source: https://developers.weixin.qq.com/minigame/dev/api-backend/open-api/data/storage.setUserStorage.html
"""

from typing import Final

from attrs import evolve

from qqminigame import reactions
from qqminigame.exceptions import ConfigurationError, PlatformError
from qqminigame.limits import MAX_SAFE_INTEGER
from qqminigame.messages import Text
from qqminigame.platforms import causes
from qqminigame.platforms.base import Cause, PlatformCode, RankingRules
from qqminigame.platforms.qq import QQ, SIGNED_CODES, LoginCode, TokenCode

HOST: Final = "https://api.weixin.qq.com"
PAGES: Final = "https://developers.weixin.qq.com/minigame/dev/api-backend/open-api/"

_IP: Final = Cause(
    ConfigurationError,
    Text(
        "The server's public IP address is not on the app's IP allowlist; add it in the WeChat "
        "console.",
        "服务器出口 IP 不在接口 IP 白名单中，请在微信公众平台添加。",
    ),
)
_JS_CODE: Final = causes.bad_js_code("wx.login()")
_NOT_AUTHORIZED: Final = Cause(
    ConfigurationError,
    Text(
        "The app may not call this API; verify the app or apply for the API in the WeChat console.",
        "该应用没有此接口的权限，请在微信公众平台完成认证或开通接口。",
    ),
)
_BAD_BODY: Final = Cause(
    PlatformError,
    Text(
        "The platform could not parse the JSON: the request was complete when it was sent, so "
        "check whether a gateway or proxy changed the request body.",
        "平台无法解析请求体的 JSON：SDK 发出的请求是完整的，请检查网关或代理是否改动了请求体。",
    ),
)
_BLOCKED: Final = Cause(
    PlatformError,
    Text(
        "WeChat blocked the login of this player as high risk; logging in again does not help, so "
        "refuse the player or refer them to WeChat.",
        "该玩家被微信判定为高风险，登录已被拦截，重新登录无效；请拒绝登录，或引导玩家联系微信。",
    ),
    reactions.BLOCKED,
)
_WRONG_KEY: Final = Cause(
    PlatformError,
    Text(
        'Invalid key: interactive data keys are "1" to "50"; use one of them.',
        'key 无效：互动数据的 key 为 "1" 到 "50"，请改用其中之一。',
    ),
)


class WeChatTokenCode(PlatformCode):
    """Codes that WeChat's token calls and login have besides QQ's."""

    IP_NOT_ALLOWED = 40164, _IP
    WRONG_SECRET = 40125, causes.WRONG_SECRET
    BAD_BODY = 47001, _BAD_BODY


class WeChatLoginCode(PlatformCode):
    """Codes that WeChat's login has in addition to QQ's, or with another meaning."""

    INVALID_JS_CODE = 40029, _JS_CODE
    JS_CODE_USED = 40163, _JS_CODE
    PLAYER_BLOCKED = 40226, _BLOCKED
    NOT_AUTHORIZED = 48001, _NOT_AUTHORIZED


class WeChatSignedCode(PlatformCode):
    """Codes that WeChat's signed calls have besides QQ's."""

    TOKEN_MISSING = 41001, causes.TOKEN_MISSING
    IP_NOT_ALLOWED = 40164, _IP
    TOO_MANY_CALLS = 45009, causes.DAILY_QUOTA
    NOT_AUTHORIZED = 48001, _NOT_AUTHORIZED
    WRONG_OPENID = 87081, causes.WRONG_OPENID
    WRONG_KEY = 87082, _WRONG_KEY


_TOKEN_CODES: Final = (TokenCode, WeChatTokenCode)
_SIGNED_CODES: Final = (*SIGNED_CODES, WeChatSignedCode)
_TOKEN: Final = evolve(
    QQ.token,
    name="token",
    host=HOST,
    path="/cgi-bin/token",
    codes=_TOKEN_CODES,
    source=PAGES + "access-token/auth.getAccessToken.html",
)
_SET_STORAGE: Final = evolve(
    QQ.set_storage,
    host=HOST,
    path="/wxa/set_user_storage",
    codes=_SIGNED_CODES,
    source=PAGES + "data/storage.setUserStorage.html",
)

WECHAT: Final = evolve(
    QQ,
    name="wechat",
    token=_TOKEN,
    stable_token=evolve(_TOKEN, name="stable_token", method="POST", path="/cgi-bin/stable_token"),
    login=evolve(
        QQ.login,
        host=HOST,
        codes=(WeChatLoginCode, LoginCode, *_TOKEN_CODES),
        source=PAGES + "login/auth.code2Session.html",
    ),
    set_storage=_SET_STORAGE,
    remove_storage=evolve(
        _SET_STORAGE,
        name="remove_user_storage",
        path="/wxa/remove_user_storage",
        source=PAGES + "data/storage.removeUserStorage.html",
    ),
    ranking=RankingRules(wrapper="wxgame", min_score=-MAX_SAFE_INTEGER, max_score=MAX_SAFE_INTEGER),
    set_interactive=evolve(
        _SET_STORAGE,
        name="setuserinteractivedata",
        path="/wxa/setuserinteractivedata",
        source=PAGES + "data/storage.setUserInteractiveData.html",
    ),
    interactive_values=range(-(2**31), 2**31),
    get_dawanka=None,
    report_dawanka=None,
)
