"""Ports that stay a test's own while nobody listens on them."""

import socket
import weakref


class Port:
    """A free port of 127.0.0.1, kept for as long as this object is.

    Connections to it are refused until a server is told to listen on it. The system gives it to
    nobody who asks for any free port, as the other processes of a run do all the time.

    Attributes:
        number: The port.
    """

    def __init__(self) -> None:
        keeper = socket.socket()
        # Servers set this, too; then both may have the port, as long as this one does not listen.
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        self.number: int = keeper.getsockname()[1]
        weakref.finalize(self, keeper.close)
