"""Bytes out, Reply in: what is taken from the user's requests session and the environment."""

import gzip
import io
import logging

import pytest
import requests
import urllib3
from raw_server import RawServer, http, platform
from requests.adapters import BaseAdapter, HTTPAdapter
from sessions import Pauses, make_session

from qqminigame import (
    CloudStorage,
    ConfigurationError,
    Dawanka,
    HallLogin,
    Login,
    ReplyError,
    TransportError,
)


def test_verify__a_bundle_of_the_users_own(tls_sandbox, certificate):
    """The user's verify is used: a certificate it trusts is trusted."""
    with requests.Session() as own:
        own.verify = str(certificate)
        session = make_session(tls_sandbox, http=own)
        login = Login(session).code2session(tls_sandbox.js_code())
        CloudStorage(session).set(login, {"a": "1"})
    assert tls_sandbox.state()["players"][login.openid]["storage"] == {"a": "1"}


def test_verify__an_explicit_one_wins_over_the_environment(tls_sandbox, certificate, monkeypatch):
    """REQUESTS_CA_BUNDLE is honoured, but not over a verify that the user has set."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    Login(make_session(tls_sandbox)).code2session(tls_sandbox.js_code())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", requests.certs.where())
    with requests.Session() as own:
        own.verify = str(certificate)
        Login(make_session(tls_sandbox, http=own)).code2session(tls_sandbox.js_code())


def test_verify__a_bundle_that_is_not_there(tls_sandbox):
    """A path that leads nowhere is told as what it is."""
    with requests.Session() as own:
        own.verify = "/no/such/bundle.pem"
        session = make_session(tls_sandbox, http=own, sleep=Pauses())
        with pytest.raises(TransportError, match="CA bundle") as caught:
            Login(session).code2session("code")
    assert caught.value.sent is False


def test_proxy__of_the_environment(sandbox, monkeypatch):
    """HTTP_PROXY is honoured; what goes there is the whole address."""
    with RawServer(platform) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        session = make_session(sandbox, base_url="http://platform.example")
        Dawanka(session).get_info(HallLogin(openid="o", openkey="k"))
        assert proxy.requests[0].startswith(
            b"GET http://platform.example/v3/user/get_dawanka_info?"
        )


def test_proxy__that_nobody_runs(sandbox, monkeypatch):
    """A proxy out of reach is told; nothing was sent."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    session = make_session(sandbox, base_url="http://platform.example", sleep=Pauses())
    with pytest.raises(TransportError, match="proxy") as caught:
        Login(session).code2session("code")
    assert caught.value.sent is False


def test_adapter__of_the_users_own(sandbox):
    """A mounted adapter gets every request, with its attributes but without its retries."""
    seen = []

    class Counting(HTTPAdapter):
        def send(self, request, **options):
            seen.append((self.label, self.max_retries.total, request.method))
            return super().send(request, **options)

    adapter = Counting(max_retries=urllib3.Retry(7))
    adapter.label = "own"
    with requests.Session() as own:
        own.mount("http://127.0.0.1", adapter)
        session = make_session(sandbox, http=own)
        login = Login(session).code2session(sandbox.js_code())
        CloudStorage(session).set(login, {"a": "1"})
    assert seen == [("own", 0, "GET"), ("own", 0, "GET"), ("own", 0, "POST")]
    assert adapter.max_retries.total == 7


def test_adapter__that_speaks_no_http(sandbox):
    """Any requests adapter will do, also for calls that want a connection of their own."""

    class Canned(BaseAdapter):
        def send(self, request, **options):
            response = requests.Response()
            response.status_code = 200
            response.raw = urllib3.HTTPResponse(
                io.BytesIO(b'{"ret":0,"use":2,"left":1}'), preload_content=False
            )
            return response

        def close(self):
            pass

    with requests.Session() as own:
        own.mount("http://", Canned())
        session = make_session(sandbox, http=own)
        assert Dawanka(session).report_pay(HallLogin(openid="o", openkey="k")).left == 1


def test_adapter__missing_for_the_address(sandbox):
    """A session that cannot reach the address says so."""
    with requests.Session() as own:
        own.adapters.clear()
        session = make_session(sandbox, http=own, sleep=Pauses())
        with pytest.raises(TransportError, match="no adapter") as caught:
            Login(session).code2session("code")
    assert caught.value.sent is False


def test_header__that_cannot_be_sent(sandbox):
    """A broken header of the user's session is told at once, without its value."""
    with requests.Session() as own:
        own.headers["X-Broken"] = "a\nb"
        with pytest.raises(ConfigurationError, match="X-Broken") as caught:
            make_session(sandbox, http=own)
    assert caught.value.__context__ is None
    assert "a\nb" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (gzip.compress(b'{"errcode":0}')[:-9], "cut off"),
        (b"no gzip at all", "not one plain JSON object"),
        (gzip.compress(b'{"errcode":0,"x":"' + b"0" * 2_000_000), "larger than"),
    ],
    ids=["cut off", "not packed", "too large"],
)
def test_packed__what_cannot_be_unpacked(sandbox, body, words):
    """A packed answer is unpacked up to the limit; what is broken is no answer."""
    answer = http(body, headers="Content-Encoding: gzip\r\n")
    with (
        RawServer(lambda _: answer) as server,
        make_session(sandbox, base_url=server.url, sleep=Pauses()) as session,
        pytest.raises(ReplyError, match=words),
    ):
        Login(session).code2session("code")


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"err\r\n',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nrubbish",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"errcode":0}',
    ],
    ids=["chunk cut off", "no chunk size", "short of its length"],
)
def test_cut_off__is_seen(sandbox, answer):
    """Whatever way an answer ends early, it is not taken for a whole one."""
    with RawServer(lambda _: answer, hang_up=True) as server:
        session = make_session(sandbox, base_url=server.url, sleep=Pauses())
        with pytest.raises(ReplyError, match="cut off") as caught:
            Login(session).code2session("code")
    assert caught.value.cut_off
    assert caught.value.attempts == 3


@pytest.mark.parametrize("head", [True, False], ids=["head and body", "body"])
def test_drip__ends_with_the_call(sandbox, head):
    """A byte now and then meets every read timeout; the deadline of the call ends it."""
    sandbox.script({"kind": "drip", "seconds": 0.1, "head": head, "times": -1})
    session = make_session(sandbox).within(0.5)
    with pytest.raises((TransportError, ReplyError)) as caught:
        Login(session).code2session(sandbox.js_code())
    assert caught.value.attempts == 1
    sandbox.reset()
    Login(session).code2session(sandbox.js_code())


def test_log__of_urllib3_at_debug_shows_no_secret(sandbox, caplog):
    """The filter masks what urllib3 tells of each request, and leaves the rest as it is."""
    caplog.set_level(logging.DEBUG)
    session = make_session(sandbox)
    login = Login(session).code2session(sandbox.js_code())
    CloudStorage(session).set(login, {"a": "1"})
    lines = [record.getMessage() for record in caplog.records if "urllib3" in record.name]
    assert any(
        f"access_token=***&openid={login.openid}&sig_method=hmac_sha256&signature=***" in line
        for line in lines
    )
    assert any("secret=***" in line for line in lines)
    assert any("Starting new HTTP connection" in line for line in lines)
    assert sandbox.app_secret not in caplog.text


def test_log__the_filter_is_added_once(sandbox):
    """A thousand sessions leave one filter."""
    for _ in range(3):
        make_session(sandbox)
    assert len(logging.getLogger("urllib3.connectionpool").filters) == 1
