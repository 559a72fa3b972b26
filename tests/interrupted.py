"""A process of its own that is interrupted by a signal, and makes calls in the handler.

Reads one JSON object from its input; prints how the calls in the handler ended, and then how the
call ended that was interrupted.
"""

import json
import os
import signal
import sys
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

PLAYER = LoginState(openid="o", session_key="k")


class InterruptingClock:
    """A clock of a store: who asks it is in the middle of an operation, and is interrupted there.

    Attributes:
        armed: Whether the next one is interrupted.
    """

    armed = False

    def __call__(self):
        if self.armed:
            self.armed = False
            os.kill(os.getpid(), signal.SIGUSR1)
        return time.time()


def ended(call):
    """Make a call; say how it ended."""
    try:
        call()
    except QQMiniGameError as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


def main():
    """Do what the setup says."""
    setup = json.loads(sys.stdin.readline())
    clock = InterruptingClock()
    path = setup["store"].partition(":///")[2]
    store = SQLiteStore(path, clock=clock) if path else MemoryStore(clock=clock)
    session = Session(**setup["session"], store=store)

    def handle(number, frame):
        short = session.within(0.5)  # what it waits for, the call it interrupted may hold
        ends = [
            ended(lambda: Login(short).code2session("inner")),
            ended(lambda: CloudStorage(short).set(PLAYER, {"a": "inner"})),
        ]
        print(json.dumps(ends), flush=True)

    signal.signal(signal.SIGUSR1, handle)
    if setup["where"] == "store operation":
        clock.armed = True
    print(json.dumps(os.getpid()), flush=True)
    sys.stdin.readline()  # whoever interrupts knows the number now
    if setup["where"] == "token fetch":
        end = ended(lambda: CloudStorage(session).set(PLAYER, {"a": "outer"}))
    else:
        end = ended(lambda: Login(session).code2session("outer"))
    print(json.dumps(end), flush=True)
    print(json.dumps(ended(lambda: Login(session).code2session("later"))), flush=True)


if __name__ == "__main__":
    main()
