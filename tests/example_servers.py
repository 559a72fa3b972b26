"""The examples under real web servers: players who call at once, and cron beside them."""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from attrs import field, frozen
from machine import require
from ports import Port
from waiting import PATIENCE_SECONDS, wait_until
from web_servers import program

from examples.run import EXAMPLES, environment

FOLDER = Path(__file__).parent.parent / "examples"
WORKERS = {
    "sync": ["--worker-class", "sync", "--workers", "4", "--threads", "1"],
    "gthread": ["--worker-class", "gthread", "--workers", "4", "--threads", "8"],
    "gevent": ["--worker-class", "gevent", "--workers", "2", "--threads", "1"],
}
# The second job of each example needs an access token.
_NIGHTLY = {
    "django_game": ["manage.py", "nightly"],
    "flask_game": ["-m", "flask", "--app", "stars", "nightly"],
}
_ROUND_SECONDS = 1
_STARS = 4  # as many as a round of a second can have
_REPEATS = 5
# A request that is longer under way than a call to the platform may take has failed.
_REQUEST_SECONDS = 60.0


def gunicorn(name, workers):
    """Return the command that serves an example; its own file has the rest of the settings."""
    application = EXAMPLES[name].application
    bind = ["--bind", "127.0.0.1:{port}", "--log-level", "error"]
    return [require(program("gunicorn")), *bind, *WORKERS[workers], application]


def uwsgi(name):
    """Return the command that serves an example by uWSGI, which forks in C."""
    module = EXAMPLES[name].application
    options = ["--master", "--processes", "4", "--need-app", "--die-on-term", "--disable-logging"]
    socket_option = ["--http-socket", "127.0.0.1:{port}", "--lazy-apps"]
    return [require(program("pyuwsgi")), *socket_option, *options, "--module", module]


def new_database(postgres):
    """Return the variables that name a new database of a PostgreSQL."""
    name = f"game_{secrets.token_hex(4)}"
    place = {"host": "127.0.0.1", "port": str(postgres.port), "user": postgres.user}
    with psycopg.connect(dbname="postgres", autocommit=True, **place) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    variables = {f"PG{key.upper()}": value for key, value in place.items()}
    return {"GAME_POSTGRES": name, **variables}


class ExampleServer:
    """An example behind a web server, in a group of processes of its own.

    Attributes:
        port: Of the web server.
    """

    def __init__(self, name, command, sandbox, folder, **variables):
        """Prepare the example's data and start the server; ``with`` waits until it answers.

        Args:
            name: The example.
            command: The server and its arguments; ``{port}`` stands for the port.
            sandbox: The platform.
            folder: An empty one for all that the example writes.
            **variables: More of the environment.
        """
        self._port = Port()
        self.port = self._port.number
        self._name = name
        self._folder = folder
        self._environment = {
            **environment(sandbox, folder),
            "HOME": str(folder),  # gunicorn keeps a control socket there
            "GAME_ROUND_SECONDS": str(_ROUND_SECONDS),
            **variables,
        }
        for prepare in EXAMPLES[name].prepare:
            subprocess.run([sys.executable, *prepare], check=True, **self._place)
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [word.format(port=self.port) for word in command],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self._place,
        )

    def __enter__(self):
        try:
            wait_until(self._is_listening)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()

    @property
    def url(self):
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    def shown(self):
        """Return what the server printed."""
        return Path(self._log.name).read_text(errors="replace")

    def reload(self):
        """Have all workers replaced in order."""
        self._process.send_signal(signal.SIGHUP)

    def end_worker(self, number):
        """Send a signal to a worker; the server starts another one."""
        wait_until(lambda: self._has_sent(number))

    def nightly(self):
        """Start the nightly job as cron does, unless it is running; return the process."""
        lock = ["flock", "-n", "-E", "0", self._folder / "nightly.lock"]
        command = [*lock, sys.executable, *_NIGHTLY[self._name]]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **self._place
        )

    def post(self, path, body, token=""):
        """Make a call; return the status and the object that is answered, or else its text.

        Raises:
            OSError: There was no answer, or only a part of one.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_REQUEST_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        try:
            text = json.dumps(body)
            connection.request("POST", path, text, {**headers, "Connection": "close"})
            answer = connection.getresponse()
            said = answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(repr(error)) from error
        finally:
            connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(said) if is_json else said

    @property
    def _place(self):
        return {"cwd": FOLDER / self._name, "env": self._environment}

    def _is_listening(self):
        assert self._process.poll() is None, self.shown()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _has_sent(self, number):
        """Send a signal to a worker, if there is one; it may be ending already."""
        with contextlib.suppress(ProcessLookupError):
            for worker in self._workers()[:1]:
                os.kill(worker, number)
                return True
        return False

    def _workers(self):
        """Return the processes that the server has forked; Linux only."""
        pid = self._process.pid
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@frozen
class Outcome:
    """What the players and cron met.

    Attributes:
        requests: How many calls were answered.
        failed: The answers that are no success.
        lost: How many calls ended without an answer, and were repeated.
        jobs: How many nightly jobs were started.
        complaints: What those printed that did not end with 0.
        seconds: How long all of it took.
    """

    requests: int
    failed: list = field(factory=list)
    lost: int = 0
    jobs: int = 0
    complaints: list = field(factory=list)
    seconds: float = 0.0


class Crowd:
    """Players who log in, play a round, and wish for something: four calls each."""

    def __init__(self, server, sandbox, at_once, disturbances=()):
        """Get ready.

        Args:
            server: The example.
            sandbox: The platform.
            at_once: How many calls are under way at the same time.
            disturbances: Functions to call in the course of the calls, in equal distances.
        """
        self._server = server
        self._sandbox = sandbox
        self._at_once = at_once
        self._disturbances = list(disturbances)
        self._lock = threading.Lock()
        self._answered = self._lost = 0
        self._failed = []

    def play(self, players):
        """Let so many players play; return what they met."""
        began = time.monotonic()
        openids = [f"player-{number}" for number in range(players)]
        parts = len(self._disturbances) + 1
        self._due = [4 * players * part // parts for part in range(1, parts)]
        with Cron(self._server) as cron, ThreadPoolExecutor(self._at_once) as pool:
            tokens = list(pool.map(self._log_in, openids))
            rounds = list(pool.map(lambda token: self._ask("/api/round", {}, token), tokens))
            time.sleep(_ROUND_SECONDS)  # what is tested: a score that comes earlier is refused
            list(pool.map(self._score, tokens, rounds))
            list(pool.map(lambda token: self._ask("/api/wish", {"on": True}, token), tokens))
        return Outcome(
            requests=self._answered,
            failed=self._failed,
            lost=self._lost,
            jobs=cron.jobs,
            complaints=cron.complaints,
            seconds=time.monotonic() - began,
        )

    def _log_in(self, openid):
        # A code works once, so a repeated login takes a new one, as the game's page does.
        answer = self._ask("/api/login", lambda: {"code": self._sandbox.js_code(openid)})
        return answer.get("token", "")

    def _score(self, token, answer):
        self._ask("/api/score", {"round": answer.get("round"), "stars": _STARS}, token)

    def _ask(self, path, body, token=""):
        """Make a call as a page does, which repeats one without an answer."""
        for _ in range(_REPEATS):
            try:
                given = body() if callable(body) else body
                status, answer = self._server.post(path, given, token)
            except OSError:
                with self._lock:
                    self._lost += 1
                continue
            self._note(path, status, answer)
            return answer if status == 200 else {}
        self._note(path, None, "no answer")
        return {}

    def _note(self, path, status, answer):
        with self._lock:
            self._answered += 1
            if status != 200:
                self._failed.append((path, status, answer))
            disturb = self._due and self._answered >= self._due[0]
            if disturb:
                del self._due[0]
                disturbance = self._disturbances.pop(0)
        if disturb:
            disturbance()


class Cron:
    """Starts the nightly job of an example every second.

    Attributes:
        jobs: How many were started.
        complaints: What those printed that did not end with 0.
    """

    def __init__(self, server):
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.jobs = 0
        self.complaints = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        started = []
        while not self._stop.wait(1 if started else 0):
            started.append(self._server.nightly())
        self.jobs = len(started)
        for process in started:
            said, _ = process.communicate()
            if process.returncode != 0 or said:
                self.complaints.append((process.returncode, said))


def problems(outcome, sandbox, players, *, most_fetches=1, most_lost=0):
    """Return what is wrong: calls that failed, and what the platform has not of what was posted."""
    state = sandbox.state()
    fetches = state["token_fetches"]
    wrong = [
        f"{what}: {each}" for what in ("failed", "complaints") for each in getattr(outcome, what)
    ]
    if outcome.requests != 4 * players:
        wrong.append(f"{outcome.requests} calls were answered")
    if outcome.lost > most_lost:
        wrong.append(f"{outcome.lost} calls were lost")
    if not outcome.jobs:
        wrong.append("cron has started nothing")
    if not 1 <= fetches <= most_fetches:
        wrong.append(f"{fetches} access tokens were fetched")
    for number in range(players):
        player = state["players"][f"player-{number}"]
        if f'"score":{_STARS},' not in player["storage"].get("rank", ""):
            wrong.append(f"score of player {number}: {player['storage']}")
        if player["interactive"] != {"1": 1}:
            wrong.append(f"wish of player {number}: {player['interactive']}")
    return wrong


def kills(server):
    """Return what happens to a server in the course of a day: a reload, and workers that end."""
    return [
        server.reload,
        lambda: server.end_worker(signal.SIGTERM),
        lambda: server.end_worker(signal.SIGKILL),
    ]
