"""The logins a store remembers."""

import pytest
from hooked_store import HookedStore
from sessions import Clock

import qqminigame
from qqminigame import (
    LoginExpiredError,
    LoginNotFoundError,
    LoginState,
    MemoryStore,
    SQLiteStore,
    StoreError,
)
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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1,2]",
        "nonsense",
        '["o"]',
        "7",
        "[" * 5000,
        '["login1","o",7,null]',
        '["login1","o","k"]',
        '["login2","o","k",null]',
        '["login1","o","\\ud800",null]',
        '["login1","somebody else","k",null]',
        '["login1","o","' + "k" * 70_000 + '",null]',
    ],
    ids=lambda text: text[:30],
)
def test_find__a_stored_text_that_is_no_login(logins, store, text):
    """Rubbish in the store is as good as nothing."""
    store.set("login:app:o", text)
    with pytest.raises(LoginNotFoundError) as caught:
        logins.find("o")
    assert caught.value.__context__ is None
    assert logins.find_many(["o"]) == {}


def test_find__says_where_it_looked(tmp_path):
    """The error names the store and its logins: another program may keep its own elsewhere."""
    logins = LoginStore(prefix="login:app:", store=SQLiteStore(tmp_path / "store.db"))
    logins.remember(NEW)
    with pytest.raises(LoginNotFoundError, match="logins of this app in it: 1") as caught:
        logins.find("nobody")
    assert str(tmp_path / "store.db") in str(caught.value)
    assert (caught.value.sent, caught.value.code) == (False, None)
    assert "Login.code2session()" in str(caught.value)
    assert "登录态" in caught.value.chinese
    assert "Login.code2session()" in caught.value.chinese
    assert str(tmp_path / "store.db") in caught.value.chinese


def test_find__counts_once_a_minute():
    """Counting is no way to keep the store busy; where it fails, the error does without."""
    clock, counts = Clock(), []

    class Counted(MemoryStore):
        def count(self, prefix, *, timeout):
            counts.append(timeout)
            if len(counts) > 1:
                raise StoreError("too slow")
            return super().count(prefix, timeout=timeout)

    logins = LoginStore(
        prefix="login:app:", store=Counted(), clock=qqminigame.Clock(monotonic=clock)
    )
    for _ in range(3):
        with pytest.raises(LoginNotFoundError, match="in it: 0"):
            logins.find("o")
    clock.now += 60
    with pytest.raises(LoginNotFoundError) as caught:
        logins.find("o")
    assert "logins of this app" not in str(caught.value)
    assert len(counts) == 2
    assert max(counts) <= 0.25


def test_find__a_long_openid_is_cut_in_the_error(logins):
    """The error stays readable."""
    with pytest.raises(LoginNotFoundError) as caught:
        logins.find("x" * 10**6)
    assert len(str(caught.value)) < 800


def test_find_many__in_one_query(store):
    """Those that are there come whole, in one question to the store."""
    watched = HookedStore(store)
    logins = LoginStore(prefix="login:app:", store=watched)
    others = [LoginState(openid=f"o{n}", session_key=f"k{n}") for n in range(3)]
    for login in (NEW, *others):
        logins.remember(login)
    watched.steps = 0
    openids = ["o2", "o", "nobody", "o2"]
    assert logins.find_many(iter(openids)) == {"o": NEW, "o2": others[2]}
    assert logins.find_many([]) == {}
    assert watched.steps <= 2


def test_remembered__says_whether_it_was_saved(logins):
    """A login tells whether the bare openid will do; it is the same login either way."""
    assert NEW.remembered is False
    kept = logins.remember(NEW)
    assert kept.remembered is logins.find("o").remembered is True
    assert kept == NEW
    assert hash(kept) == hash(NEW)
    assert LoginStore(prefix="", store=Broken()).remember(kept).remembered is False


class Broken(MemoryStore):
    """A store out of reach."""

    def set(self, *_, **__):
        """Refuse."""
        raise StoreError("out of reach")

    def delete_if(self, *_, **__):
        """Refuse."""
        raise StoreError("out of reach")


def test_store__out_of_reach(caplog):
    """A login that cannot be remembered or forgotten is no reason to lose it, but is logged."""
    logins = LoginStore(prefix="login:app:", store=Broken())
    logins.remember(NEW)
    logins.forget(NEW)
    assert caplog.text.count("out of reach") == 2
    assert caplog.text.count(repr(Broken())) == 2
    assert "new" not in caplog.text


def test_timeouts__are_passed_on(store):
    """Each method tells the store how long it may take."""
    told = []

    class Told(HookedStore):
        def _step(self, name, *arguments, timeout, **options):
            told.append(timeout)
            return super()._step(name, *arguments, timeout=timeout, **options)

    logins = LoginStore(prefix="login:app:", store=Told(store))
    logins.remember(NEW, timeout=1.0)
    logins.find("o", timeout=2.0)
    logins.find_many(["o"], timeout=3.0)
    logins.forget(NEW, timeout=4.0)
    logins.count(timeout=5.0)
    assert told == [1.0, 2.0, 3.0, 4.0, 5.0]
