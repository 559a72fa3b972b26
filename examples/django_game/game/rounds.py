"""Which scores are possible. The page counts them, so a player can post any number."""

import time
from typing import Any

from django.conf import settings
from django.core import signing

from qqminigame import InvalidArgumentError

_SALT = "round"
# The page shows three stars a second.
_STARS_PER_SECOND = 4
# A round that is posted later has been kept, or edited, or forgotten.
_LATEST = 600


def start(openid: str) -> str:
    """Return a round of a player: who plays, and since when, signed."""
    return signing.dumps({"openid": openid, "begun": time.time()}, salt=_SALT)


def check(openid: str, token: object, stars: object) -> int:
    """Return the stars that a player has caught in a round.

    A round that is posted twice does no harm, because only the best score counts.

    Raises:
        InvalidArgumentError: Nobody can have caught them.
    """
    played = _read(token)
    most = settings.ROUND_SECONDS * _STARS_PER_SECOND
    if played.get("openid") != openid:
        raise InvalidArgumentError("the round is not one of this player, or too old")
    if time.time() - played["begun"] < settings.ROUND_SECONDS:
        raise InvalidArgumentError("the round is not over")
    if type(stars) is not int or not 0 <= stars <= most:
        raise InvalidArgumentError(f"a round has 0 to {most} stars")
    return stars


def _read(token: object) -> dict[str, Any]:
    try:
        return dict(signing.loads(str(token), salt=_SALT, max_age=_LATEST))
    except signing.BadSignature:
        return {}
