"""QQ mini games: host, calls, codes.

Source: https://q.qq.com/wiki/develop/game/server/open-port/
"""

from typing import Final

from qqminigame.exceptions import ConfigurationError, PlatformError
from qqminigame.limits import MAX_SAFE_INTEGER
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
from qqminigame.platforms.qqgame import GET_DAWANKA_INFO, REPORT_DAWANKA_PAY

HOST: Final = "https://api.q.qq.com"
PAGES: Final = "https://q.qq.com/wiki/develop/game/server/open-port/"


class TokenCode(PlatformCode):
    """Codes of getToken. Here 40001 and 40013 mean wrong credentials, not an invalid token."""

    SYSTEM_BUSY = -1, causes.BUSY
    WRONG_SECRET = 40001, causes.WRONG_SECRET
    WRONG_GRANT_TYPE = 40002, causes.WRONG_GRANT_TYPE
    WRONG_APP_ID = 40013, causes.WRONG_APP_ID
    TOO_MANY_FETCHES = 45009, causes.DAILY_QUOTA


_PARAMETERS: Final = Text(
    "A parameter is wrong, most likely app_id or app_secret; check both in the developer console.",
    "参数错误，多半是 AppID 或 AppSecret 有误，请在开发者后台核对。",
)
_KV_LIST_MISSING: Final = Cause(
    PlatformError,
    Text(
        "The platform received no kv_list: the request was complete when it was sent, so check "
        "whether a gateway or proxy changed the request body.",
        "平台未收到 kv_list：SDK 发出的请求是完整的，请检查网关或代理是否改动了请求体。",
    ),
)
_PARAMETER_TYPE: Final = Cause(
    PlatformError,
    Text(
        "An authentication parameter has the wrong type: the request was complete when it was "
        "sent, so check whether a gateway or proxy rewrites the query string.",
        "鉴权参数类型错误：SDK 发出的请求是完整的，请检查网关或代理是否改动了查询参数。",
    ),
)
_PARAMETER_MISSING: Final = Cause(
    PlatformError,
    Text(
        "An authentication parameter is missing: the request was complete when it was sent, so "
        "check whether a gateway or proxy rewrites the query string.",
        "鉴权参数缺失：SDK 发出的请求是完整的，请检查网关或代理是否改动了查询参数。",
    ),
)


class LoginCode(PlatformCode):
    """Codes of jscode2session."""

    SYSTEM_BUSY = -1, causes.BUSY
    INVALID_JS_CODE = 40029, causes.bad_js_code("qq.login()")
    TOO_MANY_LOGINS = 45011, causes.TOO_MANY_LOGINS
    BAD_PARAMETERS = -101222100, Cause(ConfigurationError, _PARAMETERS)
    BAD_REQUEST = -2100, Cause(PlatformError, _PARAMETERS)


class AccessTokenCode(PlatformCode):
    """Codes for an access token that is not, or no longer, valid."""

    INVALID_CREDENTIAL = 40001, causes.TOKEN_NOT_VALID
    INVALID_TOKEN = 40014, causes.TOKEN_NOT_VALID
    EXPIRED_TOKEN = 42001, causes.TOKEN_NOT_VALID
    TOKEN_REFUSED = -100050019, causes.TOKEN_NOT_VALID


class SignatureCode(PlatformCode):
    """Codes for a rejected signature of a player's call."""

    SIGNATURE_REFUSED = -100050007, causes.SIGNATURE_REFUSED
    INVALID_SIGNATURE = 87009, causes.SIGNATURE_REFUSED


class StorageCode(PlatformCode):
    """Codes of set_user_storage and remove_user_storage."""

    SYSTEM_BUSY = -1, causes.BUSY
    PAIR_TOO_LONG = 87016, causes.PAIR_TOO_LONG
    TOTAL_TOO_LARGE = 87017, causes.TOTAL_TOO_LARGE
    TOO_MANY_PAIRS = 87018, causes.TOO_MANY_PAIRS
    KEY_TOO_LONG = 87019, causes.KEY_TOO_LONG


class InteractiveCode(PlatformCode):
    """Codes of setuserinteractivedata."""

    SYSTEM_BUSY = -1, causes.BUSY
    KV_LIST_MISSING = -2, _KV_LIST_MISSING
    AUTH_PARAMETER_TYPE = -3, _PARAMETER_TYPE
    AUTH_PARAMETER_MISSING = -4, _PARAMETER_MISSING


DIALECT: Final = Dialect(code_fields=("errcode",), message_fields=("errmsg",))
# The pages of the storage calls document no code for a refused token, signature or parameter; the
# same host's interactive data does, so all its numbers are understood from every signed call.
SIGNED_CODES: Final = (StorageCode, AccessTokenCode, SignatureCode, InteractiveCode)


STORAGE_RULES: Final = StorageRules(
    too_many_pairs=StorageCode.TOO_MANY_PAIRS,
    pair_too_long=StorageCode.PAIR_TOO_LONG,
    key_too_long=StorageCode.KEY_TOO_LONG,
)

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
        codes=SIGNED_CODES,
        source=PAGES + "setUserStorage.html",
    ),
    remove_storage=Endpoint(
        name="remove_user_storage",
        method="POST",
        host=HOST,
        path="/api/openDataContext/remove_user_storage",
        auth=Auth.LOGIN_STATE,
        dialect=DIALECT,
        codes=SIGNED_CODES,
        source=PAGES + "removeUserStorage.html",
    ),
    storage=STORAGE_RULES,
    ranking=RankingRules(wrapper="qqgame", min_score=-MAX_SAFE_INTEGER, max_score=MAX_SAFE_INTEGER),
    set_interactive=Endpoint(
        name="setuserinteractivedata",
        method="POST",
        host=HOST,
        path="/api/setuserinteractivedata",
        auth=Auth.LOGIN_STATE,
        dialect=DIALECT,
        codes=SIGNED_CODES,
        source=PAGES + "setUserInteractiveData.html",
    ),
    # The page's table says "only 1 for now", its signed sample sends 0.
    interactive_values=range(2),
    get_dawanka=GET_DAWANKA_INFO,
    report_dawanka=REPORT_DAWANKA_PAY,
)
