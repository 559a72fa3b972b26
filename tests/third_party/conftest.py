"""The platform behind TLS at the hosts' own names, for clients that know no other address."""

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from authority import Authority
from listener import Listener

from qqminigame.sandbox import Sandbox

HOSTS = ("api.weixin.qq.com", "developer.toutiao.com")


class Tunnel(Listener):
    """An HTTP proxy that leads every tunnel to one place, whatever host is asked for.

    Attributes:
        url: Its address.
        hosts: The hosts that were asked for.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.hosts: list[str] = []
        self._target = target
        super().__init__()
        self.url = f"http://{self.address}"

    def serve(self, client: socket.socket) -> None:
        """Open the tunnel that a client asks for."""
        request = b""
        while b"\r\n\r\n" not in request:
            if not (piece := client.recv(65536)):
                return
            request += piece
        method, host, _ = request.split(b" ", 2)
        assert method == b"CONNECT"
        self.hosts.append(host.decode())
        platform = socket.create_connection(self._target)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=_pump, args=(client, platform), daemon=True).start()
        _pump(platform, client)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until one side is gone."""
    with source, sink:
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            return


@pytest.fixture(scope="session")
def running_platform(authority: Authority) -> Iterator[Sandbox]:
    """Run the platform with certificates for the platforms' own hosts."""
    with Sandbox(ssl_context=authority.server_context(*HOSTS)) as sandbox:
        yield sandbox


@pytest.fixture
def platform(running_platform: Sandbox) -> Sandbox:
    """Give the platform as at its start."""
    running_platform.reset()
    return running_platform


@pytest.fixture
def tunnel(
    platform: Sandbox, authority: Authority, bare_environment: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tunnel]:
    """Lead whatever obeys the environment to the platform, whichever host it calls."""
    address = urlsplit(platform.url)
    assert address.hostname is not None
    with Tunnel((address.hostname, address.port or 443)) as tunnel:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
        yield tunnel
