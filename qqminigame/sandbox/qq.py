"""The rules of api.q.qq.com: tokens, login, cloud storage, interactive data.

Sources: the QQ mini game server pages (getAccessToken, session-signature, setUserStorage,
removeUserStorage, setUserInteractiveData).
"""

import json
from collections.abc import Callable

from qqminigame.sandbox.accounts import JS_CODE_SECONDS, Player, World
from qqminigame.sandbox.calls import Call, RefusedError
from qqminigame.sandbox.dialects import QQ, QQ_LOGIN, Endpoint, Payload, Rule
from qqminigame.sandbox.signatures import login_state_signature, same

MAX_PAIRS = 128
MAX_PAIR_BYTES = 1024
MAX_KEY_BYTES = 128
INTERACTIVE_KEYS = frozenset(str(number) for number in range(1, 51))

_AUTH_PARAMETERS = ("access_token", "openid", "signature", "sig_method")
_DONE: Payload = {"errcode": 0, "errmsg": "ok"}


def get_token(world: World, call: Call) -> Payload:
    """Hand out a new access token for the app's credentials."""
    settings = world.settings
    if call.get("grant_type") != "client_credential":
        raise RefusedError(40002, "invalid grant_type")
    if call.get("appid") != settings.app_id:
        raise RefusedError(40013, "invalid appid")
    if not same(call.get("secret"), settings.app_secret):
        raise RefusedError(40001, "invalid secret")
    token = world.tokens.issue(world.mint.access_token(), world.clock.now())
    return {"access_token": token.text, "expires_in": int(settings.token_seconds)}


def js_code_to_session(world: World, call: Call) -> Payload:
    """Exchange a one-time login code for the player's openid and a new session_key."""
    settings = world.settings
    known = call.get("appid") == settings.app_id
    if not known or not same(call.get("secret"), settings.app_secret):
        raise RefusedError(-101222100, "invalid appid or secret")
    if call.get("grant_type") != "authorization_code":
        raise RefusedError(-2100, "invalid grant_type")
    player = _redeem(world, call.get("js_code"))
    player.session_key = world.mint.session_key()
    payload: Payload = {"openid": player.openid, "session_key": player.session_key}
    if player.unionid is not None:
        payload["unionid"] = player.unionid
    return payload | _DONE


def _redeem(world: World, text: str) -> Player:
    now = world.clock.now()
    js_code = world.js_codes.get(text)
    if js_code is None:
        raise RefusedError(40029, "invalid code")
    if not js_code.player.counts_login(now):
        raise RefusedError(45011, "more than 100 calls of this user within a minute")
    if js_code.used or now >= js_code.made + JS_CODE_SECONDS:
        raise RefusedError(40029, "invalid code")
    js_code.used = True
    return js_code.player


def set_user_storage(world: World, player: Player, body: Payload) -> None:
    """Store key-value pairs, all or none; keys not named stay as they are."""
    pairs = _pairs(body)
    for key, value in pairs:
        if not isinstance(value, str) or not key:
            raise RefusedError(-2, "kv_list: a key is a non-empty string, a value a string")
    sizes = [(_size(key), _size(str(value))) for key, value in pairs]
    if any(key_size > MAX_KEY_BYTES for key_size, _ in sizes):
        raise RefusedError(87019, "a key is longer than 128 bytes")
    if any(key_size + value_size > MAX_PAIR_BYTES for key_size, value_size in sizes):
        raise RefusedError(87016, "a key-value pair is longer than 1024 bytes")
    stored = player.storage | {key: str(value) for key, value in pairs}
    if len(stored) > MAX_PAIRS:
        raise RefusedError(87018, "more than 128 key-value pairs")
    if sum(_size(key) + _size(value) for key, value in stored.items()) > world.settings.total_bytes:
        raise RefusedError(87017, "the data of this user is over the limit")
    player.storage = stored


def remove_user_storage(world: World, player: Player, body: Payload) -> None:
    """Remove keys; those that are not there are no error."""
    keys = body.get("key")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise RefusedError(-2, "key must be a list of strings")
    for key in keys:
        player.storage.pop(key, None)


def set_user_interactive_data(world: World, player: Player, body: Payload) -> None:
    """Set the interactive values of keys "1" to "50" to 0 or 1."""
    values = {}
    for key, value in _pairs(body):
        # bool is a kind of int in Python, but JSON's true is no number.
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if key not in INTERACTIVE_KEYS or not is_number or value not in (0, 1):
            raise RefusedError(-2, 'kv_list: a key is "1" to "50", a value the number 0 or 1')
        values[key] = int(value == 1)
    player.interactive |= values


def _pairs(body: Payload) -> list[tuple[str, object]]:
    kv_list = body.get("kv_list")
    if not isinstance(kv_list, list):
        raise RefusedError(-2, "kv_list is missing or is not a list")
    pairs = []
    for item in kv_list:
        if not isinstance(item, dict) or not isinstance(item.get("key"), str):
            raise RefusedError(-2, "kv_list: an item is an object with a string key")
        pairs.append((item["key"], item.get("value")))
    return pairs


def _size(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise RefusedError(-2, "kv_list: half a surrogate pair is no text") from None


def _signed(rule: Callable[[World, Player, Payload], None]) -> Rule:
    """Put the checks of the login state and of the body's shape before a rule."""

    def checked(world: World, call: Call) -> Payload:
        player = _signed_in_player(world, call)
        rule(world, player, _json_object(call.body))
        return _DONE

    return checked


def _signed_in_player(world: World, call: Call) -> Player:
    missing = [name for name in _AUTH_PARAMETERS if not (call.get(name) or name in call.repeated)]
    if missing:
        raise RefusedError(-4, "missing in the query: " + ", ".join(missing))
    if call.repeated or call.get("sig_method") != "hmac_sha256":
        raise RefusedError(-3, "sig_method must be hmac_sha256 and no parameter given twice")
    if not world.tokens.accepts(call.get("access_token"), world.clock.now()):
        raise RefusedError(-100050019, "access_token is unknown, expired or replaced")
    player = world.players.get(call.get("openid"))
    # A stale session_key cannot be told from a wrong signature, nor from a wrong openid.
    if player is None or player.session_key is None:
        raise RefusedError(-100050007, "signature check failed")
    if not same(call.get("signature"), login_state_signature(player.session_key, call.body)):
        raise RefusedError(-100050007, "signature check failed")
    return player


def _json_object(body: bytes) -> Payload:
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RefusedError(-2, "the body is not a JSON object")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def _post(path: str, rule: Callable[[World, Player, Payload], None]) -> Endpoint:
    return Endpoint(method="POST", path=path, dialect=QQ, rule=_signed(rule))


ENDPOINTS = (
    Endpoint(method="GET", path="/api/getToken", dialect=QQ, rule=get_token),
    Endpoint(method="GET", path="/sns/jscode2session", dialect=QQ_LOGIN, rule=js_code_to_session),
    _post("/api/openDataContext/set_user_storage", set_user_storage),
    _post("/api/openDataContext/remove_user_storage", remove_user_storage),
    _post("/api/setuserinteractivedata", set_user_interactive_data),
)
