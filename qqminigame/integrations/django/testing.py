"""Test cases whose calls go to a sandbox, with players at hand; needs the extra ``sandbox``."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.test import TestCase, override_settings

from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.configuration import DEFAULT_ALIAS
from qqminigame.integrations.django.configured import SETTING, configured, sessions
from qqminigame.integrations.testing import sandbox_values
from qqminigame.login import Login
from qqminigame.models import HallLogin, LoginState
from qqminigame.sandbox import Sandbox

# The older host of the same platform.
_PLATFORMS: Final = {"douyin-toutiao": "douyin"}


def sandbox_settings(sandbox: Sandbox, changes: Mapping[str, object]) -> dict[str, object]:
    """Return ``QQMINIGAME`` for a sandbox: the aliases of the project, each with its platform.

    Args:
        sandbox: Where all calls go.
        changes: Other settings for all aliases. By default everything is kept in memory.
    """
    pointed = {**sandbox_values(sandbox), **changes}
    try:
        aliases = configured()
    except ConfigurationError:  # a project is tested before it has credentials
        aliases = {DEFAULT_ALIAS: {}}
    return {alias: {**values, **pointed} for alias, values in aliases.items()}


class Players:
    """Players of the game, who are all on the sandbox's platforms.

    Attributes:
        sandbox: The platforms.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        """Use a sandbox to which the settings point."""
        self.sandbox: Final = sandbox

    def js_code(self, openid: str | None = None, *, alias: str = DEFAULT_ALIAS) -> str:
        """Return what a player's game sends to the server to log in: a code for one login.

        Args:
            openid: The player; None for a new one.
            alias: Whose platform the player is on.
        """
        return self.sandbox.js_code(openid, platform=_platform(alias))

    def log_in(self, openid: str | None = None, *, alias: str = DEFAULT_ALIAS) -> LoginState:
        """Log a player in; from then on the openid stands for the login.

        Args:
            openid: The player; None for a new one.
            alias: Whose session is used.
        """
        return Login(sessions[alias]).code2session(self.js_code(openid, alias=alias))

    def enter_hall(self, openid: str | None = None, **values: Any) -> HallLogin:
        """Let a player come in through the game hall.

        Args:
            openid: The player; None for a new one.
            **values: The player's level and so on, as ``Sandbox.hall_login`` takes them.
        """
        entry = self.sandbox.hall_login(openid, **values)
        return HallLogin(openid=entry.openid, openkey=entry.openkey)

    def stored(self, openid: str, *, alias: str = DEFAULT_ALIAS) -> dict[str, str]:
        """Return what the platform has stored for a player.

        Args:
            openid: The player.
            alias: Whose platform is asked.
        """
        players = self.sandbox.state()["platforms"][_platform(alias)]["players"]
        return dict(players[openid]["storage"])


def _platform(alias: str) -> str:
    name = sessions[alias].platform.name
    return _PLATFORMS.get(name, name)


class SandboxMixin:
    """Points the settings at a sandbox, for any of Django's test cases; stands before it.

        class PayTest(SandboxMixin, TransactionTestCase): ...

    Each test begins with an empty sandbox and, unless ``minigame_settings`` says otherwise, with
    empty stores in memory. A ``setUp`` of your own has to call ``super().setUp()``.

    Attributes:
        minigame_settings: Other settings for all aliases, such as ``{"STORE": "django:"}``. What a
            ``TestCase`` writes into the project's database is never committed: if other threads or
            processes have to see it, use a ``TransactionTestCase``.
        sandbox: The platforms.
        players: Players on them.
    """

    minigame_settings: ClassVar[Mapping[str, object]] = {}
    sandbox: ClassVar[Sandbox]
    players: ClassVar[Players]

    @classmethod
    def setUpClass(cls) -> None:
        """Start a sandbox for all tests of the class."""
        enter: Any = cls.enterClassContext  # type: ignore[attr-defined]
        cls.sandbox = enter(Sandbox())
        cls.players = Players(cls.sandbox)
        pointed = sandbox_settings(cls.sandbox, cls.minigame_settings)
        enter(override_settings(**{SETTING: pointed}))
        super().setUpClass()  # type: ignore[misc]

    def setUp(self) -> None:
        """Begin with an empty sandbox and new sessions."""
        self.sandbox.reset()
        sessions.close()
        super().setUp()  # type: ignore[misc]


class SandboxTestCase(SandboxMixin, TestCase):
    """A ``TestCase`` whose calls go to a sandbox; see :class:`SandboxMixin`."""
