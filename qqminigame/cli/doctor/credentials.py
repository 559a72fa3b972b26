"""Whether the platform accepts the credentials, without harm to anybody who uses them."""

from collections.abc import Iterator

from qqminigame.cli.doctor import texts
from qqminigame.cli.doctor.findings import Finding, doubtful, failed, good
from qqminigame.cli.places import in_memory
from qqminigame.exceptions import QQMiniGameError
from qqminigame.models import AccessToken
from qqminigame.session import Session


def app_secret(session: Session, *, offline: bool) -> Iterator[Finding]:
    """Look for the shared access token, which was fetched with the app_secret, or fetch it.

    A token in memory is never fetched: it would invalidate those of running programs.
    """
    check = "credential app_secret"
    try:
        token = session.stored_token()
        if token is not None and _left(session, token) > 0:
            yield good(check, texts.TOKEN_SHARED.of(seconds=_left(session, token)))
        elif offline:
            yield doubtful(check, texts.NOT_CHECKED_OFFLINE, texts.RUN_ONLINE)
        elif in_memory(session.store):
            yield doubtful(check, texts.TOKEN_WOULD_HURT, texts.SHARE_THE_STORE)
        else:
            token = session.access_token()
            yield good(check, texts.TOKEN_FETCHED.of(seconds=_left(session, token)))
    except QQMiniGameError as error:
        yield failed(check, error)


def app_key() -> Iterator[Finding]:
    """Say that it is there."""
    yield good("credential app_key", texts.APP_KEY_SET)


def _left(session: Session, token: AccessToken) -> int:
    return int(token.expires_at - session.now())
