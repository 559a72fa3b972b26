"""Sessions for tests."""

from qqminigame import Session


class Pauses(list):
    """Stands for time.sleep and notes how long it was asked to."""

    __call__ = list.append


class Clock:
    """Stands for a clock; a test moves it."""

    def __init__(self, now=1_800_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


def make_session(sandbox, **arguments):
    """Make a session to the sandbox, with a memory of its own unless told otherwise."""
    defaults = {
        "app_secret": sandbox.app_secret,
        "app_key": sandbox.app_key,
        "base_url": sandbox.url,
        "store": "memory:",
    }
    return Session(sandbox.app_id, **{**defaults, **arguments})
