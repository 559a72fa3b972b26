"""The server in a thread of its own: where it listens, how it is started, asked and stopped."""

import asyncio
import errno
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar

from qqminigame.sandbox.server import Server

_T = TypeVar("_T")
_JOIN_SECONDS = 5.0
_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not bound to
_IN_USE = (
    "the port is in use; stop what listens there (another sandbox?), or choose another port, "
    "0 for a free one"
)


class ServerThread:
    """Runs a server's event loop, and actions in it."""

    def __init__(self, server: Server, ssl_context: ssl.SSLContext | None) -> None:
        self._server = server
        self._ssl_context = ssl_context
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread is not None

    def start(self, host: str, port: int) -> str:
        """Listen and serve; return the URL.

        Raises:
            OSError: The address cannot be listened on; the message names it.
        """
        listener = _listen(host, port)
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(listener, started), name="qqminigame-sandbox", daemon=True
        )
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self.stop()
            raise
        scheme = "https" if self._ssl_context else "http"
        return f"{scheme}://{_authority(listener)}"

    def stop(self) -> None:
        """Close the listener and all connections."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None:
            with suppress(RuntimeError):  # closed a moment ago: that is all that was wanted
                loop.call_soon_threadsafe(stop.set)
        thread.join(_JOIN_SECONDS)

    def wait(self) -> None:
        """Wait until it ends."""
        thread = self._thread
        while thread is not None and thread.is_alive():
            thread.join(0.5)  # in slices: an endless join cannot be interrupted everywhere

    def do(self, action: Callable[[], _T]) -> _T:
        """Run an action where the state lives: in the server's loop, or here if none runs."""
        loop = self._loop
        if loop is None:
            return action()
        done: Future[_T] = Future()

        def act() -> None:
            try:
                done.set_result(action())
            except BaseException as error:
                done.set_exception(error)

        loop.call_soon_threadsafe(act)
        return done.result()

    def _run(self, listener: socket.socket, started: "Future[None]") -> None:
        """Be the server's thread."""

        async def serve() -> None:
            self._stop = stop = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            try:
                await self._server.serve(
                    listener, self._ssl_context, lambda: started.set_result(None), stop
                )
            finally:
                self._loop = None

        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)
        finally:
            listener.close()


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, where signals can be caught at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listen(host: str, port: int) -> socket.socket:
    """Bind a socket, in the caller's thread so that the caller hears of a failure."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    number, reason = errno.EINVAL, "a port is a number from 0 to 65535"
    if port in range(65536):
        try:
            return socket.create_server((host, port), family=family)
        except OSError as error:
            number = error.errno or 0
            reason = _IN_USE if number == errno.EADDRINUSE else error.strerror or str(error)
    raise OSError(number, f"the sandbox cannot listen on {host}:{port}: {reason}")


def _authority(listener: socket.socket) -> str:
    """Write host and port as they stand in a URL."""
    host, port = listener.getsockname()[:2]
    host = _REACHABLE.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
