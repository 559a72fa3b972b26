"""Which scores are possible. The page counts them, so a player can post any number."""

import time

from flask import current_app

from qqminigame import InvalidArgumentError
from stars.signed import read, sign

_KIND = "round"
# The page shows three stars a second.
_STARS_PER_SECOND = 4
# A round that is posted later has been kept, or edited, or forgotten.
_LATEST = 600


def start(openid: str) -> str:
    """Return a round of a player: who plays, and since when, signed."""
    return sign(_KIND, {"openid": openid, "begun": time.time()})


def check(openid: str, text: object, stars: object) -> int:
    """Return the stars that a player has caught in a round.

    A round that is posted twice does no harm, because only the best score counts.

    Raises:
        InvalidArgumentError: Nobody can have caught them.
    """
    played = read(_KIND, text, max_age=_LATEST)
    seconds = current_app.config["ROUND_SECONDS"]
    most = seconds * _STARS_PER_SECOND
    if played is None or played["openid"] != openid:
        raise InvalidArgumentError("the round is not one of this player, or too old")
    if time.time() - played["begun"] < seconds:
        raise InvalidArgumentError("the round is not over")
    if type(stars) is not int or not 0 <= stars <= most:
        raise InvalidArgumentError(f"a round has 0 to {most} stars")
    return stars
