"""Bytes out, Reply in: what is taken from the user's requests session and the environment."""

import gzip
import logging
import re
import ssl

import pytest
import requests
import urllib3
from raw_server import RawServer, http, platform
from requests.adapters import HTTPAdapter
from sessions import Pauses, make_session

from qqminigame import (
    CloudStorage,
    ConfigurationError,
    Dawanka,
    HallLogin,
    Login,
    ReplyError,
    TransportError,
    transport,
)
from qqminigame.platforms.qq import QQ
from qqminigame.testing import assert_no_secrets
from qqminigame.transport import MAX_REPLY_BYTES
from qqminigame.wire import Request


def ssl_failure():
    """Return what urllib3 raises for a certificate that is not trusted."""
    wrong = ssl.SSLCertVerificationError()
    wrong.verify_message = "self-signed certificate"
    return urllib3.exceptions.SSLError(wrong)


def test_adapter__of_the_users_own(sandbox):
    """A mounted adapter gets every request, and is used as it is."""
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
    assert seen == [("own", 7, "GET"), ("own", 7, "GET"), ("own", 7, "POST")]
    assert adapter.max_retries.total == 7


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


def test_headers__of_the_users_session(sandbox):
    """They are sent as they are; what frames a request is ours, whatever its spelling."""
    with RawServer(platform) as server, requests.Session() as own:
        own.headers.update(
            {
                "X-Text": "é",
                "X-Bytes": b"\xe9",
                "Accept": None,
                "host": "another.example",
                "connection": "keep-alive",
                "content-length": "7",
                "transfer-encoding": "chunked",
            }
        )
        with make_session(sandbox, http=own, base_url=server.url) as session:
            Dawanka(session).report_pay(HallLogin(openid="o", openkey="k"))
        lines = server.requests[0].split(b"\r\n")
    assert {line for line in lines if line.startswith(b"X-")} == {b"X-Text: \xe9", b"X-Bytes: \xe9"}
    names = [line.partition(b":")[0].lower() for line in lines[1:] if line]
    assert len(names) == len(set(names))
    assert not {b"accept", b"content-length", b"transfer-encoding"} & set(names)
    assert {b"host: another.example", b"connection: close"} <= {line.lower() for line in lines}


@pytest.mark.parametrize("value", ["a\nb", "分", 7], ids=["a line end", "no latin-1", "no text"])
def test_headers__that_cannot_be_sent(sandbox, value):
    """A header that would break is refused when the session is made."""
    with requests.Session() as own:
        own.headers["X-Own"] = value
        with pytest.raises(ConfigurationError, match="'X-Own'"):
            make_session(sandbox, http=own)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (gzip.compress(b'{"errcode":0}')[:-9], "cut off"),
        (b"no gzip at all", "not a plain JSON object"),
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
    session = make_session(sandbox)
    with pytest.raises((TransportError, ReplyError)) as caught:
        Login(session.within(0.5)).code2session(sandbox.js_code())
    assert caught.value.attempts == 1
    sandbox.reset()
    Login(session).code2session(sandbox.js_code())


def test_log__of_all_loggers_at_debug_shows_no_secret(sandbox, caplog):
    """Nobody on the way of a request logs its URL, and no logger of others is changed."""
    caplog.set_level(logging.DEBUG)
    session = make_session(sandbox)
    login = Login(session).code2session(sandbox.js_code())
    CloudStorage(session).set(login, {"a": "1"})
    assert any(record.name == "qqminigame" for record in caplog.records)
    assert_no_secrets(caplog.records, [sandbox.app_secret, login.session_key])
    names = [name for name in logging.root.manager.loggerDict if name.startswith("urllib3")]
    assert not any(logging.getLogger(name).filters for name in names)


@pytest.mark.parametrize("proxy", ["", "http://proxy:3128"])
def test_failures__every_text_gets_its_values(proxy):
    """Whatever requests or urllib3 may raise, its text is filled in whole, in both languages."""
    request = Request(
        endpoint=QQ.set_storage, origin="https://host:1/x", url="", body=None, secrets=()
    )
    tried = transport._Try(request=request, proxy=proxy, connect_seconds=3.0, read_seconds=8.0)
    errors = [
        requests.ReadTimeout(),
        requests.ConnectionError(),
        requests.exceptions.SSLError(),
        requests.exceptions.InvalidSchema(),
        requests.exceptions.InvalidURL(),
        requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", ssl_failure())),
        urllib3.exceptions.EmptyPoolError(None, "full"),
        urllib3.exceptions.ProxyError("secret-url", OSError(111, "x")),
        urllib3.exceptions.ConnectTimeoutError("secret-url"),
        OSError(2, "secret-url"),
        ValueError("secret-url"),
    ]
    texts = {tried.failure(error).english for error in errors}
    assert len(texts) >= 9
    for error in errors:
        failure = tried.failure(error)
        for text in (failure.english, failure.chinese):
            assert not re.search(r"[{}]|None|secret-url| \(\)", text), text


def test_reply__that_goes_on_and_on(sandbox):
    """More than a megabyte is not read, and not waited for."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {10 * MAX_REPLY_BYTES}\r\n\r\n".encode()
    with RawServer(lambda _: head + bytes(MAX_REPLY_BYTES + 65536)) as server:
        # To wait for the rest would end in another error: it never comes.
        session = make_session(sandbox, base_url=server.url, timeout=60).within(60)
        with pytest.raises(ReplyError, match="larger than 1048576 bytes"):
            Login(session).code2session("code")
