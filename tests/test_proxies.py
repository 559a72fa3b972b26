"""Proxies, as users configure them on requests.

The platform is at a name that only the proxies can find, or the proxies are asked what went
through: a test whose proxy is gone around fails.
"""

import base64
import contextlib
import logging
import subprocess
import sys
import threading

import pytest
from proxy_servers import PLATFORM, HttpProxy, SocksProxy
from raw_server import RawServer, http
from sessions import Pauses, enter_hall, make_session

from qqminigame import (
    CloudStorage,
    Dawanka,
    Login,
    OutcomeUnknownError,
    ReplyError,
    RetryPolicy,
    TransportError,
)

USER, PASSWORD = "gate", "open-sesame"
KINDS = ("http", "http with password", "socks5h", "socks5h with password")
NOBODY = "127.0.0.1:9"

each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(params=["sandbox", "signed_sandbox"], ids=["to http", "to https"])
def either_sandbox(request):
    """The platform, without TLS and with it."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def running_proxies(tmp_path_factory):
    """A proxy of each kind."""
    proxies = (
        HttpProxy(tmp_path_factory.mktemp("open")),
        HttpProxy(tmp_path_factory.mktemp("guarded"), f"{USER}:{PASSWORD}"),
        SocksProxy(),
        SocksProxy(USER, PASSWORD),
    )
    with contextlib.ExitStack() as stack:
        for proxy in proxies:
            stack.enter_context(proxy)
        yield dict(zip(KINDS, proxies, strict=True))


@pytest.fixture
def proxies(running_proxies):
    """A proxy of each kind; nothing has gone through."""
    for proxy in running_proxies.values():
        proxy.forget()
    return running_proxies


@pytest.fixture
def proxy(proxies):
    """An HTTP proxy for everybody."""
    return proxies["http"]


@pytest.fixture
def connect(own):
    """Make a session with proxies to a platform it cannot find itself."""
    with contextlib.ExitStack() as stack:

        def connect(sandbox, proxy=None, **arguments):
            own.proxies.update({"all": proxy} if proxy else {})
            defaults = {"base_url": hidden(sandbox), "http": own, "sleep": Pauses()}
            return stack.enter_context(make_session(sandbox, **{**defaults, **arguments}))

        yield connect


def hidden(sandbox):
    """Return a sandbox's address by the name that only proxies find."""
    return sandbox.url.replace("127.0.0.1", PLATFORM)


def address(kind, proxy, password=PASSWORD):
    """Return a proxy's address, with the password where the proxy wants one."""
    credentials = f"{USER}:{password}@" if "password" in kind else ""
    return f"{kind.split()[0]}://{credentials}{proxy.address}"


def log_in(session, sandbox):
    """Make one call."""
    return Login(session).code2session(sandbox.js_code())


@each_kind
def test_proxy__carries_calls(connect, either_sandbox, proxies, kind):
    """Every kind of proxy takes GET and POST to either kind of platform."""
    session = connect(either_sandbox, address(kind, proxies[kind]))
    login = log_in(session, either_sandbox)
    CloudStorage(session).set(login, {"a": "1"})
    assert either_sandbox.state()["players"][login.openid]["storage"] == {"a": "1"}


@each_kind
def test_proxy__its_connections_are_kept(connect, either_sandbox, proxies, kind):
    """Calls in a row share one connection to the proxy, and one from there on."""
    session = connect(either_sandbox, address(kind, proxies[kind]))
    login = log_in(session, either_sandbox)
    for value in "123":
        CloudStorage(session).set(login, {"a": value})
    log = either_sandbox.log()
    assert len(log) == 5
    assert len({entry["connection"] for entry in log}) == 1
    assert proxies[kind].connections == 1


@each_kind
def test_proxy__a_payment_goes_out_once(connect, either_sandbox, proxies, kind):
    """A report of a payment goes out once, on a connection of its own."""
    dawanka = Dawanka(connect(either_sandbox, address(kind, proxies[kind])))
    player = enter_hall(either_sandbox)
    dawanka.get_info(player)
    assert dawanka.report_pay(player).left == 2
    assert dawanka.get_info(player).pay_return_count == 2
    first, pay, last = either_sandbox.log()
    assert pay["path"].endswith("report_dawanka_pay")
    assert first["connection"] == last["connection"] != pay["connection"]
    assert proxies[kind].connections == 2


@each_kind
def test_proxy__a_payment_whose_answer_is_lost(connect, either_sandbox, proxies, kind):
    """A payment that was reported before the connection broke is not reported again."""
    session = connect(either_sandbox, address(kind, proxies[kind]))
    either_sandbox.script({"kind": "reset_after", "times": -1})
    player = enter_hall(either_sandbox)
    with pytest.raises(OutcomeUnknownError) as caught:
        Dawanka(session).report_pay(player)
    assert caught.value.sent is None
    assert [entry["handled"] for entry in either_sandbox.log()] == [True]


@pytest.mark.parametrize("kind", ["http", "http with password"])
def test_tunnel__an_answer_that_drips(connect, signed_sandbox, proxies, kind):
    """The deadline of a call ends an answer that comes byte by byte through a tunnel, too."""
    session = connect(signed_sandbox, address(kind, proxies[kind])).within(0.5)
    signed_sandbox.script({"kind": "drip", "seconds": 0.1, "times": -1})
    with pytest.raises((TransportError, ReplyError)) as caught:
        log_in(session, signed_sandbox)
    assert caught.value.attempts == 1


@pytest.mark.parametrize("kind", ["http with password", "socks5h with password"])
def test_password__is_not_shown(connect, either_sandbox, proxies, kind, caplog):
    """Neither our log nor urllib3's tells the proxy's password."""
    caplog.set_level(logging.DEBUG)
    session = connect(either_sandbox, address(kind, proxies[kind]))
    log_in(session, either_sandbox)
    assert "qqminigame" in caplog.text
    encoded = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    for secret in (PASSWORD, encoded):
        assert secret not in caplog.text + repr(session)


@pytest.mark.parametrize(
    ("kind", "tls"),
    [
        ("http with password", True),
        ("socks5h with password", False),
        ("socks5h with password", True),
    ],
)
def test_password__that_is_wrong(connect, sandbox, signed_sandbox, proxies, kind, tls, caplog):
    """A proxy that refuses to connect us is told; nothing was sent, no password is shown."""
    caplog.set_level(logging.DEBUG)
    target = signed_sandbox if tls else sandbox
    session = connect(target, address(kind, proxies[kind], "wr0ng-w0rd"))
    with pytest.raises(TransportError) as caught:
        Dawanka(session).report_pay(enter_hall(target))
    assert type(caught.value) is TransportError
    assert caught.value.sent is False
    assert caught.value.__context__ is None
    assert target.log() == []
    assert proxies[kind].connections == 0
    assert "wr0ng-w0rd" not in str(caught.value) + caplog.text


def test_password__that_is_wrong_for_plain_http(connect, sandbox, proxies):
    """A proxy that refuses a plain request answers it: as far as we can tell, for the platform."""
    kind = "http with password"
    session = connect(sandbox, address(kind, proxies[kind], "wr0ng-w0rd"))
    with pytest.raises(OutcomeUnknownError, match="407") as caught:
        Dawanka(session).report_pay(enter_hall(sandbox))
    assert caught.value.attempts == 1
    assert sandbox.log() == []
    assert "wr0ng-w0rd" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
def test_down__nothing_was_sent(connect, either_sandbox, scheme):
    """A proxy that nobody runs is tried again, for nothing was sent; then it is told."""
    session = connect(either_sandbox, f"{scheme}://{USER}:{PASSWORD}@{NOBODY}")
    with pytest.raises(TransportError) as caught:
        Dawanka(session).report_pay(enter_hall(either_sandbox))
    assert type(caught.value) is TransportError
    assert (caught.value.sent, caught.value.attempts) == (False, 3)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "hang_up"),
    [
        (http("", "502 Bad Gateway"), False),
        (http("", "403 Forbidden"), False),
        (b"this is not HTTP\r\n\r\n", False),
        (b"", True),
    ],
    ids=["502", "403", "garbage", "closes"],
)
def test_tunnel__that_is_not_opened(connect, signed_sandbox, answer, hang_up):
    """Without a tunnel no request goes out, whatever the proxy says instead of opening it."""
    with RawServer(lambda _: answer, hang_up=hang_up) as proxy:
        session = connect(signed_sandbox, proxy.url)
        with pytest.raises(TransportError) as caught:
            Dawanka(session).report_pay(enter_hall(signed_sandbox))
    assert {request[:8] for request in proxy.requests} == {b"CONNECT "}
    assert caught.value.sent is False
    assert type(caught.value) is TransportError


def test_tunnel__a_proxy_that_is_silent(connect, signed_sandbox):
    """A proxy that leaves us waiting for the tunnel is waited for no longer than a call lasts."""
    released = threading.Event()

    def wait(_):
        released.wait(60)
        return b""

    with RawServer(wait) as proxy:
        for seconds in (1.0, 5.0, 25.0):  # a busy machine may not have asked by then
            policy = RetryPolicy(deadline_seconds=seconds)
            session = connect(signed_sandbox, proxy.url, retry=policy)
            with pytest.raises(TransportError) as caught:
                log_in(session, signed_sandbox)
            assert caught.value.attempts == 1
            if proxy.requests:
                break
        released.set()
    assert {request[:8] for request in proxy.requests} == {b"CONNECT "}


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_environment__http(sandbox, proxy, monkeypatch, name):
    """The environment's proxy for http is used, by any of its names."""
    monkeypatch.setenv(name, proxy.url)
    with make_session(sandbox, base_url=hidden(sandbox)) as session:
        log_in(session, sandbox)
    assert [passage.method for passage in proxy.passages] == ["GET"]


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_environment__https(connect, signed_sandbox, proxy, monkeypatch, name):
    """The environment's proxy for https is used, by any of its names."""
    monkeypatch.setenv(name, proxy.url)
    log_in(connect(signed_sandbox), signed_sandbox)
    assert [passage.method for passage in proxy.passages] == ["CONNECT"]


def test_environment__socks(sandbox, proxies, monkeypatch):
    """The environment's proxy may be a SOCKS proxy."""
    monkeypatch.setenv("ALL_PROXY", address("socks5h", proxies["socks5h"]))
    with make_session(sandbox, base_url=hidden(sandbox)) as session:
        log_in(session, sandbox)
    assert proxies["socks5h"].hosts == [PLATFORM]


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize(
    ("value", "passages"), [("127.0.0.1", 0), ("127.0.0.0/8", 0), ("*", 0), ("example.com", 1)]
)
def test_environment__no_proxy(sandbox, proxy, monkeypatch, name, value, passages):
    """Hosts that NO_PROXY names are gone to directly, all others through the proxy."""
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv(name, value)
    with make_session(sandbox) as session:
        log_in(session, sandbox)
    assert len(proxy.passages) == passages


def test_environment__not_trusted(sandbox, own, proxy, monkeypatch):
    """With trust_env off, the environment's proxies are not used."""
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    own.trust_env = False
    with make_session(sandbox, http=own) as session:
        log_in(session, sandbox)
    assert proxy.passages == []


def test_environment__is_read_once_and_anew_after_close(sandbox, proxy, monkeypatch):
    """A session goes on as it began, whatever the environment becomes, until it is closed."""
    with make_session(sandbox) as session:
        log_in(session, sandbox)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        log_in(session, sandbox)
        assert proxy.passages == []
        session.close()
        log_in(session, sandbox)
        assert len(proxy.passages) == 1
        monkeypatch.delenv("HTTP_PROXY")
        log_in(session, sandbox)
        assert len(proxy.passages) == 2
        session.close()
        log_in(session, sandbox)
        assert len(proxy.passages) == 2


@pytest.mark.parametrize("trusted", [True, False], ids=["trust_env", "no trust_env"])
@pytest.mark.parametrize("key", ["http", "all", "http://127.0.0.1", "all://127.0.0.1"])
def test_precedence__is_that_of_requests(sandbox, own, proxies, monkeypatch, key, trusted):
    """Between the session's proxies and the environment's, we choose as requests does."""
    monkeypatch.setenv("HTTP_PROXY", address("http", proxies["http"]))
    own.proxies[key] = address("socks5h", proxies["socks5h"])
    own.trust_env = trusted
    own.get(sandbox.url).close()
    own.close()
    theirs = [proxy.connections for proxy in proxies.values()]
    assert sum(theirs) == 1
    for proxy in proxies.values():
        proxy.forget()
    with make_session(sandbox, http=own) as session:
        log_in(session, sandbox)
    assert [proxy.connections for proxy in proxies.values()] == theirs


@pytest.mark.parametrize(("scheme", "host"), [("socks5", "127.0.0.1"), ("socks5h", "localhost")])
def test_socks__who_looks_up_the_name(sandbox, connect, proxies, scheme, host):
    """With socks5 we look up the platform's address; with socks5h the proxy does."""
    url = sandbox.url.replace("127.0.0.1", "localhost")
    session = connect(sandbox, f"{scheme}://{proxies['socks5h'].address}", base_url=url)
    log_in(session, sandbox)
    assert proxies["socks5h"].hosts == [host]


def test_socks__without_pysocks(sandbox):
    """Without the package for SOCKS, the call fails; nothing was sent, no password is shown."""
    program = """if True:
        import sys
        sys.modules["socks"] = None
        from qqminigame import Login, Session, TransportError
        try:
            Login(Session("1", app_secret="s", store="memory:")).code2session("code")
        except TransportError as error:
            print(error.sent, error)
    """
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"ALL_PROXY": f"socks5://{USER}:{PASSWORD}@{NOBODY}"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.startswith("False ")
    assert PASSWORD not in told
