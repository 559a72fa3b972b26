"""Who fetches an access token, when, and who waits for it.

Fetching a token kills the one before it. So an app has one token, kept in the store, and one fetch
at a time, made by whoever holds the store's lock; all others wait for it or use the old one.
"""

import copy
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from attrs import frozen

from qqminigame.exceptions import (
    AccessTokenError,
    ConfigurationError,
    QQMiniGameError,
    StoreError,
    TransportError,
)
from qqminigame.forking import renew_in_child
from qqminigame.models import AccessToken
from qqminigame.stores.base import Store
from qqminigame.token_life import Life, from_text, life_of, to_text

# How long the death of a lock's holder can hold up the others.
LEASE_SECONDS: Final = 5.0
# Within these a fetch has to end: before its lease does.
FETCH_SECONDS: Final = 4.0
# Another process may have fetched since; well inside the overlap of at most 300 s.
RECHECK_SECONDS: Final = 60.0
# After a renewal has failed, a token that still lives is used for so long without another try.
PAUSE_SECONDS: Final = 10.0
# Wrong credentials do not become right by asking for each view.
REFUSAL_SECONDS: Final = 5.0
# After a fresh token was rejected too, no further token is fetched for so long because of that.
BREAKER_SECONDS: Final = 30.0
# Over all processes; a day of ordinary use needs 13, and platforms limit them.
FETCHES_PER_MINUTE: Final = 10
_POLL_SECONDS: Final = 0.05

_log: Final = logging.getLogger("qqminigame")


@frozen
class _Seen:
    """The token that was in the store when this process looked, and when to look again."""

    token: AccessToken
    look_again_at: float


class AccessTokens:
    """The access token of one app.

    Attributes:
        fetches: How many tokens were fetched here, whatever came of it.
    """

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
        self._breaker, self._budget = f"{key}:breaker", f"{key}:fetches"
        self._store = store
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self.fetches = 0
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Start with nothing remembered and nothing locked."""
        # Replaced as a whole, never changed: reading it needs no lock, which 16 threads that do
        # nothing else would make five times as slow.
        self._seen: _Seen | None = None
        self._fetching = threading.Lock()
        self._failure: QQMiniGameError | None = None
        self._refused_until = self._quiet_until = -1.0

    def get(self, seconds: float) -> AccessToken:
        """Return a token that can be used, fetched if there is none.

        Args:
            seconds: How long to wait for one at most.

        Raises:
            ConfigurationError: The platform refuses the credentials.
            StoreError: The store is out of reach, and no token in memory lives.
            QQMiniGameError: There is no token, and the fetch failed or took too long.
        """
        seen = self._seen
        if seen is not None and self._monotonic() < seen.look_again_at:
            token: AccessToken | None = seen.token
        else:
            token = self._look_or_last()
        life = life_of(token, self._clock())
        if token is None or life is Life.OVER:
            return self._renew(seconds)
        if life is Life.GOOD or self._monotonic() < self._quiet_until:
            return token
        if life is Life.AGEING:
            return self._renew_if_nobody_does(token, seconds)
        return self._renew(seconds)

    def replace(self, rejected: AccessToken, seconds: float) -> AccessToken | None:
        """Return a token to use instead of one that the platform rejected.

        However many calls it rejects at once, one token is fetched for all of them.

        Returns:
            Another token; None where fetching one would be no use: see :meth:`distrust`.

        Raises:
            QQMiniGameError: As :meth:`get`.
        """
        self._seen = None
        stored = self._look()
        if stored is not None and stored != rejected:
            return self.get(seconds)
        if self._store.get(self._breaker) is not None:
            return None
        self._store.delete_if(self._key, to_text(rejected))
        return self._renew(seconds)

    def distrust(self) -> None:
        """Take note that the token which replaced a rejected one was rejected too.

        Something else than the token is wrong. For a while no process fetches because of a
        rejection; calls go on with the token there is, in case the platform comes to its senses.
        """
        try:
            self._store.set(self._breaker, "open", BREAKER_SECONDS)
        except StoreError as error:
            _log.warning("that fresh tokens are rejected could not be shared: %s", error)

    def _renew_if_nobody_does(self, token: AccessToken, seconds: float) -> AccessToken:
        """Fetch the next token if the locks are free; use the old one if not, or if that fails."""
        if seconds <= 0 or not self._fetching.acquire(blocking=False):
            return token
        try:
            return self._fetch_if_free(token, seconds) or token
        finally:
            self._fetching.release()

    def _renew(self, seconds: float) -> AccessToken:
        """Wait for the next token, or fetch it."""
        since, before = self._monotonic(), self._failure
        if before is not None and since < self._refused_until:
            raise copy.copy(before)
        if not self._fetching.acquire(timeout=max(seconds, 0.0)):
            raise _too_long(seconds)
        try:
            # Where another thread's fetch failed while this one waited for it, that is the answer.
            failure = self._failure if self._failure is not before else None
            while True:
                old = self._look_or_last()
                life = life_of(old, self._clock())
                if old is not None and (
                    life in (Life.GOOD, Life.AGEING) or (failure and life is Life.ENDING)
                ):
                    return old
                if failure is not None:
                    raise copy.copy(failure)
                left = seconds - (self._monotonic() - since)
                if left <= 0:
                    failure = _too_long(seconds)
                    continue
                token = self._fetch_if_free(old if life is Life.ENDING else None, left)
                if token is not None:
                    return token
                self._sleep(_POLL_SECONDS)
        finally:
            self._fetching.release()

    def _fetch_if_free(self, old: AccessToken | None, seconds: float) -> AccessToken | None:
        """Fetch the next token; None where another process is at it.

        Where fetching fails, the old token serves if it still lives.

        Raises:
            QQMiniGameError: The fetch failed, and there is no old token.
        """
        try:
            owner = self._store.try_lock(self._key, LEASE_SECONDS)
            if owner is None:
                return None
            try:
                return self._fetch_next(old, min(seconds, FETCH_SECONDS))
            finally:
                self._unlock(owner)
        except QQMiniGameError as error:
            failure = error
        # A copy has no traceback, which would keep frames alive.
        self._failure = copy.copy(failure)
        now = self._monotonic()
        if old is not None:
            self._quiet_until = now + PAUSE_SECONDS
            _log.warning("renewing the access token failed, the old one serves on: %s", failure)
            return old
        if isinstance(failure, ConfigurationError):
            self._refused_until = now + REFUSAL_SECONDS
        raise failure

    def _fetch_next(self, old: AccessToken | None, seconds: float) -> AccessToken:
        """Fetch under the store's lock, unless somebody has been here before it was taken."""
        stored, now = self._look(), self._clock()
        if stored is not None and stored != old and life_of(stored, now) is Life.GOOD:
            return stored
        times = _times(self._store.get(self._budget), since=now - 60.0)
        if len(times) >= FETCHES_PER_MINUTE:
            raise AccessTokenError(
                f"{len(times)} access tokens were fetched within a minute, so no more are now; "
                "does another program fetch tokens for this app and kill these? "
                "一分钟内获取 access_token 过多,是否有其他程序也在获取?",
                sent=False,
            )
        token = self._fetch(seconds)
        self.fetches += 1
        try:
            self._store.set(self._budget, json.dumps([*times, now]), 60.0)
            return self._keep(token)
        except StoreError as error:
            _log.warning("a fetched access token cannot be shared: %s", error)
        self._remember(token)
        return token

    def _keep(self, token: AccessToken) -> AccessToken:
        """Store a fetched token and return it, or the one that has replaced it already."""
        current, now = self._look(), self._clock()
        # Where the fetch outlasted the lease, a later fetch may have killed this token.
        if (
            current is not None
            and life_of(current, now) is not Life.OVER
            and current.fetched_at > token.fetched_at
        ):
            return current
        self._store.set(self._key, to_text(token), token.expires_at - now)
        self._remember(token)
        return token

    def _look_or_last(self) -> AccessToken | None:
        """Look into the store; where it is out of reach, the last token serves while it lives."""
        try:
            return self._look()
        except StoreError as error:
            failure = error
        seen = self._seen
        if seen is None or life_of(seen.token, self._clock()) is Life.OVER:
            raise failure
        _log.warning("the access token in memory serves on: %s", failure)
        self._remember(seen.token)
        return seen.token

    def _look(self) -> AccessToken | None:
        """Return the token the store has, and remember it."""
        text = self._store.get(self._key)
        token = from_text(text) if text is not None else None
        if token is not None:
            self._remember(token)
        return token

    def _remember(self, token: AccessToken) -> None:
        self._seen = _Seen(token, self._monotonic() + RECHECK_SECONDS)

    def _unlock(self, owner: str) -> None:
        try:
            self._store.unlock(self._key, owner)
        except StoreError as error:
            _log.warning("a lock is left to its lease: %s", error)


def _too_long(seconds: float) -> TransportError:
    return TransportError(f"no access token could be had within {seconds:.1f} s", sent=False)


def _times(text: str | None, since: float) -> list[float]:
    """Return the times of a stored list that are not past; of rubbish, none."""
    try:
        times = [float(each) for each in json.loads(text or "[]")]
    except (TypeError, ValueError):
        return []
    return [each for each in times if each > since]
