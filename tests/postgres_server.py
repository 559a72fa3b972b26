"""A real PostgreSQL of the tests' own."""

import shutil
from pathlib import Path

import psycopg
from database_server import DatabaseServer
from machine import require


class PostgresServer(DatabaseServer):
    """Runs a PostgreSQL whose time zone is not that of Django."""

    engine = "django.db.backends.postgresql"
    user = "game"

    def creation(self):
        """Return the command that creates its data."""
        options = ["--username=game", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        return [executable("initdb"), "--pgdata", self.folder / "data", *options]

    def command(self):
        """Return the command that runs it."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "timezone": "Asia/Shanghai",
        }
        options = [part for pair in settings.items() for part in ("-c", "=".join(pair))]
        data = ["-D", self.folder / "data", "-p", str(self.port)]
        return [executable("postgres"), *data, *options]

    def start(self):
        """Start it, with a database in it."""
        super().start()
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'game'")
            if not found.fetchone():
                connection.execute("CREATE DATABASE game")

    def _address(self, database):
        return f"host=127.0.0.1 port={self.port} user=game dbname={database} connect_timeout=60"

    def _answers(self):
        try:
            psycopg.connect(self._address("postgres")).close()
        except psycopg.OperationalError:  # not there yet, or still starting
            return False
        return True


def executable(name):
    """Return a program of PostgreSQL: the one on PATH, or Debian's newest, which is elsewhere."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if shutil.which(name) is None and found:
        return str(found[-1])
    return require(name)
