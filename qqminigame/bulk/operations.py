"""What can be done for many players."""

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve, frozen

from qqminigame.bulk.sending import Operation
from qqminigame.bulk.values import Kind
from qqminigame.cloud_storage import CloudStorage
from qqminigame.interactive_data import InteractiveData
from qqminigame.platforms.base import Endpoint, Platform
from qqminigame.session import Session


@frozen
class _Row:
    """How a kind is done: the platform's row, and the service's method."""

    endpoint: Callable[[Platform], Endpoint | None]
    send: Callable[[Session], Callable[[Any, Any], None]]


_ROWS: Final[dict[Kind, _Row]] = {
    "load": _Row(lambda platform: platform.set_storage, lambda session: CloudStorage(session).set),
    "remove": _Row(
        lambda platform: platform.remove_storage, lambda session: CloudStorage(session).remove
    ),
    "set_interactive": _Row(
        lambda platform: platform.set_interactive, lambda session: InteractiveData(session).set
    ),
}


def operation_of(session: Session, kind: Kind) -> Operation:
    """Return what a kind of load does with each row.

    Raises:
        ConfigurationError: The session's platform does not have the call, or it lacks a credential.
    """
    row = _ROWS[kind]
    endpoint = session.endpoint(row.endpoint(session.platform), "bulk")
    app_id, address = session.target(endpoint)
    return Operation(
        kind=kind,
        name=endpoint.name,
        load=f"{endpoint.name} of app {app_id} at {address}",
        send=row.send(session),
    )


def in_single_attempts(session: Session, operation: Operation) -> Operation:
    """Return the operation with calls of one attempt each, so that every attempt takes a turn."""
    single = session.within(session.deadline_seconds, attempts=1)
    return evolve(operation, send=_ROWS[operation.kind].send(single), is_single=True)
