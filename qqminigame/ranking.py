"""The value of a key that a platform ranks players by. Pure."""

import json
from collections.abc import Mapping
from typing import Final

from qqminigame import messages
from qqminigame.exceptions import Problem
from qqminigame.platforms.base import RankingRules
from qqminigame.validation import Problems, at, check_integer, kind

# Seconds after this (in the year 5138) are milliseconds given by mistake.
_LAST_SECOND: Final = 100_000_000_000


def ranking_value(
    rules: RankingRules,
    score: object,
    update_time: object,
    fields: Mapping[str, object],
    problems: Problems,
) -> str:
    """Check a score and return the JSON text that is stored for it.

    Args:
        rules: The platform's own field and its range.
        score: The score, an int.
        update_time: When it was reached, an int of unix seconds.
        fields: The game's own fields, which stand beside the platform's.
        problems: Where problems go; with any, the text is empty.

    Source: https://q.qq.com/wiki/develop/game/frame/open-ability/ (relation chain, ranking lists)
    """
    check_integer(score, rules.min_score, rules.max_score, "score", problems)
    hint = messages.UNIX_SECONDS
    check_integer(update_time, 0, _LAST_SECOND, "update_time", problems, hint=hint)
    if rules.wrapper in fields:
        problems.append(Problem(where=at("fields", rules.wrapper), text=messages.RESERVED_FIELD))
    problems.extend(
        Problem(where=at("fields", name), text=messages.NOT_JSON.of(kind=kind(value)))
        for name, value in fields.items()
        if _json(value) is None
    )
    text = _json({rules.wrapper: {"score": score, "update_time": update_time}, **fields})
    return "" if problems or text is None else text


def _json(value: object) -> str | None:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return None
