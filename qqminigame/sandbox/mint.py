"""Everything random, in the shapes the platforms use."""

import base64
import random
from string import ascii_letters, digits

_URL_SAFE = ascii_letters + digits + "-_"
_TOKEN_CHARACTERS = (64, 512)  # the pages ask to keep room for 512
_PREFIX = b"\xfb\xff"  # base64 writes it as +/


class Mint:
    """Makes openids, keys, tokens and codes; with a seed, the same ones in every run.

    Each kind has a sequence of its own: how many tokens were fetched changes no openid. Where a
    page does not fix a length, the lengths vary.

    Args:
        seed: What the values follow from; None for values that never repeat.
        awkward: Whether access tokens hold ``+``, ``/`` and ``=``.
    """

    def __init__(self, seed: int | str | None, *, awkward: bool = False) -> None:
        self._seed = seed
        self._awkward = awkward
        self._sequences: dict[str, random.Random] = {}

    def openid(self) -> str:
        """Make 28 to 40 letters, digits, hyphens and underscores."""
        return self._text("openid", 28, 40)

    def openkey(self) -> str:
        """Make 32 upper-case hex characters: the hall's table of errors has a code for others."""
        return self._of("openkey").randbytes(16).hex().upper()

    def js_code(self) -> str:
        """Make 24 to 64 letters, digits, hyphens and underscores."""
        return self._text("js_code", 24, 64)

    def session_key(self) -> str:
        """Make 24 characters of base64: 16 bytes, as the decryption of user data needs them."""
        return base64.b64encode(self._of("session_key").randbytes(16)).decode()

    def access_token(self, book: str = "") -> str:
        """Make 64 to 512 characters; URL-safe ones, or awkward base64.

        Args:
            book: Whose token it is; with a seed too, no two have the same.
        """
        kind = f"access_token:{book}"
        if not self._awkward:
            return self._text(kind, *_TOKEN_CHARACTERS)
        sequence = self._of(kind)
        # 3 n + 1 bytes: the text ends in two equals signs.
        length = 3 * sequence.randint(16, 127) + 1
        return base64.b64encode(_PREFIX + sequence.randbytes(length - len(_PREFIX))).decode()

    def overlap(self, most: float) -> float:
        """Make a time of up to so many seconds."""
        return self._of("overlap").uniform(0, most)

    def _text(self, kind: str, shortest: int, longest: int) -> str:
        sequence = self._of(kind)
        return "".join(sequence.choices(_URL_SAFE, k=sequence.randint(shortest, longest)))

    def _of(self, kind: str) -> random.Random:
        if self._seed is None:
            return random.SystemRandom()
        if kind not in self._sequences:
            # Repeatable on purpose.
            self._sequences[kind] = random.Random(f"{self._seed}:{kind}")  # noqa: S311 - repeatable
        return self._sequences[kind]
