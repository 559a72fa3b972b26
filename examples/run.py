"""Play a game's example on this machine: a sandbox, gunicorn, and cron's job once a minute.

    python examples/run.py django_game

It prints the address to open, and ends with Ctrl-C. ``make example-django`` and
``make example-flask`` call it.
"""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from qqminigame.sandbox import Sandbox

_HERE = Path(__file__).resolve().parent
_MINUTE = 60


@frozen
class Example:
    """How an example is started.

    Attributes:
        application: What gunicorn serves.
        prepare: The commands to run once, before it.
        settle: The command that cron runs every minute.
    """

    application: str
    prepare: Sequence[Sequence[str]]
    settle: Sequence[str]


EXAMPLES = {
    "django_game": Example(
        "game.wsgi",
        # The checks would warn of the sandbox's credentials, which are right here.
        [["manage.py", "migrate", "--verbosity", "0", "--skip-checks"]],
        ["manage.py", "settle"],
    ),
    "flask_game": Example(
        "stars:create_app()",
        [["-m", "flask", "--app", "stars", "create-tables"]],
        ["-m", "flask", "--app", "stars", "settle"],
    ),
}


def environment(sandbox: Sandbox, data: Path) -> dict[str, str]:
    """Return what the example is told: the sandbox in place of the platform, and no https."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "game.settings",  # the shell's may name another project
        "GAME_SECRET_KEY": secrets.token_urlsafe(50),
        "GAME_DATA": str(data),
        "GAME_HTTPS": "0",
        "GAME_CLIENT_SCRIPT": f"{sandbox.url}/_sandbox/mini.js",
        "QQMINIGAME_APP_ID": sandbox.app_id,
        "QQMINIGAME_APP_SECRET": sandbox.app_secret,
        "QQMINIGAME_HALL_APP_ID": sandbox.hall_app_id,
        "QQMINIGAME_APP_KEY": sandbox.app_key,
        "QQMINIGAME_BASE_URL": sandbox.url,
        # Tokens and orders of the sandbox go where the example's own data is, and end with it.
        "XDG_CACHE_HOME": str(data / "cache"),
        "XDG_STATE_HOME": str(data / "state"),
    }


def main() -> int:
    """Run an example until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Play an example on this machine.")
    parser.add_argument("example", choices=EXAMPLES)
    parser.add_argument("--port", type=int, default=8000, help="of the game [8000]")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as data:
        run = environment(sandbox, Path(data))
        return play(arguments.example, arguments.port, sandbox, run)


def play(name: str, port: int, sandbox: Sandbox, run: dict[str, str]) -> int:
    """Serve an example; return the exit code."""
    example, folder = EXAMPLES[name], _HERE / name
    for command in example.prepare:
        subprocess.run([sys.executable, *command], cwd=folder, env=run, check=True)
    address = f"127.0.0.1:{port}"
    openid, openkey = sandbox.hall_login(level=1, discount=20, pay_return_count=3)
    # In a session of its own: Ctrl-C is for this process, which ends it in order.
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", address, example.application],
        cwd=folder,
        env=run,
        start_new_session=True,
    )
    try:
        _wait_for(server, port)
        print(f"\nThe game     http://{address}/?player=AB")
        print(f"The hall     http://{address}/hall?openid={openid}&openkey={openkey}")
        print(f"The sandbox  {sandbox.url}/_sandbox/state\n\nCtrl-C ends them.\n", flush=True)
        return _serve(server, [sys.executable, *example.settle], folder, run)
    except KeyboardInterrupt:
        return 0
    finally:
        server.terminate()
        server.wait()


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the server answers, or has ended."""
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)


def _serve(
    server: subprocess.Popen[bytes], settle: Sequence[str], folder: Path, run: dict[str, str]
) -> int:
    while True:
        try:
            return server.wait(_MINUTE)
        except subprocess.TimeoutExpired:
            subprocess.run(settle, cwd=folder, env=run, check=False)


if __name__ == "__main__":
    sys.exit(main())
