"""The platforms' two signatures, and what else a back end's call for a player must bring."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

import attrs

from qqminigame.sandbox import storage
from qqminigame.sandbox.calls import Call, Endpoint, json_object
from qqminigame.sandbox.replies import Codes, Dialect, Payload, Reason, RefusedError
from qqminigame.sandbox.world import Player, World

_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_ESCAPED = {byte: chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in range(256)}

NO_JSON_TYPE = "the header content-type must be application/json"
INTERACTIVE_KEYS = frozenset(str(number) for number in range(1, 51))

_AUTH_PARAMETERS = ("access_token", "openid", "signature", "sig_method")

# An unknown openid, a stale session_key and another body differ in nothing but the code, if that.
_NO_FIT = "the signature does not fit openid, session_key and body"

# How the vendor's npm SDK (@open-dy/open_api_sdk 1.1.0) sends Douyin's token, here and in its other
# calls; the page has it in the query.
_TOKEN_HEADERS = ("access_token", "access-token")

SignedRule = Callable[[World, Call, Player, Payload], None]


def login_state_signature(session_key: str, body: bytes) -> str:
    """Sign a body with a player's session_key: lower-case hex of HMAC-SHA256.

    Rule: q.qq.com/wiki/develop/game/frame/open-ability/session-signature.html
    """
    return hmac.new(session_key.encode(), body, hashlib.sha256).hexdigest()


def openapi_source(method: str, path: str, parameters: Mapping[str, str]) -> str:
    """Write down what is signed: method, path and the sorted parameters, each escaped.

    Args:
        method: The HTTP method, upper case.
        path: The path with its leading slash.
        parameters: The decoded query parameters; ``sig`` among them is left out.
    """
    names = sorted((name for name in parameters if name != "sig"), key=str.encode)
    joined = "&".join(f"{name}={parameters[name]}" for name in names)
    return "&".join((method, _escape(path), _escape(joined)))


def openapi_sig(app_key: str, method: str, path: str, parameters: Mapping[str, str]) -> str:
    """Sign a call to the OpenAPI V3: base64 of HMAC-SHA1, keyed with the appkey and ``&``."""
    source = openapi_source(method, path, parameters)
    digest = hmac.digest(f"{app_key}&".encode(), source.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()


def same(given: str, expected: str) -> bool:
    """Compare two signatures or secrets without telling by the time it takes where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


@attrs.frozen(kw_only=True)
class SignedCalls:
    """The signed calls of one platform.

    Attributes:
        platform: Whose access tokens they take, and whose players' session_keys.
        dialect: The envelope of their replies.
        codes: The numbers of their refusals.
        done: What a success looks like.
        needs_json_type: Whether the content type must be JSON's.
    """

    platform: str
    dialect: Dialect
    codes: Codes
    done: Payload
    needs_json_type: bool = False

    def endpoint(self, path: str, rule: SignedRule) -> Endpoint:
        """Put the checks before a rule, and a path to it."""

        def checked(world: World, call: Call) -> Payload:
            player = self._player(world, call)
            if self.needs_json_type and not call.says_json:
                raise RefusedError(Reason.BODY, NO_JSON_TYPE)
            rule(world, call, player, json_object(call.body))
            return self.done

        return Endpoint(
            method="POST", path=path, dialect=self.dialect, rule=checked, codes=self.codes
        )

    def set_user_storage(self, path: str) -> Endpoint:
        """Offer to store key-value pairs."""

        def rule(world: World, call: Call, player: Player, body: Payload) -> None:
            storage.store(world, self.platform, player, body.get("kv_list"), "kv_list")
            call.warnings.extend(storage.warnings(self.platform, body.get("kv_list")))

        return self.endpoint(path, rule)

    def remove_user_storage(self, path: str) -> Endpoint:
        """Offer to remove keys."""

        def rule(world: World, call: Call, player: Player, body: Payload) -> None:
            storage.remove(player, body.get("key"), "key")

        return self.endpoint(path, rule)

    def set_interactive_data(
        self, path: str, allows: Callable[[int], bool], words: str
    ) -> Endpoint:
        """Offer to set the interactive values of keys "1" to "50"."""

        def rule(world: World, call: Call, player: Player, body: Payload) -> None:
            pairs = storage.read_pairs(body.get("kv_list"), "kv_list")
            if not all(key in INTERACTIVE_KEYS for key, _ in pairs):
                raise RefusedError(Reason.INTERACTIVE_KEY, 'kv_list: a key is "1" to "50"')
            numbers = {key: _whole(value) for key, value in pairs}
            good = {key: n for key, n in numbers.items() if n is not None and allows(n)}
            if len(good) != len(numbers):
                raise RefusedError(Reason.BODY, f"kv_list: a value is {words}")
            player.interactive |= good

        return self.endpoint(path, rule)

    def _player(self, world: World, call: Call) -> Player:
        self._check_parameters(call)
        platform = world.platforms[self.platform]
        if not platform.tokens.accepts(call.get("access_token"), world.clock.now()):
            message = "access_token is unknown, expired, replaced or of another platform"
            raise RefusedError(Reason.TOKEN, message)
        player = platform.players.get(call.get("openid"))
        if player is None:
            raise RefusedError(Reason.OPENID, _NO_FIT)
        session_key = world.session_key(player)
        if session_key is None or not same(
            call.get("signature"), login_state_signature(session_key, call.body)
        ):
            raise RefusedError(Reason.SIGNATURE, _NO_FIT)
        player.session_used = world.clock.now()  # use prolongs its life
        return player

    def _check_parameters(self, call: Call) -> None:
        missing = [
            name for name in _AUTH_PARAMETERS if not (call.get(name) or name in call.repeated)
        ]
        if "access_token" in missing:
            raise RefusedError(Reason.TOKEN_MISSING, _missing(missing) + _misplaced(call))
        if missing:
            raise RefusedError(Reason.AUTH_MISSING, _missing(missing))
        if call.repeated or call.get("sig_method") != "hmac_sha256":
            message = "sig_method must be hmac_sha256 and no parameter given twice"
            raise RefusedError(Reason.AUTH_MALFORMED, message)


def _missing(names: list[str]) -> str:
    return "missing in the query: " + ", ".join(names)


def _misplaced(call: Call) -> str:
    for name in _TOKEN_HEADERS:
        if name in call.headers:
            return f"; a header {name}, as the vendor's npm SDK sends it, is not documented"
    return ""


def _whole(value: object) -> int | None:
    """Return a JSON number that is whole, 1.0 too; JSON's true is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None


def _escape(text: str) -> str:
    return "".join(map(_ESCAPED.__getitem__, text.encode()))
