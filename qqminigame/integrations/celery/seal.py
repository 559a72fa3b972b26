"""The openkey on its way through the broker, encrypted where the settings have a cipher."""

import base64
from typing import Final

from qqminigame import messages
from qqminigame.dawanka.openkeys import Cipher
from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.celery import texts

_MARK: Final = "sealed:"


def sealed(openkey: str, cipher: Cipher | None) -> str:
    """Return an openkey as it travels.

    Raises:
        ConfigurationError: The cipher cannot be used.
    """
    if cipher is None or openkey.startswith(_MARK):
        return openkey
    try:
        return _MARK + base64.b64encode(cipher.encrypt(openkey.encode())).decode()
    except Exception as error:
        kind = type(error).__name__
    raise ConfigurationError(messages.CIPHER_FAILED.of(kind=kind))


def opened(text: str, cipher: Cipher | None) -> str:
    """Return the openkey that came through the broker.

    Raises:
        ConfigurationError: It was encrypted, and the cipher cannot decrypt it.
    """
    if not text.startswith(_MARK):
        return text
    openkey = None if cipher is None else _decrypted(text.removeprefix(_MARK), cipher)
    if openkey is None:
        raise ConfigurationError(texts.NOT_SEALED_BY_US)
    return openkey


def _decrypted(text: str, cipher: Cipher) -> str | None:
    try:
        return cipher.decrypt(base64.b64decode(text)).decode()
    except Exception:
        # Each cipher has its own exceptions for a text that was encrypted with another key.
        return None
