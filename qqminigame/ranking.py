"""The value of a key that a platform ranks players by. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from qqminigame.exceptions import Problem
from qqminigame.platforms.base import RankingRules
from qqminigame.validation import Problems, at, check_integer, kind

# Seconds after this (in the year 5138) are milliseconds given by mistake.
_LAST_SECOND: Final = 100_000_000_000
_INT64: Final = (-(2**63), 2**63 - 1)


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


def check_ranking_values(
    pairs: Iterable[tuple[Any, Any]], rules: RankingRules, problems: Problems
) -> None:
    """Check the values that are in the ranking lists' form, where the platform looks at them.

    Args:
        pairs: The pairs to be stored.
        rules: The platform's own field and its range.
        problems: Where problems go.

    Source: tt.setUserCloudStorage (KVData: nothing else inside ``ttgame``, an Int32 score)
    """
    if rules.malformed is None:
        return
    for key, value in pairs:
        if isinstance(value, str) and rules.wrapper in value and not _is_well_formed(value, rules):
            problems.append(
                Problem(
                    where=at("kv", key),
                    what=f"is no ranking value: {rules.wrapper!r} holds an int score from "
                    f"{rules.min_score} to {rules.max_score} and an int update_time (unix "
                    "seconds), and nothing else; CloudStorage.set_score writes it so",
                    code=rules.malformed,
                )
            )


def _is_well_formed(value: str, rules: RankingRules) -> bool:
    """Say whether a text is a proper ranking value, or none at all."""
    try:
        content = json.loads(value)
    except (ValueError, RecursionError):
        return True
    if not isinstance(content, dict) or rules.wrapper not in content:
        return True
    ranges = {"score": (rules.min_score, rules.max_score), "update_time": _INT64}
    fields = content[rules.wrapper]
    return (
        isinstance(fields, dict)
        and fields.keys() == ranges.keys()
        and all(
            type(fields[name]) is int and least <= fields[name] <= most
            for name, (least, most) in ranges.items()
        )
    )


def _json(value: object) -> str | None:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return None
