"""How an address finds its store, and where the defaults are."""

import logging
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forks import as_user
from machine import require_root
from sessions import Clock

from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.stores import (
    MemoryStore,
    SQLiteStore,
    Store,
    check_durable,
    default_order_store,
    default_store,
    open_order_store,
    open_store,
)

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


def modes(folder: Path) -> dict[str, str]:
    """Return the permissions of all that is in a folder."""
    return {each.name: oct(stat.S_IMODE(each.stat().st_mode)) for each in folder.rglob("*")}


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///store.db", "cwd/store.db"),
        ("sqlite:///data/store.db", "cwd/data/store.db"),
        ("sqlite:////{tmp}/a b/名.db", "a b/名.db"),
        ("sqlite:////{tmp}/100%/a#b.db", "100%/a#b.db"),
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
    assert store.path.is_file()
    clock.now += 11
    assert store.get("key") is None


@pytest.mark.parametrize(
    ("query", "mode"), [("", "0o600"), ("?mode=600", "0o600"), ("?mode=0660", "0o660")]
)
def test_open_store__sqlite__mode(query: str, mode: str, tmp_path: Path, clock: Clock) -> None:
    """Who may use the file is said behind it."""
    open_store(f"sqlite:///{tmp_path}/store.db{query}", clock).set("key", "text")
    assert modes(tmp_path) == {"store.db": mode}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("?mode=rw", "mode must be like 600"),
        ("?mode=", "mode must be like 600"),
        ("?mode=060", "mode must be like 600"),
        ("?mode=777", "mode must be like 600"),
        ("?mode=-660", "mode must be like 600"),
        ("?mode=660&x=1", "mode must be like 600"),
        ("?timeout=3", "unknown option 'timeout'; the only"),
    ],
)
def test_open_store__sqlite__not_an_option(query: str, problem: str, clock: Clock) -> None:
    """What is not an option is refused at once."""
    with pytest.raises(ConfigurationError, match=problem):
        open_store(f"sqlite:///store.db{query}", clock)


def test_open_store__memory(clock: Clock) -> None:
    """Each opening of memory: is a new store, with the given clock."""
    store = open_store("memory:", clock)
    assert isinstance(store, MemoryStore)
    store.set("key", "text", 10)
    assert open_store("memory:", clock).get("key") is None
    clock.now += 11
    assert store.get("key") is None


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("memory", "memory:"),
        ("memory://", "memory:"),
        ("MEMORY:", "memory:"),
        ("/srv/x.db", "sqlite:////srv/x.db"),
        ("~/x.db", "sqlite:///~/x.db"),
        ("./x", "sqlite:///./x"),
        ("x.db", "sqlite:///x.db"),
        ("sqlite:x.db", "sqlite:///x.db"),
        ("sqlite:/srv/x.db", "sqlite:////srv/x.db"),
        ("sqlite://x.db", "sqlite:///x.db"),
        ("SQLITE:///x.db", "sqlite:///x.db"),
        ("redis", "redis://localhost:6379/0"),
    ],
)
@pytest.mark.parametrize("open_it", [open_store, open_order_store])
def test_open_store__did_you_mean(
    address: str, meant: str, open_it: Callable[..., Store], clock: Clock
) -> None:
    """An address that is nearly right is answered with the right one, which then is right."""
    with pytest.raises(ConfigurationError) as caught:
        open_it(address, clock)
    assert f"did you mean {meant!r}?" in str(caught.value)
    open_it(meant, clock)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sqlite:",
        "sqlite:///",
        "sqlite:///?mode=660",
        "mysql://user:s3cret-text@host/db",
        "mysql:///s3cret-text",
        "redes://user:s3cret-text@h",
        "sqlite://user:s3cret-text@h/x",
        "s3cret-text@host",
        "memory:s3cret-text@host",
    ],
)
def test_open_store__unknown(address: str, clock: Clock) -> None:
    """An address that names no store is refused, without the password that may be in it."""
    with pytest.raises(ConfigurationError, match="a store is 'memory:', 'sqlite:///") as caught:
        open_store(address, clock)
    assert SECRET not in str(caught.value)
    assert "did you mean" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("scheme", ["redis+sentinel", "rediss+sentinel", "redis+cluster"])
def test_open_store__more_than_one_redis(scheme: str, clock: Clock) -> None:
    """Sentinel and Cluster are refused in words, without the password."""
    with pytest.raises(ConfigurationError, match="Sentinel and Redis Cluster are not") as caught:
        open_store(f"{scheme}://:s3cret-text@host:26379/mymaster/0", clock)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("address", ["sqlite:///x.db ", " memory:", "redis://host/0\n"])
def test_open_store__white_space(address: str, clock: Clock) -> None:
    """White space around an address is nobody's wish."""
    with pytest.raises(ConfigurationError, match="leading or trailing whitespace"):
        open_store(address, clock)


def test_open_store__a_password_is_never_shown(clock: Clock) -> None:
    """Whatever comes of an address with a password, the password is not in it."""
    store = open_store("redis://user:s3cret-text@127.0.0.1:1/0", clock)
    assert SECRET not in repr(store)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/0") as caught:
        store.get("key")
    assert SECRET not in str(caught.value) + repr(caught.value)
    with pytest.raises(ConfigurationError, match="the url is not valid") as caught:
        open_store("redis://user:s3cret-text@host:port/0", clock)
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.__context__ is None


def test_open_order_store(tmp_path: Path, clock: Clock) -> None:
    """Orders are kept in a file that never heals, or in memory where that is said."""
    address = f"sqlite:///{tmp_path}/orders.db?mode=660"
    store = open_order_store(address, clock)
    check_durable(store)
    assert store.add("order", "text")
    assert modes(tmp_path) == {"orders.db": "0o660"}
    check_durable(open_order_store("memory:", clock))
    with pytest.raises(ConfigurationError, match="may lose what it keeps"):
        check_durable(open_store(address, clock))


CACHE_FOLDERS = [
    ("linux", {"XDG_CACHE_HOME": "{tmp}/cache"}, "cache"),
    ("linux", {"XDG_CACHE_HOME": "", "HOME": "{tmp}"}, ".cache"),
    ("darwin", {"HOME": "{tmp}"}, "Library/Caches"),
    ("win32", {"LOCALAPPDATA": "{tmp}/local"}, "local"),
]
STATE_FOLDERS = [
    ("linux", {"XDG_STATE_HOME": "{tmp}/state"}, "state"),
    ("linux", {"XDG_STATE_HOME": "", "HOME": "{tmp}"}, ".local/state"),
    ("darwin", {"HOME": "{tmp}"}, "Library/Application Support"),
    ("win32", {"LOCALAPPDATA": "{tmp}/local"}, "local"),
]


@pytest.mark.usefixtures("umask_0")
@pytest.mark.parametrize(
    ("make", "name", "platform", "variables", "folder"),
    [
        *((default_store, "cache.db", *each) for each in CACHE_FOLDERS),
        *((default_order_store, "orders.db", *each) for each in STATE_FOLDERS),
    ],
)
def test_default__in_the_users_folders(
    make: Callable[[Clock], Store],
    name: str,
    platform: str,
    variables: dict[str, str],
    folder: str,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file in the folder that each system has for it is shared, by this user only."""
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value.format(tmp=tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    store = make(clock)
    assert list(tmp_path.iterdir()) == []
    store.set("key", "text", 10)
    assert (tmp_path / folder / "qqminigame" / name).is_file()
    assert set(modes(tmp_path).values()) == {"0o700", "0o600"}
    assert repr(store) == f"SQLiteStore('{tmp_path / folder}/qqminigame/{name}')"
    assert make(clock).get("key") == "text"
    clock.now += 11
    assert store.get("key") is None


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_default_store__nowhere_to_write(
    place: str,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where no folder can be made it is memory; the first use logs what to do, once."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / place))
    store = default_store(clock)
    folder = tmp_path / place / "qqminigame"
    assert caplog.records == []
    store.set("key", "text")
    assert store.get("key") == "text"
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("qqminigame", logging.WARNING)
    for word in (
        str(folder),
        "each fetch of an access token invalidates the others'",
        "store='sqlite:////var/lib/<app>/qqminigame.db'",
        "StateDirectory=",
        "CacheDirectory=",
        "XDG_CACHE_HOME",
    ):
        assert word in record.getMessage()
    assert repr(store) == f"memory ({folder} is not writable)"
    with pytest.raises(ConfigurationError, match="may lose"):
        check_durable(store)


def test_default_store__threads_warn_once(
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Threads that come first together use the same memory and log one warning."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    store = default_store(clock)
    barrier = threading.Barrier(16)
    added: list[bool] = []

    def work() -> None:
        barrier.wait(60)
        added.append(store.add("key", "text"))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert added.count(True) == 1
    assert len(caplog.records) == 1


@pytest.mark.parametrize("home", ["/nonexistent", None])
def test_default__of_a_system_account(
    home: str | None, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An account without a home, as www-data often is, has memory for tokens, none for orders."""
    require_root()
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    if home:
        monkeypatch.setenv("HOME", home)

    def work() -> tuple[str, str]:
        store = default_store(clock)
        store.set("key", "text")
        try:
            default_order_store(clock).add("order", "text")
        except StoreError as error:
            return repr(store), str(error)
        raise AssertionError

    shown, refused = as_user(54321, 54321, work)
    assert shown.startswith("memory (")
    assert shown.endswith("/.cache/qqminigame is not writable)")
    assert "orders='sqlite:////var/lib/<app>/orders.db'" in refused
    assert list(tmp_path.iterdir()) == []


def test_default_store__another_users_folder(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache folder of another user, as under sudo, is left alone."""
    (tmp_path / "qqminigame").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    store = default_store(clock)
    store.set("key", "text")
    assert list((tmp_path / "qqminigame").iterdir()) == []
    assert repr(store).startswith("memory (")
