"""A real MariaDB of the tests' own."""

import shutil

import pymysql
from database_server import DatabaseServer
from machine import require

# Django asks for mysqlclient, which has no wheels; PyMySQL is a stand-in that its authors provide.
pymysql.version_info = (2, 2, 7, "final", 0)
pymysql.install_as_MySQLdb()


class MariaDBServer(DatabaseServer):
    """Runs a MariaDB as it comes, with collations that ignore case, in another time zone."""

    engine = "django.db.backends.mysql"
    user = "root"

    def creation(self):
        """Return the command that creates its data."""
        options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        data = f"--datadir={self.folder / 'data'}"
        return [executable("mariadb-install-db"), "--no-defaults", data, *options]

    def command(self):
        """Return the command that runs it."""
        return [
            *(executable("mariadbd"), "--no-defaults", f"--datadir={self.folder / 'data'}"),
            *("--bind-address=127.0.0.1", f"--port={self.port}"),
            *(f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}"),
            *("--default-time-zone=+08:00", "--innodb-buffer-pool-size=32M"),
        ]

    def start(self):
        """Start it, with a database in it."""
        super().start()
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS game CHARACTER SET utf8mb4")

    def settings(self, **more):
        """Return its entry of DATABASES."""
        return super().settings(**{"OPTIONS": {"charset": "utf8mb4"}, **more})

    def _connect(self):
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root")

    def _answers(self):
        try:
            self._connect().close()
        except pymysql.OperationalError:  # not there yet
            return False
        return True


def executable(name):
    """Return a program of MariaDB: the server is not on everybody's PATH."""
    return shutil.which(name, path="/usr/sbin") or require(name)
