"""Web servers in processes of their own, and many players who come in through them at once."""

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from ports import Port
from sessions import make_session

from qqminigame import Login

PROGRAM = "web_program:application"
FOLDER = Path(__file__).parent
_SECONDS = 60


class WebServer:
    """A server that runs ``web_program`` on a port of its own, in a group of processes."""

    def __init__(self, command, sandbox, cache, at_import):
        """Start it; ``with`` waits until it answers.

        Args:
            command: The server and its arguments; ``{port}`` stands for the port.
            sandbox: The platform its calls go to.
            cache: The folder of the default store.
            at_import: The call that the program makes when it is imported: ``"login"``, which needs
                no access token and works once, or ``"store"``, which fetches one.
        """
        self._port = Port()
        self.port = self._port.number
        environment = {
            **os.environ,
            "HOME": str(cache),  # gunicorn keeps a control socket there
            "XDG_CACHE_HOME": str(cache),
            "PYTHONPATH": str(FOLDER),
            "QQMINIGAME_APP_ID": sandbox.app_id,
            "QQMINIGAME_APP_SECRET": sandbox.app_secret,
            "QQMINIGAME_BASE_URL": sandbox.url,
        }
        early = {"js_code": sandbox.js_code("early")} if at_import == "login" else _login(sandbox)
        environment["AT_IMPORT"] = json.dumps(early)
        self._log = (cache / "server.log").open("wb")
        self._process = subprocess.Popen(
            [word.format(port=self.port) for word in command],
            cwd=FOLDER,
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self):
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()

    def shown(self):
        """Return what it printed."""
        return Path(self._log.name).read_text(errors="replace")

    def _wait(self):
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            assert self._process.poll() is None, self.shown()
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.shown())

    def log_in(self, players, at_once, path="/"):
        """Log players in over so many connections at once.

        Args:
            players: Pairs of js_code and openid.
            at_once: How many requests are under way at the same time.
            path: ``"/store"`` to have something stored for each player, too.

        Returns:
            Those who got another player's login, what the others failed with, and the processes
            that answered.
        """
        waiting = queue.SimpleQueue()
        for player in players:
            waiting.put(player)
        wrong, failed, processes = [], [], set()

        def come_in():
            while True:
                try:
                    js_code, openid = waiting.get_nowait()
                except queue.Empty:
                    return
                answer = self._ask(f"{path}?{js_code}")
                if "openid" not in answer:
                    failed.append(answer)
                    continue
                processes.add(answer["process"])
                if answer["openid"] != openid:
                    wrong.append((openid, answer["openid"]))

        threads = [threading.Thread(target=come_in) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return wrong, failed, processes

    def _ask(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        try:
            connection.request("GET", target, headers={"Connection": "close"})
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            return {"error": repr(error)}
        finally:
            connection.close()


def program(name):
    """Return the path of a program that is installed beside this interpreter, or anywhere."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else name


def players_of(sandbox, count):
    """Return js_codes and the openids they are for."""
    return [(sandbox.js_code(f"player-{n}"), f"player-{n}") for n in range(count)]


def _login(sandbox):
    """Log in the player for whom the program stores something when it is imported."""
    with make_session(sandbox) as session:
        login = Login(session).code2session(sandbox.js_code("early"))
    return {"login": {"openid": login.openid, "session_key": login.session_key}}
