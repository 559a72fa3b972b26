"""WeChat mini games: the calls of QQ at another host, with some codes of their own.

Source: https://developers.weixin.qq.com/minigame/dev/api-backend/open-api/data/storage.setUserStorage.html
"""

from typing import Final

from attrs import evolve

from qqminigame.exceptions import ConfigurationError, PlatformError
from qqminigame.limits import MAX_SAFE_INTEGER
from qqminigame.platforms import causes
from qqminigame.platforms.base import PlatformCode, RankingRules
from qqminigame.platforms.qq import QQ, SIGNED_CODES, LoginCode, TokenCode

HOST: Final = "https://api.weixin.qq.com"
PAGES: Final = "https://developers.weixin.qq.com/minigame/dev/api-backend/open-api/"

_IP: Final = (
    ConfigurationError,
    "This machine's IP address is not on the app's white list; add it in the console.",
    "调用接口的 IP 不在白名单中,请到管理后台添加。",
)


_NOT_AUTHORIZED: Final = (
    ConfigurationError,
    "The app may not make this call; verify the app or apply for the interface in the console.",
    "该应用没有此接口的权限,请到管理后台完成认证或开通接口。",
)


class WeChatTokenCode(PlatformCode):
    """Codes that WeChat's token calls and login have besides QQ's."""

    IP_NOT_ALLOWED = 40164, *_IP
    WRONG_SECRET = 40125, *causes.WRONG_SECRET
    BAD_BODY = (
        47001,
        PlatformError,
        "The platform could not read the JSON; a gateway may have changed the body.",
        "请求体 JSON 解析失败,请检查是否被网关改写。",
    )


class WeChatLoginCode(PlatformCode):
    """Codes that WeChat's login has besides QQ's."""

    JS_CODE_USED = 40163, *causes.BAD_JS_CODE
    PLAYER_BLOCKED = (
        40226,
        PlatformError,
        "WeChat has blocked the login of this player, whom it considers a high risk; logging in "
        "again does not help.",
        "该用户为高风险等级用户,登录已被微信拦截,重新登录无效。",
    )
    NOT_AUTHORIZED = 48001, *_NOT_AUTHORIZED


class WeChatSignedCode(PlatformCode):
    """Codes that WeChat's signed calls have besides QQ's."""

    TOKEN_MISSING = 41001, *causes.TOKEN_MISSING
    IP_NOT_ALLOWED = 40164, *_IP
    TOO_MANY_CALLS = 45009, *causes.TOO_MANY_CALLS
    NOT_AUTHORIZED = 48001, *_NOT_AUTHORIZED
    WRONG_OPENID = 87081, *causes.WRONG_OPENID
    WRONG_KEY = (
        87082,
        PlatformError,
        'A key is not one that the platform takes here; marks have the keys "1" to "50".',
        'key 无效,互动数据的 key 应为 "1" 到 "50"。',
    )


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
        codes=(LoginCode, WeChatLoginCode, *_TOKEN_CODES),
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
