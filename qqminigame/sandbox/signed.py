"""What a back end's call for a player must bring: auth parameters, a token, a signature, JSON."""

from collections.abc import Callable

import attrs

from qqminigame.sandbox import storage
from qqminigame.sandbox.accounts import Player, World
from qqminigame.sandbox.bodies import json_object
from qqminigame.sandbox.calls import Call
from qqminigame.sandbox.dialects import Codes, Dialect, Endpoint, Payload
from qqminigame.sandbox.refusals import Reason, RefusedError
from qqminigame.sandbox.signatures import login_state_signature, same

INTERACTIVE_KEYS = frozenset(str(number) for number in range(1, 51))

_AUTH_PARAMETERS = ("access_token", "openid", "signature", "sig_method")

# An unknown openid, a stale session_key and another body differ in nothing but the code, if that.
_NO_FIT = "the signature does not fit openid, session_key and body"

SignedRule = Callable[[World, Player, Payload], None]


@attrs.frozen(kw_only=True)
class SignedCalls:
    """The signed calls of one platform.

    Attributes:
        platform: Whose access tokens they take.
        dialect: The envelope of their replies.
        codes: The numbers of their refusals.
        done: What a success looks like.
        needs_json_type: Whether the content type must be JSON's.
        ranking: Whether a value with ``ttgame`` must have the form of a ranking value.
    """

    platform: str
    dialect: Dialect
    codes: Codes
    done: Payload
    needs_json_type: bool = False
    ranking: bool = False

    def endpoint(self, path: str, rule: SignedRule) -> Endpoint:
        """Put the checks before a rule, and a path to it."""

        def checked(world: World, call: Call) -> Payload:
            player = self._player(world, call)
            if self.needs_json_type and not call.says_json:
                raise RefusedError(Reason.BODY, "the content-type must be application/json")
            rule(world, player, json_object(call.body))
            return self.done

        return Endpoint(
            method="POST", path=path, dialect=self.dialect, rule=checked, codes=self.codes
        )

    def set_user_storage(self, path: str) -> Endpoint:
        """Offer to store key-value pairs."""

        def rule(world: World, player: Player, body: Payload) -> None:
            storage.store(world, player, body.get("kv_list"), "kv_list", ranking=self.ranking)

        return self.endpoint(path, rule)

    def remove_user_storage(self, path: str) -> Endpoint:
        """Offer to remove keys."""

        def rule(world: World, player: Player, body: Payload) -> None:
            storage.remove(player, body.get("key"), "key")

        return self.endpoint(path, rule)

    def set_interactive_data(
        self, path: str, allows: Callable[[int], bool], words: str
    ) -> Endpoint:
        """Offer to set the interactive values of keys "1" to "50"."""

        def rule(world: World, player: Player, body: Payload) -> None:
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
        missing = [
            name for name in _AUTH_PARAMETERS if not (call.get(name) or name in call.repeated)
        ]
        if missing:
            reason = Reason.TOKEN_MISSING if "access_token" in missing else Reason.AUTH_MISSING
            raise RefusedError(reason, "missing in the query: " + ", ".join(missing))
        if call.repeated or call.get("sig_method") != "hmac_sha256":
            message = "sig_method must be hmac_sha256 and no parameter given twice"
            raise RefusedError(Reason.AUTH_MALFORMED, message)
        if not world.tokens[self.platform].accepts(call.get("access_token"), world.clock.now()):
            message = "access_token is unknown, expired, replaced or of another platform"
            raise RefusedError(Reason.TOKEN, message)
        player = world.players.get(call.get("openid"))
        if player is None:
            raise RefusedError(Reason.OPENID, _NO_FIT)
        if player.session_key is None or not same(
            call.get("signature"), login_state_signature(player.session_key, call.body)
        ):
            raise RefusedError(Reason.SIGNATURE, _NO_FIT)
        return player


def _whole(value: object) -> int | None:
    """Return a JSON number that is whole, 1.0 too; JSON's true is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None
