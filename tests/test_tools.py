"""Tools that watch or fake what requests sends see every call, whenever they were started."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from connection_server import ConnectionServer, answer
from raw_server import RawServer

from qqminigame import Login, Session

PROGRAM = Path(__file__).parent / "watched.py"
SECRET = "s3cret-of-the-app"
WHEN = [
    pytest.param("before the import", marks=pytest.mark.slow),
    pytest.param("before the first call", marks=pytest.mark.slow),  # it lies between the others
    "after a call",
]
FAKING = ["Responses", "RequestsMock", "VcrReplay"]
# Each with what of a login its records show: the docs say so, and how to hide it.
WATCHING = {
    "OpenTelemetry": ["secret", "js_code"],
    "OpenTelemetryUrllib3": ["secret", "js_code"],
    "Sentry": ["secret", "js_code"],
    "Datadog": ["js_code"],
    "VcrRecord": ["secret", "js_code"],
}
# What a tracer adds to a request.
TRACING = {
    "OpenTelemetry": "traceparent",
    "OpenTelemetryUrllib3": "traceparent",
    "Sentry": "sentry-trace",
    "Datadog": "traceparent",
}


def log_in(request):
    """Answer a login: the js_code is the openid."""
    line = request.split(b"\r\n")[0]
    return answer(line.partition(b"js_code=")[2].partition(b"&")[0].split()[0].decode())


@pytest.fixture
def server():
    """A platform that logs everybody in, and keeps what it was sent."""
    with RawServer(log_in) as server:
        yield server


def run(tool, when, url):
    """Run the program in which a tool is at work; return what it found."""
    setup = {"tool": tool, "when": when, "url": url, "secret": SECRET, "js_code": "during1"}
    done = subprocess.run(
        [sys.executable, PROGRAM],
        input=json.dumps(setup) + "\n",
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def sent(server):
    """Return the first lines of what the server was sent."""
    return [request.split(b"\r\n")[0].decode() for request in server.requests]


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("tool", FAKING)
def test_faking__no_call_goes_out(server, tool, when):
    """While it is at work it answers every call, and nothing goes out; after it, real calls do."""
    found = run(tool, when, server.url)
    assert found["during"] == ["fake"] * 3
    assert len(found["seen"]) == 3
    assert not [line for line in sent(server) if "during" in line]
    assert found["after"] == ["after1", "after2"]


@pytest.mark.parametrize("when", WHEN[:2])
def test_mocket__no_call_goes_out(server, when):
    """What replaces sockets answers every call; not on a connection that is open already."""
    found = run("Mocket", when, server.url)
    assert found["during"] == ["fake"] * 3
    assert not [line for line in sent(server) if "during" in line]
    assert found["after"] == ["after1", "after2"]


@pytest.fixture(scope="module", params=WHEN)
def when(request):
    """When the tool is started."""
    return request.param


@pytest.fixture(scope="module", params=WATCHING)
def watching(request):
    """A tool that watches."""
    return request.param


@pytest.fixture(scope="module")
def watched(watching, when):
    """What a run found in which a tool watched, and the requests that the platform got."""
    with RawServer(log_in) as server:
        return run(watching, when, server.url), server.requests


def test_watching__every_call_is_seen(watched):
    """Each call has its span, breadcrumb or entry once, and its own answer; later calls go on."""
    found, requests = watched
    assert found["during"] == ["during0", "during1", "during2"]
    assert len(found["seen"]) == 3, found["seen"]
    assert all("/sns/jscode2session" in url for url in found["seen"])
    assert found["after"] == ["after1", "after2"]
    assert sum(b"js_code=during" in request for request in requests) == 3


def test_watching__what_a_tracer_adds_goes_out(watching, watched):
    """The header of a tracer reaches the platform, so that traces join; other tools add nothing."""
    headers = [
        re.search(rb"\r\n(sentry-trace|traceparent): ", request.lower())
        for request in watched[1]
        if b"js_code=during" in request
    ]
    assert [found and found[1].decode() for found in headers] == [TRACING.get(watching)] * 3


def test_watching__what_its_records_show(watching, watched):
    """Which of the tools keep whole URLs, secrets and all: the docs list them."""
    assert watched[0]["shown"] == WATCHING[watching]


@pytest.mark.parametrize("when", WHEN)
def test_pyopenssl__calls_work(authority, monkeypatch, when):
    """With pyOpenSSL in urllib3, calls over TLS succeed; and after it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
    with ConnectionServer(
        lambda js_code: [answer(js_code)], authority.server_context("127.0.0.1")
    ) as server:
        found = run("PyOpenSSL", when, server.url)
    assert found["during"] == ["during0", "during1", "during2"]
    assert found["after"] == ["after1", "after2"]


def test_pytest_httpserver__answers(httpserver):
    """A user's own test against pytest-httpserver."""
    body = {"errcode": 0, "openid": "player", "session_key": "key"}
    httpserver.expect_request("/sns/jscode2session").respond_with_json(body)
    session = Session("1", app_secret=SECRET, base_url=httpserver.url_for(""), store="memory:")
    login = Login(session)
    assert {login.code2session(f"code{number}").openid for number in range(3)} == {"player"}
    assert len(httpserver.log) == 3
    session.close()
