"""How keys are found by any database: by bytes in hexadecimal, of a length that every index takes.

An id is the start of the key and the digest of all of it. No collation takes two of them for the
same, or puts the ids of keys with one start apart from each other.
"""

import hashlib
import re
from typing import Final

from qqminigame.integrations.django.models import Kind

START_BYTES: Final = 80
# Digits of a number in hexadecimal come before it in every collation.
_SEPARATOR: Final = "z"
_KINDS: Final = (
    (re.compile(r"login:"), Kind.LOGIN),
    (re.compile(r"pay:[^:]*:[^:]*:order:"), Kind.ORDER),
    (re.compile(r"pay:[^:]*:[^:]*:open:"), Kind.OPEN_ORDER),
)


def id_of(key: str) -> str:
    """Return the id of a key."""
    return f"{_start(key)}{_SEPARATOR}{digest(key)}"


def ids_under(prefix: str) -> tuple[str, str]:
    """Return the first id of the keys that have the indexed start of a prefix, and their end."""
    return _start(prefix), f"{_start(prefix)}{_SEPARATOR}{_SEPARATOR}"


def is_indexed(prefix: str) -> bool:
    """Return whether only keys with this prefix have ids in its range."""
    return len(encoded(prefix)) <= START_BYTES


def digest(name: str) -> str:
    """Return a digest of fixed length."""
    return hashlib.sha256(encoded(name)).hexdigest()


def encoded(key: str) -> bytes:
    """Return the bytes of a key."""
    # No row has a surrogate in its key, but somebody may look for one.
    return key.encode(errors="surrogatepass")


def kind_of(key: str) -> Kind:
    """Return what is kept under a key."""
    return next((kind for start, kind in _KINDS if start.match(key)), Kind.OTHER)


def _start(key: str) -> str:
    return encoded(key)[:START_BYTES].hex()
