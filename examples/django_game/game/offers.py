"""What a player can buy, with the order id under which it is reported."""

import uuid
from typing import Any

from django.core import signing

from qqminigame import DawankaInfo, InvalidArgumentError

_SALT = "offer"
_GEMS = 60
# The openkey that came with the page is not valid for longer.
_LATEST = 7200


def make(openid: str, info: DawankaInfo) -> str:
    """Return an offer to a player, signed: the page cannot change its gems.

    The order id is made here, before anything is bought. Whatever becomes of the purchase (two
    clicks, a lost reply, a worker that is killed), the page sends the same one again.
    """
    gems = _GEMS + _GEMS * info.discount // 100
    offer = {"openid": openid, "order_id": uuid.uuid4().hex, "gems": gems}
    return signing.dumps(offer, salt=_SALT)


def read(openid: str, token: object) -> dict[str, Any]:
    """Return an offer that was made to a player.

    Raises:
        InvalidArgumentError: It was not.
    """
    try:
        offer = dict(signing.loads(str(token), salt=_SALT, max_age=_LATEST))
    except signing.BadSignature:
        offer = {}
    if offer.get("openid") != openid:
        raise InvalidArgumentError("the offer was not made to this player, or is too old")
    return offer
