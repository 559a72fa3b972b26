"""What most tests need: the sandbox, a session to it, and a store that is nobody else's."""

import contextlib
import functools
import gc
import itertools
import os
import signal
import ssl
import subprocess

import pytest
import requests
from authority import Authority
from commands import Commands
from hypothesis import HealthCheck, settings
from machine import require
from redis_server import RedisServer
from sessions import Pauses, enter_hall, log_in, make_session

from qqminigame import DeadlineAdapter, LoginState
from qqminigame.sandbox import Sandbox

pytest_plugins = ["pytester", "qqminigame.sandbox.pytest_plugin"]

# Before any subprocess: on a machine that speaks Chinese, messages would be Chinese.
os.environ["QQMINIGAME_LANG"] = "en"

# A shell that starts a job in the background has it ignore Ctrl-C, and all that it starts; nohup
# does so with the end of the terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes says how busy the machine is.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady")


FOLDERS = map(str, itertools.count())


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Keep the default stores out of the user's own folders; they are made when first used."""
    folder = tmp_path_factory.getbasetemp() / "home" / next(FOLDERS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """Keep the machine's own proxies, CA bundles and passwords out."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sandbox(qqminigame_sandbox):
    """The platform, as new."""
    return qqminigame_sandbox


@pytest.fixture
def lasting_sandbox():
    """The platform, where a replaced access token lives on for all of the 5 minutes it may."""
    with Sandbox(overlap_seconds=300) as sandbox:
        yield sandbox


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
    return log_in(session, sandbox)


@pytest.fixture
def hall_login(sandbox):
    """A player in the hall, with three bonus uses."""
    return enter_hall(sandbox)


@pytest.fixture
def login_state():
    """A login the platform does not know."""
    return LoginState(openid="nobody", session_key="no key")


@pytest.fixture
def command(sandbox, tmp_path):
    """The command line, as a user with folders of their own and the sandbox's credentials."""
    return Commands(
        HOME=str(tmp_path / "home"),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        XDG_STATE_HOME=str(tmp_path / "state"),
        XDG_CONFIG_HOME=str(tmp_path / "config"),
        QQMINIGAME_APP_ID=sandbox.app_id,
        QQMINIGAME_APP_SECRET=sandbox.app_secret,
        QQMINIGAME_HALL_APP_ID=sandbox.hall_app_id,
        QQMINIGAME_APP_KEY=sandbox.app_key,
        QQMINIGAME_BASE_URL=sandbox.url,
    )


@pytest.fixture
def openid(command, sandbox):
    """A player who has logged in by the command line."""
    done = command("login", "-", given=sandbox.js_code("0A1B2C3D") + "\n")
    assert done.code == 0, done.err
    return done.out.strip()


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


@pytest.fixture(scope="session")
def running_durable_redis(tmp_path_factory):
    """A redis-server that keeps what it is given."""
    options = ("--appendonly", "yes", "--appendfsync", "always")
    server = RedisServer(tmp_path_factory.mktemp("redis"), *options)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def durable_redis(running_durable_redis):
    """That redis-server, empty."""
    with running_durable_redis.client() as client:
        client.flushall()
    return running_durable_redis


@pytest.fixture
def own_redis(tmp_path):
    """A redis-server that a test may stop."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database_servers():
    """Start a database server of a kind when it is first asked for."""
    # Importing Django takes a while, and most processes of a run do not need it.
    from django_databases import running

    with contextlib.ExitStack() as stack:
        yield functools.cache(lambda kind: stack.enter_context(running(kind)))


@pytest.fixture
def databases(database_servers, tmp_path):
    """Make an alias of DATABASES for an empty database of a kind, with the app's tables."""
    from django_databases import database, sqlite_settings

    def settings(kind):
        if kind == "sqlite":
            # To wait for the disk takes a minute in all.
            quick = "PRAGMA synchronous = OFF"
            return sqlite_settings(tmp_path / "django.sqlite3", init_command=quick)
        return database_servers(kind).settings()

    with contextlib.ExitStack() as stack:
        yield functools.cache(lambda kind: stack.enter_context(database(kind, settings(kind))))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Use two processes more than there are cores: tests wait for half of their time."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items):
    """Mark as slow what needs a database server: SQLite has the same code run."""
    for item in items:
        if any(server in item.nodeid.partition("[")[2] for server in ("postgresql", "mariadb")):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """Spare every garbage collection of the run the thousands of tests."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Signs certificates that nobody trusts unasked."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def running_signed_sandbox(authority):
    """The platform behind TLS, by its address and by the name that the tests' proxies know."""
    with Sandbox(ssl_context=authority.server_context("127.0.0.1", "platform.invalid")) as sandbox:
        yield sandbox


@pytest.fixture
def signed_sandbox(running_signed_sandbox):
    """The platform behind TLS, as new."""
    running_signed_sandbox.reset()
    return running_signed_sandbox


@pytest.fixture
def own(authority):
    """A user's requests session that trusts the platform behind TLS, with our adapter."""
    with requests.Session() as own:
        own.verify = authority.bundle
        own.mount("https://", DeadlineAdapter())
        own.mount("http://", DeadlineAdapter())
        yield own


@pytest.fixture
def tls_sandbox(certificate):
    """The platform behind TLS, with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with Sandbox(ssl_context=context) as sandbox:
        yield sandbox
