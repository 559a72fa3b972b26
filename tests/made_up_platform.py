"""A platform that nobody has: all that the client has to be told of a new one."""

from attrs import evolve

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


class MadeUpCode(PlatformCode):
    """What it says no with, in any of its calls."""

    BUSY = 7, causes.BUSY
    WRONG_SECRET = 102, causes.WRONG_SECRET
    BAD_TICKET = 201, causes.bad_js_code("made_up.enter()")
    PASS_REFUSED = 301, causes.TOKEN_NOT_VALID
    SIGNATURE_REFUSED = 302, causes.SIGNATURE_REFUSED
    KEY_TOO_LONG = 401, causes.KEY_TOO_LONG
    PAIR_TOO_LONG = 402, causes.PAIR_TOO_LONG
    TOO_MANY_PAIRS = 403, causes.TOO_MANY_PAIRS
    TOTAL_TOO_LARGE = 404, causes.TOTAL_TOO_LARGE


_ENTER = Endpoint(
    name="enter",
    method="POST",
    host="https://made-up.invalid",
    path="/v9/enter",
    auth=Auth.APP,
    dialect=Dialect(code_fields=("result",), message_fields=("reason",), data_field="payload"),
    codes=(MadeUpCode,),
    results=("openid", "session_key"),
    constants={"grant_type": "client_credential"},
    source="https://made-up.invalid/pages",
)
_SAVE = evolve(_ENTER, name="save", path="/v9/save", auth=Auth.LOGIN_STATE, results=())
_STORAGE = StorageRules(
    too_many_pairs=MadeUpCode.TOO_MANY_PAIRS,
    pair_too_long=MadeUpCode.PAIR_TOO_LONG,
    key_too_long=MadeUpCode.KEY_TOO_LONG,
)
MADE_UP = Platform(
    name="made-up",
    token=evolve(_ENTER, name="pass", method="GET", path="/v9/pass", results=("access_token",)),
    login=_ENTER,
    login_code="ticket",
    set_storage=_SAVE,
    remove_storage=evolve(_SAVE, name="drop", path="/v9/drop"),
    storage=_STORAGE,
    ranking=RankingRules(wrapper="board", min_score=0, max_score=999),
    set_interactive=evolve(_SAVE, name="mark", path="/v9/mark"),
    interactive_values=range(-3, 4),
)
