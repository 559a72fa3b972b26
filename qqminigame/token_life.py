"""How an access token stands, and how it is written down. Pure.

Source: https://q.qq.com/wiki/develop/game/server/open-port/getAccessToken.html
"""

import json
from enum import Enum
from typing import Final

from qqminigame.models import AccessToken

# Renewed by whoever comes first, from so many seconds before its end. It is the ten-minute window
# less its first minute: renewed every 6660 s, a token costs 13 fetches a day and not 14.
ADVISORY_SECONDS: Final = 540.0
# From here on everybody waits for the next.
MANDATORY_SECONDS: Final = 120.0


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
    # A token from the future means that the clock was set back; what is left of it is unknown.
    if token is None or not token.fetched_at <= now < token.expires_at:
        return Life.OVER
    span, left = token.expires_at - token.fetched_at, token.expires_at - now
    if left > min(ADVISORY_SECONDS, span / 4):
        return Life.GOOD
    return Life.AGEING if left > min(MANDATORY_SECONDS, span / 10) else Life.ENDING


def to_text(token: AccessToken) -> str:
    """Return the text a store keeps of a token; the same token is always the same text."""
    return json.dumps([token.value, token.fetched_at, token.expires_at])


def from_text(text: str) -> AccessToken | None:
    """Return the token of a text; None where it is no token."""
    try:
        value, fetched_at, expires_at = json.loads(text)
        return AccessToken(
            value=str(value), fetched_at=float(fetched_at), expires_at=float(expires_at)
        )
    except (TypeError, ValueError):
        return None
