"""Real Celery workers, in process groups of their own, which a test may kill."""

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from waiting import PATIENCE_SECONDS

TESTS = Path(__file__).parent


class Game:
    """The app of ``celery_app.py`` in this process, and its workers.

    Attributes:
        app: The app.
        tasks: Its tasks.
        session: The session that its tasks use.
        dawanka: The service that they report with.
        settings: What ``celery_app.py`` reads.
        environ: The variables that it needs.

    Args:
        folder: Where workers log.
        sandbox: The platform.
        redis_server: The broker; the store and the orders are in it, too.
        visible: The visibility timeout, in seconds.
        conf: More settings of the app.
    """

    def __init__(self, folder, sandbox, redis_server, visible=4, **conf):
        self._folder = Path(folder)
        self._workers = []
        server = redis_server.url.rpartition("/")[0]
        values = {
            "APP_ID": sandbox.app_id,
            "APP_SECRET": sandbox.app_secret,
            "HALL_APP_ID": sandbox.hall_app_id,
            "APP_KEY": sandbox.app_key,
            "BASE_URL": sandbox.url,
            "STORE": f"{server}/1",
            "ORDERS": f"{server}/2?persistent=yes",
        }
        settings = {"broker": f"{server}/0", "visible": visible, "qqminigame": values, "conf": conf}
        self.settings = settings
        paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.environ = {"CELERY_APP": json.dumps(settings), "PYTHONPATH": os.pathsep.join(paths)}
        with _environment(CELERY_APP=self.environ["CELERY_APP"]):
            sys.modules.pop("celery_app", None)
            module = importlib.import_module("celery_app")
        self.app, self.tasks = module.app, module.tasks
        self.session = self.tasks.base.sessions["default"]
        self.dawanka = self.tasks.base.sessions.dawanka()

    def start(self, processes=2, *arguments):
        """Start a worker, and wait until it is ready; return its number."""
        number = len(self._workers)
        self._workers.append(None)
        self.restart(number, processes, *arguments)
        return number

    def restart(self, number, processes=2, *arguments):
        """Start a worker that has ended."""
        log = self._log(number)
        since = log.stat().st_size if log.exists() else 0
        options = ["-n", f"worker{number}@%h", "-c", str(processes), "-l", "INFO", *arguments]
        with log.open("ab") as file:
            self._workers[number] = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "celery_app", "worker", *options],
                cwd=self._folder,
                env={**os.environ, **self.environ},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ends = time.monotonic() + 2 * PATIENCE_SECONDS
        while b" ready." not in self._said(number, since):
            assert self._workers[number].poll() is None, self.log(number)
            assert time.monotonic() < ends, self.log(number)
            time.sleep(0.05)  # a log tells nobody that it has grown

    def _log(self, number):
        return self._folder / f"worker{number}.log"

    def _said(self, number, since):
        with self._log(number).open("rb") as file:
            file.seek(since)
            return file.read()

    def log(self, number=0):
        """Return what a worker has logged."""
        return self._log(number).read_text("utf-8", errors="replace")

    def kill(self, number):
        """Kill a worker with all its processes, as a power cut does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._workers[number].pid, signal.SIGKILL)
        self._workers[number].wait()

    def children(self, number):
        """Return the numbers of a worker's processes."""
        pid = self._workers[number].pid
        path = Path(f"/proc/{pid}/task/{pid}/children")
        return [int(each) for each in path.read_text().split()] if path.exists() else []

    def stop(self):
        """End all workers; the broker is still there."""
        # Celery's results are in cycles, and the backend is told when they are collected.
        gc.collect()
        for number, worker in enumerate(self._workers):
            if worker is not None:
                self.kill(number)
        self.app.close()


@contextlib.contextmanager
def _environment(**values):
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
