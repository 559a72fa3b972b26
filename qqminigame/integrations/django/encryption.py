"""Texts encrypted with the project's ``SECRET_KEY``. Needs the extra ``crypto``.

What was encrypted with a key of ``SECRET_KEY_FALLBACKS`` can be read, too.
"""

import base64
import functools
import hashlib
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes

from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.integrations.django import store_texts

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

# Part of what is stored: another label would make all stored texts unreadable.
_LABEL: Final = "qqminigame.integrations.django.store"


def encrypt(text: str) -> bytes:
    """Return a text encrypted.

    Raises:
        ConfigurationError: The package ``cryptography`` is not installed.
    """
    return _fernet(_secrets()).encrypt(text.encode())


def decrypt(encrypted: bytes) -> str:
    """Return a text in the clear.

    Raises:
        StoreError: It was encrypted with a key that the settings do not have.
        ConfigurationError: The package ``cryptography`` is not installed.
    """
    fernet = _fernet(_secrets())
    from cryptography.fernet import InvalidToken

    try:
        return fernet.decrypt(encrypted).decode()
    except InvalidToken:
        pass
    raise StoreError(store_texts.OTHER_SECRET_KEY)


def check_installed() -> None:
    """Make sure that texts can be encrypted.

    Raises:
        ConfigurationError: The package ``cryptography`` is not installed.
    """
    _fernet(_secrets())


def fingerprint(text: str, *, encrypted: bool) -> str:
    """Return what is stored to compare a text with; that of an encrypted text can't be guessed."""
    if encrypted:
        return _keyed(text, _secrets()[0])
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def fingerprints(text: str) -> list[str]:
    """Return all that may be stored for a text: encrypted with any of the keys, or not at all."""
    keyed = [_keyed(text, secret) for secret in _secrets()]
    return [fingerprint(text, encrypted=False), *keyed]


def _keyed(text: str, secret: bytes) -> str:
    given = text.encode(errors="surrogatepass")
    return salted_hmac(_LABEL, given, secret=secret, algorithm="sha256").hexdigest()


def _secrets() -> tuple[bytes, ...]:
    return tuple(map(force_bytes, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)))


@functools.lru_cache(maxsize=4)
def _fernet(secrets: tuple[bytes, ...]) -> "MultiFernet":
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ModuleNotFoundError:
        pass
    else:
        return MultiFernet([Fernet(_key(secret)) for secret in secrets])
    raise ConfigurationError(store_texts.NO_CRYPTOGRAPHY)


def _key(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=_LABEL.encode())
    return base64.urlsafe_b64encode(derive.derive(secret))
