"""Where things are kept: who shares it, and whether it works."""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qqminigame.cli.doctor import texts
from qqminigame.cli.doctor.findings import Finding, bad, doubtful, failed, good
from qqminigame.cli.exits import Exit
from qqminigame.cli.places import file_of, in_memory
from qqminigame.dawanka import Dawanka
from qqminigame.exceptions import QQMiniGameError
from qqminigame.messages import Text
from qqminigame.session import Session
from qqminigame.stores import RedisStore, Store, default_order_store, open_order_store
from qqminigame.stores.base import check_durable

_PROBE_SECONDS: Final = 10.0
_LITTLE_MB: Final = 100
_TOO_LITTLE_MB: Final = 10
_NETWORK_DRIVES: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs")


def store(session: Session) -> Iterator[Finding]:
    """Write to the store and read it back; say who shares it."""
    try:
        _probe(session.store)
        count = session.logins.count()
    except QQMiniGameError as error:
        yield failed("store", error)
        return
    yield good("store", texts.STORE.of(store=repr(session.store), logins=count))
    yield _shared(session.store)
    yield from _file("store", session.store)


def orders(session: Session, place: Store | str | None) -> Iterator[Finding]:
    """Read the records of orders; nothing is written to them."""
    try:
        records = _records(session, place)
        check_durable(records)
        service = Dawanka(session, records)
        unclear = next(service.orders("open", limit=1), None)
    except QQMiniGameError as error:
        yield failed("orders", error)
        return
    shown = repr(records)
    if unclear is None:
        yield good("orders", texts.ORDERS.of(store=shown))
    else:
        what = texts.OPEN_ORDERS.of(store=shown, order_id=unclear.order_id)
        yield doubtful("orders", what, texts.SETTLE_ORDERS)
    yield from _file("orders", records)


def _records(session: Session, place: Store | str | None) -> Store:
    if place is None:
        return default_order_store(session.clock.time)
    return open_order_store(place, session.clock.time) if isinstance(place, str) else place


def _probe(store: Store) -> None:
    key = f"doctor:{secrets.token_hex(8)}"
    store.set(key, "probe", _PROBE_SECONDS)
    store.get(key)
    store.delete_if(key, "probe")


def _shared(store: Store) -> Finding:
    """Say which programs use the same access token and logins."""
    if in_memory(store):
        return doubtful("sharing", texts.IN_MEMORY, texts.USE_A_FILE)
    file = file_of(store)
    if file is not None and os.name == "posix":
        return _shared_file(file)
    text = texts.SHARED_BY_REDIS if isinstance(store, RedisStore) else texts.SHARED_BY_OWN
    return good("sharing", text.of(store=repr(store)))


def _shared_file(file: Path) -> Finding:
    import grp
    import pwd

    found = file.stat()
    mode = stat.S_IMODE(found.st_mode)
    try:
        user, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name
    except KeyError:  # in a container, say, that knows only numbers
        user, group = str(found.st_uid), str(found.st_gid)
    values = {"owner": user, "group": group, "mode": f"{mode:o}", "file": file}
    if mode & 0o006:
        what, todo = texts.OPEN_TO_ALL.of(**values), texts.USE_A_GROUP.of(**values)
        return doubtful("sharing", what, todo)
    if mode & 0o060:
        return good("sharing", texts.SHARED_BY_GROUP.of(**values))
    if found.st_uid == 0:
        return doubtful("sharing", texts.ONLY_ROOT, texts.RUN_AS_THEM)
    return good("sharing", texts.SHARED_BY_USER.of(**values))


def _file(check: str, store: Store) -> Iterator[Finding]:
    file = file_of(store)
    if file is None or not file.parent.exists():
        return
    free = shutil.disk_usage(file.parent).free // 1_000_000
    what = texts.FREE_SPACE.of(free=free, folder=file.parent)
    yield _space(f"{check} disk", what, free)
    kind = _drive(file.parent)
    if kind in _NETWORK_DRIVES:
        what = texts.NETWORK_DRIVE.of(file=file, kind=kind)
        yield doubtful(f"{check} drive", what, texts.USE_LOCAL_DISK)


def _space(check: str, what: Text, free: int) -> Finding:
    if free < _TOO_LITTLE_MB:
        return bad(check, what, texts.MAKE_SPACE, Exit.TRY_LATER)
    if free < _LITTLE_MB:
        return doubtful(check, what, texts.MAKE_SPACE)
    return good(check, what)


def _drive(folder: Path) -> str:
    """Return the kind of file system that a folder is on; empty where Linux does not say."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    found = ("", "")
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _, point, kind, *_ = line.split(" ")
        if folder.resolve().is_relative_to(point) and len(point) > len(found[0]):
            found = point, kind
    return found[1]
