"""``qqminigame`` as a process: at a terminal, and without one."""

import errno
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from unittest import mock

from attrs import frozen

from qqminigame.cli.program import main

COMMAND = (sys.executable, "-m", "qqminigame")

_SECONDS = 60
_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9])")


@frozen
class Done:
    """What a process printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self):
        """The JSON objects on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self):
        """The one JSON object on stderr."""
        (line,) = self.err.splitlines()
        return json.loads(line)


class Commands:
    """Runs commands, with one environment and without a terminal.

    Attributes:
        env: The environment; nothing of this process's is in it but PATH, and what has coverage
            measured.
    """

    def __init__(self, **env):
        measured = {name: os.environ[name] for name in os.environ if name.startswith("COV")}
        self.env = {"PATH": os.environ["PATH"], **measured, **env}

    def __call__(self, *arguments, given="", **env):
        """Run a command in this process."""
        out, err = io.BytesIO(), io.BytesIO()
        streams = {
            "stdin": io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8"),
            "stdout": io.TextIOWrapper(out, encoding="utf-8", write_through=True),
            "stderr": io.TextIOWrapper(err, encoding="utf-8", write_through=True),
        }
        with (
            mock.patch.multiple(sys, **streams),
            mock.patch.dict(os.environ, {**self.env, **env}, clear=True),
        ):
            code = main(list(map(str, arguments)))
        return Done(int(code), out.getvalue().decode(), err.getvalue().decode())

    def process(self, *arguments, given="", **env):
        """Run a command as a process, to its end."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=given.encode() if isinstance(given, str) else given,
            capture_output=True,
            env={**self.env, **env},
            timeout=_SECONDS,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *arguments, **options):
        """Start a command as a process."""
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.env,
            **options,
        )


class Terminal:
    """A process at a terminal of its own, 80 columns wide."""

    def __init__(self, command, env, columns=80):
        self.output = ""
        child, self._file = pty.fork()
        if child == 0:
            try:
                os.execvpe(command[0], command, {**env, "TERM": "xterm"})
            finally:
                os._exit(127)
        self._child = child
        self._ended = None
        self.resize(columns)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._ended is None:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        os.close(self._file)

    @property
    def shown(self):
        """What was printed, without colors and moves."""
        return _ESCAPES.sub("", self.output)

    def resize(self, columns):
        """Make the terminal this many columns wide."""
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, size)

    def type(self, text):
        """Type on the keyboard."""
        os.write(self._file, text.encode())

    def wait_for(self, found):
        """Read until ``found`` says so of what is shown; return what it found."""
        ends = time.monotonic() + _SECONDS
        while not (result := found(self.shown)):
            assert self._read(ends), f"it ended, and printed only: {self.output!r}"
        return result

    def wait(self):
        """Read to the end and return the exit code."""
        ends = time.monotonic() + _SECONDS
        while self._read(ends):
            pass
        _, status = os.waitpid(self._child, 0)
        self._ended = os.waitstatus_to_exitcode(status)
        return self._ended

    def _read(self, ends):
        left = ends - time.monotonic()
        readable, _, _ = select.select([self._file], [], [], max(left, 0))
        assert readable, f"nothing more came, after: {self.output!r}"
        try:
            chunk = os.read(self._file, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # that is how Linux says that the terminal is closed
                raise
            return False
        self.output += chunk.decode(errors="replace")
        return bool(chunk)
