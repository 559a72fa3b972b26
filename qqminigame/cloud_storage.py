"""A player's cloud storage: the scores that rankings show to friends.

The same on all platforms; their pages:
    QQ: https://q.qq.com/wiki/develop/game/server/open-port/setUserStorage.html
    Douyin: https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/server/
        data-caching/set-user-storage
    WeChat: https://developers.weixin.qq.com/minigame/dev/api-backend/open-api/data/
        storage.setUserStorage.html
"""

from collections.abc import Iterable, Mapping

from qqminigame import validation
from qqminigame.models import LoginState
from qqminigame.ranking import ranking_value
from qqminigame.redaction import drop_frames
from qqminigame.session import Session, checked
from qqminigame.wire import nothing


class CloudStorage:
    """Writes and removes a player's key-value pairs; only the game's client can read them.

    A ``login`` is a :class:`LoginState`, or the openid of one that the session's store remembers.
    """

    def __init__(self, session: Session) -> None:
        """Use a session; it needs the app_secret.

        Raises:
            ConfigurationError: The session has no app_secret.
        """
        platform = checked(session, "CloudStorage").platform
        self._session = session
        self._set = session.endpoint(platform.set_storage, "CloudStorage")
        self._remove = session.endpoint(platform.remove_storage, "CloudStorage")
        self._rules = platform.storage
        self._ranking = platform.ranking

    @drop_frames
    def set(
        self, login: LoginState | str, kv: Mapping[str, str] | Iterable[tuple[str, str]]
    ) -> None:
        """Store key-value pairs; other keys remain as they are.

        Args:
            login: The player.
            kv: 1 to 128 pairs. A key has 1 to 128 bytes in UTF-8, and key and value together have
                at most 1024 bytes. Values are str and may be empty. No key may be repeated. Use
                :meth:`set_score` for ranking keys: only the platform knows which keys these are.

        Raises:
            InvalidArgumentError: The pairs break a limit; nothing was sent.
            StorageLimitError: Together with the data already stored, a limit is exceeded.
            LoginNotFoundError: The store has no login of this openid.
            SignatureError: The session_key is no longer valid; the player has to log in again.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://q.qq.com/wiki/develop/game/server/open-port/setUserStorage.html
        """
        problems: validation.Problems = []
        validation.check_login(login, problems)
        pairs = validation.check_kv(kv, self._rules, problems)
        validation.refuse("CloudStorage.set", problems)
        kv_list = [{"key": key, "value": value} for key, value in pairs]
        self._session.call(self._set, {"kv_list": kv_list}, login, nothing)

    @drop_frames
    def set_score(
        self,
        login: LoginState | str,
        key: str,
        score: int,
        update_time: int | None = None,
        **fields: object,
    ) -> None:
        """Store a score in the form that the platform's rankings read.

        Args:
            login: The player.
            key: The ranking key, as configured in the platform's console.
            score: The score.
            update_time: When it was reached, in Unix seconds; None for now.
            **fields: The game's own fields, stored beside the score; any JSON values.

        Raises:
            InvalidArgumentError: An argument is wrong, or the value too long; nothing was sent.
            QQMiniGameError: As :meth:`set`.

        Source: https://q.qq.com/wiki/develop/game/frame/open-ability/
        """
        problems: validation.Problems = []
        pairs = self._ranked(key, score, update_time, fields, problems)
        validation.check_login(login, problems)
        validation.refuse("CloudStorage.set_score", problems)
        self.set(login, pairs)

    def score_pairs(
        self, key: str, score: int, update_time: int | None = None, **fields: object
    ) -> dict[str, str]:
        """Return what :meth:`set_score` stores: the data of a row of :func:`qqminigame.bulk.load`.

        Args:
            key: As for :meth:`set_score`, like all others.
            score: The score.
            update_time: When it was reached, in Unix seconds; None for now. A bulk load passes over
                rows that have not changed, and the current time changes all of them.
            **fields: The game's own fields.

        Raises:
            InvalidArgumentError: An argument is wrong, or the value too long.

        Source: https://q.qq.com/wiki/develop/game/frame/open-ability/
        """
        problems: validation.Problems = []
        pairs = self._ranked(key, score, update_time, fields, problems)
        validation.refuse("CloudStorage.score_pairs", problems)
        return dict(pairs)

    def _ranked(
        self,
        key: str,
        score: int,
        update_time: int | None,
        fields: Mapping[str, object],
        problems: validation.Problems,
    ) -> list[tuple[str, str]]:
        when = self._session.now() if update_time is None else update_time
        value = ranking_value(self._ranking, score, when, fields, problems)
        return validation.check_kv([(key, value)], self._rules, problems)

    @drop_frames
    def remove(self, login: LoginState | str, keys: Iterable[str]) -> None:
        """Remove keys; a missing key is not an error.

        Args:
            login: The player.
            keys: 1 to 128 keys of 1 to 128 bytes each, none of them repeated.

        Raises:
            InvalidArgumentError: The keys break a limit; nothing was sent.
            LoginNotFoundError: The store has no login of this openid.
            SignatureError: The session_key is no longer valid; the player has to log in again.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://q.qq.com/wiki/develop/game/server/open-port/removeUserStorage.html
        """
        problems: validation.Problems = []
        validation.check_login(login, problems)
        checked = validation.check_keys(keys, self._rules, problems)
        validation.refuse("CloudStorage.remove", problems)
        self._session.call(self._remove, {"key": checked}, login, nothing)
