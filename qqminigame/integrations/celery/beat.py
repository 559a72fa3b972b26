"""What has to be done at regular times, for Celery's beat."""

from collections.abc import Iterable
from typing import Any, Final

from qqminigame.integrations.configuration import DEFAULT_ALIAS

_TOKEN_SECONDS: Final = 120.0
_SETTLE_SECONDS: Final = 30.0


def beat_schedule(
    tokens: Iterable[str] = (DEFAULT_ALIAS,), orders: Iterable[str] = ()
) -> dict[str, dict[str, Any]]:
    """Return the entries for ``app.conf.beat_schedule``.

    Several beats do no harm: one process at a time fetches a token, and one settles an order.

    Args:
        tokens: The aliases whose access token is renewed although nobody calls.
        orders: The aliases whose pay orders are settled when they are due.
    """
    return {
        **{
            f"qqminigame-token-{alias}": _entry(
                "qqminigame.refresh_token_if_due", alias, _TOKEN_SECONDS
            )
            for alias in tokens
        },
        **{
            f"qqminigame-settle-{alias}": _entry("qqminigame.settle_due", alias, _SETTLE_SECONDS)
            for alias in orders
        },
    }


def _entry(task: str, alias: str, seconds: float) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": seconds,
        "kwargs": {"alias": alias},
        # What no worker has begun by then, the next one does.
        "options": {"expires": seconds},
    }
