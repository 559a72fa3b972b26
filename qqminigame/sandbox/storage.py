"""Cloud storage: what may be stored for a player, whoever asks, the back end or the game's page.

Sources: QQ's setUserStorage and removeUserStorage, Douyin's setUserCloudStorage (the same limits,
and the form of a ranking value).
"""

from qqminigame.sandbox.accounts import Player, World
from qqminigame.sandbox.bodies import json_object
from qqminigame.sandbox.checks import is_signed
from qqminigame.sandbox.dialects import Payload
from qqminigame.sandbox.refusals import Reason, RefusedError

MAX_PAIRS = 128
MAX_PAIR_BYTES = 1024
MAX_KEY_BYTES = 128

_RANKING_BITS = {"score": 32, "update_time": 64}


def read_pairs(items: object, field: str) -> list[tuple[str, object]]:
    """Read a list of ``{"key": text, "value": anything}``; ``field`` is what a caller calls it."""
    if not isinstance(items, list):
        raise RefusedError(Reason.BODY, f"{field} is missing or is not a list")
    pairs = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("key"), str):
            raise RefusedError(Reason.BODY, f"{field}: an item is an object with a string key")
        pairs.append((item["key"], item.get("value")))
    return pairs


def read_keys(items: object, field: str) -> list[str]:
    """Read a list of keys."""
    if not isinstance(items, list) or not all(isinstance(key, str) for key in items):
        raise RefusedError(Reason.BODY, f"{field} must be a list of strings")
    return items


def store(
    world: World, player: Player, items: object, field: str, *, ranking: bool = False
) -> None:
    """Store key-value pairs, all or none; keys not named stay as they are.

    Args:
        world: Whose settings hold the total's limit and the ranking keys.
        player: Whose storage it is.
        items: The list as it came.
        field: What the caller calls the list.
        ranking: Whether a value with ``ttgame`` must have the form of a ranking value.
    """
    texts = _texts(read_pairs(items, field), field)
    sizes = [(_size(key, field), _size(value, field)) for key, value in texts]
    if any(key_size > MAX_KEY_BYTES for key_size, _ in sizes):
        raise RefusedError(Reason.KEY_BYTES, f"{field}: a key is longer than 128 bytes")
    if any(key_size + value_size > MAX_PAIR_BYTES for key_size, value_size in sizes):
        raise RefusedError(Reason.PAIR_BYTES, f"{field}: a pair is longer than 1024 bytes")
    if ranking:
        for key, value in texts:
            _check_ranking(value, field, needed=key in world.settings.ranking_keys)
    stored = player.storage | dict(texts)
    if len(stored) > MAX_PAIRS:
        raise RefusedError(Reason.PAIRS, f"{field}: more than 128 key-value pairs")
    total = sum(_size(key, field) + _size(value, field) for key, value in stored.items())
    if total > world.settings.total_bytes:
        raise RefusedError(Reason.TOTAL_BYTES, f"{field}: this user's data is over the limit")
    player.storage = stored


def remove(player: Player, items: object, field: str) -> None:
    """Remove keys; those that are not there are no error."""
    for key in read_keys(items, field):
        player.storage.pop(key, None)


def _texts(pairs: list[tuple[str, object]], field: str) -> list[tuple[str, str]]:
    texts = [(key, value) for key, value in pairs if key and isinstance(value, str)]
    if len(texts) != len(pairs):
        raise RefusedError(Reason.BODY, f"{field}: a key is a non-empty string, a value a string")
    return texts


def _size(text: str, field: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        message = f"{field}: half a surrogate pair is no text"
        raise RefusedError(Reason.BODY, message) from None


def _check_ranking(value: str, field: str, *, needed: bool) -> None:
    """Refuse a ranking value of the wrong form; other values only where one is needed."""
    try:
        content: Payload = json_object(value)
    except RefusedError:
        content = {}
    if "ttgame" not in content and not needed:
        return
    score = content.get("ttgame")
    if (
        not isinstance(score, dict)
        or score.keys() != _RANKING_BITS.keys()
        or not all(is_signed(score[name], bits) for name, bits in _RANKING_BITS.items())
    ):
        form = '{"ttgame": {"score": Int32, "update_time": Int64}}'
        message = f"{field}: a ranking value is {form}, nothing else in ttgame"
        raise RefusedError(Reason.RANKING, message)
