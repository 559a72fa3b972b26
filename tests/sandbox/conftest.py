"""One running sandbox for all tests, as new for each."""

from collections.abc import Iterator

import pytest
from sandbox_driver import Driver, Login

from qqminigame.sandbox import Sandbox


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """Run one sandbox, in which nothing depends on luck."""
    with Sandbox(seed=1, overlap_seconds=300) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """Give the sandbox as at its start."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def driver(sandbox: Sandbox) -> Iterator[Driver]:
    """Give a client of the sandbox."""
    driver = Driver(sandbox)
    yield driver
    driver.http.close()


@pytest.fixture
def player(driver: Driver) -> Login:
    """Give a player who has logged in."""
    return driver.player()


@pytest.fixture
def token(driver: Driver) -> str:
    """Give a good access token."""
    return driver.token()
