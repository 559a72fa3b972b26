"""Real proxies that note what goes through them: HTTP in a process of its own, SOCKS5 in a thread.

They know where PLATFORM is, and nobody else can find that name: what arrives came through a proxy.
Run as a program, this is the HTTP proxy.
"""

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.from_thread
import proxy
from proxy.http.proxy import HttpProxyBasePlugin
from tiny_proxy import Socks5ProxyHandler
from waiting import PATIENCE_SECONDS

PLATFORM = "platform.invalid"
_LOCALHOST = "127.0.0.1"
_NOTES = "notes.txt"


class Passage(NamedTuple):
    """What an HTTP proxy let through.

    Attributes:
        connection: The client's connection.
        method: The method, CONNECT for a tunnel.
        host: Where it went.
    """

    connection: str
    method: str
    host: str


class Noting(HttpProxyBasePlugin):
    """What the HTTP proxy does beyond being one."""

    def resolve_dns(self, host, port):
        """Say where the platform is."""
        return (_LOCALHOST if host == PLATFORM else None), None

    def handle_client_request(self, request):
        """Note a request, before it goes on."""
        passage = Passage(self.uid, request.method.decode(), request.host.decode())
        with (Path(self.flags.data_dir) / _NOTES).open("a") as notes:
            notes.write(" ".join(passage) + "\n")
        return request


class HttpProxy:
    """Forwards http and tunnels https; with credentials, only for who names them."""

    def __init__(self, folder, credentials=""):
        self._notes = folder / _NOTES
        self.address = ""
        self._command = [sys.executable, __file__, str(folder), credentials]

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.address = f"{_LOCALHOST}:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_):
        self._process.communicate(timeout=PATIENCE_SECONDS)  # it ends with its input

    @property
    def url(self):
        """The address, without credentials."""
        return f"http://{self.address}"

    @property
    def passages(self):
        """What went through, in order."""
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [Passage(*line.split()) for line in lines]

    @property
    def connections(self):
        """How many connections of clients requests came on."""
        return len({passage.connection for passage in self.passages})

    def forget(self):
        """Forget what went through."""
        self._notes.unlink(missing_ok=True)


class SocksProxy(Socks5ProxyHandler):
    """A SOCKS5 proxy; with credentials, only for who names them.

    Attributes:
        hosts: Where each connection went, as the client named it.
    """

    def __init__(self, username=None, password=None):
        super().__init__(username, password)
        self.hosts = []
        self.address = ""
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        portal = self._stack.enter_context(anyio.from_thread.start_blocking_portal())
        listener = portal.call(lambda: anyio.create_tcp_listener(local_host=_LOCALHOST))
        self._stack.callback(portal.call, listener.aclose)
        self._stack.callback(portal.start_task_soon(listener.serve, self.handle).cancel)
        self.address = "{}:{}".format(*listener.extra(anyio.abc.SocketAttribute.local_address))
        return self

    def __exit__(self, *_):
        self._stack.close()

    @property
    def connections(self):
        """How many connections went through."""
        return len(self.hosts)

    def forget(self):
        """Forget what went through."""
        self.hosts.clear()

    def create_proxy(self, stream):
        """Return what serves one connection, and note where it goes."""
        served = super().create_proxy(stream)
        negotiate = served.negotiate

        async def noted():
            host, port = await negotiate()
            self.hosts.append(host)
            return (_LOCALHOST if host == PLATFORM else host), port

        served.negotiate = noted
        return served


def _run(folder, credentials):
    """Be the HTTP proxy until the input ends."""
    options = ["--hostname", _LOCALHOST, "--port", "0", "--data-dir", folder, "--log-level", "e"]
    options += ["--num-acceptors", "1", "--num-workers", "1"]
    options += ["--basic-auth", credentials] if credentials else []
    with proxy.Proxy(options, plugins=[Noting]) as running:
        print(running.flags.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _run(*sys.argv[1:])
