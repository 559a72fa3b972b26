"""The logins a session's store remembers, so that a cron script needs only the openid."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from attrs import evolve

from qqminigame import codec
from qqminigame.exceptions import LoginNotFoundError, StoreError
from qqminigame.models import LoginState
from qqminigame.stores.base import TIMEOUT_SECONDS, Store

_log: Final = logging.getLogger("qqminigame")

_KIND: Final = "login1"
_SHOWN_CHARACTERS: Final = 64
# Counting may mean a look at every key of the store, and an error may come a thousand times.
_COUNT_EVERY_SECONDS: Final = 60.0
_COUNT_SECONDS: Final = 0.25


class LoginStore:
    """The logins of one app's players, by openid.

    Every method takes ``timeout``, the seconds after which it has to be over.
    """

    def __init__(
        self,
        *,
        prefix: str,
        store: Store,
        ttl_seconds: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep logins in a store.

        Args:
            prefix: The start of their keys.
            store: The store.
            ttl_seconds: For how long each is kept; None for good.
            monotonic: Returns the seconds of a clock that is never set.
        """
        self._prefix = prefix
        self._store = store
        self._ttl_seconds = ttl_seconds
        self._monotonic = monotonic
        self._counted = ""
        self._count_again = -_COUNT_EVERY_SECONDS

    def remember(self, login: LoginState, *, timeout: float = TIMEOUT_SECONDS) -> LoginState:
        """Keep a login; it replaces the player's earlier one.

        Where the store cannot be used, that is logged and not raised: the js_code is spent, so the
        login must not be lost over it.

        Returns:
            The login, with ``remembered`` set to whether it was kept.
        """
        key = self._prefix + login.openid
        try:
            self._store.set(key, _to_text(login), self._ttl_seconds, timeout=timeout)
        except StoreError as error:
            _log.warning(
                "could not save a login in %r; until the player logs in again, calls need the "
                "LoginState instead of the bare openid: %s",
                self._store,
                error,
            )
            return evolve(login, remembered=False)
        return evolve(login, remembered=True)

    def find(self, openid: str, *, timeout: float = TIMEOUT_SECONDS) -> LoginState:
        """Return a player's login.

        Raises:
            LoginNotFoundError: None is kept.
            StoreError: The store cannot be used.
        """
        login = _from_text(self._store.get(self._prefix + openid, timeout=timeout), openid)
        if login is None:
            raise self._not_found(openid)
        return login

    def find_many(
        self, openids: Iterable[str], *, timeout: float = TIMEOUT_SECONDS
    ) -> dict[str, LoginState]:
        """Return the logins of those players that have one, at the price of few round trips.

        Raises:
            StoreError: The store cannot be used.
        """
        keys = {self._prefix + openid: openid for openid in openids}
        found = self._store.get_many(list(keys), timeout=timeout)
        logins = {keys[key]: _from_text(text, keys[key]) for key, text in found.items()}
        return {openid: login for openid, login in logins.items() if login is not None}

    def forget(self, login: LoginState, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Forget exactly this login; a newer one stays."""
        try:
            self._store.delete_if(self._prefix + login.openid, _to_text(login), timeout=timeout)
        except StoreError as error:
            _log.warning("could not delete an invalid login in %r: %s", self._store, error)

    def count(self, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many logins are kept.

        Raises:
            StoreError: The store cannot be used.
        """
        return self._store.count(self._prefix, timeout=timeout)

    def _not_found(self, openid: str) -> LoginNotFoundError:
        shown = openid[:_SHOWN_CHARACTERS]
        counted = self._count_in_words()
        return LoginNotFoundError(
            f"no login of {shown!r} in {self._store!r}{counted}; nothing was sent. Have the client "
            "log in again and pass the new code to Login.code2session(). If the player is logged "
            "in, the login was kept by a program with another store=, app_id or base_url=. "
            f"在 {self._store!r} 中未找到 {shown!r} 的登录态，请求未发送：请让客户端重新登录，并把"
            "得到的 code 传给 Login.code2session()。登录时若使用了另一个 store、AppID 或 base_url，"
            "也会找不到。",
            sent=False,
        )

    def _count_in_words(self) -> str:
        """Return how many logins there are, from up to a minute ago; nothing where it is slow."""
        now = self._monotonic()
        if now >= self._count_again:
            self._count_again = now + _COUNT_EVERY_SECONDS
            try:
                count = self.count(timeout=_COUNT_SECONDS)
                self._counted = f", which has {count} logins of this app"
            except StoreError:
                self._counted = ""
        return self._counted


def _to_text(login: LoginState) -> str:
    return codec.to_text(_KIND, login.openid, login.session_key, login.unionid)


def _from_text(text: str | None, openid: str) -> LoginState | None:
    """Return the login of a stored text; None where it is not one of this player."""
    if text is None:
        return None
    values = codec.from_text(text, _KIND, (str,), (str,), (str, type(None)))
    if values is None or values[0] != openid:
        return None
    return LoginState(openid=openid, session_key=values[1], unionid=values[2], remembered=True)
