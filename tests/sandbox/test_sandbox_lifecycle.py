"""Starting and stopping, seeds, https, the command line's loop, the pytest plugin."""

import errno
import logging
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from machine import require
from sandbox_driver import Driver, connect, receive_all, request_bytes
from waiting import wait_until

from qqminigame import CloudStorage, Login, Session
from qqminigame.sandbox import Sandbox
from qqminigame.sandbox.mint import Mint


def test_start_and_stop__in_a_with_block() -> None:
    """A sandbox runs in a with block, at an address of this machine, and not after it."""
    with Sandbox() as sandbox:
        url = sandbox.url
        assert url.startswith("http://127.0.0.1:")
        assert requests.get(url + "/_sandbox/state", timeout=10).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/_sandbox/state", timeout=10)


def test_defaults() -> None:
    """The credentials are the documented defaults, or those given."""
    sandbox = Sandbox()
    credentials = (sandbox.app_id, sandbox.app_secret, sandbox.app_key)
    assert credentials == ("1110766236", "sandbox-app-secret", "SandboxAppKey000")
    # Tencent's own PHP SDK signs with another key where it holds a hyphen or an underscore.
    assert sandbox.app_key.isalnum()
    sandbox = Sandbox(app_id="1", app_secret="2", app_key="3")
    assert (sandbox.app_id, sandbox.app_secret, sandbox.app_key) == ("1", "2", "3")
    assert "2" not in repr(sandbox)


def test_start__twice() -> None:
    """A running sandbox cannot be started."""
    with Sandbox() as sandbox, pytest.raises(RuntimeError, match="running already: http://"):
        sandbox.start()


def test_start__port_taken() -> None:
    """A taken port is an OSError in the caller's thread that names host and port."""
    with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        second = Sandbox(port=port)
        words = f"cannot listen on 127.0.0.1:{port}: the port is in use; stop .* 0 for a free one"
        with pytest.raises(OSError, match=words) as caught:
            second.start()
        assert caught.value.errno == errno.EADDRINUSE
        second.stop()


def test_start__impossible_address() -> None:
    """A host or port that cannot be is an OSError too."""
    with pytest.raises(OSError, match=r"cannot listen on 127\.0\.0\.1:99999"):
        Sandbox(port=99999).start()


def test_start__fails_in_the_thread() -> None:
    """What fails in the server's thread is raised in the caller's; the port is free again."""
    sandbox = Sandbox(ssl_context=True)  # type: ignore[arg-type]  # asyncio refuses it
    with pytest.raises(TypeError, match="SSLContext"):
        sandbox.start()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url


def test_start__again_after_stop() -> None:
    """A stopped sandbox can be started again and still knows what it knew."""
    sandbox = Sandbox()
    sandbox.stop()
    for _ in range(2):
        sandbox.start()
        Driver(sandbox).token()
        sandbox.stop()
        sandbox.stop()
    assert sandbox.state()["token_fetches"] == 2


def test_stop__url_is_gone_and_the_log_is_not() -> None:
    """After a stop there is no address; state and log can still be read."""
    with Sandbox() as sandbox:
        Driver(sandbox).token()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
    assert sandbox.log()[0]["path"] == "/api/getToken"


def test_stop__promptly() -> None:
    """Idle, delayed, silent, dripping and unread connections are all closed without waiting."""
    sandbox = Sandbox()
    sandbox.start()
    sandbox.script(
        {"kind": "delay", "seconds": 60, "endpoint": "*"},
        {"kind": "no_answer", "endpoint": "*"},
        {"kind": "drip", "seconds": 1, "endpoint": "*"},
        {"kind": "oversized", "endpoint": "*"},
    )
    connections = [connect(sandbox) for _ in range(6)]
    for connection in connections[:4]:
        connection.sendall(request_bytes("GET", "/api/getToken", {}))
    connections[4].sendall(
        b"POST /api/getToken HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"
    )
    wait_until(lambda: len(sandbox.log()) >= 4)
    begin = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - begin < 30  # the delay takes a minute
    for connection in connections:
        connection.settimeout(30)
        assert receive_all(connection)[1] in ("fin", "reset")
        connection.close()


@pytest.mark.parametrize("seed", [7, "seven"])
def test_seed__repeats(seed: int | str) -> None:
    """With a seed two runs, and a run after a reset, hand out the same values."""

    def values(sandbox: Sandbox) -> list[object]:
        driver = Driver(sandbox)
        got = [driver.token(), driver.player(), driver.token(), *sandbox.hall_login()]
        return [str(value) for value in got]

    with Sandbox(seed=seed) as one, Sandbox(seed=seed) as two:
        first = values(one)
        assert values(two) == first
        assert values(two) != first
        two.reset()
        assert values(two) == first


def test_mint__lengths_vary() -> None:
    """Where no page fixes a length, a client must not either; tokens have up to 512 characters."""
    mint = Mint(1)
    tokens = {len(mint.access_token()) for _ in range(2000)}
    assert (min(tokens), max(tokens)) == (64, 512)
    assert len({len(mint.openid()) for _ in range(200)}) > 5
    assert len({len(mint.js_code()) for _ in range(200)}) > 5
    assert {len(mint.openkey()) for _ in range(200)} == {32}
    assert {len(mint.session_key()) for _ in range(200)} == {24}


@pytest.mark.parametrize("awkward", [False, True])
def test_mint__access_tokens_in_a_url(awkward: bool) -> None:
    """A token can stand in a URL as it is; each awkward one has all that cannot."""
    for seed in range(300):
        token = Mint(seed, awkward=awkward).access_token()
        assert ({"+", "/", "="} & set(token)) == ({"+", "/", "="} if awkward else set())
        assert (quote(token, safe="") == token) is not awkward
        assert len(token) <= 512


def test_seed__none_is_random() -> None:
    """Without a seed nothing repeats."""
    assert len({Mint(None).openid() for _ in range(20)}) == 20


def test_mint__kinds_have_sequences_of_their_own() -> None:
    """How many tokens were made changes no openid."""
    one, two = Mint(1), Mint(1)
    two.access_token()
    openid = one.openid()
    assert openid == two.openid()
    assert openid != one.openkey()


def test_host__any_address_is_reached_at_this_machine() -> None:
    """Listening everywhere, the URL is one that a client here can call."""
    with Sandbox(host="0.0.0.0") as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        Driver(sandbox).token()


def test_host__ipv6() -> None:
    """An IPv6 address stands in brackets."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        with Sandbox(host="::1") as sandbox:
            assert sandbox.url.startswith("http://[::1]:")
            Driver(sandbox).token()
    except OSError:
        pytest.skip("no IPv6 here")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Give a file with a self-signed certificate for 127.0.0.1 and its key."""
    path = tmp_path / "both.pem"
    command = [require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=sandbox", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(path), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "cert.pem").read_text())
    return path


def test_https(certificate: Path) -> None:
    """With an ssl_context the sandbox speaks https, keep-alive and resets included."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Sandbox(ssl_context=context) as sandbox:
        assert sandbox.url.startswith("https://")
        driver = Driver(sandbox)
        driver.http.verify = str(certificate)
        driver.token()
        driver.token()
        first, second = sandbox.log()
        assert first["connection"] == second["connection"]
        sandbox.script({"kind": "reset_after", "endpoint": "getToken"})
        with pytest.raises(requests.ConnectionError):
            driver.token()
        driver.http.close()


# Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
SERVE = """
import signal
from qqminigame.sandbox import Sandbox
signal.signal(signal.SIGINT, signal.default_int_handler)
sandbox = Sandbox()
sandbox.serve_forever(ready=lambda: print(sandbox.url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_forever__stops_on_signals(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end serve_forever in good order."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert requests.get(url + "/_sandbox/state", timeout=10).status_code == 200
        process.send_signal(number)
        try:
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (output, errors, process.returncode) == ("stopped\n", "", 0)


PLUGIN_TEST = """
pytest_plugins = ["qqminigame.sandbox.pytest_plugin"]


def test_one(qqminigame_sandbox):
    qqminigame_sandbox.js_code("AB")
    assert list(qqminigame_sandbox.state()["players"]) == ["AB"]


def test_two(qqminigame_sandbox, qqminigame_sandbox_server):
    assert qqminigame_sandbox is qqminigame_sandbox_server
    assert qqminigame_sandbox.state()["players"] == {}
"""


def test_pytest_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin's fixture gives each test the one running sandbox, as new."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # none is needed
    pytester.makepyfile(PLUGIN_TEST)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


@pytest.mark.parametrize("platform", ["qq", "douyin", "wechat"])
def test_reset__a_client_that_outlives_a_test(
    platform: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One session for many tests works on after each reset, with its token and no warning."""
    with (
        Sandbox() as sandbox,
        Session(
            sandbox.app_id,
            app_secret=sandbox.app_secret,
            platform=platform,
            base_url=sandbox.url,
            store="memory:",
        ) as session,
    ):
        for _ in range(4):
            sandbox.reset()
            login = Login(session).code2session(sandbox.js_code("AB", platform=platform))
            CloudStorage(session).set(login, {"a": "1"})
            assert sandbox.state()["players"]["AB"]["storage"] == {"a": "1"}
        assert session.token_fetches == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_import__nothing_of_the_client() -> None:
    """The sandbox imports nothing of the package outside itself."""
    folder = Path(__file__).parents[2] / "qqminigame" / "sandbox"
    for path in folder.glob("*.py"):
        for line in path.read_text("utf-8").splitlines():
            if line.startswith(("from qqminigame", "import qqminigame")):
                assert line.startswith("from qqminigame.sandbox"), path.name
