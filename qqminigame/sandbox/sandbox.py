"""The public class: the platform in a thread of this process, everything synchronous outside."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from qqminigame.sandbox.accounts import Settings
from qqminigame.sandbox.address import authority, listen
from qqminigame.sandbox.faults import Fault
from qqminigame.sandbox.interrupts import sigterm_interrupts
from qqminigame.sandbox.server import Server

_T = TypeVar("_T")
_JOIN_SECONDS = 5.0


class Sandbox:
    """The mini game platforms of QQ, Douyin and WeChat on this machine, one app on all of them.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        app_id: The mini game's id, on every platform.
        hall_app_id: The app's id in the game hall, which has ids of its own.
        app_secret: The app's secret for access tokens and logins.
        app_key: The appkey that signs the game hall's calls.
        seed: Makes openids, keys, tokens and codes the same in every run.
        token_seconds: How long an access token lives.
        overlap_seconds: How long the token before the newest lives on at most.
        total_bytes: How many bytes (keys and values, UTF-8) may be stored for one player.
        ranking_keys: The keys whose values Douyin demands to be ranking values.
        log_size: How many requests the log keeps.
        keepalive_seconds: How long an idle connection stays open.
        ssl_context: Serve https with this server-side context.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        app_id: str = "1110766236",
        hall_app_id: str = "1104466820",
        app_secret: str = "sandbox-app-secret",  # noqa: S107 - made up, and meant to be known
        app_key: str = "sandbox-app-key",
        seed: int | str | None = None,
        token_seconds: int = 7200,
        overlap_seconds: int = 300,
        total_bytes: int = 131072,
        ranking_keys: Iterable[str] = (),
        log_size: int = 10_000,
        keepalive_seconds: float = 75.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        if isinstance(ranking_keys, str):
            raise TypeError("ranking_keys is a list of keys, not one text")
        self.app_id = app_id
        self.hall_app_id = hall_app_id
        self.app_secret = app_secret
        self.app_key = app_key
        self._address = (host, port)
        self._ssl_context = ssl_context
        settings = Settings(
            app_id=app_id,
            hall_app_id=hall_app_id,
            app_secret=app_secret,
            app_key=app_key,
            seed=seed,
            token_seconds=token_seconds,
            overlap_seconds=overlap_seconds,
            total_bytes=total_bytes,
            ranking_keys=frozenset(ranking_keys),
        )
        self._server = Server(settings, log_size=log_size, keepalive_seconds=keepalive_seconds)
        self._url: str | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Sandbox {self._url or 'not running'} app_id={self.app_id!r}>"

    @property
    def url(self) -> str:
        """The address that stands for all of the platform's hosts, without a slash at the end.

        Raises:
            RuntimeError: The sandbox is not running.
        """
        if self._url is None:
            raise RuntimeError("the sandbox is not running: call start() or use it in a with block")
        return self._url

    def start(self) -> None:
        """Listen, and serve in a background thread.

        Raises:
            OSError: The address cannot be listened on; the message names it.
            RuntimeError: The sandbox is running already.
        """
        if self._thread is not None:
            raise RuntimeError(f"the sandbox is running already: {self._url}")
        listener = listen(*self._address)
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
        self._url = f"{scheme}://{authority(listener)}"

    def stop(self) -> None:
        """Close the listener and all connections; state and log can still be read."""
        thread, self._thread, self._url = self._thread, None, None
        if thread is None:
            return
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None:
            with suppress(RuntimeError):  # closed a moment ago: that is all that was wanted
                loop.call_soon_threadsafe(stop.set)
        thread.join(_JOIN_SECONDS)

    def serve_forever(self, ready: Callable[[], object] | None = None) -> None:
        """Serve until Ctrl-C or SIGTERM; start first if that has not been done.

        Args:
            ready: Called when it serves and can be stopped.
        """
        if self._thread is None:
            self.start()
        thread = self._thread
        with sigterm_interrupts():
            try:
                if ready is not None:
                    ready()
                while thread is not None and thread.is_alive():
                    thread.join(0.5)  # in slices: an endless join cannot be interrupted everywhere
            except KeyboardInterrupt:
                pass
            finally:
                self.stop()

    def js_code(self, openid: str | None = None, *, unionid: str | None = None) -> str:
        """Make a login code: good for one login within 5 minutes.

        Args:
            openid: The player; without it a new one.
            unionid: Given along at the player's logins from now on.
        """
        return self._do(lambda: self._server.control.js_code(openid, unionid))[0]

    def hall_login(
        self,
        openid: str | None = None,
        *,
        level: int | None = None,
        score: int | None = None,
        binding: bool | None = None,
        discount: int | None = None,
        pay_return_count: int | None = None,
        is_using_card: bool | None = None,
        real_level: int | None = None,
        card_expire_ts: int | None = None,
    ) -> tuple[str, str]:
        """Let a player come in through the game hall.

        Where nothing is given, a new player has 0, False and no card; a known one is unchanged.

        Args:
            openid: The player; without it a new one.
            level: 0 none, 1 大玩咖, 2 超级大玩咖, 3 潜力咖, 4 准玩咖.
            score: The score.
            binding: Whether bound by a 超级大玩咖.
            discount: The rebate in percent.
            pay_return_count: The bonus uses left; -1 for unlimited.
            is_using_card: Whether a trial card is in use.
            real_level: The level without the card.
            card_expire_ts: When the card ends, in unix seconds.

        Returns:
            The openid and a fresh openkey, good for 2 hours.
        """
        control = self._server.control
        return self._do(
            lambda: control.hall_login(
                openid,
                level=level,
                score=score,
                binding=binding,
                discount=discount,
                pay_return_count=pay_return_count,
                is_using_card=is_using_card,
                real_level=real_level,
                card_expire_ts=card_expire_ts,
            )
        )

    def state(self) -> dict[str, Any]:
        """Return what the platform knows, as ``GET /_sandbox/state`` does."""
        return self._do(self._server.control.state)

    def log(self) -> list[dict[str, Any]]:
        """Return the requests so far with their secrets masked, as ``GET /_sandbox/log`` does."""
        return self._do(self._server.control.log)

    def advance(self, seconds: float) -> None:
        """Move the clock on, or back."""
        self._do(lambda: self._server.control.advance(seconds))

    def script(self, *faults: Fault | Mapping[str, object]) -> None:
        """Script faults; each is a `Fault` or a dict such as ``{"kind": "busy", "times": 2}``.

        Raises:
            ValueError: One of them is no fault; none is added.
        """
        self._do(lambda: self._server.control.script(faults))

    def revoke_tokens(self) -> None:
        """Make every access token dead at once."""
        self._do(self._server.control.revoke_tokens)

    def end_session(self, openid: str) -> None:
        """Make a player's session_key stale."""
        self._do(lambda: self._server.control.end_session(openid))

    def reset(self) -> None:
        """Go back to the start: no players, no log, no faults, the machine's time."""
        self._do(self._server.control.reset)

    def _do(self, action: Callable[[], _T]) -> _T:
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
