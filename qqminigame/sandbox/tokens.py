"""Which access tokens are alive."""

from collections import deque

import attrs

_REMEMBERED = 100  # dead tokens are kept for the state's list only


@attrs.define(kw_only=True)
class Token:
    """An access token; all times in unix seconds."""

    text: str = attrs.field(repr=False)
    issued: float
    expires: float
    revoked: bool = False

    def alive(self, now: float) -> bool:
        """Tell whether the platform accepts it."""
        return not self.revoked and now < self.expires


class TokenBook:
    """One platform's tokens, one per app: a new one puts an end to those before it.

    Rule: q.qq.com/wiki/develop/game/server/open-port/getAccessToken.html
    """

    def __init__(self, *, lifetime: float, overlap: float) -> None:
        self._lifetime = lifetime
        self._overlap = overlap
        self._tokens: deque[Token] = deque(maxlen=_REMEMBERED)
        self._live: dict[str, Token] = {}
        self.fetches = 0

    def issue(self, text: str, now: float) -> Token:
        """Register a new token; the one before it lives on for the overlap at most."""
        previous = self._tokens[-1] if self._tokens else None
        for token in self._live.values():
            if token is not previous or not self._overlap:
                token.revoked = True
            token.expires = min(token.expires, now + self._overlap)
        token = Token(text=text, issued=now, expires=now + self._lifetime)
        self._live = {old.text: old for old in self._live.values() if not old.revoked}
        self._live[text] = token
        self._tokens.append(token)
        self.fetches += 1
        return token

    def newest(self, now: float) -> Token | None:
        """Return the token fetched last, if it is still alive."""
        token = self._tokens[-1] if self._tokens else None
        return token if token is not None and token.alive(now) else None

    def accepts(self, text: str, now: float) -> bool:
        """Tell whether a call may come with this token."""
        token = self._live.get(text)
        return token is not None and token.alive(now)

    def revoke_all(self) -> None:
        """Make every token dead at once."""
        for token in self._live.values():
            token.revoked = True
        self._live.clear()

    def describe(self, now: float) -> list[dict[str, object]]:
        """List the latest tokens, oldest first, without their texts."""
        return [
            {
                "age": now - token.issued,
                "expires_in": token.expires - now,
                "alive": token.alive(now),
            }
            for token in self._tokens
        ]
