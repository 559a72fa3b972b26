"""Which files are ours, how one is created, and what happens to a corrupt one.

A file is ours only if its header holds our application id. No other file is ever written, renamed
or given other permissions.
"""

import contextlib
import itertools
import logging
import os
import secrets
import sqlite3
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError, StoreError
from qqminigame.messages import Text

_log: Final = logging.getLogger("qqminigame")

# "QQMG", where SQLite has room for it: https://www.sqlite.org/fileformat.html#application_id
APPLICATION_ID: Final = 0x51514D47
_MAGIC: Final = b"SQLite format 3\0"
_APPLICATION_ID_AT: Final = slice(68, 72)
_HEADER_BYTES: Final = 100
# One at most for each file that was found to be corrupt.
_kept_open: Final[dict[Path, int]] = {}

# What turns a file of the version before into one of each version; the first makes a new file.
# Without a rowid, key and text lie side by side: no damaged index can mix them up.
_MIGRATIONS: Final = (
    (
        "CREATE TABLE texts (key TEXT PRIMARY KEY, text TEXT NOT NULL, expires_at REAL)"
        " WITHOUT ROWID",
        "CREATE INDEX texts_expiry ON texts (expires_at) WHERE expires_at IS NOT NULL",
        "CREATE TABLE locks (name TEXT PRIMARY KEY, owner TEXT NOT NULL, taken_at REAL NOT NULL,"
        " expires_at REAL NOT NULL) WITHOUT ROWID",
        "CREATE INDEX locks_expiry ON locks (expires_at)",
    ),
)

# Device and inode: which file a name stands for at the moment.
Identity = tuple[int, int]


def identity(file: os.stat_result) -> Identity:
    """Return what tells this file from any other, also from a later one of the same name."""
    return file.st_dev, file.st_ino


def look(path: Path) -> os.stat_result | None:
    """Return what is there under a name, itself and not what a link leads to; None for nothing."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def check_place(path: Path, file: os.stat_result, mode: int) -> None:
    """Refuse what cannot be a file of ours, and what another user put there, without opening it.

    A symbolic link is refused wherever it leads: in a folder that others can write it is a trap,
    and elsewhere the file itself can be named.

    Args:
        path: The file.
        file: What is there.
        mode: The permissions that a file of ours has.

    Raises:
        ConfigurationError: It says what the file is and what to do.
    """
    if stat.S_ISLNK(file.st_mode):
        raise _refusal(path, messages.FILE_IS_LINK.of(target=os.path.realpath(path)))
    if not stat.S_ISREG(file.st_mode):
        raise _refusal(path, _another(messages.FILE_IS_OTHER, thing=_type_of(file.st_mode)))
    if file.st_size == 0:
        raise _refusal(path, _another(messages.FILE_IS_EMPTY))
    if os.name == "posix":
        _check_owner(path, file, mode)


def check_ours(path: Path) -> None:
    """Refuse a file that is not provably ours; nothing is locked or written, not even beside it.

    Raises:
        ConfigurationError: It is something else.
        sqlite3.DatabaseError: It is corrupt, and :func:`says_it_is_ours` can tell whose it is.
    """
    with contextlib.closing(_connect(path, "immutable=1")) as connection:
        # Another process may just be adding pages: its new header is there before them. Without
        # locks, SQLite would take the file for a corrupt one, unless it is told to overlook that.
        connection.execute("PRAGMA writable_schema = ON")
        found = _application_id(connection)
    if found != APPLICATION_ID:
        raise _refusal(path, _another(messages.FILE_IS_FOREIGN, found=found))


def check_mode(path: Path, file: os.stat_result, mode: int) -> None:
    """Refuse a file of ours that permits more than its users want; they may know why it does.

    Raises:
        ConfigurationError: It says what to do.
    """
    if os.name != "posix":
        return
    found = stat.S_IMODE(file.st_mode)
    if found & ~mode:
        raise _refusal(path, messages.FILE_IS_OPEN.of(found=found, mode=mode))


def says_it_is_ours(path: Path) -> bool:
    """Tell from the header of a corrupt file whether it was ours."""
    try:
        header = _header(path)
    except FileNotFoundError:
        return True  # another process has moved it aside by now
    ours = APPLICATION_ID.to_bytes(4, "big")
    return header.startswith(_MAGIC) and header[_APPLICATION_ID_AT] == ours


def _header(path: Path) -> bytes:
    """Read the header of a file, which stays open.

    To close it would give up every lock that this process has on it, those of SQLite's connections
    in other threads too: https://www.sqlite.org/howtocorrupt.html, 2.2
    """
    if os.name != "posix":
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    kept = _kept_open.get(path)
    if kept is None or identity(os.fstat(kept)) != identity(os.stat(path)):
        kept = os.open(path, os.O_RDONLY)
        # Taken out first: of several threads, only one closes that of a file that was replaced.
        replaced = _kept_open.pop(path, None)
        _kept_open[path] = kept
        if replaced is not None and identity(os.fstat(replaced)) != identity(os.fstat(kept)):
            os.close(replaced)
    return os.pread(kept, _HEADER_BYTES, 0)


def not_a_database(path: Path) -> ConfigurationError:
    """Return the error for a file that SQLite cannot read and that does not say it is ours."""
    return _refusal(path, _another(messages.FILE_IS_NO_DATABASE))


def open_ours(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Connect to a file of ours, and bring it to the present format.

    Raises:
        ConfigurationError: A newer qqminigame has written it.
    """
    connection = _connect(path, "mode=rw")
    try:
        _migrate(connection, path)
        connection.execute(f"PRAGMA synchronous = {'EXTRA' if durable else 'OFF'}")
        # What is deleted are secrets. Copies that SQLite has left behind when it moved rows from
        # page to page may stay: only encryption helps against a reader of the raw file.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: Path, mode: int) -> None:
    """Create a file of ours, whole or not at all, unless another process is faster.

    Raises:
        ConfigurationError: Its folder is missing, and the file is to be shared.
        StoreError: The journal of a lost database lies there.
        OSError, sqlite3.Error: It cannot be written.
    """
    if mode & 0o077 and not path.parent.exists():
        raise ConfigurationError(messages.SQLITE_NO_FOLDER.of(folder=path.parent))
    make_private_folder(path.parent)
    journal = path.with_name(f"{path.name}-journal")
    # In this order: a process that was faster creates the file before it writes to it.
    if journal.exists() and look(path) is None:
        raise StoreError(messages.SQLITE_NO_JOURNAL.of(path=path, journal=journal.name))
    with _half_made(path, mode) as new:
        _link(new, path)


def move_aside(path: Path, corrupt: Identity) -> None:
    """Move a corrupt file of ours out of the way, unless another process has done so already.

    Raises:
        OSError: It cannot be moved; BlockingIOError where another process is about to do it.
    """
    aside = path.with_name(f"{path.name}.corrupt-{secrets.token_hex(4)}")
    with _locked_folder(path.parent):
        file = look(path)
        if file is None or identity(file) != corrupt:
            return
        with _nobody_writing(path):
            for suffix in ("-journal", ""):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{path}{suffix}", f"{aside}{suffix}")
    message = messages.SQLITE_MOVED.of(path=path, aside=aside)
    _log.warning(message)
    warnings.warn(str(message), RuntimeWarning, stacklevel=2)


@contextlib.contextmanager
def _nobody_writing(path: Path) -> Iterator[None]:
    """Keep other processes from writing to a corrupt file, as far as SQLite lets anybody.

    Raises:
        BlockingIOError: Another one is writing.
    """
    with contextlib.closing(_connect(path, "mode=rw")) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        except sqlite3.DatabaseError:
            busy = False  # nobody can begin to write to such a file
        else:
            busy = False
        if busy:
            raise BlockingIOError("another process is writing to it")
        yield


def remove_emptied(path: Path, emptied: os.stat_result) -> None:
    """Remove an empty file that stands where a corrupt one of ours was moved aside.

    A process that was still writing to the corrupt file has a journal under the same name. SQLite
    can take it for that of the new file, and roll it back into it.

    Raises:
        OSError: It cannot be removed; BlockingIOError where another process is about to do it.
    """
    with _locked_folder(path.parent):
        file = look(path)
        if file is not None and identity(file) == identity(emptied) and file.st_size == 0:
            path.unlink()


def was_moved_aside(path: Path) -> bool:
    """Return whether a corrupt file of ours was once moved away from here."""
    return any(path.parent.glob(f"{path.name}.corrupt-*"))


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it that are missing, for the owner alone."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def user_in_words() -> Text:
    """Return the number of the user that this process runs as; nothing where there is none."""
    if os.name != "posix":
        return messages.NOTHING
    return messages.USER_ID.of(uid=os.geteuid())


def _connect(path: Path, how: str) -> sqlite3.Connection:
    # All waiting for other connections is the store's, which does it outside SQLite.
    return sqlite3.connect(
        f"{path.as_uri()}?{how}", uri=True, timeout=0, isolation_level=None, check_same_thread=False
    )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == len(_MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    if _application_id(connection) != APPLICATION_ID:
        raise OSError("the file was emptied while it was being opened")
    version = _version(connection)
    if version > len(_MIGRATIONS):
        raise ConfigurationError(
            messages.SQLITE_NEWER.of(path=path, found=version, known=len(_MIGRATIONS))
        )
    for statement in itertools.chain.from_iterable(_MIGRATIONS[version:]):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
    connection.execute("COMMIT")


def _application_id(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    return int(found)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@contextlib.contextmanager
def _half_made(path: Path, mode: int) -> Iterator[Path]:
    """Make a database under a name that nobody looks for; it is gone afterwards."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if os.name == "posix":
            os.fchmod(descriptor, mode)  # whatever the umask takes away
        os.close(descriptor)
        with contextlib.closing(_connect(new, "mode=rw")) as connection:
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            _migrate(connection, new)
        yield new
    finally:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()


def _link(new: Path, path: Path) -> None:
    """Give a file its name; a file that has the name already is left alone."""
    with contextlib.suppress(FileExistsError):
        try:
            os.link(new, path)
            return
        except FileExistsError:
            raise
        except OSError:
            pass
        # This file system has no hard links.
        if not path.exists():
            os.rename(new, path)


@contextlib.contextmanager
def _locked_folder(folder: Path) -> Iterator[None]:
    """Keep other processes from moving files of this folder aside at the same time."""
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _check_owner(path: Path, file: os.stat_result, mode: int) -> None:
    user = os.geteuid()
    if file.st_uid == user or mode & 0o006:
        return
    if not mode & 0o070:
        raise _refusal(path, messages.FILE_OF_OTHER_USER.of(owner=file.st_uid, own=user, path=path))
    if user != 0 and file.st_gid not in {os.getegid(), *os.getgroups()}:
        raise _refusal(path, messages.FILE_OF_OTHER_GROUP.of(owner=file.st_uid, group=file.st_gid))


def _refusal(path: Path, what: Text) -> ConfigurationError:
    return ConfigurationError(messages.SQLITE_REFUSED.of(path=path, what=what))


def _another(what: Text, **values: object) -> Text:
    return what.of(advice=messages.NAME_ANOTHER, **values)


def _type_of(mode: int) -> Text:
    names = {
        stat.S_IFDIR: messages.A_DIRECTORY,
        stat.S_IFIFO: messages.A_PIPE,
        stat.S_IFSOCK: messages.A_SOCKET,
    }
    return names.get(stat.S_IFMT(mode), messages.SOMETHING_SPECIAL)
