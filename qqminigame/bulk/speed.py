"""The speed that a load is allowed."""

import math
from functools import partial

from qqminigame import messages
from qqminigame.bulk.pace import Pace
from qqminigame.exceptions import ConfigurationError
from qqminigame.session import Session
from qqminigame.stores.base import TurnKeeper


def speed(per_second: float | None) -> float | None:
    """Return how many rows may be sent a second.

    Raises:
        ConfigurationError: It is not a positive number.
    """
    if per_second is None or (type(per_second) in (int, float) and 0 < per_second < math.inf):
        return per_second
    raise ConfigurationError(messages.NOT_A_SPEED.of(value=per_second))


def pace_of(session: Session, load: str, per_second: float | None, processes: int) -> Pace:
    """Return a process's pace: its own part, or that of all who share the store.

    Args:
        session: Has the store.
        load: Names what is loaded, and where to.
        per_second: How many rows all processes may send a second; None for any number.
        processes: How many processes send.
    """
    if per_second is None:
        return Pace()
    if isinstance(session.store, TurnKeeper):
        return Pace(per_second, shared=partial(session.store.next_turn, load))
    return Pace(per_second / processes)
