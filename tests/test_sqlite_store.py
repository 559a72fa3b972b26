"""What is the SQLite store's own: the file, its permissions, its faults."""

import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machine import require_root
from sessions import Clock

from qqminigame.exceptions import QQMiniGameError, StoreError
from qqminigame.stores import SQLiteStore, Store

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


def test_sqlite__a_look_at_the_clock_from_a_moment_ago(tmp_path: Path) -> None:
    """Who looked at the clock just before the holder did does not take the lock away.

    So it is where a process waits for another's write, and where the clock is set back a little.
    """
    earlier = SQLiteStore(tmp_path / "store.db", clock=Clock(1_800_000_000.000))
    later = SQLiteStore(tmp_path / "store.db", clock=Clock(1_800_000_000.005))
    assert later.try_lock("name", LEASE)
    assert earlier.try_lock("name", LEASE) is None


def test_sqlite__created_when_first_needed(tmp_path: Path) -> None:
    """Naming a file creates nothing; the first look does."""
    store = SQLiteStore(tmp_path / "folder" / "store.db")
    assert list(tmp_path.iterdir()) == []
    assert store.get("key") is None
    assert store.path.is_file()


@pytest.mark.usefixtures("umask_0")
@pytest.mark.parametrize("folders", ["new", "new/newer", "new/newer/newest"])
def test_sqlite__only_the_owner_may_read(folders: str, tmp_path: Path) -> None:
    """File and created folders are the owner's alone, whatever the umask allows."""
    store = SQLiteStore(tmp_path / folders / "store.db")
    store.set("key", "text")
    assert {path.name: oct(mode(path)) for path in tmp_path.rglob("*")} == {
        **dict.fromkeys(folders.split("/"), oct(0o700)),
        "store.db": oct(0o600),
    }


def test_sqlite__an_existing_folder_keeps_its_permissions(tmp_path: Path) -> None:
    """A folder that was there is not changed."""
    tmp_path.chmod(0o755)
    SQLiteStore(tmp_path / "store.db").set("key", "text")
    assert mode(tmp_path) == 0o755


def directory(folder: Path) -> Path:
    """Name a folder as the file."""
    return folder


def below_a_file(folder: Path) -> Path:
    """Name a file in a folder that cannot be created."""
    (folder / "file").write_text("")
    return folder / "file" / "store.db"


def other_tables(folder: Path) -> Path:
    """Name a database whose tables are somebody else's."""
    connection = sqlite3.connect(folder / "other.db")
    connection.execute("CREATE TABLE texts (something TEXT)")
    connection.execute("CREATE TABLE locks (something TEXT)")
    connection.close()
    return folder / "other.db"


@pytest.mark.parametrize("unusable", [directory, below_a_file, other_tables])
@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.get(SECRET),
        lambda store: store.set(SECRET, SECRET),
        lambda store: store.delete_if(SECRET, SECRET),
        lambda store: store.try_lock(SECRET, LEASE),
        lambda store: store.unlock(SECRET, SECRET),
    ],
)
def test_sqlite__unusable_file(
    use: Callable[[Store], object], unusable: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Every operation says which file cannot be used, and nothing of what was to be kept."""
    path = unusable(tmp_path)
    with pytest.raises(StoreError) as caught:
        use(SQLiteStore(path))
    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_sqlite__a_text_that_utf8_cannot_encode(tmp_path: Path) -> None:
    """A lone surrogate ends in an error of this library, which does not hold the text."""
    with pytest.raises(QQMiniGameError) as caught:
        SQLiteStore(tmp_path / "store.db").set("key", f"{SECRET}\udc80")
    assert SECRET not in str(caught.value)


def not_a_database(path: Path) -> None:
    """Write what is no database."""
    path.write_text(SECRET * 100)


def broken_pages(path: Path) -> None:
    """Break a database behind its header."""
    SQLiteStore(path).set("key", SECRET)
    data = bytearray(path.read_bytes())
    data[100:] = b"\x5a" * (len(data) - 100)
    path.write_bytes(data)


@pytest.mark.parametrize("corrupt", [not_a_database, broken_pages])
def test_sqlite__a_corrupt_file(corrupt: Callable[[Path], None], tmp_path: Path) -> None:
    """It is moved aside with a warning, and a new one is begun."""
    path = tmp_path / "store.db"
    corrupt(path)
    before = path.read_bytes()
    store = SQLiteStore(path)
    with pytest.warns(RuntimeWarning, match=r"store\.db was corrupt; it was moved to") as warned:
        assert store.get("key") is None
    assert len(warned) == 1
    assert SECRET not in str(warned[0].message)
    store.set("key", "text")
    assert store.get("key") == "text"
    (aside,) = tmp_path.glob("store.db.corrupt-????????")
    assert aside.read_bytes() == before


def test_sqlite__a_file_that_another_process_has_moved_aside(tmp_path: Path) -> None:
    """Who comes late does not move the new file aside."""
    store = SQLiteStore(tmp_path / "store.db")
    store.set("key", "text")
    store._move_aside(inode=0)
    SQLiteStore(tmp_path / "gone.db")._move_aside(inode=0)
    assert [path.name for path in tmp_path.iterdir()] == ["store.db"]
    assert store.get("key") == "text"


def test_sqlite__a_corrupt_file_that_cannot_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then the store cannot be used, and says so."""
    path = tmp_path / "store.db"
    not_a_database(path)

    def refuse(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StoreError, match="file is not a database"):
        SQLiteStore(path).get("key")
    assert "could not be moved aside" in caplog.text


def test_sqlite__a_file_that_is_deleted_while_in_use(tmp_path: Path) -> None:
    """It is begun anew."""
    store = SQLiteStore(tmp_path / "folder" / "store.db")
    store.set("key", "text")
    shutil.rmtree(tmp_path / "folder")
    assert store.get("key") is None
    store.set("key", "new")
    assert store.get("key") == "new"


def test_sqlite__a_file_others_could_read(tmp_path: Path) -> None:
    """The owner's file is closed to others when it is used."""
    path = tmp_path / "store.db"
    SQLiteStore(path).set("key", "text")
    path.chmod(0o666)
    SQLiteStore(path).get("key")
    assert mode(path) == 0o600


def test_sqlite__a_full_disk(tmp_path: Path) -> None:
    """What cannot be written is an error that says so; what was there is still there."""
    store = SQLiteStore(tmp_path / "store.db")
    store.set("key", "text")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StoreError, match=r"store\.db cannot be used") as caught:
            store.set("large", SECRET * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert SECRET not in str(caught.value)
    assert store.get("key") == "text"
    store.set("large", SECRET * 10_000)


OTHER_USER = """
import os, sys, time, warnings
from qqminigame import StoreError
from qqminigame.stores import SQLiteStore, default_store
warnings.simplefilter("ignore")
os.setgid(65534)
os.setuid(65534)
print(type(default_store(time.time)).__name__)
try:
    print(SQLiteStore(sys.argv[1]).get("key"))
except StoreError:
    print("refused")
"""


def test_sqlite__two_users_never_share() -> None:
    """Another user's process can neither use the folder nor read the file."""
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "qqminigame" / "store.db"
        SQLiteStore(path).set("key", SECRET)
        done = subprocess.run(
            [sys.executable, "-c", OTHER_USER, str(path)],
            # Another user cannot write coverage's data either.
            env={name: value for name, value in os.environ.items() if not name.startswith("COV")}
            | {"XDG_CACHE_HOME": folder},
            capture_output=True,
            text=True,
        )
    assert (done.stdout, done.stderr) == ("MemoryStore\nrefused\n", "")
