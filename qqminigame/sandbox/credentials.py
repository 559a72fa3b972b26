"""What the app's credentials are good for on every platform: access tokens and logins."""

from collections.abc import Iterable, Mapping

from qqminigame.sandbox.calls import is_text
from qqminigame.sandbox.replies import Payload, Reason, RefusedError
from qqminigame.sandbox.signed import same
from qqminigame.sandbox.tokens import AppTokens, Quota, Token, TokenBook
from qqminigame.sandbox.world import JS_CODE_SECONDS, JsCode, World

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
    tokens, now = world.platforms[platform].tokens, world.clock.now()
    _count(tokens.plain_quotas, now, "getting access tokens")
    return _describe(_issue(world, tokens.plain, now, overlap=world.overlap()), now)


def stable_token(world: World, platform: str, fields: Fields) -> Payload:
    """Hand out the same token while it lives; ``force_refresh`` puts an end to it at once."""
    _check_grant(world, fields)
    tokens, now = world.platforms[platform].tokens, world.clock.now()
    _count(tokens.stable_quotas, now, "getting stable access tokens")
    if fields.get("force_refresh") is True:
        _force(tokens, now)
    return _describe(_stable(world, tokens, now), now)


def known_js_code(world: World, platform: str, text: object, reason: Reason) -> JsCode:
    """Return a login code that was made for this platform, used up or not."""
    codes = {
        name: each.js_codes[text]
        for name, each in world.platforms.items()
        if isinstance(text, str) and text in each.js_codes
    }
    if platform in codes:
        return codes[platform]
    hint = "".join(f": it is one of {other}, not of {platform}" for other in codes)
    raise RefusedError(reason, f"invalid code{hint}")


def check_fresh(
    world: World, js_code: JsCode, reason: Reason, if_used: Reason | None = None
) -> None:
    """Refuse a login code that is too old or used up; that may have a reason of its own."""
    if js_code.used:
        raise RefusedError(if_used or reason, "the code has been used")
    if world.clock.now() >= js_code.made + JS_CODE_SECONDS:
        raise RefusedError(reason, "invalid code: it is older than 5 minutes")


def begin_session(world: World, js_code: JsCode) -> str:
    """Use up a login code; return the session_key that its player has from now on."""
    js_code.used = True
    session_key = world.mint.session_key()
    js_code.player.begin_session(session_key, world.clock.now())
    return session_key


def _check_grant(world: World, fields: Fields) -> None:
    if fields.get("grant_type") != "client_credential":
        raise RefusedError(Reason.GRANT_TYPE, "invalid grant_type")
    check_app(world, fields)


def _count(quotas: Iterable[Quota], now: float, what: str) -> None:
    for quota in quotas:
        if not quota.use(now):
            period = "minute" if quota.seconds == 60 else "day"
            message = f"the quota of {what} is used up: {quota.limit} a {period}"
            raise RefusedError(Reason.FETCH_RATE, message)


def _force(tokens: AppTokens, now: float) -> None:
    """Kill the stable token, unless the refresh before was a moment ago."""
    if now < tokens.forced_at + tokens.rules.forced_apart:
        return
    _count([tokens.forced_quota], now, "forced refreshes")
    tokens.forced_at = now
    tokens.stable.revoke_all()


def _stable(world: World, tokens: AppTokens, now: float) -> Token:
    newest = tokens.stable.newest(now)
    if newest is None:
        return _issue(world, tokens.stable, now, overlap=world.overlap())
    if newest.expires - now <= tokens.rules.stable_ahead:
        # The old one lives on until its end, which is near.
        return _issue(world, tokens.stable, now, overlap=tokens.rules.stable_ahead)
    return newest


def _issue(world: World, book: TokenBook, now: float, *, overlap: float) -> Token:
    return book.issue(world.mint.access_token(book.name), now, overlap=overlap)


def _describe(token: Token, now: float) -> Payload:
    return {"access_token": token.text, "expires_in": round(token.expires - now)}
