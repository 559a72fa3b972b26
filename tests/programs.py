"""Programs that tests talk to in JSON lines, and that show where they hang."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading


class Program:
    """A Python program in a process, and a group of processes, of its own.

    Attributes:
        errors: What it printed on stderr, once it has ended.
    """

    def __init__(self, path, seconds):
        """Start it.

        Args:
            path: The program.
            seconds: After so many it hangs: then it prints where, and ends, with its children.
        """
        self.errors = ""
        self._printed = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed at the end of the block
        self._process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            text=True,
            start_new_session=True,
        )
        self._watchdog = threading.Timer(seconds, self._end, [signal.SIGABRT])
        self._watchdog.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._watchdog.cancel()
        self._end(signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._read_errors()
        self._printed.close()

    def write(self, value=None):
        """Give it a line."""
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def read(self):
        """Return its next line; None at its end."""
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    @property
    def pid(self):
        """Its number."""
        return self._process.pid

    def signal(self, number):
        """Send it a signal."""
        self._process.send_signal(number)

    def rest(self):
        """Return all lines to its end, and its children's."""
        lines = [json.loads(line) for line in self._process.stdout]
        self._read_errors()
        return lines

    def _end(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read_errors(self):
        self._printed.seek(0)
        self.errors = self._printed.read()
