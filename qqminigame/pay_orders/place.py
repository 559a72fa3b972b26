"""Makes sure that the records of orders are those that were used before."""

import hashlib
import logging
import secrets
from typing import Final

from qqminigame.deadline import Deadline
from qqminigame.exceptions import StoreError
from qqminigame.pay_orders.forms import left
from qqminigame.stores.base import Store

_log: Final = logging.getLogger("qqminigame")


class Place:
    """The id of an app's order records, and what remembers it.

    Records that were deleted, or another program's, do not know what was reported: an order would
    be counted twice. So the records have an id, which two remember: this process, from its first
    order on, and the session's own store, which is kept elsewhere.
    """

    def __init__(self, *, key: str, store: Store, witness: Store) -> None:
        """Compare the id that ``store`` has under ``key`` with that of ``witness``."""
        self._key = key
        self._store = store
        self._witness = witness
        self._known: str | None = None

    def check(self, place: str | None, deadline: Deadline) -> None:
        """Compare the id that was found with the one that is remembered.

        Raises:
            StoreError: They differ; nothing may be sent.
        """
        if place is not None and place == self._known:
            return
        place = place or self._made(deadline)
        self._known = self._remembered(place, deadline)
        if place != self._known:
            raise StoreError(
                f"the order records in {self._store!r} are not those that were used before: they "
                "were lost, or orders= names another place; nothing was sent. Restore them, or "
                "call Dawanka.trust_orders() to go on with these. "
                f"{self._store!r} 中的订单记录不是之前使用的：记录已丢失，或 orders= 指向了别处；"
                "请求未发送。请恢复记录，或调用 Dawanka.trust_orders() 改用当前记录。"
            )

    def trust(self, deadline: Deadline) -> None:
        """Remember the id that the records have now."""
        place = self._store.get(self._key, timeout=left(deadline)) or self._made(deadline)
        self._witness.set(self._key, place, timeout=left(deadline))
        self._known = place

    def _made(self, deadline: Deadline) -> str:
        """Give the records an id, unless another process has just done so."""
        place = _new_place()
        if self._store.add(self._key, place, timeout=left(deadline)):
            return place
        return self._store.get(self._key, timeout=left(deadline)) or place

    def _remembered(self, place: str, deadline: Deadline) -> str:
        """Return the id that is remembered; where none is, it is this one from now on."""
        known = self._known or place
        try:
            if self._witness.add(self._key, known, timeout=left(deadline)):
                return known
            remembered = self._witness.get(self._key, timeout=left(deadline))
            if remembered is not None and _is_place(remembered):
                return remembered
            self._witness.set(self._key, known, timeout=left(deadline))
        except StoreError as error:
            _log.warning("could not compare the order records with those used before: %s", error)
        return known


def _new_place() -> str:
    """Return an id that shows damage: what remembers it may be a cache that nobody repairs."""
    name = secrets.token_hex(8)
    return f"{name}-{_check_of(name)}"


def _is_place(text: str) -> bool:
    name, _, check = text.partition("-")
    return check == _check_of(name)


def _check_of(name: str) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
