"""Cloud storage: what may be stored for a player, whoever asks, the back end or the game's page.

Sources: QQ's setUserStorage and removeUserStorage, Douyin's setUserCloudStorage (the same limits,
and the form of a ranking value).
"""

from collections.abc import Iterator

from qqminigame.sandbox.calls import is_signed, json_object
from qqminigame.sandbox.replies import Payload, Reason, RefusedError
from qqminigame.sandbox.world import Player, World

MAX_PAIRS = 128
MAX_PAIR_BYTES = 1024
MAX_KEY_BYTES = 128

# The field of a ranking value that each platform reads; only Douyin refuses another form.
_WRAPPERS = {"qq": "qqgame", "douyin": "ttgame", "wechat": "wxgame"}
_CHECKS_RANKING = "douyin"
_SCORE_BITS, _TIME_BITS = 32, 64


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


def store(world: World, platform: str, player: Player, items: object, field: str) -> None:
    """Store key-value pairs, all or none; keys not named stay as they are.

    Args:
        world: Whose settings hold the total's limit and the ranking keys.
        platform: Which platform it is on.
        player: Whose storage it is.
        items: The list as it came.
        field: What the caller calls the list.
    """
    texts = _texts(read_pairs(items, field), field)
    sizes = [(_size(key, field), _size(value, field)) for key, value in texts]
    if any(key_size > MAX_KEY_BYTES for key_size, _ in sizes):
        raise RefusedError(Reason.KEY_BYTES, f"{field}: a key is longer than 128 bytes")
    if any(key_size + value_size > MAX_PAIR_BYTES for key_size, value_size in sizes):
        raise RefusedError(Reason.PAIR_BYTES, f"{field}: a pair is longer than 1024 bytes")
    for key, value in texts:
        if platform == _CHECKS_RANKING and key in world.settings.ranking_keys:
            _check_ranking(value, field)
    stored = player.storage | dict(texts)
    if len(stored) > MAX_PAIRS:
        raise RefusedError(Reason.PAIRS, f"{field}: more than 128 key-value pairs")
    total = sum(_size(key, field) + _size(value, field) for key, value in stored.items())
    if total > world.settings.total_bytes:
        raise RefusedError(Reason.TOTAL_BYTES, f"{field}: this user's data is over the limit")
    player.storage = stored


def warnings(platform: str, items: object) -> list[str]:
    """List the values that were stored, but in the ranking form of another platform."""
    return list(_warnings(platform, items))


def _warnings(platform: str, items: object) -> Iterator[str]:
    own = _WRAPPERS.get(platform)
    for key, value in read_pairs(items, "items"):
        found = _json_fields(value).keys() & _WRAPPERS.values()
        if found and own not in found:
            names = " and ".join(sorted(found))
            yield f"the value of {key!r} has {names}, but {platform} ranks by {own}"


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


def _check_ranking(value: str, field: str) -> None:
    """Refuse the value of a ranking key that is not a ranking value."""
    score = _json_fields(value).get(_WRAPPERS[_CHECKS_RANKING])
    if (
        not isinstance(score, dict)
        or not {"score"} <= score.keys() <= {"score", "update_time"}
        or not is_signed(score["score"], _SCORE_BITS)
        or not is_signed(score.get("update_time", 0), _TIME_BITS)
    ):
        form = '{"ttgame": {"score": Int32, "update_time": Int64}}'
        message = f"{field}: a ranking value is {form}, update_time may be absent, and that is all"
        raise RefusedError(Reason.RANKING, message)


def _json_fields(value: object) -> Payload:
    """Return the fields of a text that is a JSON object; none for any other value."""
    try:
        return json_object(value) if isinstance(value, str) else {}
    except RefusedError:
        return {}
