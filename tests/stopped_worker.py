"""A process that reports an order, and stops itself between beginning it and sending it."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from hooked_store import HookedStore

from qqminigame import Dawanka, HallLogin, QQMiniGameError, Session, SQLiteStore


def main(setting, command):
    """Do what the test says; print how it ended."""

    def clock():
        return time.time() + float(Path(setting["ahead"]).read_text())

    records = HookedStore(SQLiteStore(setting["records"], durable=True, clock=clock))
    if command == "stop":
        # The order is added in the last write before the report is sent.
        adds = []

        def stop(_number, name):
            adds.append(name == "add")
            if name == "add" and sum(adds) == 3:
                os.kill(os.getpid(), signal.SIGSTOP)

        records.after = stop
    hall_login = HallLogin(**setting["hall_login"])
    with Session(**setting["sandbox"]) as session:
        dawanka = Dawanka(session, orders=records)
        try:
            if command == "settle":
                print(dawanka.settle(hall_login, "order-1"))
            else:
                print(dawanka.report_pay(hall_login, "order-1").left)
        except QQMiniGameError as error:
            print(error)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2])
