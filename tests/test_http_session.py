"""A user's own requests session: what its adapters may change, and what of it is not used."""

import io
import socket
import ssl

import pytest
import requests
import urllib3
from ports import Port
from proxy_servers import PLATFORM
from raw_server import RawServer, http, platform
from requests.adapters import BaseAdapter, HTTPAdapter
from sessions import Pauses, enter_hall, make_session

from qqminigame import (
    CloudStorage,
    ConfigurationError,
    Dawanka,
    DeadlineAdapter,
    HallLogin,
    Login,
    OutcomeUnknownError,
    ReplyError,
    RetryPolicy,
    TransportError,
)
from qqminigame.sandbox import Sandbox

PLAYER = HallLogin(openid="o", openkey="k")


@pytest.fixture
def own():
    """A user's requests session."""
    with requests.Session() as own:
        yield own


@pytest.fixture
def server():
    """A platform that says yes and keeps what it was sent."""
    with RawServer(platform) as server:
        yield server


class PeerServer(RawServer):
    """A platform that says yes, and notes from which ports it was connected to."""

    def __init__(self):
        self.ports = []
        super().__init__(platform)

    def serve(self, connection):
        self.ports.append(connection.getpeername()[1])
        super().serve(connection)


def mount(own, adapter, *prefixes):
    """Mount an adapter: for these addresses, or for all."""
    for prefix in prefixes or ("https://", "http://"):
        own.mount(prefix, adapter)
    return own


def call_all(sandbox, http, base_url):
    """Make calls of each kind to a server that says yes: GET, POST, and a payment."""
    with make_session(sandbox, http=http, base_url=base_url, sleep=Pauses()) as session:
        Dawanka(session).get_info(PLAYER)
        Dawanka(session).report_pay(PLAYER)


# What a subclass may override, one by one.


def test_override__send(sandbox, server, own):
    """A send of the user's is called for each request, with what requests would give it."""
    seen = []

    class Own(HTTPAdapter):
        def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
            seen.append((request.method, verify, cert, dict(proxies), timeout.total))
            request.headers["X-Own"] = "added"
            return super().send(request, stream, timeout, verify, cert, proxies)

    own.verify, own.cert = "/a/bundle", __file__  # not looked into, without TLS
    own.proxies["ftp"] = "http://unused"
    call_all(sandbox, mount(own, Own()), server.url)
    settings = ("GET", "/a/bundle", __file__, {"ftp": "http://unused"})
    assert [each[:4] for each in seen] == [settings, settings]
    assert all(0 < each[4] <= 8 for each in seen)
    assert all(b"X-Own: added" in request for request in server.requests)


def test_override__add_headers(sandbox, server, own):
    """Headers that an adapter adds are sent."""

    class Own(HTTPAdapter):
        def add_headers(self, request, **settings):
            request.headers["X-Own"] = str(sorted(settings))

    call_all(sandbox, mount(own, Own()), server.url)
    added = b"X-Own: ['cert', 'proxies', 'stream', 'timeout', 'verify']"
    assert [added in request for request in server.requests] == [True, True]


def test_override__request_url(sandbox, server, own):
    """An adapter decides what stands in the request line."""

    class Own(HTTPAdapter):
        def request_url(self, request, proxies):
            return "/gateway" + super().request_url(request, proxies)

    call_all(sandbox, mount(own, Own()), server.url)
    assert all(request.startswith(b"GET /gateway/v3/user/") for request in server.requests)


def test_override__build_response(sandbox, server, own):
    """An adapter may look at each answer."""
    seen = []

    class Own(HTTPAdapter):
        def build_response(self, request, response):
            seen.append((request.method, response.status))
            return super().build_response(request, response)

    call_all(sandbox, mount(own, Own()), server.url)
    assert seen == [("GET", 200), ("GET", 200)]


def test_override__get_connection_with_tls_context(sandbox, server, own):
    """An adapter decides where connections go."""

    class Own(HTTPAdapter):
        def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
            return self.poolmanager.connection_from_url(server.url)

    call_all(sandbox, mount(own, Own()), f"http://{PLATFORM}")
    assert len(server.requests) == 2


def test_override__build_connection_pool_key_attributes(sandbox, server, own):
    """An adapter decides what tells connections apart."""
    port = int(server.url.rpartition(":")[2])

    class Own(HTTPAdapter):
        def build_connection_pool_key_attributes(self, request, verify, cert=None):
            host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
            return {**host, "host": "127.0.0.1", "port": port}, pool

    call_all(sandbox, mount(own, Own()), f"http://{PLATFORM}")
    assert len(server.requests) == 2


def test_override__init_poolmanager_with_a_source_address(sandbox, own):
    """What an adapter gives its pools holds for their connections."""
    port = Port()

    class Own(HTTPAdapter):
        def init_poolmanager(self, *arguments, **named):
            options = [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)]
            super().init_poolmanager(
                *arguments,
                source_address=("127.0.0.1", port.number),
                socket_options=options,
                **named,
            )

    with (
        PeerServer() as server,
        make_session(
            sandbox, http=mount(own, Own()), base_url=server.url, retry=RetryPolicy(attempts=1)
        ) as session,
    ):
        Dawanka(session).get_info(PLAYER)
        assert server.ports == [port.number]


def test_override__init_poolmanager_with_a_tls_context(authority, own):
    """A TLS context of an adapter's pools is used, for payments too."""

    class Own(HTTPAdapter):
        def init_poolmanager(self, *arguments, **named):
            context = ssl.create_default_context()
            authority.configure_trust(context)
            super().init_poolmanager(*arguments, ssl_context=context, **named)

    mount(own, Own())
    with (
        Sandbox(ssl_context=authority.server_context("127.0.0.1")) as sandbox,
        make_session(sandbox, http=own) as session,
    ):
        player = enter_hall(sandbox)
        assert Dawanka(session).get_info(player).pay_return_count == 3
        assert Dawanka(session).report_pay(player).left == 2


def test_override__cert_verify(authority, own):
    """An adapter decides what a connection verifies."""

    class Own(HTTPAdapter):
        def cert_verify(self, connection, url, verify, cert):
            super().cert_verify(connection, url, authority.bundle, cert)

    mount(own, Own())
    with (
        Sandbox(ssl_context=authority.server_context("127.0.0.1")) as sandbox,
        make_session(sandbox, http=own) as session,
    ):
        player = enter_hall(sandbox)
        assert Dawanka(session).report_pay(player).left == 2


def test_override__proxy_headers(sandbox, server, own):
    """What an adapter has to tell a proxy is told: with each request, or to open a tunnel."""

    class Own(HTTPAdapter):
        def proxy_headers(self, proxy):
            return {"X-Own": f"for {proxy}"}

    mount(own, Own())
    own.proxies["http"] = server.url
    call_all(sandbox, own, f"http://{PLATFORM}")
    assert all(f"X-Own: for {server.url}".encode() in request for request in server.requests)
    with RawServer(lambda _: http("", "403 Forbidden")) as refusing:
        own.proxies["https"] = refusing.url
        with pytest.raises(TransportError):
            call_all(sandbox, own, f"https://{PLATFORM}")
    assert len(server.requests) == 2
    assert refusing.requests[0].startswith(b"CONNECT ")
    assert f"X-Own: for {refusing.url}".encode() in refusing.requests[0]


def test_override__proxy_manager_for(sandbox, server, own):
    """An adapter decides how a proxy is talked to."""

    class Own(HTTPAdapter):
        def proxy_manager_for(self, proxy, **named):
            assert proxy == "http://its.invalid"
            return super().proxy_manager_for(server.url, **named)

    own.proxies["all"] = "http://its.invalid"
    call_all(sandbox, mount(own, Own()), f"http://{PLATFORM}")
    assert [request[:12] for request in server.requests] == [b"GET http://p"] * 2


# Where an adapter is mounted.


class Marking(HTTPAdapter):
    """Marks what goes through it."""

    def add_headers(self, request, **settings):
        """Mark a request."""
        request.headers["X-Own"] = "marked"


def test_override__send_of_all_adapters(sandbox, monkeypatch):
    """Libraries that make up answers in tests replace it in HTTPAdapter itself."""

    def made_up(adapter, request, *arguments, **options):
        response = requests.Response()
        response.status_code = 200
        body = b'{"ret":0,"use":2,"left":1}'
        response.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", made_up)
    with make_session(sandbox, base_url="http://nobody.invalid") as session:
        assert Dawanka(session).report_pay(PLAYER).left == 1


@pytest.mark.parametrize(
    "prefix",
    ["{url}", "{url}/", "HTTP://127.0.0.1:"],
    ids=["host", "host and slash", "capitals"],
)
def test_mount__for_one_address(sandbox, server, own, prefix):
    """An adapter mounted for an address gets its calls, and no others."""
    mount(own, Marking(), prefix.format(url=server.url))
    with RawServer(platform) as other:
        mount(own, HTTPAdapter(), other.url)
        for url in (server.url, other.url):
            with make_session(sandbox, http=own, base_url=url) as session:
                Dawanka(session).get_info(PLAYER)
    assert b"X-Own: marked" in server.requests[0]
    assert b"X-Own" not in other.requests[0]


def test_mount__the_longest_prefix_wins(sandbox, server, own):
    """Of several adapters that fit, the one with the longest prefix is taken."""
    mount(own, Marking(), server.url)
    mount(own, HTTPAdapter(), "http://127.0.0.1")
    call_all(sandbox, own, server.url)
    assert all(b"X-Own: marked" in request for request in server.requests)


def test_mount__an_adapter_that_is_no_http_adapter(sandbox, own):
    """An adapter need only send and close; what it is given is what requests would give it."""
    seen = []

    class Own(BaseAdapter):
        def send(self, request, **settings):
            seen.append((request.method, request.path_url.partition("?")[0], sorted(settings)))
            with requests.Session() as inner:
                return inner.send(request, **settings)

        def close(self):
            pass

    with make_session(sandbox, http=mount(own, Own())) as session:
        login = Login(session).code2session(sandbox.js_code())
        CloudStorage(session).set(login, {"a": "1"})
        assert Dawanka(session).report_pay(enter_hall(sandbox)).left == 2
    settings = ["cert", "proxies", "stream", "timeout", "verify"]
    assert seen == [(entry["method"], entry["path"], settings) for entry in sandbox.log()]
    assert len(seen) == 4


@pytest.mark.parametrize("kind", [BaseAdapter, HTTPAdapter])
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "through a proxy"])
def test_mount__an_adapter_with_connections_of_its_own(sandbox, own, kind, proxied):
    """What an adapter sends by its own means may have gone out: a payment is not repeated."""

    class Own(kind):
        def send(self, request, **settings):
            with requests.Session() as inner:
                return inner.send(request, **settings)

        def close(self):
            pass

    with RawServer(lambda _: b"", hang_up=True) as server:
        own.proxies.update({"all": server.url} if proxied else {})
        url = f"http://{PLATFORM}" if proxied else server.url
        session = make_session(sandbox, http=mount(own, Own()), base_url=url, sleep=Pauses())
        with pytest.raises(OutcomeUnknownError):
            Dawanka(session).report_pay(PLAYER)
    assert len(server.requests) == 1


# Who repeats.


@pytest.mark.parametrize(
    "retries", [1, urllib3.Retry(3), urllib3.Retry(0, read=2), urllib3.Retry(status=1, total=1)]
)
def test_retries__of_an_adapter__are_refused_for_a_payment(sandbox, own, retries):
    """An adapter that repeats by itself could count twice: nothing is sent."""
    mount(own, HTTPAdapter(max_retries=retries))
    with RawServer(lambda _: b"", hang_up=True) as server:
        session = make_session(sandbox, http=own, base_url=server.url, sleep=Pauses())
        with session, pytest.raises(ConfigurationError, match="max_retries"):
            Dawanka(session).report_pay(PLAYER)
        assert server.requests == []


def test_retries__of_an_adapter__stay_as_they_are_for_other_calls(sandbox, own):
    """What does no harm when done twice is repeated by the adapter, too."""
    mount(own, HTTPAdapter(max_retries=urllib3.Retry(1, backoff_factor=0)))
    policy = RetryPolicy(attempts=1)
    with RawServer(lambda _: b"", hang_up=True) as server:
        session = make_session(sandbox, http=own, base_url=server.url, retry=policy, sleep=Pauses())
        with session, pytest.raises(TransportError):
            Login(session).code2session("code")
        assert len(server.requests) == 2


# What is not used.


@pytest.fixture(params=["home", "NETRC"])
def netrc(request, tmp_path, monkeypatch):
    """A .netrc with a password for every host, in the home folder or where NETRC says."""
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login me password netrc-word\ndefault login d password d\n")
    path.chmod(0o600)
    if request.param == "NETRC":
        monkeypatch.setenv("NETRC", str(path))
    else:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))


@pytest.mark.usefixtures("netrc")
def test_netrc__is_not_used(sandbox, server, own):
    """No password of .netrc reaches a platform; from the same session, requests sends one."""
    own.get(server.url).close()
    assert b"\r\nAuthorization: Basic" in server.requests.pop()
    call_all(sandbox, own, server.url)
    call_all(sandbox, None, server.url)
    assert len(server.requests) == 4
    assert not any(b"authorization" in request.lower() for request in server.requests)


def test_auth__of_the_session_is_not_used(sandbox, server, own):
    """Auth, parameters, cookies and hooks of the session stay out of what is signed and sent."""
    own.auth = ("me", "auth-word")
    own.params = {"extra": "1"}
    own.cookies.set("extra", "1")
    own.hooks["response"].append(lambda *_, **__: pytest.fail("the hook was called"))
    call_all(sandbox, own, server.url)
    for request in server.requests:
        assert not any(word in request.lower() for word in (b"authorization", b"cookie", b"extra"))


@pytest.mark.parametrize(
    "choose",
    [lambda own: None, lambda own: own, lambda own: mount(own, DeadlineAdapter())],
    ids=["ours", "the user's", "the user's with our adapter"],
)
@pytest.mark.parametrize("status", ["302 Found", "308 Permanent Redirect"])
def test_redirect__is_not_followed(sandbox, own, choose, status):
    """Nothing goes where an answer points at: that answer is not the platform's."""
    with RawServer(platform) as other:
        moved = http("{}", status, f"Location: {other.url}/there\r\nSet-Cookie: a=1\r\n")
        with RawServer(lambda _: moved) as server:
            session = make_session(sandbox, base_url=server.url, http=choose(own))
            with pytest.raises(ReplyError, match=status[:3]) as caught:
                Dawanka(session).get_info(PLAYER)
            assert (caught.value.attempts, len(server.requests)) == (1, 1)
        assert other.requests == []
