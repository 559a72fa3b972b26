"""The public class: the platforms in a thread of this process, with a synchronous interface."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from qqminigame.sandbox.calls import is_int
from qqminigame.sandbox.faults import Fault
from qqminigame.sandbox.server import Server
from qqminigame.sandbox.thread import ServerThread, sigterm_interrupts
from qqminigame.sandbox.tokens import PLATFORMS
from qqminigame.sandbox.world import HallEntry, Settings


class Sandbox:
    """The mini game platforms of QQ, Douyin and WeChat on this machine, one app on all of them.

    ``help("qqminigame.sandbox")`` says how it behaves where the platforms' pages are silent.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        app_id: The mini game's id, on every platform.
        hall_app_id: The app's id in the game hall, which has ids of its own.
        app_secret: The app's secret for access tokens and logins.
        app_key: The appkey that signs the game hall's calls. Use letters and digits: Tencent's own
            PHP SDK replaces hyphens and underscores in it.
        seed: Makes openids, keys, tokens, codes and overlaps the same in every run.
        awkward: Issue access tokens with ``+``, ``/`` and ``=``, to find clients that do not
            URL-encode them. The platforms' own tokens are not known to contain these.
        token_seconds: For how many seconds an access token is valid.
        overlap_seconds: For how many seconds the previous token remains valid after a fetch; None
            for a random time of up to 300 seconds each time, since the pages promise no more.
        session_seconds: For how many seconds a session_key is valid without being used; None for no
            limit.
        fetches_a_day: How often each token call may be made in a day, by platform, such as
            ``{"qq": 100}``; platforms not named follow their pages (see `tokens.PLATFORMS`).
        allowed_ips: The addresses that may fetch WeChat's access tokens; None for all.
        total_bytes: How many bytes (keys and values, UTF-8) may be stored for one player.
        ranking_keys: The ranking keys of Douyin's console: there, their values must be ranking
            values.
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
        app_key: str = "SandboxAppKey000",
        seed: int | str | None = None,
        awkward: bool = False,
        token_seconds: int = 7200,
        overlap_seconds: float | None = None,
        session_seconds: float | None = None,
        fetches_a_day: Mapping[str, int] | None = None,
        allowed_ips: Iterable[str] | None = None,
        total_bytes: int = 131072,
        ranking_keys: Iterable[str] = (),
        log_size: int = 10_000,
        keepalive_seconds: float = 75.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.app_id = app_id
        self.hall_app_id = hall_app_id
        self.app_secret = app_secret
        self.app_key = app_key
        self._address = (host, port)
        settings = Settings(
            app_id=app_id,
            hall_app_id=hall_app_id,
            app_secret=app_secret,
            app_key=app_key,
            seed=seed,
            awkward=awkward,
            token_seconds=token_seconds,
            overlap_seconds=overlap_seconds,
            session_seconds=session_seconds,
            fetches_a_day=_by_platform("fetches_a_day", fetches_a_day or {}),
            allowed_ips=None if allowed_ips is None else _texts("allowed_ips", allowed_ips),
            total_bytes=total_bytes,
            ranking_keys=_texts("ranking_keys", ranking_keys),
        )
        server = Server(settings, log_size=log_size, keepalive_seconds=keepalive_seconds)
        self._control = server.control
        self._thread = ServerThread(server, ssl_context)
        self._url: str | None = None

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
        """The address that stands for all hosts of the platforms, without a trailing slash.

        Raises:
            RuntimeError: The sandbox is not running.
        """
        if self._url is None:
            raise RuntimeError("the sandbox is not running: call start() or use it in a with block")
        return self._url

    def start(self) -> None:
        """Listen, and serve in a background thread.

        Raises:
            OSError: The sandbox cannot listen on the address; the message names it.
            RuntimeError: The sandbox is already running.
        """
        if self._thread.running:
            raise RuntimeError(f"the sandbox is running already: {self._url}")
        self._url = self._thread.start(*self._address)

    def stop(self) -> None:
        """Stop listening and close all connections; state and log can still be read."""
        self._url = None
        self._thread.stop()

    def serve_forever(self, ready: Callable[[], object] | None = None) -> None:
        """Serve until Ctrl-C or SIGTERM, and start first if the sandbox is not running.

        Args:
            ready: Called when the sandbox is serving and can be stopped.
        """
        if not self._thread.running:
            self.start()
        with sigterm_interrupts():
            try:
                if ready is not None:
                    ready()
                self._thread.wait()
            except KeyboardInterrupt:
                pass
            finally:
                self.stop()

    def js_code(
        self, openid: str | None = None, *, unionid: str | None = None, platform: str = "qq"
    ) -> str:
        """Log a player in on the game's page: return a code for one login within 5 minutes.

        Args:
            openid: The player; None for a new one.
            unionid: Returned by the player's logins from now on.
            platform: ``"qq"``, ``"douyin"`` or ``"wechat"``. The code works on this platform only,
                and the player belongs to it, even if another platform knows the same openid.
        """
        return self._thread.do(lambda: self._control.js_code(openid, unionid, platform))[0]

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
    ) -> HallEntry:
        """Let a player enter through the game hall.

        Values that are not given are 0, False and no card for a new player, and remain as they are
        for a known one.

        Args:
            openid: The player; None for a new one.
            level: 0 none, 1 大玩咖, 2 超级大玩咖, 3 潜力咖, 4 准玩咖.
            score: The score.
            binding: Whether bound by a 超级大玩咖.
            discount: The rebate in percent.
            pay_return_count: The bonus uses left; -1 for unlimited.
            is_using_card: Whether a trial card is in use.
            real_level: The level without the card.
            card_expire_ts: When the card ends, in unix seconds.

        Returns:
            The openid and a new openkey, valid for 2 hours: ``entry.openid`` and
            ``entry.openkey``, or ``openid, openkey = sandbox.hall_login()``.
        """
        return self._thread.do(
            lambda: self._control.hall_login(
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
        """Return the state of the platforms, as ``GET /_sandbox/state`` does.

        ``state["players"][openid]["storage"]`` is what is stored for a player. An openid known to
        two platforms is in ``state["platforms"][platform]["players"]`` only.
        """
        return self._thread.do(self._control.state)

    def log(self) -> list[dict[str, Any]]:
        """Return the requests so far with their secrets masked, as ``GET /_sandbox/log`` does.

        ``warnings`` of an entry says what was accepted but is probably a mistake.
        """
        return self._thread.do(self._control.log)

    def advance(self, seconds: float) -> None:
        """Move the platforms' clock forward, or back with a negative number of seconds."""
        self._thread.do(lambda: self._control.advance(seconds))

    def script(self, *faults: Fault | Mapping[str, object]) -> None:
        """Make the next calls fail: each fault is a dict (or a `Fault`) with a kind.

        Common to all kinds: ``endpoint`` (the last part of a path, a path, or ``"*"`` for every
        call; by default, every call except those that fetch an access token), ``times`` (how many
        calls it affects, 1 by default; -1 for all from then on) and ``skip`` (how many calls pass
        before it).

        Answered by the platform; the call is not carried out:
            ``busy``: the platform is busy.
            ``code``: any ``code``, with a ``message``.
            ``status``: an HTTP ``status`` with an HTML page.
            ``html``: an HTML page with status 200.
            ``answer``: the given ``status``, ``headers`` and ``body`` (or ``body_base64``), or all
            bytes as ``raw_base64``; ``handled`` carries the call out first, ``close`` ends the
            connection.
            ``oversized``: a body of ``bytes`` bytes; ``announce`` sends its length.
        Carried out, but the answer:
            ``delay``: comes after ``seconds``.
            ``drip``: comes byte by byte, one each ``seconds``; ``head`` false: only the body.
            ``cut_off``: ends in the middle, and the connection is closed.
            ``reset_midway``: ends in the middle, and the connection is reset.
            ``reset_after``: never comes, the connection is reset.
            ``no_answer_after``: never comes, and the connection stays open.
            ``close_idle``: comes complete, then the connection is closed without notice.
        Not carried out, not answered:
            ``reset_before``: the connection is reset.
            ``no_answer``: nothing is sent until the client gives up.

        Example: ``sandbox.script({"kind": "busy", "times": 2, "endpoint": "set_user_storage"})``

        Raises:
            ValueError: One of them is not a valid fault; none is added.
        """
        self._thread.do(lambda: self._control.script(faults))

    def revoke_tokens(self) -> None:
        """Make every access token invalid at once."""
        self._thread.do(self._control.revoke_tokens)

    def end_session(self, openid: str) -> None:
        """Make a player's session_key invalid, and end the session of the player's page."""
        self._thread.do(lambda: self._control.end_session(openid))

    def reset(self) -> None:
        """Return to the initial state: no players, no log, no faults, the machine's time.

        Access tokens remain valid, for a client that is used by several tests.
        """
        self._thread.do(self._control.reset)


def _texts(name: str, values: Iterable[str]) -> frozenset[str]:
    if isinstance(values, str):
        raise TypeError(f"{name} is a list, not one text")
    return frozenset(values)


def _by_platform(name: str, values: Mapping[str, int]) -> Mapping[str, int]:
    unknown = sorted(set(values) - set(PLATFORMS))
    if unknown:
        known = ", ".join(PLATFORMS)
        raise ValueError(f"{name}: unknown platform {', '.join(unknown)}; there are {known}")
    if not all(is_int(value) and value >= 0 for value in values.values()):
        raise ValueError(f"{name}: a number of calls is a whole number from 0")
    return dict(values)
