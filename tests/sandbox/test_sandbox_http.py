"""The socket's side: paths, methods, queries, connections, many at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from sandbox_driver import (
    SET,
    Driver,
    Login,
    connect,
    receive_more,
    receive_reply,
    request_bytes,
)

from qqminigame.sandbox import Sandbox
from qqminigame.sandbox.calls import MalformedQueryError, parse_query, split_target


def test_unknown_path(driver: Driver) -> None:
    """An unknown path gets a 404 with an HTML page."""
    reply = driver.http.get(driver.sandbox.url + "/api/gettoken", timeout=10)
    assert reply.status_code == 404
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "<html>" in reply.text


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/getToken"), ("GET", SET), ("PUT", SET), ("HEAD", SET)]
)
def test_wrong_method(driver: Driver, method: str, path: str) -> None:
    """A known path with another method gets a 405."""
    assert driver.http.request(method, driver.sandbox.url + path, timeout=10).status_code == 405


@pytest.mark.parametrize("query", ["a=%zz", "a=%", "a=%ff", "a=%e5%90", "a=<", 'a="'])
def test_query__malformed(sandbox: Sandbox, query: str) -> None:
    """A query that is no form encoding of UTF-8 text gets a 400."""
    with connect(sandbox) as connection:
        connection.sendall(f"GET /api/getToken?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _ = receive_reply(connection)
    assert head.startswith(b"HTTP/1.1 400 ")


def test_parse_query__form_encoding() -> None:
    """Plus is a space, escapes are UTF-8, a value may hold =, a name may stand alone."""
    assert parse_query("a=1+2&b=%E5%90%8D%2b&c=x=y&d&&e=") == [
        ("a", "1 2"),
        ("b", "名+"),
        ("c", "x=y"),
        ("d", ""),
        ("e", ""),
    ]


@pytest.mark.parametrize("raw", ["a=\x7f", "a= ", "名=1", "a=1\n"])
def test_parse_query__forgives_nothing(raw: str) -> None:
    """Characters that must be escaped are refused."""
    with pytest.raises(MalformedQueryError):
        parse_query(raw)


def test_split_target__absolute_form() -> None:
    """A request as sent to a proxy is split like any other."""
    assert split_target("http://api.q.qq.com/api/getToken?a=b?c") == ("/api/getToken", "a=b?c")
    assert split_target("HTTPS://x") == ("/", "")


def test_query__awkward_token_must_be_escaped() -> None:
    """A token whose + travels bare arrives with a space and is unknown."""
    with Sandbox(awkward=True) as sandbox:
        driver = Driver(sandbox)
        body = b'{"kv_list":[]}'
        escaped = urlencode(driver.signed_query(driver.player(), driver.token(), body))
        replies = [
            driver.http.post(f"{sandbox.url}{SET}?{text}", data=body, timeout=10).json()
            for text in (escaped, escaped.replace("%2B", "+"))
        ]
        driver.http.close()
    assert [reply["errcode"] for reply in replies] == [0, -100050019]


def test_body__two_mebibytes(driver: Driver) -> None:
    """A body of 2 MiB is read, a larger one gets a 413."""
    url = driver.sandbox.url + SET
    assert driver.http.post(url, data=b"x" * 2 * 1024 * 1024, timeout=10).status_code == 200
    assert driver.http.post(url, data=b"x" * (2 * 1024 * 1024 + 1), timeout=10).status_code == 413
    assert [entry["status"] for entry in driver.sandbox.log()] == [200, 413]


def test_keep_alive__same_connection(sandbox: Sandbox) -> None:
    """Two requests on one connection have the same connection id, another has another."""
    address = urlsplit(sandbox.url)
    assert address.hostname is not None
    connections = [HTTPConnection(address.hostname, address.port or 80) for _ in range(2)]
    for connection in (connections[0], connections[0], connections[1]):
        connection.request("GET", "/api/getToken")
        connection.getresponse().read()
    first, again, other = (entry["connection"] for entry in sandbox.log())
    assert first == again != other
    for connection in connections:
        connection.close()


def test_keep_alive__pipelined(sandbox: Sandbox) -> None:
    """Two requests sent at once are answered in order."""
    with connect(sandbox) as connection:
        first = request_bytes("GET", "/api/getToken", {"a": "1"})
        connection.sendall(first + request_bytes("GET", "/nowhere", {}))
        received = b""
        while b"404" not in received:
            received += receive_more(connection)
    assert [entry["path"] for entry in sandbox.log()] == ["/api/getToken", "/nowhere"]
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_idle_connection__closed_after_keepalive_seconds() -> None:
    """An idle connection is closed after the time set."""
    with Sandbox(keepalive_seconds=0.2) as sandbox, connect(sandbox) as connection:
        connection.sendall(request_bytes("GET", "/api/getToken", {}))
        receive_reply(connection)
        assert connection.recv(1) == b""


def test_many_at_once(driver: Driver) -> None:
    """64 parallel clients all get what is theirs."""
    token = driver.token()
    players = [driver.player(f"P{number}") for number in range(64)]

    def store(player: Login) -> int:
        body = json.dumps({"kv_list": [{"key": "me", "value": player.openid}]}).encode()
        query = driver.signed_query(player, token, body)
        with requests.Session() as http:
            url = driver.sandbox.url + SET
            replies = [http.post(url, params=query, data=body, timeout=60) for _ in range(5)]
        return sum(reply.json()["errcode"] for reply in replies)

    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(store, players)) == [0] * 64
    stored = driver.sandbox.state()["players"]
    assert all(stored[p.openid]["storage"] == {"me": p.openid} for p in players)
    log = driver.sandbox.log()
    assert [entry["n"] for entry in log] == list(range(1, len(log) + 1))
