"""The logins a session's store remembers, so that a cron script needs only the openid."""

import json
import logging
from typing import Final

from qqminigame.exceptions import LoginExpiredError, StoreError
from qqminigame.models import LoginState
from qqminigame.stores.base import Store

_log: Final = logging.getLogger("qqminigame")

_ADVICE: Final = (
    "the player has to log in again: pass what qq.login(), tt.login() or wx.login() gives the game "
    "to Login.code2session. "
    "玩家需要重新登录:请将 qq.login()、tt.login() 或 wx.login() 得到的 code "
    "传给 Login.code2session。"
)


class LoginStore:
    """The logins of one app's players, by openid."""

    def __init__(self, *, prefix: str, store: Store, ttl_seconds: float | None = None) -> None:
        """Keep logins in a store, under keys that start with ``prefix``, for so many seconds."""
        self._prefix = prefix
        self._store = store
        self._ttl_seconds = ttl_seconds

    def remember(self, login: LoginState) -> None:
        """Keep a login; it replaces the player's earlier one.

        Where the store is out of reach, that is logged: the js_code is spent, so the login must
        not be lost over it.
        """
        try:
            self._store.set(self._prefix + login.openid, _to_text(login), self._ttl_seconds)
        except StoreError as error:
            _log.warning("a login cannot be remembered: %s", error)

    def find(self, openid: str) -> LoginState:
        """Return a player's login.

        Raises:
            LoginExpiredError: None is remembered.
        """
        text = self._store.get(self._prefix + openid)
        login = _from_text(text) if text is not None else None
        if login is None:
            raise LoginExpiredError(
                f"no login of {openid[:64]!r} is remembered; {_ADVICE}", sent=False
            )
        return login

    def forget(self, login: LoginState) -> None:
        """Forget exactly this login; a newer one stays."""
        try:
            self._store.delete_if(self._prefix + login.openid, _to_text(login))
        except StoreError as error:
            _log.warning("a stale login cannot be forgotten: %s", error)


def _to_text(login: LoginState) -> str:
    return json.dumps([login.openid, login.session_key, login.unionid])


def _from_text(text: str) -> LoginState | None:
    """Return the login of a stored text; None where the text is no login."""
    try:
        openid, session_key, unionid = json.loads(text)
        return LoginState(openid=str(openid), session_key=str(session_key), unionid=unionid)
    except (TypeError, ValueError):
        return None
