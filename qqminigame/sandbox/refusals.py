"""Why a rule says no: reasons that all platforms share, each with a number of its own for them."""

from enum import Enum, auto


class Reason(Enum):
    """What is wrong with a call; an endpoint's codes say which number that is."""

    GRANT_TYPE = auto()
    APP_ID = auto()
    APP_SECRET = auto()
    NO_CODE = auto()
    JS_CODE = auto()
    ANONYMOUS_CODE = auto()
    LOGIN_RATE = auto()
    TOKEN_MISSING = auto()
    AUTH_MISSING = auto()
    AUTH_MALFORMED = auto()
    TOKEN = auto()
    OPENID = auto()
    SIGNATURE = auto()
    SESSION = auto()
    BODY = auto()
    KEY_BYTES = auto()
    PAIR_BYTES = auto()
    PAIRS = auto()
    TOTAL_BYTES = auto()
    RANKING = auto()
    INTERACTIVE_KEY = auto()


class RefusedError(Exception):
    """A rule says no: for a shared reason, or with a number of one endpoint's own."""

    def __init__(self, why: Reason | int, message: str) -> None:
        super().__init__(why, message)
        self.why = why
        self.message = message
