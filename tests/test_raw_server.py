"""The server that answers with given bytes ends with those who call it, and with its test."""

import socket
import threading
from urllib.parse import urlsplit

import pytest
from raw_server import RawServer, platform
from waiting import wait_until


@pytest.mark.parametrize(
    "part", [b"", b"POST / HTTP/1.1\r\nContent-", b"Content-Length: 9\r\n\r\n1"]
)
def test_request__that_breaks_off(part):
    """Nobody reads on where nothing more comes."""
    before = set(threading.enumerate())
    with RawServer(platform) as server:
        with socket.create_connection(("127.0.0.1", urlsplit(server.url).port)) as client:
            client.sendall(part)
        wait_until(lambda: server.connections == 1)
        # The one that is left takes connections.
        wait_until(lambda: len(set(threading.enumerate()) - before) <= 1)
    wait_until(lambda: set(threading.enumerate()) <= before)
    assert server.requests == []
