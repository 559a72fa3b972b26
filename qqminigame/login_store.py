"""The logins a session's store remembers, so that a cron script needs only the openid."""

import logging
from collections.abc import Iterable, Iterator
from typing import Final

from attrs import define, evolve, field

from qqminigame import codec, messages
from qqminigame.clock import SYSTEM_CLOCK, Clock
from qqminigame.exceptions import LoginNotFoundError, StoreError
from qqminigame.models import LoginState
from qqminigame.stores.base import TIMEOUT_SECONDS, Store

_log: Final = logging.getLogger("qqminigame")

_KIND: Final = "login1"
_SHOWN_CHARACTERS: Final = 64
# Counting may mean a look at every key of the store, and an error may come a thousand times.
_COUNT_EVERY_SECONDS: Final = 60.0
_COUNT_SECONDS: Final = 0.25


@define(kw_only=True, eq=False, repr=False)
class LoginStore:
    """The logins of one app's players, by openid.

    Every method takes ``timeout``, the seconds after which it has to be over.

    Attributes:
        prefix: The start of their keys.
        store: Where they are kept.
        ttl_seconds: For how long each is kept; None for good.
        clock: The session's.
    """

    prefix: str
    store: Store
    ttl_seconds: float | None = None
    clock: Clock = SYSTEM_CLOCK
    _counted: messages.Text = field(init=False, default=messages.NOTHING)
    _count_again: float = field(init=False, default=-_COUNT_EVERY_SECONDS)

    def remember(self, login: LoginState, *, timeout: float = TIMEOUT_SECONDS) -> LoginState:
        """Keep a login; it replaces the player's earlier one.

        Where the store cannot be used, that is logged and not raised: the js_code is spent, so the
        login must not be lost over it.

        Returns:
            The login, with ``remembered`` set to whether it was kept.
        """
        key = self.prefix + login.openid
        try:
            self.store.set(key, _to_text(login), self.ttl_seconds, timeout=timeout)
        except StoreError as error:
            _log.warning(messages.LOGIN_NOT_SAVED.of(store=self.store, failure=error.text))
            return evolve(login, remembered=False)
        return evolve(login, remembered=True)

    def find(self, openid: str, *, timeout: float = TIMEOUT_SECONDS) -> LoginState:
        """Return a player's login.

        Raises:
            LoginNotFoundError: None is kept.
            StoreError: The store cannot be used.
        """
        login = _from_text(self.store.get(self.prefix + openid, timeout=timeout), openid)
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
        keys = {self.prefix + openid: openid for openid in openids}
        found = self.store.get_many(list(keys), timeout=timeout)
        logins = {keys[key]: _from_text(text, keys[key]) for key, text in found.items()}
        return {openid: login for openid, login in logins.items() if login is not None}

    def each(self, *, timeout: float = TIMEOUT_SECONDS) -> Iterator[LoginState]:
        """Yield the logins that are kept, in no particular order; a few are read at a time.

        Args:
            timeout: The seconds after which each reading has to be over.

        Raises:
            StoreError: The store cannot be used.
        """
        cursor = ""
        while True:
            found, cursor = self.store.scan(self.prefix, cursor=cursor, timeout=timeout)
            for key, text in found:
                login = _from_text(text, key.removeprefix(self.prefix))
                if login is not None:
                    yield login
            if not cursor:
                return

    def forget(self, login: LoginState, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Forget exactly this login; a newer one stays."""
        try:
            self.store.delete_if(self.prefix + login.openid, _to_text(login), timeout=timeout)
        except StoreError as error:
            _log.warning(messages.LOGIN_NOT_DELETED.of(store=self.store, failure=error.text))

    def count(self, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many logins are kept.

        Raises:
            StoreError: The store cannot be used.
        """
        return self.store.count(self.prefix, timeout=timeout)

    def _not_found(self, openid: str) -> LoginNotFoundError:
        return LoginNotFoundError(
            messages.LOGIN_NOT_FOUND.of(
                openid=openid[:_SHOWN_CHARACTERS],
                store=self.store,
                counted=self._count_in_words(),
            ),
            sent=False,
        )

    def _count_in_words(self) -> messages.Text:
        """Return how many logins there are, from up to a minute ago; nothing where it is slow."""
        now = self.clock.monotonic()
        if now >= self._count_again:
            self._count_again = now + _COUNT_EVERY_SECONDS
            try:
                count = self.count(timeout=_COUNT_SECONDS)
                self._counted = messages.LOGINS_COUNTED.of(count=count)
            except StoreError:
                self._counted = messages.NOTHING
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
