"""Everything random, in the shapes the platform uses."""

import base64
import random
import secrets


class Mint:
    """Makes openids, keys, tokens and codes; with a seed, the same ones in every run.

    Each kind has a sequence of its own: how many tokens were fetched changes no openid.
    """

    def __init__(self, seed: int | str | None) -> None:
        self._seed = seed
        self._sequences: dict[str, random.Random] = {}

    def openid(self) -> str:
        """Make 32 upper-case hex characters."""
        return self._bytes("openid", 16).hex().upper()

    def openkey(self) -> str:
        """Make 32 upper-case hex characters."""
        return self._bytes("openkey", 16).hex().upper()

    def js_code(self) -> str:
        """Make 32 lower-case hex characters."""
        return self._bytes("js_code", 16).hex()

    def session_key(self) -> str:
        """Make 24 characters of base64."""
        return base64.b64encode(self._bytes("session_key", 16)).decode()

    def access_token(self) -> str:
        """Make 88 characters of base64, which end in ``==`` and mostly hold ``+`` and ``/``."""
        return base64.b64encode(self._bytes("access_token", 64)).decode()

    def _bytes(self, kind: str, count: int) -> bytes:
        if self._seed is None:
            return secrets.token_bytes(count)
        if kind not in self._sequences:
            # Repeatable on purpose; without a seed the line above is used.
            self._sequences[kind] = random.Random(f"{self._seed}:{kind}")  # noqa: S311
        return self._sequences[kind].randbytes(count)
