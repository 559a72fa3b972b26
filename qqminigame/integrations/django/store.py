"""A store in the project's database: shared by all machines of the project.

Texts and locks are rows. Whatever decides something is one conditional UPDATE, whose count of rows
tells whether it was done: no transaction is held open, and the database's own clock decides what
has expired. So it is right in autocommit, at any isolation level, and behind a pool of connections.
"""

import contextlib
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final, Self, TypeVar
from urllib.parse import parse_qsl

from django.db import IntegrityError, connections, router
from django.db.models import Q, QuerySet

from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.integrations.django import durability, encryption, key_ids, store_texts
from qqminigame.integrations.django.database import Statements
from qqminigame.integrations.django.database_time import (
    MICROSECONDS,
    DatabaseTime,
    microseconds,
    read_time,
)
from qqminigame.integrations.django.models import Lock, StoredText
from qqminigame.stores.base import TIMEOUT_SECONDS, check_texts

Row = TypeVar("Row")

_SCHEME: Final = "django:"
_OPTIONS: Final = ("encrypt=yes", "persistent=yes")
_KEYS_AT_ONCE: Final = 500
# Expired rows go a few at a time, whenever another is made. None goes at once: another process may
# be just about to take the lock.
_CLEANED_AT_ONCE: Final = 20
_KEPT_MICROSECONDS: Final = 60 * MICROSECONDS
_EXPIRED: Final = Q(expires_at__lte=DatabaseTime())
LIVING: Final = Q(expires_at=None) | Q(expires_at__gt=DatabaseTime())


class DatabaseStore:
    """Keeps texts in a database of the project, in the tables of this app.

    It writes in autocommit, because a rollback cannot undo what the platform has done. Where its
    database is in a transaction (``ATOMIC_REQUESTS``, ``transaction.atomic``), every operation
    raises StoreError: give it an alias of its own. The transaction that Django's ``TestCase`` puts
    around each test is the exception.

    A statement ends in time on PostgreSQL and MariaDB; on SQLite its wait for other connections
    does. What the store cannot limit is the wait for a server that does not answer, for a
    connection, and on MySQL for a row that another connection has locked: set ``connect_timeout``
    and the driver's other limits in ``OPTIONS``.

    A statement whose answer is lost is run once more on a new connection, with the same result.
    """

    def __init__(
        self, using: str | None = None, *, encrypt: bool = False, persistent: bool = False
    ) -> None:
        """Name the database; nothing is asked before the first operation.

        Args:
            using: The alias in ``DATABASES``; None for the one that the routers write this app's
                models to.
            encrypt: Whether texts that are written are encrypted with ``SECRET_KEY``; keys, with
                openids and order ids in them, are not. Texts are read in either form.
            persistent: States that the database loses nothing in a power cut, whatever its settings
                say; see :meth:`check_durable`.

        Raises:
            ConfigurationError: Texts cannot be encrypted here.
        """
        if encrypt:
            encryption.check_installed()
        self._using = using
        self._encrypt = encrypt
        self._is_stated_persistent = persistent

    @classmethod
    def from_address(cls, address: str) -> Self:
        """Return the store of an address.

        Args:
            address: ``django:``, ``django:alias``, either with ``?encrypt=yes`` or
                ``?persistent=yes``, or both, joined by ``&``.

        Raises:
            ConfigurationError: An option is unknown, or texts cannot be encrypted here.
        """
        alias, _, query = address.removeprefix(_SCHEME).partition("?")
        options = parse_qsl(query, keep_blank_values=True)
        for name, value in options:
            if f"{name}={value}" not in _OPTIONS:
                known = ", ".join(f"?{option}" for option in _OPTIONS)
                raise ConfigurationError(
                    store_texts.OPTION.of(shown=f"{_SCHEME}{alias}", option=name, known=known)
                )
        given = {name: True for name, _ in options}
        return cls(alias or None, **given)

    @property
    def alias(self) -> str:
        """The database, as ``DATABASES`` calls it; both reads and writes go there."""
        return self._using or router.db_for_write(StoredText)

    def __repr__(self) -> str:
        return f"<DatabaseStore {_SCHEME}{self.alias}>"

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return the text of a key; None if there is none, or it has expired."""
        return self.get_many([key], timeout=timeout).get(key)

    def get_many(self, keys: Sequence[str], *, timeout: float = TIMEOUT_SECONDS) -> dict[str, str]:
        """Return the texts of those keys that have one."""
        statements = self._statements(timeout)
        wanted = {key_ids.id_of(key): key for key in keys}
        listed = list(wanted)
        found: dict[str, str] = {}
        for start in range(0, len(listed), _KEYS_AT_ONCE):
            rows = self._living().filter(key_id__in=listed[start : start + _KEYS_AT_ONCE])
            columns = rows.values_list("key_id", "text", "is_encrypted")
            for key_id, text, is_encrypted in _fetch(columns, statements):
                found[wanted[key_id]] = text_of(text, is_encrypted)
        return found

    def set(
        self,
        key: str,
        text: str,
        ttl_seconds: float | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep a text, for the given seconds or without a limit."""
        check_texts(key, text)
        statements = self._statements(timeout)
        values = self._values(text, ttl_seconds)
        rows = self._rows().filter(key_id=key_ids.id_of(key))
        if ttl_seconds is not None and ttl_seconds <= 0:
            statements.run(rows.delete)
            _clean(self._rows(), statements)
            return
        while not statements.run(lambda: rows.update(**values)):
            if self._insert(key, values, statements):
                return

    def add(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Keep a text without a time limit if the key has none yet; return whether it had none."""
        check_texts(key, text)
        statements = self._statements(timeout)
        values = self._values(text)
        if statements.run(self._living().filter(key_id=key_ids.id_of(key)).exists):
            return False
        return self._change(key, _EXPIRED, values, statements) or self._insert(
            key, values, statements
        )

    def replace_if(self, key: str, old: str, new: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Replace a text only if it is still ``old``; return whether it was."""
        check_texts(key, new)
        return self._change(key, _is(old), self._values(new), self._statements(timeout))

    def delete_if(self, key: str, text: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Delete a key only if this is still its text; return whether it was."""
        statements = self._statements(timeout)
        values = self._values("", 0.0)
        if not self._change(key, _is(text), values, statements):
            return False
        row = self._rows().filter(key_id=key_ids.id_of(key), writer=values["writer"])
        with contextlib.suppress(StoreError):  # it has expired; the row goes later
            statements.run(row.delete)
        return True

    def try_lock(
        self, name: str, lease_seconds: float, *, timeout: float = TIMEOUT_SECONDS
    ) -> str | None:
        """Take a lock if it is free, without waiting for its holder."""
        statements = self._statements(timeout)
        owner = secrets.token_hex(16)
        free = self._locks().filter(_EXPIRED | Q(owner=owner), name_id=key_ids.digest(name))
        until = DatabaseTime(microseconds(lease_seconds))

        def take() -> int:
            return free.update(owner=owner, expires_at=until)

        if statements.run(take):
            return owner
        place = Lock(name_id=key_ids.digest(name), owner="", expires_at=DatabaseTime())
        statements.run(lambda: self._locks().bulk_create([place], ignore_conflicts=True))
        _clean(self._locks(), statements)
        return owner if statements.run(take) else None

    def unlock(self, name: str, owner: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Release a lock, unless somebody else has taken it meanwhile."""
        held = self._locks().filter(name_id=key_ids.digest(name), owner=owner)
        self._statements(timeout).run(lambda: held.update(owner="", expires_at=DatabaseTime()))

    def now(self, *, timeout: float = TIMEOUT_SECONDS) -> float:
        """Return the time in Unix seconds by the database's clock."""
        statements = self._statements(timeout)
        return statements.run(lambda: read_time(connections[statements.alias])) / MICROSECONDS

    def scan(
        self,
        prefix: str,
        *,
        cursor: str = "",
        limit: int = 1000,
        timeout: float = TIMEOUT_SECONDS,
    ) -> tuple[list[tuple[str, str]], str]:
        """Return some of the keys that start with ``prefix``, with their texts.

        A call may return fewer although there are more, for a prefix of more than 80 bytes: it
        reads keys that have those in common, and returns what has all of it.
        """
        page = self._living_under(prefix).filter(key_id__gt=cursor).order_by("key_id")[:limit]
        columns = page.values_list("key_id", "key", "text", "is_encrypted")
        rows = _fetch(columns, self._statements(timeout))
        found = [
            (bytes(key).decode(), text_of(text, is_encrypted))
            for _, key, text, is_encrypted in rows
            if bytes(key).startswith(key_ids.encoded(prefix))
        ]
        return found, rows[-1][0] if len(rows) == limit else ""

    def count(self, prefix: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return how many keys start with ``prefix``."""
        statements = self._statements(timeout)
        rows = self._living_under(prefix)
        if key_ids.is_indexed(prefix):
            return statements.run(rows.count)
        found = _fetch(rows.values_list("key", flat=True), statements)
        return sum(bytes(key).startswith(key_ids.encoded(prefix)) for key in found)

    def check_durable(self, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Refuse to keep orders where a power cut might lose the last ones.

        Raises:
            ConfigurationError: The database does not wait for its disk, and the address does not
                state ``persistent=yes``.
            StoreError: The database cannot be asked.
        """
        if self._is_stated_persistent:
            return
        statements = self._statements(timeout)
        wanted = statements.run(lambda: durability.missing(connections[statements.alias]))
        if wanted:
            raise ConfigurationError(
                store_texts.MAY_LOSE.of(alias=statements.alias, settings=", ".join(wanted))
            )

    def _statements(self, timeout: float) -> Statements:
        return Statements(self.alias, time.monotonic() + timeout)

    def _rows(self) -> QuerySet[StoredText]:
        return StoredText.objects.using(self.alias)

    def _locks(self) -> QuerySet[Lock]:
        return Lock.objects.using(self.alias)

    def _living(self) -> QuerySet[StoredText]:
        return self._rows().filter(LIVING)

    def _values(self, text: str, ttl_seconds: float | None = None) -> dict[str, Any]:
        """Return the columns of a text."""
        later = None if ttl_seconds is None else microseconds(ttl_seconds)
        return {
            "text": encryption.encrypt(text) if self._encrypt else text.encode(),
            "is_encrypted": self._encrypt,
            "fingerprint": encryption.fingerprint(text, encrypted=self._encrypt),
            "writer": secrets.token_hex(16),
            "expires_at": None if later is None else DatabaseTime(later),
            "written_at": DatabaseTime(),
        }

    def _change(
        self, key: str, condition: Q, values: dict[str, Any], statements: Statements
    ) -> bool:
        """Change a row if a condition holds; return whether it did, this time or the time before.

        The second time is where the answer of the first was lost.
        """
        done = Q(writer=values["writer"])
        rows = self._rows().filter(condition | done, key_id=key_ids.id_of(key))
        return bool(statements.run(lambda: rows.update(**values)))

    def _insert(self, key: str, values: dict[str, Any], statements: Statements) -> bool:
        """Make the row of a key if it has none; return whether it was made, as :meth:`_change`."""
        key_id = key_ids.id_of(key)
        row = StoredText(
            key_id=key_id, key=key_ids.encoded(key), kind=key_ids.kind_of(key), **values
        )
        try:
            statements.run(lambda: self._rows().bulk_create([row]))
        except IntegrityError:
            is_new = False
        else:
            is_new = True
        if not is_new:
            made = self._rows().filter(key_id=key_id, writer=values["writer"])
            return statements.run(made.exists)
        _clean(self._rows(), statements)
        return True

    def _living_under(self, prefix: str) -> QuerySet[StoredText]:
        """Return the rows whose keys have the start of a prefix, and have not expired."""
        first, end = key_ids.ids_under(prefix)
        return self._living().filter(key_id__gte=first, key_id__lt=end)


def _fetch(rows: QuerySet[StoredText, Row], statements: Statements) -> list[Row]:
    return statements.run(lambda: list(rows))


def _is(text: str) -> Q:
    return LIVING & Q(fingerprint__in=encryption.fingerprints(text))


def _clean(rows: QuerySet[Any], statements: Statements) -> None:
    """Remove some of the rows that have expired; where that fails, the next write does it."""
    old = rows.filter(expires_at__lte=DatabaseTime(-_KEPT_MICROSECONDS))

    def remove() -> None:
        # MySQL does not delete from what it selects from.
        found = list(old.order_by("expires_at").values_list("pk", flat=True)[:_CLEANED_AT_ONCE])
        if found:
            old.filter(pk__in=found).delete()

    with contextlib.suppress(StoreError):
        statements.run(remove)


def text_of(text: bytes, is_encrypted: bool) -> str:
    """Return the text of a row.

    Raises:
        StoreError: It was encrypted with a key that the settings do not have.
    """
    return encryption.decrypt(bytes(text)) if is_encrypted else bytes(text).decode()
