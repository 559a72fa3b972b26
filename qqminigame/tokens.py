"""Who fetches an access token, when, and who waits for it.

Fetching a token kills the one before it. So an app has one token, kept in the store, and one fetch
at a time, made by whoever holds the store's lock; all others wait for it or use the old one.

Source: https://q.qq.com/wiki/develop/game/server/open-port/getAccessToken.html
"""

import copy
import json
import logging
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from cachetools import TTLCache

from qqminigame.exceptions import QQMiniGameError, TransportError
from qqminigame.forking import renew_in_child
from qqminigame.models import AccessToken
from qqminigame.stores.base import Store

LEASE_SECONDS: Final = 5.0
# Inside a fetch; it has to end before the lease does.
FETCH_SECONDS: Final = 4.0
# Another process may have fetched since; well inside the overlap of at most 300 s.
RECHECK_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05

_log: Final = logging.getLogger("qqminigame")


class _Life(Enum):
    """How a token stands, and so what to do before it is used."""

    GOOD = "use it"
    AGEING = "use it, and let one fetch the next"
    ENDING = "wait for the next; use it if there is none"
    OVER = "wait for the next"


def _life(token: AccessToken | None, now: float) -> _Life:
    # A token from the future means that the clock was set back; how long it lives is unknown then.
    if token is None or not token.fetched_at <= now < token.expires_at:
        return _Life.OVER
    span, left = token.expires_at - token.fetched_at, token.expires_at - now
    if left > min(600.0, span / 4):
        return _Life.GOOD
    return _Life.AGEING if left > min(120.0, span / 10) else _Life.ENDING


class AccessTokens:
    """The access token of one app."""

    def __init__(
        self,
        *,
        key: str,
        store: Store,
        fetch: Callable[[float], AccessToken],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the keeper of one app's token; nothing is fetched yet.

        Args:
            key: Where the store keeps it.
            store: Shared by all who speak for the app.
            fetch: Fetches a token within so many seconds.
            clock: Returns the time in unix seconds.
            sleep: Waits for so many seconds.
            monotonic: Returns the seconds of a clock that is never set.
        """
        self._key = key
        self._store = store
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Start with nothing remembered and nothing locked."""
        self._recent: TTLCache[str, AccessToken] = TTLCache(
            maxsize=1, ttl=RECHECK_SECONDS, timer=self._monotonic
        )
        self._recent_mutex = threading.Lock()
        self._fetching = threading.Lock()
        self._failure: QQMiniGameError | None = None

    def get(self, seconds: float) -> AccessToken:
        """Return a token that can be used, fetched if there is none.

        Args:
            seconds: How long to wait for one at most.

        Raises:
            QQMiniGameError: There is none, and the fetch failed or took too long.
        """
        with self._recent_mutex:
            token = self._recent.get(self._key)
        if token is None:
            token = self._look()
        life = _life(token, self._clock())
        if token is not None and life is _Life.GOOD:
            return token
        if token is not None and life is _Life.AGEING:
            return self._renew_if_nobody_does(token)
        return self._renew(seconds)

    def reject(self, token: AccessToken) -> None:
        """Take note that the platform rejected this token; a newer one stays."""
        with self._recent_mutex:
            if self._recent.get(self._key) == token:
                del self._recent[self._key]
        self._store.delete_if(self._key, _to_text(token))

    def _renew_if_nobody_does(self, token: AccessToken) -> AccessToken:
        """Fetch the next token if the locks are free; use the old one if not, or if that fails."""
        if not self._fetching.acquire(blocking=False):
            return token
        try:
            owner = self._store.try_lock(self._key, LEASE_SECONDS)
            return self._fetch_locked(owner, token) if owner else token
        finally:
            self._fetching.release()

    def _renew(self, seconds: float) -> AccessToken:
        """Wait for the next token, or fetch it."""
        since, failure = self._monotonic(), self._failure
        if not self._fetching.acquire(timeout=max(seconds, 0.0)):
            raise _too_long(seconds)
        try:
            if self._failure is not None and self._failure is not failure:
                # Another thread's fetch failed while this one waited for it.
                raise copy.copy(self._failure)
            while True:
                token = self._look()
                life = _life(token, self._clock())
                if token is not None and life in (_Life.GOOD, _Life.AGEING):
                    return token
                owner = self._store.try_lock(self._key, LEASE_SECONDS)
                if owner is not None:
                    return self._fetch_locked(owner, token)
                if self._monotonic() - since + _POLL_SECONDS > seconds:
                    if token is not None and life is _Life.ENDING:
                        return token
                    raise _too_long(seconds)
                self._sleep(_POLL_SECONDS)
        finally:
            self._fetching.release()

    def _fetch_locked(self, owner: str, old: AccessToken | None) -> AccessToken:
        """Fetch under the store's lock; where that fails, the old token serves while it lives."""
        try:
            # Between the last look and the lock, somebody may have been here.
            token = self._look()
            if token is not None and token != old and _life(token, self._clock()) is _Life.GOOD:
                return token
            try:
                token = self._fetch(FETCH_SECONDS)
            except QQMiniGameError as error:
                failure = error
            else:
                return self._keep(token)
        finally:
            self._store.unlock(self._key, owner)
        if old is not None and _life(old, self._clock()) is not _Life.OVER:
            _log.warning("fetching the next access token failed, the old one serves: %s", failure)
            return old
        # A copy has no traceback, which would keep frames alive.
        self._failure = copy.copy(failure)
        raise failure

    def _look(self) -> AccessToken | None:
        """Return the token the store has, and remember it for a while."""
        text = self._store.get(self._key)
        token = _from_text(text) if text is not None else None
        if token is not None:
            self._remember(token)
        return token

    def _keep(self, token: AccessToken) -> AccessToken:
        """Store a fetched token and return it, or the one that has replaced it already."""
        current, now = self._look(), self._clock()
        # Where the fetch outlasted the lease, a later fetch may have killed this token.
        if (
            current is not None
            and _life(current, now) is not _Life.OVER
            and current.fetched_at > token.fetched_at
        ):
            return current
        self._store.set(self._key, _to_text(token), token.expires_at - now)
        self._remember(token)
        return token

    def _remember(self, token: AccessToken) -> None:
        with self._recent_mutex:
            self._recent[self._key] = token


def _too_long(seconds: float) -> TransportError:
    return TransportError(f"no access token could be had within {seconds:.1f} s", sent=False)


def _to_text(token: AccessToken) -> str:
    return json.dumps([token.value, token.fetched_at, token.expires_at])


def _from_text(text: str) -> AccessToken | None:
    """Return the token of a stored text; None where the text is no token."""
    try:
        value, fetched_at, expires_at = json.loads(text)
        return AccessToken(
            value=str(value), fetched_at=float(fetched_at), expires_at=float(expires_at)
        )
    except (TypeError, ValueError):
        return None
