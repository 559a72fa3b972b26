"""What has to be done about ``os.fork``, which gunicorn's preloading and multiprocessing use.

A forked child has the parent's objects but none of its threads: a lock that one of them held stays
locked for ever, and a connection is shared with the parent.
"""

import functools
import os
import threading
from typing import Final, Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Holds something that a forked child must not use."""

    def after_fork(self) -> None:
        """Start afresh; runs in the child, in its only thread."""


# Held by whoever does something that a fork must wait for. Never held over the network.
no_fork: Final = threading.Lock()

_renewables: Final[WeakSet[Renewable]] = WeakSet()


def renew_in_child(renewable: Renewable) -> None:
    """Have ``after_fork`` of this object called in every forked child, while it lives."""
    watch_forks()
    _renewables.add(renewable)


@functools.cache
def watch_forks() -> None:
    """Let forks wait for :data:`no_fork` and renew what is registered; once is enough."""
    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
        os.register_at_fork(
            before=no_fork.acquire,
            after_in_parent=no_fork.release,
            after_in_child=_renew_all,
        )


def _renew_all() -> None:
    no_fork.release()
    for renewable in list(_renewables):
        renewable.after_fork()
