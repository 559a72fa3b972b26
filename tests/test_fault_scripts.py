"""Long runs meet their faults all along, and not all of them in the beginning."""

import random

from fault_scripts import scattered
from sessions import log_in, make_session

from qqminigame import BusyError, CloudStorage, RetryPolicy


def test_scattered__one_in_so_many_calls(sandbox):
    """Of each ten calls one is hit, not always at the same place."""
    hit = []
    with make_session(sandbox, retry=RetryPolicy(attempts=1)) as session:
        login = log_in(session, sandbox)
        sandbox.script(
            *scattered(random.Random(1), [{"kind": "busy"}], "set_user_storage", 100, 10)
        )
        for number in range(100):
            try:
                CloudStorage(session).set(login, {"score": str(number)})
            except BusyError:
                hit.append(number)
    assert [number // 10 for number in hit] == list(range(10))
    assert len({number % 10 for number in hit}) > 3
