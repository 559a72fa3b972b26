"""The tables of :class:`~qqminigame.integrations.django.store.DatabaseStore`.

The store is their only writer: a row that is written through another connection as well can block
both. Read them where you like; texts may be encrypted, and hold secrets.
"""

from enum import StrEnum
from typing import ClassVar

from django.db import models

# Importing the models is what watches connections from the start, before any server forks.
from qqminigame.integrations.django import connections
from qqminigame.integrations.django.database_time import DatabaseTime

connections.watch()


class Kind(StrEnum):
    """What a text is, as far as the admin asks."""

    LOGIN = "login"
    ORDER = "order"
    # A copy of each open order, by which the open ones are found among millions.
    OPEN_ORDER = "open"
    OTHER = "other"


class StoredText(models.Model):
    """A text under a key.

    Keys and texts are bytes: no character set refuses them, and no collation takes one for another.
    """

    # See key_ids.py.
    key_id: "models.CharField[str, str]" = models.CharField(max_length=225, primary_key=True)
    key: "models.BinaryField[bytes, bytes]" = models.BinaryField()
    text: "models.BinaryField[bytes, bytes]" = models.BinaryField()
    is_encrypted: "models.BooleanField[bool, bool]" = models.BooleanField()
    # Of the text, to compare it with another in one statement.
    fingerprint: "models.CharField[str, str]" = models.CharField(max_length=64)
    # Random for each change: whether it was made can be looked up after a lost answer.
    writer: "models.CharField[str, str]" = models.CharField(max_length=32)
    kind: "models.CharField[str, str]" = models.CharField(max_length=8)
    # By the database's clock, in microseconds since 1970.
    expires_at: "models.BigIntegerField[int | DatabaseTime | None, int | None]" = (
        models.BigIntegerField(null=True)
    )
    written_at: "models.BigIntegerField[int | DatabaseTime, int]" = models.BigIntegerField()

    class Meta:
        """The table."""

        db_table = "qqminigame_text"
        default_permissions = ()
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["expires_at"], name="qqminigame_text_expiry"),
            models.Index(fields=["kind", "-written_at"], name="qqminigame_text_kind"),
        ]

    def __str__(self) -> str:
        """Name the row; a key or text in it stays where it is."""
        return f"{self.kind} {self.key_id[-8:]}"


class Lock(models.Model):
    """A lock, and until when its owner has it."""

    name_id: "models.CharField[str, str]" = models.CharField(max_length=64, primary_key=True)
    owner: "models.CharField[str, str]" = models.CharField(max_length=32)
    # By the database's clock, in microseconds since 1970.
    expires_at: "models.BigIntegerField[int | DatabaseTime, int]" = models.BigIntegerField()

    class Meta:
        """The table."""

        db_table = "qqminigame_lock"
        default_permissions = ()
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["expires_at"], name="qqminigame_lock_expiry"),
        ]

    def __str__(self) -> str:
        """Name the row."""
        return f"lock {self.name_id[:8]}"


class LoginRecord(StoredText):
    """A player's login, as the admin shows it."""

    class Meta:
        """No table of its own."""

        proxy = True
        default_permissions = ("view",)
        verbose_name = "login"


class OrderRecord(StoredText):
    """A pay order, as the admin shows it."""

    class Meta:
        """No table of its own."""

        proxy = True
        default_permissions = ("view",)
        permissions: ClassVar[list[tuple[str, str]]] = [("settle_orderrecord", "Can settle orders")]
        verbose_name = "pay order"
