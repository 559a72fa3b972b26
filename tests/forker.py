"""A process of its own that makes calls, forks as programs written in C do, and calls in the child.

Reads one JSON object from its input and prints one JSON object a line; see ``main``.
"""

import ctypes
import json
import os
import sys
import threading
import time

from qqminigame import (
    CloudStorage,
    Login,
    LoginState,
    MemoryStore,
    QQMiniGameError,
    Session,
    SQLiteStore,
)


def fork(how):
    """Fork, and return as ``os.fork`` does.

    Args:
        how: ``"os.fork"``; ``"C"``: without Python's knowledge, as uWSGI does; ``"C, child told"``:
            as uWSGI's ``--py-call-osafterfork``; ``"C, all told"``: as its
            ``--py-call-uwsgi-fork-hooks``.
    """
    if how == "os.fork":
        return os.fork()
    if how == "C, all told":
        ctypes.pythonapi.PyOS_BeforeFork()
    pid = ctypes.PyDLL(None).fork()  # a PyDLL keeps the GIL, so that the child has it
    if pid == 0 and how != "C":
        ctypes.pythonapi.PyOS_AfterFork_Child()
    if pid != 0 and how == "C, all told":
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    return pid


class HeldClock:
    """A clock of a store that stands still once: whoever asks it is in the middle of an operation.

    Attributes:
        asked: Set while somebody stands in the middle of the operation.
    """

    def __init__(self):
        self.asked = threading.Event()
        self._armed = False

    def __call__(self):
        if self._armed:
            self._armed = False
            self.asked.set()
            threading.Event().wait(0.5)  # A fork may wait for the operation, so it has to end.
        return time.time()

    def arm(self):
        """Hold the next one who asks."""
        self._armed = True


def report(**values):
    """Print a line, whole, though several processes print."""
    os.write(1, json.dumps(values).encode() + b"\n")


def start(session, login, call):
    """Make the call that the program makes before it forks."""
    if call != "token":
        Login(session).code2session(login["first"])
    if call != "connection":
        state = LoginState(openid=login["openid"], session_key=login["session_key"])
        CloudStorage(session).set(state, {"a": "1"})
    if call == "token":
        session.close()


def log_in(session, players):
    """Log players in, store something for each, and report how it went."""
    wrong, failed = [], []
    for js_code, openid in players:
        try:
            login = Login(session).code2session(js_code)
            CloudStorage(session).set(login, {"owner": openid})
        except QQMiniGameError as error:
            failed.append(f"{type(error).__name__}: {error}")
        else:
            if login.openid != openid:
                wrong.append([openid, login.openid])
    report(players=len(players), wrong=wrong, failed=failed)


def children(setup, session):
    """Fork children that log their players in, all at the same time, while the parent does too."""
    start(session, setup["login"], setup["call"])
    reading, writing = os.pipe()
    first, *others = setup["players"]
    pids = []
    for players in others:
        pid = fork(setup["fork"])
        if pid == 0:
            os.close(writing)
            os.read(reading, 1)  # ends when the parent closes its end, and not before
            run_and_exit(lambda players=players: log_in(session, players))
        pids.append(pid)
    os.close(writing)
    log_in(session, first)
    finish(pids)


def middle(setup, session, clock):
    """Fork while another thread is in the middle of something; then call in the child."""
    start(session, setup["login"], "both")
    if setup["middle"] == "store operation":
        clock.arm()
    thread = threading.Thread(target=log_in, args=(session, setup["players"][0]))
    thread.start()
    if setup["middle"] == "store operation":
        clock.asked.wait()
    else:
        sys.stdin.readline()  # the server has the request
    pid = fork(setup["fork"])
    if pid == 0:
        run_and_exit(lambda: log_in(session.within(6), setup["players"][1]))
    report(forked=True)
    finish([pid])
    thread.join()


def run_and_exit(work):
    """Work, and leave at once: what the parent wanted to do at its end is not the child's."""
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def finish(pids):
    """Wait for the children."""
    for pid in pids:
        report(exit=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def main():
    """Do what the setup says: ``do`` is ``children`` or ``middle``."""
    setup = json.loads(sys.stdin.readline())
    # A thread that claims the interpreter during a fork in C is waited for in the child, for ever.
    sys.setswitchinterval(3600)
    clock = HeldClock()
    kind, _, path = setup["store"].partition(":///")
    store = SQLiteStore(path, clock=clock) if kind == "sqlite" else MemoryStore(clock=clock)
    session = Session(**setup["session"], store=store)
    if setup["do"] == "children":
        children(setup, session)
    else:
        middle(setup, session, clock)


if __name__ == "__main__":
    main()
