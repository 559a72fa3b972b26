"""Sessions for tests."""

from collections.abc import Callable

import qqminigame
from qqminigame import HallLogin, Login, Session


class Pauses(list):
    """Stands for time.sleep and notes how long it was asked to."""

    __call__ = list.append


class Clock:
    """Stands for a clock; a test moves it.

    Attributes:
        on_move: Functions that are told by how many seconds it was moved on.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self.on_move: list[Callable[[float], object]] = []

    def __call__(self) -> float:
        return self._now

    @property
    def now(self) -> float:
        """The time it shows."""
        return self._now

    @now.setter
    def now(self, now: float) -> None:
        seconds, self._now = now - self._now, now
        for tell in self.on_move:
            if seconds > 0:
                tell(seconds)


# What tests call the parts of a session's clock, the movable Clock above being one of them.
PARTS = {"clock": "time", "monotonic": "monotonic", "sleep": "sleep", "dice": "random"}


def make_session(sandbox, **arguments):
    """Make a session to the sandbox, with a memory of its own unless told otherwise.

    ``clock``, ``monotonic``, ``sleep`` and ``dice`` replace parts of its clock.
    """
    parts = {part: arguments.pop(name) for name, part in PARTS.items() if name in arguments}
    defaults = {
        "clock": qqminigame.Clock(**parts),
        "app_secret": sandbox.app_secret,
        "hall_app_id": sandbox.hall_app_id,
        "app_key": sandbox.app_key,
        "base_url": sandbox.url,
        "store": "memory:",
    }
    return Session(sandbox.app_id, **{**defaults, **arguments})


def js_code(session, sandbox, openid=None, *, unionid=None):
    """Make a login code for the platform of a session."""
    hosts = {"douyin-toutiao": "douyin"}  # the older host of the same platform
    name = session.platform.name
    return sandbox.js_code(openid, unionid=unionid, platform=hosts.get(name, name))


def log_in(session, sandbox, openid=None, *, unionid=None):
    """Log a player in by a session, on its platform."""
    code = js_code(session, sandbox, openid, unionid=unionid)
    return Login(session).code2session(code)


def enter_hall(sandbox):
    """Return the login of a new player in the hall, with three bonus uses."""
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    return HallLogin(openid=openid, openkey=openkey)
