"""Fixtures for tests of a Django project, with or without pytest-django.

In a ``conftest.py``: ``pytest_plugins = ["qqminigame.integrations.django.pytest_plugin"]``.
"""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from qqminigame.integrations.django.configured import SETTING
from qqminigame.integrations.django.testing import Players, sandbox_settings
from qqminigame.sandbox import Sandbox

pytest_plugins: tuple[str, ...] = ("qqminigame.sandbox.pytest_plugin",)


@pytest.fixture
def qqminigame_settings() -> dict[str, object]:
    """Other settings for all aliases; to be overridden."""
    return {}


@pytest.fixture
def qqminigame_players(
    qqminigame_sandbox: Sandbox, qqminigame_settings: dict[str, object]
) -> Iterator[Players]:
    """Point the settings at an empty sandbox, and give players on it."""
    pointed = sandbox_settings(qqminigame_sandbox, qqminigame_settings)
    with override_settings(**{SETTING: pointed}):
        yield Players(qqminigame_sandbox)
