"""Where the sandbox listens, and what clients call that."""

import errno
import socket

_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not bound to


def listen(host: str, port: int) -> socket.socket:
    """Bind a socket, in the caller's thread so that the caller hears of a failure.

    Raises:
        OSError: The address cannot be listened on; the message names it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    problem = OSError(errno.EINVAL, "a port is a number from 0 to 65535")
    if port in range(65536):
        try:
            return socket.create_server((host, port), family=family)
        except OSError as error:
            problem = error
    text = f"the sandbox cannot listen on {host}:{port}: {problem.strerror or problem}"
    raise OSError(problem.errno, text) from None


def authority(listener: socket.socket) -> str:
    """Write host and port as they stand in a URL."""
    host, port = listener.getsockname()[:2]
    host = _REACHABLE.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
