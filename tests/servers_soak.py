"""Both examples under every kind of web server and store, with 2,000 calls at a time.

``PYTHONPATH=. python tests/servers_soak.py`` lets 500 players make four calls each, 32 at a time,
while the nightly job starts every second: with quiet workers, and again while they are reloaded,
ended and killed. No call may fail, everything has to be on the platform, and one access token has
to serve all of them (two, where workers are killed). Words behind it, such as ``flask gevent``,
choose the cases that have all of them.
"""

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path

from example_servers import Crowd, ExampleServer, gunicorn, kills, new_database, problems, uwsgi
from postgres_server import PostgresServer
from redis_server import RedisServer

from qqminigame.sandbox import Sandbox

AT_ONCE = 32
_SHOWN = 10  # of what is wrong, for it is often the same, and of what the server has printed
STORES = {
    "django_game": ("default", "redis", "database", "postgresql"),
    "flask_game": ("default", "redis"),
}
SERVERS = {
    "django_game": ("sync", "gthread", "uwsgi"),
    "flask_game": ("sync", "gthread", "gevent", "uwsgi"),
}
CASES = [
    f"{name} {server} {store} {manner}"
    for name in STORES
    for server in SERVERS[name]
    for store in STORES[name]
    for manner in ("quiet", "killed")
    # uWSGI has commands of its own for that.
    if not (server == "uwsgi" and manner == "killed")
]


class Soak:
    """Runs cases; the servers of its stores are started when they are first needed."""

    def __init__(self, players, stack):
        self._players = players
        self._stack = stack
        self._started = {}

    def run(self, case):
        """Run a case; return its figures, and what is wrong."""
        name, server, store, manner = case.split()
        command = uwsgi(name) if server == "uwsgi" else gunicorn(name, server)
        variables = self._variables(store)
        with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
            sandbox.script({"kind": "delay", "seconds": 0.5, "endpoint": "getToken", "times": -1})
            with ExampleServer(name, command, sandbox, Path(folder), **variables) as served:
                disturbances = kills(served) if manner == "killed" else ()
                outcome = Crowd(served, sandbox, AT_ONCE, disturbances).play(self._players)
            fetches, lost = (2, 3 * AT_ONCE) if manner == "killed" else (1, 0)
            wrong = problems(outcome, sandbox, self._players, most_fetches=fetches, most_lost=lost)
            figures = (
                f"calls {outcome.requests}, failed {len(outcome.failed)}, "
                f"repeated {outcome.lost}, token fetches {sandbox.state()['token_fetches']}, "
                f"jobs {outcome.jobs}, {outcome.seconds:.0f} s"
            )
            if wrong:
                wrong[_SHOWN:] = served.shown().splitlines()[-_SHOWN:]
            return figures, wrong

    def _variables(self, store):
        if store == "redis":
            return {"QQMINIGAME_STORE": self._server(store).url}
        if store == "postgresql":
            return new_database(self._server(store))
        return {"QQMINIGAME_STORE": "django:" if store == "database" else ""}

    def _server(self, store):
        if store not in self._started:
            start = self._redis if store == "redis" else self._postgres
            self._started[store] = start()
        return self._started[store]

    def _redis(self):
        server = RedisServer(self._stack.enter_context(tempfile.TemporaryDirectory()))
        server.start()
        self._stack.callback(server.stop)
        return server

    def _postgres(self):
        server = PostgresServer()
        self._stack.callback(server.remove)
        server.create()
        server.start()
        return server


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs="*", help="of the cases to run [all]")
    parser.add_argument("--players", type=int, default=500)
    arguments = parser.parse_args()
    failures = 0
    with contextlib.ExitStack() as stack:
        soak = Soak(arguments.players, stack)
        for case in CASES:
            if not all(word in case for word in arguments.words):
                continue
            figures, wrong = soak.run(case)
            print(f"{case:36} {figures}", *wrong, sep="\n    WRONG ", flush=True)
            failures += bool(wrong)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
