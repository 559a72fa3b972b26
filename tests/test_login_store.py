"""The logins a store remembers."""

import pytest

from qqminigame import LoginExpiredError, LoginState, MemoryStore, StoreError
from qqminigame.login_store import LoginStore

OLD = LoginState(openid="o", session_key="old")
NEW = LoginState(openid="o", session_key="new", unionid="u")


@pytest.fixture
def store():
    """The store under it."""
    return MemoryStore()


@pytest.fixture
def logins(store):
    """An empty one."""
    return LoginStore(prefix="login:app:", store=store)


def test_find__the_latest(logins):
    """A login replaces the player's earlier one, and comes back whole."""
    logins.remember(OLD)
    logins.remember(NEW)
    assert logins.find("o") == NEW


def test_find__another_apps(logins, store):
    """Apps do not see each other's logins."""
    logins.remember(NEW)
    with pytest.raises(LoginExpiredError):
        LoginStore(prefix="login:other:", store=store).find("o")


def test_forget__exactly_this_one(logins):
    """A stale login is forgotten; a newer one stays."""
    logins.remember(NEW)
    logins.forget(OLD)
    assert logins.find("o") == NEW
    logins.forget(NEW)
    with pytest.raises(LoginExpiredError, match="'o'"):
        logins.find("o")


@pytest.mark.parametrize("text", ["", "{}", "[1,2]", "nonsense", '["o"]', "7"])
def test_find__a_stored_text_that_is_no_login(logins, store, text):
    """Rubbish in the store is as good as nothing."""
    store.set("login:app:o", text)
    with pytest.raises(LoginExpiredError):
        logins.find("o")


def test_find__a_long_openid_is_cut_in_the_error(logins):
    """The error stays readable."""
    with pytest.raises(LoginExpiredError) as caught:
        logins.find("x" * 10**6)
    assert len(str(caught.value)) < 400


class Broken(MemoryStore):
    """A store out of reach."""

    def set(self, key, text, ttl_seconds=None):
        """Refuse."""
        raise StoreError("out of reach")

    def delete_if(self, key, text):
        """Refuse."""
        raise StoreError("out of reach")


def test_store__out_of_reach(caplog):
    """A login that cannot be remembered or forgotten is no reason to lose it, but is logged."""
    logins = LoginStore(prefix="login:app:", store=Broken())
    logins.remember(NEW)
    logins.forget(NEW)
    assert caplog.text.count("out of reach") == 2
    assert "new" not in caplog.text
