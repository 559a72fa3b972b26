"""QQ mini games: host, calls, codes.

Source: https://q.qq.com/wiki/develop/game/server/open-port/
"""

from typing import Final

from qqminigame.exceptions import PlatformError
from qqminigame.limits import MAX_SAFE_INTEGER
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
from qqminigame.platforms.qqgame import GET_DAWANKA_INFO, REPORT_DAWANKA_PAY

HOST: Final = "https://api.q.qq.com"
PAGES: Final = "https://q.qq.com/wiki/develop/game/server/open-port/"


class TokenCode(PlatformCode):
    """Codes of getToken. Here 40001 and 40013 mean wrong credentials, not a stale token."""

    SYSTEM_BUSY = -1, *causes.BUSY
    WRONG_SECRET = 40001, *causes.WRONG_SECRET
    WRONG_GRANT_TYPE = 40002, *causes.WRONG_GRANT_TYPE
    WRONG_APP_ID = 40013, *causes.WRONG_APP_ID
    TOO_MANY_FETCHES = 45009, *causes.TOO_MANY_CALLS


_CREDENTIALS: Final = (
    PlatformError,
    "A parameter is wrong; check app_id and app_secret.",
    "参数错误,请检查 AppID 与 AppSecret。",
)


class LoginCode(PlatformCode):
    """Codes of jscode2session."""

    SYSTEM_BUSY = -1, *causes.BUSY
    INVALID_JS_CODE = 40029, *causes.BAD_JS_CODE
    TOO_MANY_LOGINS = 45011, *causes.TOO_MANY_LOGINS
    BAD_PARAMETERS = -101222100, *_CREDENTIALS
    BAD_REQUEST = -2100, *_CREDENTIALS


class AccessTokenCode(PlatformCode):
    """Codes by which a call says that its access token is not valid (any more)."""

    INVALID_CREDENTIAL = 40001, *causes.TOKEN_NOT_VALID
    INVALID_TOKEN = 40014, *causes.TOKEN_NOT_VALID
    EXPIRED_TOKEN = 42001, *causes.TOKEN_EXPIRED
    TOKEN_REFUSED = -100050019, *causes.TOKEN_NOT_VALID


class SignatureCode(PlatformCode):
    """Codes by which a call says that the player's signature does not check out."""

    SIGNATURE_REFUSED = -100050007, *causes.SIGNATURE_REFUSED
    INVALID_SIGNATURE = 87009, *causes.SIGNATURE_REFUSED


class StorageCode(PlatformCode):
    """Codes of set_user_storage and remove_user_storage."""

    SYSTEM_BUSY = -1, *causes.BUSY
    PAIR_TOO_LONG = 87016, *causes.PAIR_TOO_LONG
    TOTAL_TOO_LARGE = 87017, *causes.TOTAL_TOO_LARGE
    TOO_MANY_PAIRS = 87018, *causes.TOO_MANY_PAIRS
    KEY_TOO_LONG = 87019, *causes.KEY_TOO_LONG


class InteractiveCode(PlatformCode):
    """Codes of setuserinteractivedata."""

    SYSTEM_BUSY = -1, *causes.BUSY
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
