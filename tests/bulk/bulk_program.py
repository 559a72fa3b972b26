"""A process of its own that loads rows, as a cron job does.

Reads one JSON object from its input: the session, the rows, the options. Prints the report,
and before it what a test waits for.
"""

import json
import os
import sys
import time

from qqminigame import QQMiniGameError, Session, bulk


def rows_of(job, stop):
    """Return the rows; with ``waits_for``, wait for that file before the last of them."""
    is_told = False
    for number, (openid, kv) in enumerate(job["rows"], 1):
        if number == len(job["rows"]) and "waits_for" in job:
            print(json.dumps("waiting"), flush=True)
            while not os.path.exists(job["waits_for"]):
                time.sleep(0.01)  # a file tells nobody that it is there
                if stop.is_set() and not is_told:
                    is_told = True
                    print(json.dumps("told"), flush=True)
        yield openid, kv


def main():
    """Load the rows."""
    job = json.loads(sys.stdin.readline())
    session = Session(**job["session"])
    with bulk.stop_on_signals() as stop:
        try:
            report = bulk.load(session, rows_of(job, stop), stop=stop, **job["options"])
        except QQMiniGameError as error:
            print(json.dumps([type(error).__name__, str(error)]), flush=True)
            return
    because = report.stopped_because
    counts = [report.stored, report.skipped, report.failed]
    print(json.dumps([*counts, because and because.english]), flush=True)


if __name__ == "__main__":
    main()
