"""The order of the checks. One that fails itself does not end the others."""

from collections.abc import Iterator

from qqminigame.cli.doctor import credentials, network, queue, settings, stores, texts
from qqminigame.cli.doctor.findings import Finding, bad, failed
from qqminigame.cli.exits import Exit
from qqminigame.cli.options import Run
from qqminigame.exceptions import QQMiniGameError
from qqminigame.session import Session


def examine(run: Run, *, offline: bool, celery: str | None) -> Iterator[Finding]:
    """Make all checks that can be made.

    Args:
        run: The run of the command.
        offline: Whether to leave out what needs the network.
        celery: A Celery app, as ``MODULE:APP``; None to leave that out.
    """
    yield from _safely("versions", settings.versions())
    if celery is not None:
        yield from queue.celery(celery)
    try:
        configuration = run.configuration()
        yield from _safely("configuration", settings.settings(configuration))
        session = run.session(needs=None)
    except QQMiniGameError as error:
        yield failed("configuration", error)
        return
    names = configuration.settings.keys()
    with session:
        yield from _safely("store", stores.store(session))
        if "app_key" in names:
            yield from _safely("orders", stores.orders(session, configuration.value("orders")))
        for address in () if offline else addresses(session, hall="app_key" in names):
            yield from _safely("network", network.network(address))
        if "app_secret" in names:
            yield from _safely(
                "credential app_secret", credentials.app_secret(session, offline=offline)
            )
        if "app_key" in names:
            yield from credentials.app_key()


def addresses(session: Session, *, hall: bool) -> list[str]:
    """Return the addresses that calls go to, without repeats."""
    platform = session.platform
    endpoints = [platform.token, platform.get_dawanka if hall else None]
    found = [session.target(endpoint)[1] for endpoint in endpoints if endpoint is not None]
    return list(dict.fromkeys(found))


def _safely(check: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield findings; a check that raises what nobody expected is one itself."""
    try:
        yield from findings
        return
    except Exception as error:
        reason = type(error).__name__
    yield bad(check, texts.BROKEN_CHECK.of(reason=reason), texts.REPORT_BUG, Exit.BUG)
