"""What a project can listen to."""

from typing import Final

from django.dispatch import Signal

# Sent after each attempt at a call of one of the configured sessions, with ``alias`` and ``event``,
# a :class:`qqminigame.CallEvent`. The sender is :class:`qqminigame.Session`. An exception that a
# receiver raises is logged by Django and otherwise ignored.
call_finished: Final = Signal()
