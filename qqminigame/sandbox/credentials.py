"""What the app's credentials are good for on every platform: access tokens and logins."""

from collections.abc import Mapping

from qqminigame.sandbox.accounts import JS_CODE_SECONDS, JsCode, World
from qqminigame.sandbox.checks import is_text
from qqminigame.sandbox.dialects import Payload
from qqminigame.sandbox.refusals import Reason, RefusedError
from qqminigame.sandbox.signatures import same
from qqminigame.sandbox.tokens import Token

Fields = Mapping[str, object]


def check_app(world: World, fields: Fields) -> None:
    """Refuse whoever is not the app: another ``appid`` or ``secret``."""
    secret = fields.get("secret")
    if fields.get("appid") != world.settings.app_id:
        raise RefusedError(Reason.APP_ID, "invalid appid")
    if not is_text(secret) or not same(secret, world.settings.app_secret):
        raise RefusedError(Reason.APP_SECRET, "invalid secret")


def fetch_token(world: World, platform: str, fields: Fields) -> Payload:
    """Hand out a new access token; the one before it lives on for the overlap at most."""
    _check_grant(world, fields)
    now = world.clock.now()
    return _describe(_new_token(world, platform, now), now)


def stable_token(world: World, platform: str, fields: Fields) -> Payload:
    """Hand out the newest token while it lives; ``force_refresh`` puts an end to it at once."""
    _check_grant(world, fields)
    book, now = world.tokens[platform], world.clock.now()
    if fields.get("force_refresh") is True:
        book.revoke_all()
    return _describe(book.newest(now) or _new_token(world, platform, now), now)


def known_js_code(world: World, text: object, reason: Reason) -> JsCode:
    """Return a login code that was made here, used up or not."""
    js_code = world.js_codes.get(text) if isinstance(text, str) else None
    if js_code is None:
        raise RefusedError(reason, "invalid code")
    return js_code


def check_fresh(world: World, js_code: JsCode, reason: Reason) -> None:
    """Refuse a login code that is used up or too old."""
    if js_code.used or world.clock.now() >= js_code.made + JS_CODE_SECONDS:
        raise RefusedError(reason, "invalid code")


def begin_session(world: World, js_code: JsCode) -> str:
    """Use up a login code; return the session_key that its player has from now on."""
    js_code.used = True
    session_key = world.mint.session_key()
    js_code.player.begin_session(session_key)
    return session_key


def _check_grant(world: World, fields: Fields) -> None:
    if fields.get("grant_type") != "client_credential":
        raise RefusedError(Reason.GRANT_TYPE, "invalid grant_type")
    check_app(world, fields)


def _new_token(world: World, platform: str, now: float) -> Token:
    return world.tokens[platform].issue(world.mint.access_token(), now)


def _describe(token: Token, now: float) -> Payload:
    return {"access_token": token.text, "expires_in": round(token.expires - now)}
