"""Log players in."""

from typing import Final

from qqminigame import validation
from qqminigame.models import LoginState
from qqminigame.redaction import drop_frames
from qqminigame.session import Session, checked
from qqminigame.wire import Result

# What saving a login may take where the call has no time left.
_LEAST_SECONDS: Final = 0.25


class Login:
    """Exchanges the code that ``qq.login()`` gives the game's client for the player's login.

    On Douyin and WeChat, it is the code of ``tt.login()`` and ``wx.login()``.
    """

    def __init__(self, session: Session) -> None:
        """Use a session; it needs the app_secret.

        Raises:
            ConfigurationError: The session has no app_secret.
        """
        self._session = checked(session, "Login")
        self._endpoint = session.endpoint(session.platform.login, "Login")

    @drop_frames
    def code2session(self, js_code: str) -> LoginState:
        """Exchange a js_code for the player's openid and session_key.

        The session's store remembers the login, so that later calls need only the openid. If the
        store cannot be used, the login is returned anyway, with ``remembered`` False and a warning
        in the log, because the js_code cannot be used again.

        Args:
            js_code: The code that the game's client sent. It works once, within 5 minutes.

        Returns:
            The login. Its session_key must never be sent to the game's client.

        Raises:
            InvalidArgumentError: The js_code is not a non-empty str; nothing was sent.
            LoginExpiredError: The js_code is invalid, already used or too old.
            RateLimitError: More than 100 logins of this player in a minute.
            ConfigurationError: app_id or app_secret are wrong.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://q.qq.com/wiki/develop/game/server/open-port/code2Session.html, and the pages
        of that name of Douyin and WeChat
        """
        deadline = self._session.deadline()
        problems: validation.Problems = []
        js_code = validation.check_text(js_code, "js_code", problems)
        validation.refuse("Login.code2session", problems)
        payload = {self._session.platform.login_code: js_code}
        login = self._session.call(self._endpoint, payload, None, _login_state, deadline)
        timeout = max(deadline.left(), _LEAST_SECONDS)
        return self._session.logins.remember(login, timeout=timeout)


def _login_state(result: Result) -> LoginState:
    unionid = result.fields.get("unionid")
    return LoginState(
        openid=result.text("openid"),
        session_key=result.text("session_key"),
        unionid=unionid if isinstance(unionid, str) and unionid else None,
    )
