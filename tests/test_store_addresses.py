"""How an address finds its store, and where the default is."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sessions import Clock

from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.stores import MemoryStore, SQLiteStore, default_store, open_store

LEASE = 5.0
SECRET = "s3cret-text"


@pytest.fixture
def clock() -> Clock:
    """A clock to move."""
    return Clock()


@pytest.fixture
def umask_0() -> Iterator[None]:
    """Let the process create what everybody may read."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Return the permissions of a path."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///store.db", "cwd/store.db"),
        ("sqlite:///data/store.db", "cwd/data/store.db"),
        ("sqlite:////{tmp}/a b/名.db", "a b/名.db"),
        ("sqlite:///~/store.db", "home/store.db"),
    ],
)
def test_open_store__sqlite(
    address: str, path: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three slashes name a file here, four an absolute one; the store uses the given clock."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    store = open_store(address.format(tmp=str(tmp_path).strip("/")), clock)
    assert isinstance(store, SQLiteStore)
    assert store.path == tmp_path / path
    store.set("key", "text", 10)
    clock.now += 11
    assert store.get("key") is None


def test_open_store__memory(clock: Clock) -> None:
    """Each opening of memory: is a new store, with the given clock."""
    store = open_store("memory:", clock)
    assert isinstance(store, MemoryStore)
    store.set("key", "text", 10)
    assert open_store("memory:", clock).get("key") is None
    clock.now += 11
    assert store.get("key") is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "memory",
        "memory://",
        "sqlite:",
        "sqlite:///",
        "sqlite://store.db",
        "sqlite:store.db",
        "/var/store.db",
        "SQLITE:///store.db",
        "mysql://user:s3cret-text@host/db",
        "mysql:///s3cret-text",
        "redes://user:s3cret-text@h",
        "sqlite://user:s3cret-text@h/x",
    ],
)
def test_open_store__unknown(address: str, clock: Clock) -> None:
    """An address that names no store is refused, without the password that may be in it."""
    with pytest.raises(ConfigurationError, match="sqlite:///") as caught:
        open_store(address, clock)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_open_store__a_password_is_never_shown(clock: Clock) -> None:
    """Whatever comes of an address with a password, the password is not in it."""
    store = open_store("redis://user:s3cret-text@host.invalid/0", clock)
    assert SECRET not in repr(store)
    with pytest.raises(StoreError, match=r"host\.invalid:6379/0") as caught:
        store.get("key")
    assert SECRET not in str(caught.value) + repr(caught.value)
    with pytest.raises(ConfigurationError, match="the url is not valid") as caught:
        open_store("redis://user:s3cret-text@host:port/0", clock)
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("platform", "variables", "path"),
    [
        ("linux", {"XDG_CACHE_HOME": "{tmp}/cache"}, "cache/qqminigame/store.db"),
        ("linux", {"XDG_CACHE_HOME": "", "HOME": "{tmp}"}, ".cache/qqminigame/store.db"),
        ("darwin", {"HOME": "{tmp}"}, "Library/Caches/qqminigame/store.db"),
        ("win32", {"LOCALAPPDATA": "{tmp}/local"}, "local/qqminigame/store.db"),
    ],
)
def test_default_store__in_the_cache_folder(
    platform: str,
    variables: dict[str, str],
    path: str,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By default a file in the user's cache folder is shared, each system's own."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp=tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    store = default_store(clock)
    assert isinstance(store, SQLiteStore)
    assert store.path == tmp_path / path
    assert mode(store.path.parent) == 0o700
    store.set("key", "text", 10)
    assert default_store(clock).get("key") == "text"
    clock.now += 11
    assert store.get("key") is None


@pytest.mark.usefixtures("umask_0")
def test_default_store__only_the_owner_may_read(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache folder that has to be created is the owner's alone, whatever the umask allows."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    default_store(clock).set("key", "text")
    assert {path.name: oct(mode(path)) for path in tmp_path.rglob("*")} == {
        "cache": oct(0o700),
        "qqminigame": oct(0o700),
        "store.db": oct(0o600),
    }


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_default_store__nowhere_to_write(
    place: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no folder can be made it is memory, with a warning that says what to do."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / place))
    with pytest.warns(RuntimeWarning, match="kept in memory.*kills.*store='sqlite:") as warned:
        store = default_store(clock)
    assert isinstance(store, MemoryStore)
    assert len(warned) == 1
    assert str(tmp_path / place) in str(warned[0].message)


def test_default_store__another_users_folder(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache folder of another user, as under sudo, is left alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="kept in memory"):
        assert isinstance(default_store(clock), MemoryStore)
