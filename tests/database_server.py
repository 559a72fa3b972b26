"""What the servers of databases have in common: a folder, a user who is not root, a free port."""

import abc
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from ports import Port
from waiting import wait_until


class DatabaseServer(abc.ABC):
    """Runs a server in a folder of its own, on a free port, as a user who is not root.

    A class for a kind of server says how to create the data and with which command to run it.

    Attributes:
        port: Where it listens, on 127.0.0.1.
    """

    # What DATABASES calls it.
    engine = ""
    user = ""

    def __init__(self):
        # Not pytest's folders: nobody but their owner can enter them. In memory where that is
        # possible: these servers wait for their disk, as they have to for orders.
        memory = Path("/dev/shm")
        place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="qqminigame-", dir=place))
        self._as_user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._port = Port()
        self.port = self._port.number
        self._process = None

    def create(self):
        """Create its data."""
        self._run(self.creation())

    @abc.abstractmethod
    def creation(self):
        """Return the command that creates its data."""

    @abc.abstractmethod
    def command(self):
        """Return the command that runs it."""

    def start(self):
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), cwd=self.folder, stdout=log, stderr=log, **self._as_user
            )
        ends = time.monotonic() + 120
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < ends, f"no answer: {self.command()}"
            time.sleep(0.05)  # it says nowhere when it is ready

    def stop(self):
        """Kill it, as a power cut does."""
        if self._process is None:
            return
        # PostgreSQL's go on for a while without their parent, and answer.
        pid = self._process.pid
        self._process.send_signal(signal.SIGSTOP)  # it has no more of them
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self._process.wait()
        self._process = None
        # What they share is in use until the last has gone.
        wait_until(lambda: not any(map(_is_running, children)))

    def remove(self):
        """Stop it and remove its data."""
        self.stop()
        shutil.rmtree(self.folder)

    def settings(self, **more):
        """Return its entry of DATABASES."""
        return {
            "ENGINE": self.engine,
            "NAME": "game",
            "USER": self.user,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **more,
        }

    @abc.abstractmethod
    def _answers(self):
        """Return whether it answers."""

    def _run(self, command):
        subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, timeout=300, **self._as_user
        )


def _is_running(pid):
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
