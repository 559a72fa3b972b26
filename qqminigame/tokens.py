"""Who fetches an access token, when, and who waits for it.

Fetching a token invalidates the one before it. So an app has one token, kept in the store, and one
fetch at a time, made by whoever holds the store's lock; all others wait for it or use the old one.

Source: https://q.qq.com/wiki/develop/game/server/open-port/getAccessToken.html
"""

import copy
import json
import logging
from collections.abc import Callable
from enum import Enum
from typing import Final

from attrs import define, field, frozen

from qqminigame import codec, messages
from qqminigame.clock import Clock, Deadline
from qqminigame.exceptions import (
    AccessTokenError,
    ConfigurationError,
    QQMiniGameError,
    StoreError,
    TransportError,
)
from qqminigame.fair_semaphore import FairSemaphore, Hold
from qqminigame.models import AccessToken
from qqminigame.per_process import PerProcess
from qqminigame.stores.base import Store

_log: Final = logging.getLogger("qqminigame")

_KIND: Final = "token1"
# Beside the token, the store keeps whether fetching one is of use, and when some were fetched.
_BREAKER: Final = ":breaker"
_FETCHES: Final = ":fetches"

# Renewed by whoever comes first, from so many seconds before its end. It is the ten-minute window
# less its first minute: renewed every 6660 s, a token costs 13 fetches a day and not 14.
ADVISORY_SECONDS: Final = 540.0
# From here on everybody waits for the next.
MANDATORY_SECONDS: Final = 120.0
# How far the clocks of machines that share a token may be apart. It is less than the mandatory
# window: a machine whose clock is behind renews a token before it has expired all the same.
SKEW_SECONDS: Final = 60.0

# How long the death of a lock's holder can hold up the others.
LEASE_SECONDS: Final = 5.0
# A fetch has to end within these: before its lease does.
FETCH_SECONDS: Final = 4.0
# Another process may have fetched since; well inside the overlap of at most 300 s.
RECHECK_SECONDS: Final = 60.0
# After a renewal has failed, a token that is still valid is used for so long without another try.
PAUSE_SECONDS: Final = 10.0
# Wrong credentials do not become right by asking for each view.
REFUSAL_SECONDS: Final = 5.0
# After a fresh token was rejected too, no further token is fetched for so long because of that.
BREAKER_SECONDS: Final = 30.0
# Over all processes; a day of ordinary use needs 13, and platforms limit them.
FETCHES_PER_MINUTE: Final = 10
# What one operation of the store may take of a call's time.
STORE_SECONDS: Final = 2.0
# What is written down after a fetch gets this much time even where the call has none left.
_LAST_SECONDS: Final = 0.5
_POLL_SECONDS: Final = 0.05


class Life(Enum):
    """How a token stands, and so what to do before it is used."""

    GOOD = "use it"
    AGEING = "use it, and let one fetch the next"
    ENDING = "wait for the next; use it if there is none"
    OVER = "wait for the next"


def life_of(token: AccessToken | None, now: float) -> Life:
    """Return how a token stands; of a short-lived one the windows are shorter too.

    Args:
        token: The token; none is as one that is over.
        now: The time in unix seconds.
    """
    # From further in the future than clocks are apart, the clock was set back; what is left of the
    # token is unknown.
    if token is None or not token.fetched_at - SKEW_SECONDS <= now < token.expires_at:
        return Life.OVER
    span, left = token.expires_at - token.fetched_at, token.expires_at - now
    if left > min(ADVISORY_SECONDS, span / 4):
        return Life.GOOD
    return Life.AGEING if left > min(MANDATORY_SECONDS, span / 10) else Life.ENDING


def to_text(token: AccessToken) -> str:
    """Return the text a store keeps of a token; the same token is always the same text."""
    return codec.to_text(_KIND, token.value, token.fetched_at, token.expires_at)


def from_text(text: str | None) -> AccessToken | None:
    """Return the token of a text; None where it is no token."""
    values = None if text is None else codec.from_text(text, _KIND, (str,), (float,), (float,))
    if values is None:
        return None
    value, fetched_at, expires_at = values
    return AccessToken(value=value, fetched_at=fetched_at, expires_at=expires_at)


@frozen(eq=False, repr=False)
class _Seen:
    """The token that was in the store when this process looked, and when to look again."""

    token: AccessToken
    look_again_at: float


@define(eq=False, repr=False)
class _Known:
    """What one process knows.

    Attributes:
        turn: Whose turn it is to fetch, in this process.
        seen: The token. Replaced as a whole, never changed: reading it needs no lock, which would
            make 16 threads that do nothing else five times as slow.
        failure: How the last fetch failed.
        refused_until: Until when this failure is the answer to everybody.
        quiet_until: Until when no renewal is tried.
        warned_at: When the last warning of another program was logged.
        fetches: How many tokens were fetched, whatever came of it.
    """

    turn: FairSemaphore = field(factory=lambda: FairSemaphore(1))
    seen: _Seen | None = None
    failure: QQMiniGameError | None = None
    refused_until: float = -1.0
    quiet_until: float = -1.0
    warned_at: float = -1e9
    fetches: int = 0


@frozen(kw_only=True, eq=False, repr=False)
class AccessTokens:
    """The access token of one app; nothing is fetched before it is needed.

    Attributes:
        key: Where the store keeps it.
        store: Shared by all programs that call the platform for the app.
        fetch: Fetches a token.
        clock: The session's.
    """

    key: str
    store: Store
    fetch: Callable[[Deadline], AccessToken]
    clock: Clock
    _known: PerProcess[_Known] = field(init=False, factory=lambda: PerProcess(_Known))

    @property
    def fetches(self) -> int:
        """How many tokens this process has fetched, whatever came of it."""
        return self._known.get().fetches

    def get(self, deadline: Deadline) -> AccessToken:
        """Return a token that can be used, fetched if there is none.

        Args:
            deadline: When the call it is for has to be over.

        Raises:
            ConfigurationError: The platform refuses the credentials.
            StoreError: The store cannot be used, and no token in memory is valid.
            QQMiniGameError: There is no token, and the fetch failed or took too long.
        """
        known = self._known.get()
        seen = known.seen
        if seen is not None and self.clock.monotonic() < seen.look_again_at:
            token: AccessToken | None = seen.token
        else:
            token = self._look_or_last(known, deadline)
        life = life_of(token, self.clock.time())
        if token is None or life is Life.OVER:
            return self._renew(known, deadline)
        if life is Life.GOOD or self.clock.monotonic() < known.quiet_until:
            return token
        if life is Life.AGEING:
            return self._renew_if_nobody_does(known, token, deadline)
        return self._renew(known, deadline)

    def replace(self, rejected: AccessToken, deadline: Deadline) -> AccessToken | None:
        """Return a token to use instead of one that the platform rejected.

        However many calls it rejects at once, one token is fetched for all of them.

        Returns:
            Another token; None where fetching one would be no use: see :meth:`distrust`.

        Raises:
            QQMiniGameError: As :meth:`get`.
        """
        known = self._known.get()
        known.seen = None
        stored = self._look(known, deadline)
        if stored is not None and stored != rejected:
            return self.get(deadline)
        if self.store.get(self.key + _BREAKER, timeout=_timeout(deadline)) is not None:
            return None
        if stored is not None:
            self._warn_of_others(known)
        self.store.delete_if(self.key, to_text(rejected), timeout=_timeout(deadline))
        return self._renew(known, deadline)

    def stored(self, deadline: Deadline) -> AccessToken | None:
        """Return the token that the store has, whatever its age; nothing is fetched.

        Raises:
            StoreError: The store cannot be used.
        """
        return from_text(self.store.get(self.key, timeout=_timeout(deadline)))

    def refresh(self, deadline: Deadline) -> AccessToken:
        """Fetch the next token now, or return the one that another process is just fetching.

        Raises:
            QQMiniGameError: There is no new token; the present one stays in the store.
        """
        known, hold = self._known.get(), Hold()
        try:
            if not known.turn.acquire(hold, deadline.left()):
                raise _too_long(deadline)
            before = self._look(known, deadline)
            while deadline.left() > 0:
                token = self._fetch_if_free(known, before, deadline)
                if token is not None and token != before:
                    return token
                if token is not None and known.failure is not None:
                    raise copy.copy(known.failure)
                self.clock.sleep(min(_POLL_SECONDS, deadline.left()))
            raise _too_long(deadline)
        finally:
            known.turn.release(hold)

    def distrust(self, deadline: Deadline) -> None:
        """Take note that the token which replaced a rejected one was rejected too.

        Something other than the token is wrong. For a while no process fetches because of a
        rejection; calls go on with the token there is, in case the platform recovers.
        """
        try:
            self.store.set(self.key + _BREAKER, "open", BREAKER_SECONDS, timeout=_at_last(deadline))
        except StoreError as error:
            _log.warning(messages.TOKEN_DISTRUST_NOT_SHARED.of(failure=error.text))

    def _renew_if_nobody_does(
        self, known: _Known, token: AccessToken, deadline: Deadline
    ) -> AccessToken:
        """Fetch the next token if the locks are free; use the old one if not, or if that fails."""
        hold = Hold()
        try:
            if deadline.left() > 0 and known.turn.acquire(hold, 0.0):
                return self._fetch_if_free(known, token, deadline) or token
            return token
        finally:
            known.turn.release(hold)

    def _renew(self, known: _Known, deadline: Deadline) -> AccessToken:
        """Wait for the next token, or fetch it."""
        before = known.failure
        if before is not None and self.clock.monotonic() < known.refused_until:
            raise copy.copy(before)
        hold = Hold()
        try:
            if not known.turn.acquire(hold, deadline.left()):
                raise _too_long(deadline)
            return self._wait_or_fetch(known, before, deadline)
        finally:
            known.turn.release(hold)

    def _wait_or_fetch(
        self, known: _Known, before: QQMiniGameError | None, deadline: Deadline
    ) -> AccessToken:
        """Return the next token, in this process's turn: another process may be fetching it."""
        # Where another thread's fetch failed while this one waited for it, that is the answer.
        failure = known.failure if known.failure is not before else None
        while True:
            old = self._look_or_last(known, deadline)
            life = life_of(old, self.clock.time())
            if old is not None and (
                life in (Life.GOOD, Life.AGEING) or (failure and life is Life.ENDING)
            ):
                return old
            if failure is not None:
                raise copy.copy(failure)
            if deadline.left() <= 0:
                failure = _too_long(deadline)
                continue
            token = self._fetch_if_free(known, old if life is Life.ENDING else None, deadline)
            if token is not None:
                return token
            self.clock.sleep(min(_POLL_SECONDS, deadline.left()))

    def _fetch_if_free(
        self, known: _Known, old: AccessToken | None, deadline: Deadline
    ) -> AccessToken | None:
        """Fetch the next token; None where another process is at it.

        Where fetching fails, the old token is used while it is valid.

        Raises:
            QQMiniGameError: The fetch failed, and there is no old token.
        """
        try:
            owner = self.store.try_lock(self.key, LEASE_SECONDS, timeout=_timeout(deadline))
            if owner is None:
                return None
            try:
                return self._fetch_next(known, old, deadline.part(FETCH_SECONDS))
            finally:
                self._unlock(owner, deadline)
        except QQMiniGameError as error:
            failure = error
        # A copy has no traceback, which would keep frames alive.
        known.failure = copy.copy(failure)
        now = self.clock.monotonic()
        if old is not None:
            known.quiet_until = now + PAUSE_SECONDS
            seconds_left = old.expires_at - self.clock.time()
            _log.warning(messages.TOKEN_NOT_RENEWED.of(left=seconds_left, failure=failure.text))
            return old
        if isinstance(failure, ConfigurationError):
            known.refused_until = now + REFUSAL_SECONDS
        raise failure

    def _fetch_next(
        self, known: _Known, old: AccessToken | None, deadline: Deadline
    ) -> AccessToken:
        """Fetch under the store's lock, unless somebody has been here before it was taken."""
        stored, now = self._look(known, deadline), self.clock.time()
        if stored is not None and stored != old and life_of(stored, now) is Life.GOOD:
            return stored
        budget = self.store.get(self.key + _FETCHES, timeout=_timeout(deadline))
        times = _times(budget, since=now - 60.0)
        if len(times) >= FETCHES_PER_MINUTE:
            raise AccessTokenError(messages.TOKEN_TOO_MANY.of(count=len(times)), sent=False)
        token = self.fetch(deadline)
        known.fetches += 1
        try:
            times_text = json.dumps([*times, now])
            self.store.set(self.key + _FETCHES, times_text, 60.0, timeout=_at_last(deadline))
            return self._keep(known, token, deadline)
        except StoreError as error:
            _log.warning(messages.TOKEN_NOT_SHARED.of(failure=error.text))
        self._remember(known, token)
        return token

    def _keep(self, known: _Known, token: AccessToken, deadline: Deadline) -> AccessToken:
        """Store a fetched token and return it, or the one that has replaced it already."""
        text = self.store.get(self.key, timeout=_at_last(deadline))
        current, now = from_text(text), self.clock.time()
        # Where the fetch outlasted the lease, a later fetch may have invalidated this token.
        if (
            current is not None
            and life_of(current, now) is not Life.OVER
            and current.fetched_at > token.fetched_at
        ):
            self._remember(known, current)
            return current
        life_seconds = token.expires_at - now
        self.store.set(self.key, to_text(token), life_seconds, timeout=_at_last(deadline))
        self._remember(known, token)
        return token

    def _look_or_last(self, known: _Known, deadline: Deadline) -> AccessToken | None:
        """Look into the store; where it cannot be used, the last token serves while it is valid."""
        try:
            return self._look(known, deadline)
        except StoreError as error:
            failure = error
        seen = known.seen
        if seen is None or life_of(seen.token, self.clock.time()) is Life.OVER:
            raise failure
        seconds_left = seen.token.expires_at - self.clock.time()
        _log.warning(messages.TOKEN_FROM_MEMORY.of(left=seconds_left, failure=failure.text))
        self._remember(known, seen.token)
        return seen.token

    def _look(self, known: _Known, deadline: Deadline) -> AccessToken | None:
        """Return the token the store has, and remember it."""
        text = self.store.get(self.key, timeout=_timeout(deadline))
        token = from_text(text)
        if token is not None:
            self._remember(known, token)
        return token

    def _remember(self, known: _Known, token: AccessToken) -> None:
        known.seen = _Seen(token, self.clock.monotonic() + RECHECK_SECONDS)

    def _unlock(self, owner: str, deadline: Deadline) -> None:
        try:
            self.store.unlock(self.key, owner, timeout=_at_last(deadline))
        except StoreError as error:
            _log.warning(messages.TOKEN_LOCK_KEPT.of(seconds=LEASE_SECONDS, failure=error.text))

    def _warn_of_others(self, known: _Known) -> None:
        """Say that the token of the store was rejected before its time, once a minute."""
        now = self.clock.monotonic()
        if now < known.warned_at + RECHECK_SECONDS:
            return
        known.warned_at = now
        _log.warning(messages.TOKEN_OF_OTHERS.of(store=self.store))


def _timeout(deadline: Deadline) -> float:
    return min(deadline.left(), STORE_SECONDS)


def _at_last(deadline: Deadline) -> float:
    """Return the time for what must be written down although the call may be out of time."""
    return max(_timeout(deadline), _LAST_SECONDS)


def _too_long(deadline: Deadline) -> TransportError:
    return TransportError(messages.TOKEN_TOO_LATE.of(seconds=deadline.seconds), sent=False)


def _times(text: str | None, since: float) -> list[float]:
    """Return the times of a stored list that are not past; of rubbish, none."""
    try:
        times = [float(each) for each in json.loads(text or "[]")]
    except (TypeError, ValueError, RecursionError):
        return []
    return [each for each in times if each > since]
