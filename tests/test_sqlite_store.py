"""What is the SQLite store's own: the file, whose it is, its faults, forks."""

import contextlib
import gc
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forks import Child, as_user, each_fork
from machine import require_root
from sessions import Clock

from qqminigame.exceptions import ConfigurationError, QQMiniGameError, StoreError
from qqminigame.stores import SQLiteStore, Store, check_durable, in_flight, sqlite, sqlite_file

LEASE = 5.0
SECRET = "s3cret-text"
OURS = 0x51514D47
# More than any machine needs, and less than what a wait that is too long takes.
GENEROUS = 15.0

OPERATIONS: dict[str, Callable[[Store], object]] = {
    "get": lambda store: store.get(SECRET),
    "get_many": lambda store: store.get_many([SECRET]),
    "set": lambda store: store.set(SECRET, SECRET),
    "add": lambda store: store.add(SECRET, SECRET),
    "delete_if": lambda store: store.delete_if(SECRET, SECRET),
    "try_lock": lambda store: store.try_lock(SECRET, LEASE),
    "unlock": lambda store: store.unlock(SECRET, SECRET),
    "scan": lambda store: store.scan(SECRET),
    "count": lambda store: store.count(SECRET),
}


@pytest.fixture
def clock() -> Clock:
    """A clock to move."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is to be."""
    return tmp_path / "store.db"


@pytest.fixture(params=[0, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the process create what everybody may read, or what only the owner may."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach."""
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def mode(path: Path) -> str:
    """Return the permissions of a path."""
    return oct(stat.S_IMODE(path.stat().st_mode))


def everything(folder: Path) -> dict[str, object]:
    """Return all that can be seen of all that is in a folder."""
    seen = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else None
        what = (status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns)
        seen[str(path)] = (content, *what)
    return seen


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Do something to a database behind the store's back."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [row for each in statements for row in connection.execute(each).fetchall()]


class TestForeignFiles:
    """What is not provably ours stays as it is: bytes, permissions, owner and name."""

    @staticmethod
    def text(path: Path) -> None:
        path.write_text("SECRET_KEY=...\n")
        path.chmod(0o644)

    @staticmethod
    def long_text(path: Path) -> None:
        path.write_text("SECRET_KEY=...\n" * 10_000)

    @staticmethod
    def empty(path: Path) -> None:
        path.touch()

    @staticmethod
    def other_database(path: Path) -> None:
        execute(path, "CREATE TABLE players (name TEXT)")
        path.chmod(0o664)

    @staticmethod
    def django_database(path: Path) -> None:
        execute(
            path,
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT)",
            "CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username TEXT)",
        )

    @staticmethod
    def database_with_a_journal(path: Path) -> None:
        """Its program was killed in the middle of writing: the next connection rolls back."""
        execute(path, "CREATE TABLE players (name TEXT)", "INSERT INTO players VALUES ('one')")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA cache_size = 1")
            connection.execute("BEGIN")
            connection.execute("UPDATE players SET name = 'two'")
            connection.executemany("INSERT INTO players VALUES (?)", [("x" * 1000,)] * 500)
            halfway = {each: each.read_bytes() for each in path.parent.iterdir()}
        for each, content in halfway.items():
            each.write_bytes(content)

    @staticmethod
    def same_tables(path: Path) -> None:
        """So the store itself was, before it marked its files."""
        execute(
            path,
            "CREATE TABLE texts (key TEXT PRIMARY KEY, text TEXT NOT NULL, expires_at REAL)",
            "CREATE TABLE locks (name TEXT PRIMARY KEY, owner TEXT NOT NULL,"
            " taken_at REAL NOT NULL, expires_at REAL NOT NULL)",
        )

    @staticmethod
    def other_database_that_is_damaged(path: Path) -> None:
        """Its header names a size of pages that SQLite does not have."""
        execute(path, "CREATE TABLE players (name TEXT)")
        content = path.read_bytes()
        path.write_bytes(content[:16] + b"\0\3" + content[18:])

    @staticmethod
    def ours_with_a_damaged_header(path: Path) -> None:
        SQLiteStore(path).set("key", SECRET)
        path.write_bytes(b"\x5a" * 100 + path.read_bytes()[100:])

    @staticmethod
    def ours_of_a_newer_format(path: Path) -> None:
        SQLiteStore(path).set("key", SECRET)
        execute(path, "PRAGMA user_version = 99")

    @staticmethod
    def ours_that_others_can_read(path: Path) -> None:
        SQLiteStore(path).set("key", SECRET)
        path.chmod(0o666)

    @staticmethod
    def read_only(path: Path) -> None:
        TestForeignFiles.text(path)
        path.chmod(0o444)

    @staticmethod
    def directory(path: Path) -> None:
        path.mkdir()

    @staticmethod
    def fifo(path: Path) -> None:
        os.mkfifo(path)

    @staticmethod
    def link_to_a_text(path: Path) -> None:
        TestForeignFiles.text(path.with_name("text"))
        path.symlink_to(path.with_name("text"))

    @staticmethod
    def link_to_ours(path: Path) -> None:
        SQLiteStore(path.with_name("ours.db")).set("key", SECRET)
        path.symlink_to(path.with_name("ours.db"))

    @staticmethod
    def link_to_nothing(path: Path) -> None:
        path.symlink_to(path.with_name("nothing"))

    @pytest.mark.parametrize(
        ("make", "what"),
        [
            (text, "not an SQLite database"),
            (long_text, "not an SQLite database"),
            (empty, "an empty file that qqminigame did not create"),
            (other_database, r"another program's SQLite database \(application_id 0\)"),
            (django_database, "another program's SQLite database"),
            (database_with_a_journal, "another program's SQLite database"),
            (same_tables, "before it marked its files"),
            (other_database_that_is_damaged, "not an SQLite database"),
            (ours_with_a_damaged_header, "not an SQLite database"),
            (ours_of_a_newer_format, r"newer qqminigame \(format 99, this one knows 1\)"),
            (ours_that_others_can_read, "mode 666.*the configured 600: chmod 600"),
            (read_only, "not an SQLite database"),
            (directory, "a directory, not a file"),
            (fifo, "a named pipe, not a file"),
            (link_to_a_text, "a symbolic link; name .*/text itself"),
            (link_to_ours, "a symbolic link; name .*/ours.db itself"),
            (link_to_nothing, "a symbolic link"),
        ],
    )
    @pytest.mark.parametrize("durable", [False, True])
    def test_it_is_not_touched(
        self, make: Callable[[Path], None], what: str, durable: bool, path: Path
    ) -> None:
        """Every operation says what the file is, and changes nothing."""
        make(path)
        gc.collect()
        before = everything(path.parent)
        for use in OPERATIONS.values():
            with pytest.raises(ConfigurationError, match=what) as caught:
                use(SQLiteStore(path, durable=durable))
            assert str(path) in str(caught.value)
            assert SECRET not in str(caught.value)
            assert caught.value.__context__ is None
        assert everything(path.parent) == before

    def test_another_users_file(self, open_folder: Path) -> None:
        """A file that another user put there is not used, not even one of ours, even by root."""
        path = open_folder / "store.db"
        open_folder.chmod(0o777)
        as_user(1001, 1001, lambda: SQLiteStore(path).set("key", "trap"))
        before = everything(open_folder)
        with pytest.raises(ConfigurationError, match=r"another user.*uid 1001.*mode=660"):
            SQLiteStore(path).set("key", SECRET)
        assert everything(open_folder) == before

    def test_a_full_disk(self, path: Path) -> None:
        """Where nothing can be created, nothing is left behind."""
        small = path.with_name("disk")
        small.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(small)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("this machine lets nobody mount a small disk")
        try:
            (small / "full").write_bytes(b"x" * 4096)
            with pytest.raises(StoreError, match="full"):
                SQLiteStore(small / "store.db").set("key", SECRET)
            assert [each.name for each in small.iterdir()] == ["full"]
        finally:
            subprocess.run(["umount", str(small)], check=True)


class TestFile:
    """Where the file is, who may use it, and how it comes into being."""

    def test_created_when_first_needed(self, tmp_path: Path) -> None:
        """Naming a file creates nothing; the first look does, and leaves nothing beside it."""
        store = SQLiteStore(tmp_path / "folder" / "store.db")
        assert list(tmp_path.iterdir()) == []
        assert store.get("key") is None
        assert list(store.path.parent.iterdir()) == [store.path]
        assert repr(store) == f"SQLiteStore('{tmp_path}/folder/store.db')"

    def test_marked(self, path: Path) -> None:
        """A file of ours says so, in the place that SQLite has for it."""
        SQLiteStore(path).get("key")
        assert path.read_bytes()[68:72] == b"QQMG"
        assert execute(path, "PRAGMA application_id", "PRAGMA user_version") == [(OURS,), (1,)]

    @pytest.mark.usefixtures("umask")
    @pytest.mark.parametrize("folders", ["new", "new/newer", "new/newer/newest"])
    def test_only_the_owner_may_read(self, folders: str, tmp_path: Path) -> None:
        """File and created folders are the owner's alone, whatever the umask allows."""
        SQLiteStore(tmp_path / folders / "store.db").set("key", "text")
        assert {each.name: mode(each) for each in tmp_path.rglob("*")} == {
            **dict.fromkeys(folders.split("/"), "0o700"),
            "store.db": "0o600",
        }

    def test_an_existing_folder_keeps_its_permissions(self, path: Path) -> None:
        """A folder that was there is not changed."""
        path.parent.chmod(0o755)
        SQLiteStore(path).set("key", "text")
        assert mode(path.parent) == "0o755"

    @pytest.mark.usefixtures("umask")
    def test_shared_with_a_group(self, open_folder: Path) -> None:
        """With mode 660 two users of one group share a file; others can neither read nor write."""
        path = open_folder / "store.db"
        os.chown(open_folder, 0, 5000)
        open_folder.chmod(0o2770)
        store = SQLiteStore(path, mode=0o660)
        as_user(1001, 5000, lambda: store.set("key", "of 1001"))
        assert mode(path) == "0o660"
        assert as_user(1002, 5000, lambda: (store.get("key"), store.set("key", "of 1002")))
        assert store.get("key") == "of 1002"
        open_folder.chmod(0o2777)
        stranger = "belongs to another user .uid 1001. and to group 5000"
        with pytest.raises(AssertionError, match=stranger):
            as_user(1003, 1003, lambda: store.get("key"))

    def test_shared_with_everybody(self, open_folder: Path) -> None:
        """With mode 666 any two users share a file, if they can write its folder."""
        open_folder.chmod(0o777)
        store = SQLiteStore(open_folder / "store.db", mode=0o666)
        as_user(1001, 1001, lambda: store.set("key", "text"))
        assert as_user(1002, 1002, lambda: store.get("key")) == "text"
        assert as_user(1002, 1002, lambda: store.delete_if("key", "text")) is True

    def test_shared__in_a_folder_that_is_missing(self, tmp_path: Path) -> None:
        """The folder of a shared file is not made up: whose group would it be?"""
        with pytest.raises(ConfigurationError, match=r"must exist.*chmod 2770"):
            SQLiteStore(tmp_path / "folder" / "store.db", mode=0o660).get("key")
        assert list(tmp_path.iterdir()) == []

    def test_without_the_right_to_write(self, open_folder: Path) -> None:
        """A user who may not write is told who they are and what to do."""
        store = SQLiteStore(open_folder / "store.db")
        wanted = r"is unavailable \(.*this user \(uid 1001\).*store='sqlite:////var/lib/<app>/store"
        with pytest.raises(AssertionError, match=wanted):
            as_user(1001, 1001, lambda: store.set("key", "text"))
        orders = SQLiteStore(open_folder / "orders.db", durable=True)
        with pytest.raises(AssertionError, match=r"orders='sqlite:////var/lib/<app>/orders\.db'"):
            as_user(1001, 1001, lambda: orders.add("key", "text"))
        assert list(open_folder.iterdir()) == []

    def test_ours_but_read_only(self, open_folder: Path) -> None:
        """What cannot be written can still be read."""
        open_folder.chmod(0o777)
        store = SQLiteStore(open_folder / "store.db")
        as_user(1001, 1001, lambda: store.set("key", "text"))
        store.path.chmod(0o400)
        assert as_user(1001, 1001, lambda: store.get("key")) == "text"
        with pytest.raises(AssertionError, match=r"StoreError: .*readonly.*must be able to write"):
            as_user(1001, 1001, lambda: store.set("key", "new"))

    @pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
    def test_below_a_file(self, use: Callable[[Store], object], tmp_path: Path) -> None:
        """Where no file can be, every operation says so, and nothing of what was to be kept."""
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "store.db"
        with pytest.raises(StoreError) as caught:
            use(SQLiteStore(path))
        assert str(path) in str(caught.value)
        assert SECRET not in str(caught.value)
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None

    def test_without_a_home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A user without a home is told so when the store is used."""
        monkeypatch.chdir(tmp_path)
        store = SQLiteStore("~nobody-of-this-name/store.db")
        with pytest.raises(StoreError, match="no home folder"):
            store.get("key")
        assert list(tmp_path.iterdir()) == []

    def test_a_journal_without_its_database(self, path: Path) -> None:
        """A new file does not get what is left of a lost one."""
        SQLiteStore(path)
        path.with_name("store.db-journal").write_bytes(b"left over")
        with pytest.raises(StoreError, match=r"its journal store\.db-journal is still there"):
            SQLiteStore(path).get("key")
        assert [each.name for each in path.parent.iterdir()] == ["store.db-journal"]

    def test_another_process_is_faster(self, path: Path) -> None:
        """A file that another process has created, and is writing to, is neither lost nor new."""
        SQLiteStore(path).set("key", "text")
        path.with_name("store.db-journal").write_bytes(b"")
        sqlite_file.create(path, 0o600)
        path.with_name("store.db-journal").unlink()
        assert SQLiteStore(path).get("key") == "text"
        assert list(path.parent.iterdir()) == [path]

    def test_64_processes_create_it_at_once(self, path: Path) -> None:
        """Processes that start at the same time on no file all use the same one."""
        begin = time.monotonic() + 1

        def work() -> bool:
            time.sleep(max(0.0, begin - time.monotonic()))
            return SQLiteStore(path).add("key", "text", timeout=60)

        children = [Child(work) for _ in range(64)]
        assert [child.result() for child in children].count(True) == 1
        assert list(path.parent.iterdir()) == [path]

    def test_a_file_system_without_hard_links(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """There too the file comes into being as a whole."""

        def refuse(*_: object) -> None:
            raise PermissionError("no links here")

        monkeypatch.setattr(os, "link", refuse)
        SQLiteStore(path).set("key", "text")
        assert SQLiteStore(path).get("key") == "text"
        assert list(path.parent.iterdir()) == [path]


class TestDamage:
    """What happens to a file that is ours and corrupt, gone or another."""

    @staticmethod
    def broken_pages(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[:100] + b"\x5a" * (len(data) - 100))

    @staticmethod
    def cut_off(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:5000])

    damages = pytest.mark.parametrize("damage", [broken_pages, cut_off])

    @pytest.mark.parametrize(
        ("damage", "used_before"), [(broken_pages, False), (cut_off, False), (cut_off, True)]
    )
    def test_corrupt(
        self,
        damage: Callable[[Path], None],
        used_before: bool,
        path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """It is moved aside, with a warning and a log record, and a new one is created."""
        store = SQLiteStore(path)
        store.set("key", SECRET)
        damage(path)
        before = path.read_bytes()
        store = store if used_before else SQLiteStore(path)
        with pytest.warns(RuntimeWarning, match=r"store\.db was corrupt and has been") as warned:
            assert store.get("key") is None
        assert len(warned) == 1
        assert caplog.messages == [str(warned[0].message)]
        assert SECRET not in caplog.text
        store.set("key", "text")
        assert store.get("key") == "text"
        (aside,) = path.parent.glob("store.db.corrupt-????????")
        assert aside.read_bytes() == before

    def test_corrupt__with_a_journal(self, path: Path) -> None:
        """What belongs to the corrupt file goes with it, and does not spoil the new one."""
        SQLiteStore(path).set("key", SECRET)
        self.broken_pages(path)
        path.with_name("store.db-journal").write_bytes(b"\0" * 512)
        store = SQLiteStore(path)
        with pytest.warns(RuntimeWarning, match="was corrupt"):
            store.set("key", "text")
        assert store.get("key") == "text"
        assert len(list(path.parent.glob("store.db.corrupt-????????"))) == 1
        (journal,) = path.parent.glob("store.db.corrupt-????????-journal")
        assert journal.read_bytes() == b"\0" * 512

    def test_corrupt__and_another_process_has_moved_it(self, path: Path) -> None:
        """A process that comes late does not move the new file aside."""
        store = SQLiteStore(path)
        store.set("key", "text")
        sqlite_file.move_aside(path, corrupt=(0, 0))
        sqlite_file.move_aside(path.with_name("gone.db"), corrupt=(0, 0))
        assert list(path.parent.iterdir()) == [path]
        assert store.get("key") == "text"

    @damages
    def test_corrupt__durable(self, damage: Callable[[Path], None], path: Path) -> None:
        """A file of orders is never mended: every operation says what to do."""
        SQLiteStore(path, durable=True).add("key", SECRET)
        damage(path)
        before = everything(path.parent)
        for use in OPERATIONS.values():
            with pytest.raises(StoreError, match=r"corrupt.*left as it is.*backup.*\.recover"):
                use(SQLiteStore(path, durable=True))
        assert everything(path.parent) == before

    def test_corrupt__64_processes(self, path: Path) -> None:
        """Processes that meet the corrupt file at once all go on with the same new one."""
        SQLiteStore(path).set("key", SECRET)
        self.broken_pages(path)
        begin = time.monotonic() + 1

        def work() -> bool:
            time.sleep(max(0.0, begin - time.monotonic()))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                return SQLiteStore(path).add("new", "text", timeout=60)

        children = [Child(work) for _ in range(64)]
        assert [child.result() for child in children].count(True) == 1
        assert len(list(path.parent.glob("store.db.corrupt-*"))) == 1

    def test_emptied__where_a_corrupt_file_was_moved_aside(self, path: Path) -> None:
        """SQLite may empty the new file by the old one's journal: then it is created once more."""
        SQLiteStore(path).set("key", SECRET)
        self.broken_pages(path)
        with pytest.warns(RuntimeWarning, match="moved to"):
            SQLiteStore(path).add("new", "text")
        os.truncate(path, 0)
        assert SQLiteStore(path).get("new") is None
        assert SQLiteStore(path).add("new", "text")

    @pytest.mark.parametrize("step", ["check_place", "check_ours", "check_mode", "open_ours"])
    def test_emptied__while_it_is_being_opened(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        """So it may be with many processes at once; the empty file is not taken for another's."""
        SQLiteStore(path).set("key", SECRET)
        self.broken_pages(path)
        with pytest.warns(RuntimeWarning, match="moved to"):
            SQLiteStore(path).add("new", "text")
        do, emptied = getattr(sqlite_file, step), []

        def empty_and_do(*arguments: Any, **named: Any) -> object:
            if not emptied:
                emptied.append(path)
                os.truncate(path, 0)
            return do(*arguments, **named)

        monkeypatch.setattr(sqlite_file, step, empty_and_do)
        assert SQLiteStore(path).get("new") is None
        assert emptied == [path]
        assert SQLiteStore(path).add("new", "text")

    @pytest.mark.parametrize("step", ["check_ours", "open_ours"])
    def test_replaced__while_it_is_being_opened(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        """What was looked at may be gone already: then what is there now counts."""
        do, replaced = getattr(sqlite_file, step), []
        path.with_name("other.db").write_bytes(b"another program's")
        SQLiteStore(path).set("key", "text")
        ours = path.read_bytes()

        def replace_and_do(*arguments: Any, **named: Any) -> object:
            if replaced:
                return do(*arguments, **named)
            replaced.append(path)
            path.with_name("other.db").replace(path)
            try:
                return do(*arguments, **named)
            finally:
                path.with_name("new.db").write_bytes(ours)
                path.with_name("new.db").chmod(0o600)
                path.with_name("new.db").replace(path)

        monkeypatch.setattr(sqlite_file, step, replace_and_do)
        with path.open("rb"):  # or the new file may get the number of the first
            assert SQLiteStore(path).get("key") == "text"
        assert replaced == [path]

    def test_corrupt__and_cannot_be_moved(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Then the store cannot be used, and says why."""
        SQLiteStore(path).set("key", SECRET)
        self.broken_pages(path)

        def refuse(*_: object) -> None:
            raise PermissionError("not yours")

        monkeypatch.setattr(os, "replace", refuse)
        with pytest.raises(
            StoreError, match=r"could not be moved aside \(PermissionError: not your"
        ):
            SQLiteStore(path).get("key")

    def test_deleted_while_in_use(self, tmp_path: Path) -> None:
        """Tokens and logins are begun anew."""
        store = SQLiteStore(tmp_path / "folder" / "store.db")
        store.set("key", "text")
        shutil.rmtree(tmp_path / "folder")
        assert store.get("key") is None
        store.set("key", "new")
        assert store.get("key") == "new"

    def test_replaced_while_in_use(self, path: Path) -> None:
        """The file that has the name counts."""
        store = SQLiteStore(path)
        store.set("key", "old")
        SQLiteStore(path.with_name("other.db")).set("key", "new")
        os.replace(path.with_name("other.db"), path)
        assert store.get("key") == "new"

    def test_deleted_in_the_middle_of_a_write(self, path: Path) -> None:
        """What was written to a file that lost its name meanwhile is written once more."""
        moves = iter([path.unlink])
        store = SQLiteStore(path, clock=lambda: next(moves, time.time)() or 1.0)
        SQLiteStore(path).set("key", "old")
        store.set("key", "new")
        assert SQLiteStore(path).get("key") == "new"

    @pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
    def test_gone__durable(self, use: Callable[[Store], object], path: Path) -> None:
        """Orders that are gone are not a new file without any; put back, all is well."""
        store = SQLiteStore(path, durable=True)
        store.add("order", "begun")
        os.replace(path, path.with_name("away"))
        with pytest.raises(StoreError, match="was deleted while this process used it"):
            use(store)
        assert not path.exists()
        shutil.copy(path.with_name("away"), path)
        path.chmod(0o600)
        with pytest.raises(StoreError, match="was replaced while this process used it"):
            use(store)
        os.replace(path.with_name("away"), path)
        assert store.get("order") == "begun"

    def test_gone__durable__in_a_child(self, path: Path) -> None:
        """A child remembers what its parent used."""
        store = SQLiteStore(path, durable=True)
        store.add("order", "begun")
        path.unlink()
        with pytest.raises(AssertionError, match="was deleted while"):
            Child(lambda: store.get("order")).result()

    def test_a_text_that_utf8_cannot_encode(self, path: Path) -> None:
        """A lone surrogate in a key is an error of this library too."""
        with pytest.raises(QQMiniGameError) as caught:
            SQLiteStore(path).get(f"{SECRET}\udc80")
        assert SECRET not in str(caught.value)

    def test_a_file_that_must_not_grow(self, path: Path) -> None:
        """What cannot be written is an error that says so; what was there is still there."""
        store = SQLiteStore(path)
        store.set("key", "text")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
        try:
            with pytest.raises(StoreError, match=r"store\.db is unavailable") as caught:
                store.set("large", SECRET * 10_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, before)
        assert SECRET not in str(caught.value)
        assert store.get("key") == "text"
        store.set("large", SECRET * 10_000)

    def test_killed_in_the_middle_of_a_write(self, path: Path) -> None:
        """What was not finished never happened, and nothing is held up."""
        store = SQLiteStore(path)
        store.set("key", "old")

        child = Child(lambda: _write_and_die(path))
        with pytest.raises(AssertionError, match="died"):
            child.result()
        assert store.get("key") == "old"
        store.set("key", "new")
        assert store.get("key") == "new"


def _write_and_die(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE texts SET text = 'half'")
    connection.executemany(
        "INSERT INTO texts VALUES (?, ?, NULL)", [(f"{n}", "x" * 1000) for n in range(500)]
    )
    os.kill(os.getpid(), signal.SIGKILL)


class TestDurable:
    """What a file of orders is asked for."""

    def test_check_durable(self, path: Path) -> None:
        """A file that may be begun anew is no place for orders."""
        check_durable(SQLiteStore(path, durable=True))
        with pytest.raises(ConfigurationError, match=r"store\.db.*may lose.*durable=True"):
            check_durable(SQLiteStore(path))

    @pytest.mark.parametrize(("durable", "level"), [(True, 3), (False, 0)])
    def test_waits_for_the_disk(self, durable: bool, level: int, path: Path) -> None:
        """Orders are on the disk when a call returns; tokens and logins wait for nothing."""
        store = SQLiteStore(path, durable=durable)
        found = store._connections.read("PRAGMA synchronous", (), 5.0)
        assert found == [(level,)]


class TestRows:
    """What becomes of rows as time goes by, and of locks as clocks move."""

    def test_a_look_at_the_clock_from_a_moment_ago(self, path: Path) -> None:
        """A process that looked at the clock just before the holder did does not take the lock.

        So it is where a process waits for another's write, and where the clock is set back a
        little.
        """
        earlier = SQLiteStore(path, clock=Clock(1_800_000_000.000))
        later = SQLiteStore(path, clock=Clock(1_800_000_000.005))
        assert later.try_lock("name", LEASE)
        assert earlier.try_lock("name", LEASE) is None

    def test_expired_rows_are_deleted_a_few_at_a_time(self, path: Path, clock: Clock) -> None:
        """Each write deletes some, so that none takes long and the file does not grow for ever."""
        store = SQLiteStore(path, clock=clock)
        for number in range(100):
            store.set(f"key-{number}", "text", 10)
            store.try_lock(f"name-{number}", 10)
        store.set("forever", "text")
        clock.now += 11
        left = []
        for _ in range(6):
            store.set("forever", "text")
            store.try_lock("now", 10)
            left += execute(path, "SELECT count(*) FROM texts", "SELECT count(*) FROM locks")
        assert [row[0] for row in left] == [81, 81, 61, 61, 41, 41, 21, 21, 1, 1, 1, 1]

    def test_add__an_expired_key_among_many(self, path: Path, clock: Clock) -> None:
        """An expired text is not there, though the clean-up has not come to it yet."""
        store = SQLiteStore(path, clock=clock)
        for number in range(50):
            store.set(f"key-{number}", "old", 10 + number)
        clock.now += 100
        assert store.add("key-49", "new") is True
        assert store.get("key-49") == "new"

    def test_clean_up_uses_the_index(self, path: Path) -> None:
        """No statement looks at all rows, however many there are."""
        store = SQLiteStore(path)
        store.get("key")
        values = {"key": "", "text": "", "now": 0, "start": "", "end": "", "limit": 1}
        for query in (sqlite._SELECT, sqlite._DELETE_IF, sqlite._SCAN, sqlite._COUNT):
            plan = str(store._connections.read(f"EXPLAIN QUERY PLAN {query}", values, 5.0))
            assert "SEARCH texts USING PRIMARY KEY" in plan
        for query in (sqlite._CLEAN_TEXTS, sqlite._CLEAN_LOCKS):
            plan = str(store._connections.read(f"EXPLAIN QUERY PLAN {query}", (1.0,), 5.0))
            assert "_expiry (expires_at<?)" in plan
            assert "SCAN" not in plan

    def test_count__of_many(self, path: Path) -> None:
        """Many rows are counted bit by bit, the expired ones not."""
        store = SQLiteStore(path, clock=Clock(100.0))
        store.set("login:other", "text")
        execute(
            path,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)"
            " INSERT INTO texts SELECT printf('login:1:%06d', i), 'text',"
            " iif(i % 5 = 0, 50.0, NULL) FROM n",
        )
        assert store.count("login:1:") == 20_000
        assert store.count("login:") == 20_001
        with pytest.raises(StoreError):
            store.count("login:", timeout=-1)


class TestWaiting:
    """Nobody waits longer than told, and a fork hardly waits at all."""

    def test_locked_by_another_program(self, path: Path) -> None:
        """Threads wait side by side, each its own time."""
        store = SQLiteStore(path)
        store.set("key", "text")
        failed: list[str] = []

        def wait() -> None:
            with pytest.raises(StoreError, match=r"in use by other programs for 2\.0 s") as caught:
                store.set("key", "new", timeout=2)
            failed.append(str(caught.value))

        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            began = time.monotonic()
            threads = [threading.Thread(target=wait) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            waited = time.monotonic() - began
        assert len(failed) == 16
        assert 1.9 <= waited < GENEROUS  # one after the other it would be 32
        store.set("key", "new")

    def test_a_fork_does_not_wait_for_those_who_wait(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They are not in the middle of an operation, and go on when they can."""
        monkeypatch.setattr(in_flight, "FORK_SECONDS", 600)
        store = SQLiteStore(path)
        store.set("key", "text")
        ended: list[int] = []

        def wait(number: int) -> None:
            store.set("key", f"text-{number}", timeout=240)
            ended.append(number)

        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            threads = [threading.Thread(target=wait, args=(number,)) for number in range(16)]
            for thread in threads:
                thread.start()
            assert Child(lambda: 42).result() == 42
            assert ended == []
            other.execute("ROLLBACK")
            for thread in threads:
                thread.join(240)
        assert len(ended) == 16

    @pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
    def test_timeout(self, use: Callable[..., object], path: Path) -> None:
        """Every operation ends when it has to, readers too."""
        store = SQLiteStore(path)
        store.set("key", "text")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            began = time.monotonic()
            with pytest.raises(StoreError, match=r"in use by other programs for 0\.1 s"):
                use(_Hurried(store, 0.1))
            assert time.monotonic() - began < GENEROUS

    def test_a_reader_that_takes_its_time(self, path: Path) -> None:
        """A commit waits for those who still read, but not too long; nothing is half done."""
        store = SQLiteStore(path)
        store.set("key", "old")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT * FROM texts").fetchall()
            with pytest.raises(StoreError, match="in use by other programs"):
                store.set("key", "new", timeout=0.2)
            assert store.get("key") == "old"
        store.set("key", "new")
        assert store.get("key") == "new"

    def test_64_threads(self, path: Path) -> None:
        """Threads do not wait for each other's reading."""
        store = SQLiteStore(path)
        store.set("key", "text")
        found: list[str | None] = []
        in_threads(64, lambda: found.extend([store.get("key") for _ in range(100)]))
        assert found == ["text"] * 6400

    def test_few_connections_are_kept(self, path: Path) -> None:
        """After a rush of threads that are all inside at once, few connections stay open."""
        store = SQLiteStore(path)
        store.set("key", "text")
        barrier = threading.Barrier(40)
        in_threads(40, lambda: store._connections._run(lambda *_: barrier.wait(60), 60))
        gc.collect()
        assert 1 <= times_open(path) <= 16


def times_open(path: Path) -> int:
    """Return how often this process has a file open."""
    descriptors = [f"/proc/self/fd/{each}" for each in os.listdir("/proc/self/fd")]
    return [os.path.realpath(each) for each in descriptors].count(str(path))


def in_threads(count: int, work: Callable[[], object]) -> None:
    """Do something in so many threads at once, and wait for all of them."""
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


class _Hurried:
    """A store whose every operation has to be over soon."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self._seconds = seconds

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            return getattr(self._store, name)(*arguments, timeout=self._seconds)

        return call


class TestForks:
    """A child uses nothing of its parent's, however it was forked."""

    @each_fork
    def test_a_child_has_locks_of_its_own(self, fork: Callable[[], int], path: Path) -> None:
        """What parent and children write at the same time is all there."""
        store = SQLiteStore(path)
        store.set("0-0", "text")

        def work(name: int) -> int:
            for number in range(100):
                store.set(f"{name}-{number}", "text", timeout=60)
            return store.count(f"{name}-", timeout=60)

        children = [Child(lambda name=name: work(name), fork) for name in range(1, 5)]
        assert work(0) == 100
        assert [child.result() for child in children] == [100] * 4
        assert store.count("") == 500
        assert execute(path, "PRAGMA integrity_check") == [("ok",)]

    @each_fork
    def test_a_child_opens_the_file_itself(self, fork: Callable[[], int], path: Path) -> None:
        """What it has inherited is neither used nor closed."""
        store = SQLiteStore(path)
        store.set("key", "text")
        assert times_open(path) == 1
        assert Child(lambda: (store.get("key"), times_open(path)), fork).result() == ("text", 2)

    def test_while_threads_use_it(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A fork waits for the operations in progress: no child is born in the middle of one."""
        # A busy disk may take longer for an operation than a fork waits for it.
        monkeypatch.setattr(in_flight, "FORK_SECONDS", 60)
        store = SQLiteStore(path)
        store.set("key", "text")
        done = threading.Event()

        def work(number: int) -> None:
            while not done.is_set():
                store.set(f"key-{number}", "text", timeout=60)
                store.get("key", timeout=60)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(25):
                child = Child(
                    lambda: (
                        store.set("key", "text", timeout=60),
                        store.get("key", timeout=60),
                    )[1]
                )
                assert child.result() == "text"
        finally:
            done.set()
            for thread in threads:
                thread.join(60)
        assert execute(path, "PRAGMA integrity_check") == [("ok",)]

    @each_fork
    def test_in_the_middle_of_an_operation(self, fork: Callable[[], int], path: Path) -> None:
        """The fork does not wait for one that lasts; the child says that it must be restarted."""
        inside, go_on = threading.Event(), threading.Event()
        clock = Clock()
        ours = threading.get_ident()

        def stop_inside() -> float:
            if threading.get_ident() != ours:
                inside.set()
                assert go_on.wait(60)
            return clock()

        store = SQLiteStore(path, clock=stop_inside)
        store.set("key", "text")
        thread = threading.Thread(target=store.set, args=("key", "new"))
        thread.start()
        assert inside.wait(60)
        began = time.monotonic()
        child = Child(lambda: store.get("key"), fork)
        waited = time.monotonic() - began
        other = Child(lambda: SQLiteStore(path.with_name("other.db")).get("key"), fork)
        go_on.set()
        thread.join(60)
        with pytest.raises(AssertionError, match="forked while a thread of its parent was using"):
            child.result()
        assert other.result() is None
        assert waited < GENEROUS
        assert in_flight.FORK_SECONDS <= 0.05
        assert store.get("key") == "new"

    def test_a_call_from_a_signal_handler(self, path: Path) -> None:
        """A handler that interrupts an operation can read, and ends in time where it cannot."""
        seen: list[object] = []
        clock = Clock()

        def interrupted() -> float:
            if not seen:
                seen.append("first")
                signal.raise_signal(signal.SIGUSR1)
            return clock()

        def handle(*_: object) -> None:
            seen.append(store.get("key"))
            with pytest.raises(StoreError, match=r"in use by other programs for 0\.1 s"):
                store.set("other", "text", timeout=0.1)

        SQLiteStore(path).set("key", "text")
        store = SQLiteStore(path, clock=interrupted)
        before = signal.signal(signal.SIGUSR1, handle)
        try:
            store.set("key", "new")
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert seen == ["first", "text"]
        assert store.get("key") == "new"


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("damaged", [b"the s3cret", b"CREATE TABLE texts"])
def test_damaged__a_text_that_is_not_utf8(tmp_path: Path, damaged: bytes, *, durable: bool) -> None:
    """A damaged text is damage like any other, and is not shown: it may be a token."""
    path = tmp_path / "store.db"
    SQLiteStore(path, durable=durable).set("key", "the s3cret token")
    content = path.read_bytes()
    path.write_bytes(content.replace(damaged, b"\xff" + damaged[1:]))
    store = SQLiteStore(path, durable=durable)
    if durable:
        with pytest.raises(StoreError, match="corrupt") as caught:
            store.get("key")
        assert "s3cret" not in str(caught.value)
        assert caught.value.__context__ is None
        return
    with pytest.warns(RuntimeWarning, match="corrupt") as warned:
        assert store.get("key") is None
    assert "s3cret" not in str(warned[0].message)
