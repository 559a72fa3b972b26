"""Fixtures for tests against the sandbox.

In a ``conftest.py``: ``pytest_plugins = ["qqminigame.sandbox.pytest_plugin"]``. To start it with
other settings, write a fixture ``qqminigame_sandbox_server`` of your own.
"""

from collections.abc import Iterator

import pytest

from qqminigame.sandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def qqminigame_sandbox_server() -> Iterator[Sandbox]:
    """Run one sandbox for all tests."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def qqminigame_sandbox(qqminigame_sandbox_server: Sandbox) -> Sandbox:
    """Give the sandbox as at its start; after a failed test its log can still be read."""
    qqminigame_sandbox_server.reset()
    return qqminigame_sandbox_server
