"""The value of a key that a platform ranks players by. Pure."""

import json
from collections.abc import Mapping
from typing import Final

from qqminigame.exceptions import Problem
from qqminigame.platforms.base import RankingRules
from qqminigame.validation import Problems, check_integer, kind

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
    seconds = "; it counts unix seconds, as int(time.time())"
    check_integer(update_time, 0, _LAST_SECOND, "update_time", problems, hint=seconds)
    if rules.wrapper in fields:
        what = "is the platform's own field; give the game's field another name"
        problems.append(Problem(where=rules.wrapper, what=what))
    problems.extend(
        Problem(where=name, what=f"cannot be written as JSON: {kind(value)}")
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
