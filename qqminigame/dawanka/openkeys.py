"""The openkeys of open orders, with which somebody else than the player's request can settle them.

An openkey is a secret. It is kept under a key of its own, while its order is open and for no longer
than it can be valid: by then the store has let it expire.
"""

import base64
import logging
from collections.abc import Mapping
from typing import Final, Protocol, runtime_checkable

from attrs import evolve, field, frozen

from qqminigame import codec, messages
from qqminigame.clock import Deadline
from qqminigame.dawanka.records import Keys, least, left
from qqminigame.exceptions import ConfigurationError
from qqminigame.limits import OPENKEY_SECONDS
from qqminigame.models import PayOrder
from qqminigame.stores.base import Store

_log: Final = logging.getLogger("qqminigame")

_PLAIN_KIND: Final = "openkey1"
_SEALED_KIND: Final = "sealed1"


@runtime_checkable
class Cipher(Protocol):
    """Encrypts openkeys with a key of the app's, as ``cryptography.fernet.Fernet`` does."""

    def encrypt(self, data: bytes, /) -> bytes:
        """Return what may be seen by others."""

    def decrypt(self, token: bytes, /) -> bytes:
        """Return what was encrypted; raise an exception if it cannot be decrypted."""


@frozen(kw_only=True, eq=False)
class OpenKeys:
    """The openkeys of one app's open orders, each by the mark of its order.

    Attributes:
        keys: Names the app.
        store: Where the orders are recorded.
        cipher: Encrypts them; None to keep them as they are.
    """

    keys: Keys
    store: Store
    cipher: Cipher | None = field(repr=False)

    def seal(self, openkey: str) -> str:
        """Return the text to keep of an openkey.

        Raises:
            ConfigurationError: The cipher cannot be used.
        """
        if self.cipher is None:
            return codec.to_text(_PLAIN_KIND, openkey)
        try:
            sealed = base64.b64encode(self.cipher.encrypt(openkey.encode()))
            return codec.to_text(_SEALED_KIND, sealed.decode())
        except Exception as error:
            kind = type(error).__name__
        raise ConfigurationError(messages.CIPHER_FAILED.of(kind=kind))

    def unseal(self, text: str | None) -> str | None:
        """Return the openkey of a text; None, and a line in the log, where it is unreadable."""
        if text is None:
            return None
        plain = codec.from_text(text, _PLAIN_KIND, (str,))
        openkey = self._decrypted(text) if plain is None else str(plain[0])
        if openkey is None:
            _log.warning(messages.OPENKEY_UNREADABLE)
        return openkey

    def keep(self, mark: str, sealed: str, deadline: Deadline) -> None:
        """Keep the text of an openkey for as long as the openkey may be valid."""
        key = self.keys.openkey(mark)
        self.store.set(key, sealed, OPENKEY_SECONDS, timeout=left(deadline))

    def find(self, mark: str, deadline: Deadline) -> str | None:
        """Return the openkey of an open order; None where there is none that can be used."""
        return self.unseal(self.store.get(self.keys.openkey(mark), timeout=left(deadline)))

    def noted(self, order: PayOrder, found: Mapping[str, str]) -> PayOrder:
        """Return an order with a note of whether an openkey that can be used was found for it."""
        openkey = self.unseal(found.get(self.keys.openkey(order.mark)))
        return evolve(order, has_openkey=openkey is not None)

    def drop(self, mark: str, deadline: Deadline) -> None:
        """Remove an openkey, whether it is there or not."""
        # For no time at all: it takes one step, whatever the text was.
        self.store.set(self.keys.openkey(mark), "", 0.0, timeout=least(deadline))

    def sweep(self, deadline: Deadline) -> None:
        """Have the store remove what has expired, if nobody else writes to it."""
        # A file still has it until the next write, which this is.
        self.drop("", deadline)

    def _decrypted(self, text: str) -> str | None:
        sealed = codec.from_text(text, _SEALED_KIND, (str,))
        if sealed is None or self.cipher is None:
            return None
        try:
            return self.cipher.decrypt(base64.b64decode(sealed[0])).decode()
        except Exception:
            # Each cipher has its own exceptions for a text that was encrypted with another key.
            return None
