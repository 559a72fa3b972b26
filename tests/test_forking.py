"""After os.fork, the child uses nothing of the parent's: real forks, real sockets."""

import multiprocessing
import os
import threading
import weakref

import pytest
import requests
from forks import Child, each_fork
from sessions import make_session

from qqminigame import CloudStorage, Login, MemoryStore, Session
from qqminigame.per_process import PerProcess
from qqminigame.stores import in_flight

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


def in_child(work):
    """Run work in a forked child and say whether it went well."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize("store", ["memory:", None, "redis"], ids=["memory", "sqlite", "redis"])
def test_fork__the_child_opens_connections_of_its_own(sandbox, store, request):
    """Parent and children go on calling; no connection is used by two processes."""
    if store == "redis":
        store = request.getfixturevalue("redis_server").url
    session = make_session(sandbox, store=store)
    login = Login(session).code2session(sandbox.js_code())
    storage = CloudStorage(session)
    storage.set(login, {"a": "0"})
    used = sandbox.log()[-1]["connection"]
    for n in range(1, 4):
        assert in_child(lambda n=n: storage.set(login.openid, {"a": str(n)}))
        assert sandbox.log()[-1]["connection"] != used
        storage.set(login, {"a": "parent"})
        assert sandbox.log()[-1]["connection"] == used
    assert sandbox.state()["token_fetches"] == 1


@pytest.mark.uncovered
@pytest.mark.parametrize("forks", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_fork__while_threads_are_calling(sandbox, monkeypatch, forks):
    """Many forks in a row: whatever lock a thread holds just then, the child is not held up."""
    # A busy disk may take longer for an operation of the store than a fork waits for it.
    monkeypatch.setattr(in_flight, "FORK_SECONDS", 60)
    session = make_session(sandbox, store=None)
    login = Login(session).code2session(sandbox.js_code())
    storage = CloudStorage(session)
    stop = threading.Event()

    def call():
        while not stop.is_set():
            storage.set(login.openid, {"a": "1"})

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        assert all(in_child(lambda: storage.set(login.openid, {"a": "2"})) for _ in range(forks))
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_fork__while_a_thread_of_the_parent_holds_a_lock():
    """In the child, a lock in memory that a thread of the parent holds is free."""
    store = MemoryStore()
    owner = store.try_lock("token", 60)
    assert in_child(lambda: store.try_lock("token", 60) or os._exit(2))
    assert store.try_lock("token", 60) is None
    store.unlock("token", owner)


def test_spawn__sessions_are_made_anew(sandbox):
    """A spawned process shares the token through the default store."""
    session = make_session(sandbox, store=None)
    login = Login(session).code2session(sandbox.js_code())
    CloudStorage(session).set(login, {"a": "1"})
    context = multiprocessing.get_context("spawn")
    arguments = (sandbox.app_id, sandbox.app_secret, sandbox.url, login.openid)
    process = context.Process(target=set_in_another_process, args=arguments)
    process.start()
    process.join(120)
    assert process.exitcode == 0
    assert sandbox.state()["players"][login.openid]["storage"] == {"a": "spawned"}
    assert sandbox.state()["token_fetches"] == 1


def set_in_another_process(app_id, app_secret, url, openid):
    """What a cron script does."""
    with Session(app_id, app_secret=app_secret, base_url=url) as session:
        CloudStorage(session).set(openid, {"a": "spawned"})


@pytest.fixture
def login(sandbox):
    """Return a player's login."""
    return Login(make_session(sandbox)).code2session(sandbox.js_code())


@each_fork
def test_fork__the_users_session_has_connections_of_its_own_in_the_child(sandbox, login, fork):
    """Its adapters know nothing of processes, so what they have kept open is closed first."""

    def used():
        log = requests.get(f"{sandbox.url}/_sandbox/log", timeout=60).json()
        return log[-1]["connection"]

    with requests.Session() as own:
        storage = CloudStorage(make_session(sandbox, http=own))
        storage.set(login, {"a": "0"})
        before = used()
        Child(lambda: storage.set(login, {"a": "1"}), fork).result()
        assert used() != before
        storage.set(login, {"a": "2"})
        assert used() == before


@each_fork
def test_per_process__the_parents_value_is_kept(fork):
    """A child makes a value of its own and does not drop its parent's: that may wait for ever."""

    class Value:
        pass

    mine = PerProcess(Value)
    parents = weakref.ref(mine.get())

    def look():
        made_before, own = mine.made(), mine.get()
        return made_before, own is mine.get(), parents() is None, own is parents()

    assert Child(look, fork).result() == (None, True, False, False)
    assert mine.get() is parents()
