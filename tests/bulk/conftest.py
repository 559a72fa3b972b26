"""What loads need."""

import math

import pytest
from sessions import log_in, make_session

from qqminigame import RetryPolicy
from qqminigame.bulk import rows


@pytest.fixture(autouse=True)
def whole_claims(monkeypatch):
    """Let a busy machine, which reads slowly, gather as many rows as another."""
    monkeypatch.setattr(rows, "_GATHER_SECONDS", math.inf)


@pytest.fixture
def session(sandbox):
    """A session that repeats without long pauses."""
    with make_session(sandbox, retry=RetryPolicy(base_seconds=0.01)) as session:
        yield session


@pytest.fixture
def players(session, sandbox):
    """Ten players who have logged in."""
    return [log_in(session, sandbox, f"player-{number}") for number in range(10)]
