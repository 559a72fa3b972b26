"""What most tests need: the sandbox, a session to it, and a store that is nobody else's."""

import ssl
import subprocess

import pytest
from machine import require
from redis_server import RedisServer
from sessions import Pauses, make_session

from qqminigame import HallLogin, Login, LoginState
from qqminigame.sandbox import Sandbox

pytest_plugins = ["qqminigame.sandbox.pytest_plugin"]


@pytest.fixture(autouse=True)
def own_cache_folder(tmp_path, monkeypatch):
    """Keep the default store out of the user's cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def sandbox(qqminigame_sandbox):
    """The platform, as new."""
    return qqminigame_sandbox


@pytest.fixture
def pauses():
    """The pauses the session made."""
    return Pauses()


@pytest.fixture
def session(sandbox, pauses):
    """A session to the sandbox that pauses without sleeping."""
    with make_session(sandbox, sleep=pauses) as session:
        yield session


@pytest.fixture
def login(session, sandbox):
    """A player who has logged in."""
    return Login(session).code2session(sandbox.js_code())


@pytest.fixture
def hall_login(sandbox):
    """A player in the hall, with three bonus uses."""
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    return HallLogin(openid=openid, openkey=openkey)


@pytest.fixture
def login_state():
    """A login the platform does not know."""
    return LoginState(openid="nobody", session_key="no key")


@pytest.fixture(scope="session")
def running_redis(tmp_path_factory):
    """A redis-server."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(running_redis):
    """A redis-server, empty."""
    with running_redis.client() as client:
        client.flushall()
    return running_redis


@pytest.fixture
def own_redis(tmp_path):
    """A redis-server that a test may stop."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


_FIGURES = pytest.StashKey[list[tuple[str, str]]]()


def pytest_configure(config):
    """Begin the list of figures."""
    config.stash[_FIGURES] = []


@pytest.fixture
def figures(request):
    """Note a figure; all are printed at the end of the run."""
    return lambda name, figure: request.config.stash[_FIGURES].append((name, figure))


def pytest_terminal_summary(terminalreporter, config):
    """Print the figures that tests noted."""
    if config.stash[_FIGURES]:
        terminalreporter.section("figures")
        for name, figure in config.stash[_FIGURES]:
            terminalreporter.line(f"{name:36} {figure}")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody has signed; its key is beside it."""
    certificate = tmp_path_factory.mktemp("tls") / "cert.pem"
    subprocess.run(
        [
            *(require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", certificate.with_name("key.pem"), "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate


@pytest.fixture
def tls_sandbox(certificate):
    """The platform behind TLS, with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with Sandbox(ssl_context=context) as sandbox:
        yield sandbox
