"""What loads need."""

import pytest
from sessions import log_in, make_session

from qqminigame import RetryPolicy


@pytest.fixture
def session(sandbox):
    """A session that repeats without long pauses."""
    with make_session(sandbox, retry=RetryPolicy(base_seconds=0.01)) as session:
        yield session


@pytest.fixture
def players(session, sandbox):
    """Ten players who have logged in."""
    return [log_in(session, sandbox, f"player-{number}") for number in range(10)]
