"""The way to the platform: proxy, names, TLS, and the platform's clock."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

from qqminigame.adapter import DeadlineAdapter
from qqminigame.cli.doctor import texts
from qqminigame.cli.doctor.findings import Finding, bad, doubtful, good
from qqminigame.cli.exits import Exit

_SECONDS: Final = 5.0
_PORTS: Final = {"http": 80, "https": 443}
_FEW_DAYS: Final = 14
# Dates come in whole seconds, and late.
_CLOSE_SECONDS: Final = 5.0
# Machines that share a token may be this far apart.
_FAR_SECONDS: Final = 60.0


def network(address: str) -> Iterator[Finding]:
    """Look at the way to an address; nothing secret is sent, and nothing that changes anything.

    Args:
        address: Scheme and host of the platform.
    """
    with requests.Session() as http:
        way = http.merge_environment_settings(address, {}, None, None, None)
    target = urlsplit(address)
    proxy = select_proxy(address, way["proxies"])
    yield _proxy(target, proxy)
    if proxy is None:
        name = _name(target)
        yield name
        if name.exit is Exit.DONE and target.scheme == "https":
            yield _tls(target, way["verify"])
    yield from _clock(address, target)


def _proxy(target: SplitResult, proxy: str | None) -> Finding:
    if proxy is None:
        return good("proxy", texts.NO_PROXY.of(host=target.hostname))
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    shown = f"{parts.scheme}://{parts.hostname}:{_port(parts)}"  # it may hold a password
    try:
        socket.create_connection((parts.hostname or "", _port(parts)), _SECONDS).close()
    except OSError as error:
        what = texts.PROXY_DEAD.of(proxy=shown, reason=error.strerror or type(error).__name__)
        return bad("proxy", what, texts.CHECK_PROXY, Exit.TRY_LATER)
    return good("proxy", texts.PROXY.of(proxy=shown, host=target.hostname))


def _name(target: SplitResult) -> Finding:
    found = _resolved(target)
    if isinstance(found, str):
        what = texts.NOT_RESOLVED.of(host=target.hostname, reason=found)
        return bad("dns", what, texts.CHECK_DNS, Exit.TRY_LATER)
    return good("dns", texts.RESOLVED.of(host=target.hostname, addresses=", ".join(found)))


def _resolved(target: SplitResult) -> list[str] | str:
    """Return a host's addresses, or why there are none."""
    found: list[list[str] | str] = []

    def resolve() -> None:
        try:
            entries = socket.getaddrinfo(target.hostname, _port(target), type=socket.SOCK_STREAM)
            found.append(sorted({str(entry[4][0]) for entry in entries}))
        except OSError as error:
            found.append(error.strerror or type(error).__name__)

    # The system's resolver cannot be interrupted.
    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(_SECONDS)
    return found[0] if found else f"> {_SECONDS:g} s"


def _tls(target: SplitResult, verify: str | bool) -> Finding:
    bundle = Path(verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH)
    where: dict[str, Any] = {"capath" if bundle.is_dir() else "cafile": str(bundle)}
    host, port = target.hostname or "", _port(target)
    try:
        context = ssl.create_default_context(**where)
        with (
            socket.create_connection((host, port), _SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate, version = secure.getpeercert(), secure.version()
    except OSError as error:
        reason = getattr(error, "verify_message", None) or error.strerror or type(error).__name__
        what = texts.TLS_BAD.of(host=host, reason=reason)
        return bad("tls", what, texts.CHECK_TLS, Exit.TRY_LATER)
    ends = ssl.cert_time_to_seconds(str((certificate or {})["notAfter"]))
    days = int((ends - time.time()) // 86_400)
    what = texts.TLS_GOOD.of(host=host, version=version, days=days)
    return (
        good("tls", what) if days >= _FEW_DAYS else doubtful("tls", what, texts.RENEW_CERTIFICATE)
    )


def _clock(address: str, target: SplitResult) -> Iterator[Finding]:
    """Ask the platform's front page for nothing, and look at the date of its answer."""
    before = time.time()
    try:
        date = _date(address)
    except requests.RequestException as error:
        what = texts.NOT_ANSWERED.of(host=target.hostname, reason=type(error).__name__)
        yield bad("platform", what, texts.CHECK_NETWORK, Exit.TRY_LATER)
        return
    now = time.time()
    milliseconds = int((now - before) * 1000)
    what = texts.ANSWERED.of(host=target.hostname, milliseconds=milliseconds)
    yield good("platform", what)
    yield _compared(target, date, (before + now) / 2)


def _date(address: str) -> str | None:
    with requests.Session() as http:
        http.mount("https://", DeadlineAdapter())
        http.mount("http://", DeadlineAdapter())
        with http.get(
            f"{address}/", timeout=_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            return answer.headers.get("Date")


def _compared(target: SplitResult, date: str | None, here: float) -> Finding:
    try:
        there = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        what = texts.CLOCK_UNKNOWN.of(host=target.hostname)
        return doubtful("clock", what, texts.COMPARE_CLOCKS)
    seconds = here - there
    what = texts.CLOCK_GOOD.of(host=target.hostname, seconds=seconds)
    if abs(seconds) <= _CLOSE_SECONDS:
        return good("clock", what)
    if abs(seconds) <= _FAR_SECONDS:
        return doubtful("clock", what, texts.SET_CLOCK)
    return bad("clock", what, texts.SET_CLOCK)


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS.get(parts.scheme, 1080)
