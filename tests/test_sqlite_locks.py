"""Beside SQLite, a store file loses no locks, and writing to it is not taken for damage."""

import sqlite3
import subprocess
import sys
import threading

import pytest
from waiting import PATIENCE_SECONDS

from qqminigame.stores import SQLiteStore, sqlite_file

WRITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path):
    """A store file with some pages."""
    store = SQLiteStore(tmp_path / "store.db")
    for number in range(100):
        store.set(f"login:{number}", "x" * 200)
    return store.path


def test_check_ours__while_pages_are_being_added(path):
    """A writer has written the new header and not yet the last page: the file is no corrupt one."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 4096)
    sqlite_file.check_ours(path)


def test_header__is_read_without_giving_up_a_lock(path):
    """A thread is writing; another process still cannot."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        assert sqlite_file.says_it_is_ours(path)
        sqlite_file.check_ours(path)
    done = subprocess.run([sys.executable, "-c", WRITE, path], capture_output=True, text=True)
    connection.close()
    assert done.stdout == "database is locked\n"


def test_header__of_a_file_that_was_replaced(path, tmp_path):
    """It is that of the new file."""
    assert sqlite_file.says_it_is_ours(path)
    other = tmp_path / "other"
    other.write_bytes(b"another program's" * 10)
    other.replace(path)
    assert not sqlite_file.says_it_is_ours(path)


@pytest.mark.parametrize("attempts", [5, pytest.param(20, marks=pytest.mark.slow)])
def test_store__is_not_moved_aside_while_it_grows(tmp_path, attempts):
    """Threads that open the file meet others that write to it, and nothing is lost."""
    for attempt in range(attempts):
        path = tmp_path / f"store-{attempt}.db"
        keys = [f"login:{number}" for number in range(160)]

        def write(some, path=path):
            for key in some:
                # A new connection each time.
                SQLiteStore(path).set(key, "x" * 200, timeout=PATIENCE_SECONDS)

        threads = [threading.Thread(target=write, args=(keys[start::8],)) for start in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert SQLiteStore(path).get_many(keys).keys() == set(keys)
        assert not list(tmp_path.glob("*.corrupt-*"))
