"""Interactive data, such as likes and gifts between friends. QQ and WeChat have it."""

from collections.abc import Iterable, Mapping

from qqminigame import validation
from qqminigame.models import LoginState
from qqminigame.redaction import drop_frames
from qqminigame.session import Session, checked
from qqminigame.wire import nothing


class InteractiveData:
    """Writes a player's interactive data.

    A ``login`` is a :class:`LoginState`, or the openid of one that the session's store remembers.
    """

    def __init__(self, session: Session) -> None:
        """Use a session; it needs the app_secret.

        Raises:
            ConfigurationError: The session has no app_secret, or the platform does not have
                interactive data.
        """
        platform = checked(session, "InteractiveData").platform
        self._session = session
        self._endpoint = session.endpoint(platform.set_interactive, "InteractiveData")
        self._values = platform.interactive_values
        self._rules = platform.storage

    @drop_frames
    def set(
        self, login: LoginState | str, kv: Mapping[str, int] | Iterable[tuple[str, int]]
    ) -> None:
        """Set interactive data.

        Args:
            login: The player.
            kv: Keys "1" to "50", none of them repeated. Values are ints: 0 or 1 on QQ, any 32-bit
                integer on WeChat.

        Raises:
            InvalidArgumentError: A key or value is wrong; nothing was sent.
            LoginNotFoundError: The store has no login of this openid.
            SignatureError: The session_key is no longer valid; the player has to log in again.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://q.qq.com/wiki/develop/game/server/open-port/setUserInteractiveData.html
        """
        problems: validation.Problems = []
        validation.check_login(login, problems)
        pairs = validation.check_interactive(kv, self._values, self._rules, problems)
        validation.refuse("InteractiveData.set", problems)
        kv_list = [{"key": key, "value": value} for key, value in pairs]
        self._session.call(self._endpoint, {"kv_list": kv_list}, login, nothing)
