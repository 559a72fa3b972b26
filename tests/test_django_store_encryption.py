"""Texts that are encrypted with the project's SECRET_KEY."""

import hashlib
import sys

import pytest

# Django is set up by now.
from django.test import override_settings
from django_databases import DatabaseStore

from qqminigame import ConfigurationError, StoreError
from qqminigame.integrations.django import encryption
from qqminigame.integrations.django.models import StoredText

pytestmark = pytest.mark.slow  # a database server has to be started

SECRET = "s3cret-text"
OLD, NEW, STRANGE = "old-key" * 8, "new-key" * 8, b"strange" * 8


@pytest.fixture
def alias(databases):
    """An empty database."""
    return databases("mariadb")


@pytest.fixture
def store(alias):
    """A store that encrypts what it writes."""
    return DatabaseStore.from_address(f"django:{alias}?encrypt=yes")


def row(alias):
    """Return the only row."""
    return StoredText.objects.using(alias).get()


def test_encrypt__every_operation(store):
    """An encrypting store does what any store does."""
    store.set("key", SECRET)
    assert store.get("key") == SECRET
    assert store.scan("") == ([("key", SECRET)], "")
    assert store.add("key", "other") is False
    assert store.replace_if("key", SECRET.upper(), "new") is False
    assert store.replace_if("key", SECRET, "new") is True
    assert store.delete_if("key", SECRET) is False
    assert store.delete_if("key", "new") is True
    assert store.add("key", SECRET) is True
    assert store.get("key") == SECRET


def test_encrypt__what_the_database_sees(store, alias):
    """Neither a text nor what could be compared with a guess of it is in the row."""
    store.set("key", "7")
    first = row(alias)
    store.set("key", "7")
    assert bytes(first.text) != bytes(row(alias).text)
    assert len(bytes(first.text)) > 50
    assert first.fingerprint != hashlib.sha256(b"7").hexdigest()
    assert first.is_encrypted


def test_encrypt__switched_on_and_off(store, alias):
    """Texts are read, compared and replaced in whichever form they are."""
    plain = DatabaseStore(alias)
    plain.set("key", "plain")
    assert store.get("key") == "plain"
    assert store.replace_if("key", "plain", "encrypted")
    assert plain.get("key") == "encrypted"
    assert plain.replace_if("key", "encrypted", "plain")
    assert bytes(row(alias).text) == b"plain"


def test_encrypt__with_another_key_by_now(store):
    """What was encrypted with a key of SECRET_KEY_FALLBACKS is read, compared and replaced."""
    with override_settings(SECRET_KEY=OLD):
        store.set("key", SECRET)
    with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[STRANGE, OLD]):
        assert store.get("key") == SECRET
        assert store.replace_if("key", SECRET, "new")
    with override_settings(SECRET_KEY=NEW):
        assert store.get("key") == "new"


def test_encrypt__without_the_key(store):
    """A text whose key is gone is an error that says what to do, and no missing text."""
    with override_settings(SECRET_KEY=OLD):
        store.set("key", SECRET)
    with override_settings(SECRET_KEY=NEW):
        for read in (lambda: store.get("key"), lambda: store.scan("")):
            with pytest.raises(StoreError, match="SECRET_KEY_FALLBACKS") as caught:
                read()
            assert caught.value.__context__ is None
            assert not {OLD, NEW} & set(str(caught.value).split())


def test_encrypt__without_cryptography(monkeypatch):
    """Without the package, making the store fails, and names the extra."""
    encryption._fernet.cache_clear()
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    with pytest.raises(ConfigurationError, match=r"qqminigame\[crypto\]") as caught:
        DatabaseStore(encrypt=True)
    assert caught.value.__context__ is None
