"""A process of its own that makes calls, as a gunicorn worker or a cron job does.

Reads commands as JSON lines from its input and answers each with a line of figures.
"""

import json
import os
import sys
import threading
import time
from collections import Counter

from sessions import Clock

import qqminigame
from qqminigame import CloudStorage, LoginState, QQMiniGameError, RetryPolicy, Session


class Worker:
    """One session, and threads that share it."""

    def __init__(self, login, clock, session):
        self._login = LoginState(**login)
        self._arguments = session
        # Where a clock is given, time stands still unless the test moves it.
        self._clock = Clock(clock) if clock else None
        self._storage = self._new_storage()

    def _new_storage(self):
        now = self._clock
        clock = qqminigame.Clock(time=now, monotonic=now) if now else qqminigame.Clock()
        # A busy machine may take longer for calls than a player would wait.
        policy = RetryPolicy(deadline_seconds=60.0)
        return CloudStorage(Session(**self._arguments, clock=clock, retry=policy))

    def burst(self, threads, calls, pause=0.0):
        """Make so many calls in each of so many threads; return how they ended."""
        ends = []
        start = threading.Barrier(threads)

        def run(name):
            start.wait()
            for n in range(calls):
                ends.append(self._set(self._storage, name, n))
                time.sleep(pause)

        running = [threading.Thread(target=run, args=(f"t{n}",)) for n in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        return Counter(ends)

    def tick(self, now, cron):
        """Move the clock, make a call, start a cron job if so told; return how they ended."""
        self._clock.now = now
        outcomes = Counter([self._set(self._storage, "tick", now)])
        if cron:
            outcomes[self._cron(now)] += 1
        return outcomes

    def _cron(self, now):
        pid = os.fork()
        if pid == 0:
            os._exit(self._set(self._new_storage(), "cron", now) != "ok")
        return "cron failed" if os.waitpid(pid, 0)[1] else "ok"

    def _set(self, storage, key, value):
        try:
            storage.set(self._login, {key: str(value)})
        except QQMiniGameError as error:
            return type(error).__name__
        return "ok"


def main():
    """Serve until the input ends."""
    worker = Worker(**json.loads(sys.stdin.readline()))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        result = getattr(worker, command.pop("do"))(**command)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
