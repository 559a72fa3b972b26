"""How an access token stands, and how it is written down. Pure.

Source: https://q.qq.com/wiki/develop/game/server/open-port/getAccessToken.html
"""

from enum import Enum
from typing import Final

from qqminigame import records
from qqminigame.models import AccessToken

_KIND: Final = "token1"

# Renewed by whoever comes first, from so many seconds before its end. It is the ten-minute window
# less its first minute: renewed every 6660 s, a token costs 13 fetches a day and not 14.
ADVISORY_SECONDS: Final = 540.0
# From here on everybody waits for the next.
MANDATORY_SECONDS: Final = 120.0
# How far the clocks of machines that share a token may be apart. It is less than the mandatory
# window: a machine whose clock is behind renews a token before it has expired all the same.
SKEW_SECONDS: Final = 60.0


class Life(Enum):
    """How a token stands, and so what to do before it is used."""

    GOOD = "use it"
    AGEING = "use it, and let one fetch the next"
    ENDING = "wait for the next; use it if there is none"
    OVER = "wait for the next"


def life_of(token: AccessToken | None, now: float) -> Life:
    """Return how a token stands; of a short-lived one the windows are shorter too.

    Args:
        token: The token; none is as one that is over.
        now: The time in unix seconds.
    """
    # From further in the future than clocks are apart, the clock was set back; what is left of the
    # token is unknown.
    if token is None or not token.fetched_at - SKEW_SECONDS <= now < token.expires_at:
        return Life.OVER
    span, left = token.expires_at - token.fetched_at, token.expires_at - now
    if left > min(ADVISORY_SECONDS, span / 4):
        return Life.GOOD
    return Life.AGEING if left > min(MANDATORY_SECONDS, span / 10) else Life.ENDING


def to_text(token: AccessToken) -> str:
    """Return the text a store keeps of a token; the same token is always the same text."""
    return records.to_text(_KIND, token.value, token.fetched_at, token.expires_at)


def from_text(text: str | None) -> AccessToken | None:
    """Return the token of a text; None where it is no token."""
    values = None if text is None else records.from_text(text, _KIND, (str,), (float,), (float,))
    if values is None:
        return None
    value, fetched_at, expires_at = values
    return AccessToken(value=value, fetched_at=fetched_at, expires_at=expires_at)
