"""What each kind of fault does, seen from a raw socket, and what the rules did meanwhile."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from sandbox_driver import (
    INFO,
    REPORT,
    SET,
    Driver,
    Login,
    connect,
    receive_all,
    receive_more,
    receive_reply,
    request_bytes,
)
from waiting import wait_until

from qqminigame.sandbox import Fault, Sandbox
from qqminigame.sandbox.faults import KINDS
from qqminigame.sandbox.misbehaviour import MISBEHAVIOURS

OK = b'{"errcode":0,"errmsg":"ok"}'
HALF = OK[: len(OK) // 2]
BODY = b'{"kv_list":[{"key":"a","value":"1"}]}'


@pytest.fixture
def request_set(driver: Driver, player: Login, token: str) -> bytes:
    """Give the bytes of a good call that stores a pair."""
    return request_bytes("POST", SET, driver.signed_query(player, token, BODY), BODY)


@pytest.fixture
def handled(driver: Driver, player: Login) -> Callable[[], bool]:
    """Give a look at whether the pair was stored; the log must agree."""

    def look() -> bool:
        stored = driver.sandbox.state()["players"][player.openid]["storage"]
        assert driver.sandbox.log()[-1]["handled"] == bool(stored)
        return bool(stored)

    return look


def send(sandbox: Sandbox, data: bytes, timeout: float = 10) -> tuple[bytes, bytes, str]:
    """Send a request; return the head, the body and how the connection ended."""
    with connect(sandbox) as connection:
        connection.settimeout(timeout)
        connection.sendall(data)
        received, end = receive_all(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body, end


def test_every_kind_has_a_misbehaviour() -> None:
    """The table of kinds and the table of what they do name the same kinds."""
    assert set(KINDS) == set(MISBEHAVIOURS)


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/api/getToken", {"errcode": -1}),
        ("/sns/jscode2session", {"openid": "", "session_key": "", "errcode": -1}),
        (INFO, {"ret": 2000030}),
        (REPORT, {"ret": 2000030}),
    ],
)
def test_busy(driver: Driver, path: str, reply: dict[str, Any]) -> None:
    """The busy reply is in the endpoint's own words, and no rule runs."""
    driver.sandbox.script({"kind": "busy", "endpoint": "*"})
    got = driver.get(path, {})
    assert got.pop("errmsg", None) or got.pop("msg")
    assert got == reply
    [entry] = driver.sandbox.log()
    assert (entry["handled"], entry["fault"]) == (False, "busy")


def test_code(driver: Driver, request_set: bytes, handled: Callable[[], bool]) -> None:
    """Any code comes in the endpoint's own words, and no rule runs."""
    driver.sandbox.script({"kind": "code", "code": 87017, "message": "满"})
    driver.sandbox.script({"kind": "code", "code": 1001})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        assert json.loads(receive_reply(connection)[1]) == {"errcode": 87017, "errmsg": "满"}
    assert not handled()
    reply = driver.get(INFO, {})
    assert reply["ret"] == 1001
    assert reply["msg"]


def test_delay(driver: Driver, request_set: bytes, handled: Callable[[], bool]) -> None:
    """A delayed request is handled as always, later."""
    driver.sandbox.script({"kind": "delay", "seconds": 0.1, "endpoint": SET})
    with connect(driver.sandbox) as connection:
        begin = time.monotonic()
        connection.sendall(request_set)
        assert receive_reply(connection)[1] == OK
        assert time.monotonic() - begin >= 0.1
    assert handled()


def test_delay__holds_up_no_other(driver: Driver, request_set: bytes) -> None:
    """While a request is delayed, others are handled."""
    driver.sandbox.script({"kind": "delay", "seconds": 60, "endpoint": SET})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        wait_for_log(driver, 3)
        assert driver.token()
        assert not handled_yet(driver)


def handled_yet(driver: Driver) -> bool:
    """Tell whether any storing call was handled."""
    return any(entry["handled"] for entry in driver.sandbox.log() if entry["path"] == SET)


def test_delay__client_goes_away(driver: Driver, request_set: bytes) -> None:
    """A delayed request is not handled if its client has gone away."""
    driver.sandbox.script({"kind": "delay", "seconds": 2.0})
    driver.sandbox.script({"kind": "delay", "seconds": 2.1})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        wait_for_log(driver, 3)
    # This one begins later and takes longer: when it is answered, the other's time has passed.
    driver.log_in("x")
    assert not handled_yet(driver)


def wait_for_log(driver: Driver, count: int) -> None:
    """Wait until so many requests have come."""
    wait_until(lambda: len(driver.sandbox.log()) >= count)


@pytest.mark.parametrize(
    ("kind", "body", "end", "stored"),
    [
        ("reset_before", b"", "reset", False),
        ("reset_after", b"", "reset", True),
        ("reset_midway", HALF, "reset", True),
        ("cut_off", HALF, "fin", True),
        ("close_idle", OK, "fin", True),
        ("no_answer", b"", "timeout", False),
        ("no_answer_after", b"", "timeout", True),
    ],
)
def test_connection_ends(
    driver: Driver,
    request_set: bytes,
    handled: Callable[[], bool],
    kind: str,
    body: bytes,
    end: str,
    stored: bool,
) -> None:
    """What arrives, how the connection ends, and whether the rules ran."""
    driver.sandbox.script({"kind": kind})
    # That nothing comes has no other sign than a while without anything.
    head, got, how = send(driver.sandbox, request_set, timeout=0.2 if end == "timeout" else 10)
    assert (got, how) == (body, end)
    wait_for_log(driver, 3)
    assert handled() == stored
    entry = driver.sandbox.log()[-1]
    assert entry["fault"] == kind
    assert entry["reply"] == (OK.decode() if body else None)
    assert entry["status"] == (200 if body else None)
    if body:
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert f"content-length: {len(OK)}".encode() in head.lower()
        assert b"connection:" not in head.lower()
    else:
        assert head == b""


def test_drip(driver: Driver, request_set: bytes, handled: Callable[[], bool]) -> None:
    """The whole reply comes byte by byte, and the connection goes on."""
    driver.sandbox.script({"kind": "drip", "seconds": 0.005})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        received, pieces = b"", 0
        while not received.endswith(OK):
            received += receive_more(connection)
            pieces += 1
        assert b"\r\n\r\n" in received
        # It takes most of a second: even one who is late finds some of it.
        assert pieces > 10
        connection.sendall(request_set)
        assert receive_reply(connection)[1] == OK
    assert handled()


def test_drip__body_only(driver: Driver, request_set: bytes) -> None:
    """With head false the head comes at once and only the body drips."""
    driver.sandbox.script({"kind": "drip", "seconds": 0.05, "head": False})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        first = connection.recv(65536)
        assert b"\r\n\r\n" in first
        assert not first.endswith(OK)  # it takes more than a second until all of the body is there
        assert receive_reply(connection, first)[1] == OK


def test_drip__client_goes_away(driver: Driver, request_set: bytes) -> None:
    """A client that leaves a dripping reply leaves the sandbox in order."""
    driver.sandbox.script({"kind": "drip", "seconds": 0.001})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        connection.recv(1)
    driver.token()


@pytest.mark.parametrize(("fault", "status"), [("html", 200), ("status", 503)])
def test_html_and_status(
    driver: Driver, request_set: bytes, handled: Callable[[], bool], fault: str, status: int
) -> None:
    """A page comes where JSON belongs, with status 200 or the one asked for."""
    driver.sandbox.script(
        {"kind": "html"} if fault == "html" else {"kind": "status", "status": status}
    )
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        head, body = receive_reply(connection)
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"text/html" in head
    assert b"<html>" in body
    assert not handled()


@pytest.mark.parametrize("announce", [False, True])
def test_oversized(driver: Driver, announce: bool) -> None:
    """A JSON object of exactly that size is streamed, chunked or announced."""
    size = 300_000
    fault = {"kind": "oversized", "bytes": size, "announce": announce}
    driver.sandbox.script(fault | {"endpoint": "getToken"})
    reply = driver.http.get(driver.sandbox.url + "/api/getToken", timeout=10)
    assert len(reply.content) == size
    assert reply.json()["errcode"] == 0
    assert ("Content-Length" in reply.headers) == announce
    assert not driver.sandbox.log()[0]["handled"]


def test_oversized__client_goes_away(driver: Driver) -> None:
    """The stream of the default 64 MiB ends when the client goes away."""
    driver.sandbox.script({"kind": "oversized", "endpoint": "getToken"})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_bytes("GET", "/api/getToken", {}))
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert driver.token()


def test_close_idle__next_request_needs_a_new_connection(
    driver: Driver, request_set: bytes
) -> None:
    """The connection closes unannounced after a normal answer; a new one works."""
    driver.sandbox.script({"kind": "close_idle"})
    for end in ("fin", None):
        with connect(driver.sandbox) as connection:
            connection.sendall(request_set)
            head, body = receive_reply(connection)
            assert body == OK
            assert b"close" not in head.lower()
            if end is not None:
                assert receive_all(connection) == (b"", end)
    first, second = (entry["connection"] for entry in driver.sandbox.log()[-2:])
    assert first != second


def test_answer__defaults(driver: Driver, request_set: bytes) -> None:
    """A canned answer has the endpoint's content type, its length, and keeps the connection."""
    driver.sandbox.script({"kind": "answer", "body": '{"errcode":0,"x":NaN}'})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        head, body = receive_reply(connection)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Content-Type: application/json" in head
        assert body == b'{"errcode":0,"x":NaN}'
        connection.sendall(request_set)
        assert receive_reply(connection)[1] == OK
    canned, normal = driver.sandbox.log()[-2:]
    assert (canned["handled"], canned["reply"]) == (False, '{"errcode":0,"x":NaN}')
    assert canned["connection"] == normal["connection"]


def test_answer__everything_said(driver: Driver, request_set: bytes) -> None:
    """Status, headers and bytes are as given; close announces and closes; the rules can run."""
    driver.sandbox.script(
        {
            "kind": "answer",
            "status": 302,
            "headers": {"Location": "/elsewhere", "content-type": "text/plain"},
            "body_base64": base64.b64encode(b"\xff\x00").decode(),
            "handled": True,
            "close": True,
        }
    )
    head, body, end = send(driver.sandbox, request_set)
    assert head.startswith(b"HTTP/1.1 302 Found\r\n")
    assert b"Location: /elsewhere" in head
    assert head.lower().count(b"content-type:") == 1
    assert b"Connection: close" in head
    assert (body, end) == (b"\xff\x00", "fin")
    assert handled_yet(driver)


def test_answer__wrong_content_length(driver: Driver, request_set: bytes) -> None:
    """A Content-Length given stands over the true one."""
    driver.sandbox.script(
        {"kind": "answer", "headers": {"Content-Length": "99"}, "body": "{}", "close": True}
    )
    head, body, end = send(driver.sandbox, request_set)
    assert b"Content-Length: 99" in head
    assert (body, end) == (b"{}", "fin")


def test_answer__raw(driver: Driver, request_set: bytes) -> None:
    """Raw bytes go out verbatim, and the connection closes unless told otherwise."""
    raw = b"HTTP/1.1 2OO what\r\nbroken"
    fault = {"kind": "answer", "raw_base64": base64.b64encode(raw).decode()}
    driver.sandbox.script(fault, fault | {"close": False})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        assert receive_all(connection) == (raw, "fin")
    with connect(driver.sandbox) as connection:
        connection.sendall(request_set)
        received = b""
        while len(received) < len(raw):
            received += receive_more(connection)
        connection.settimeout(0.2)
        assert (received, *receive_all(connection)) == (raw, b"", "timeout")


def test_reset__cuts_requests_that_are_held_up(driver: Driver) -> None:
    """After a reset no request of before is handled any more."""
    driver.sandbox.script({"kind": "delay", "seconds": 60, "endpoint": "getToken"})
    with connect(driver.sandbox) as connection:
        connection.sendall(request_bytes("GET", "/api/getToken", {}))
        wait_for_log(driver, 1)
        driver.sandbox.reset()
        assert receive_all(connection)[0] == b""
    assert driver.sandbox.log() == []


def test_fault__on_its_endpoint_only(driver: Driver) -> None:
    """A fault for a name, a path or * hits what it names; unknown paths and control calls never."""
    sandbox = driver.sandbox
    sandbox.script({"kind": "busy", "endpoint": "jscode2session", "times": -1})
    sandbox.script(Fault(kind="busy", endpoint=INFO, times=-1))
    driver.token()
    assert driver.log_in("x")["errcode"] == -1
    assert driver.get(INFO, {})["ret"] == 2000030
    assert driver.get(REPORT, {})["ret"] == 2000001
    sandbox.script({"kind": "html", "times": -1})
    assert driver.http.get(sandbox.url + "/nowhere", timeout=10).status_code == 404
    assert driver.http.get(sandbox.url + SET, timeout=10).status_code == 405
    assert driver.control("GET", "state").json()["app_id"] == sandbox.app_id


def test_fault__without_endpoint_spares_token_fetches(driver: Driver) -> None:
    """A client fetches tokens unasked: a fault hits that when it is named, or with * every call."""
    app, name = driver.credentials(), "/mgplatform/api/apps/v2/token"
    driver.sandbox.script({"kind": "busy"})
    assert driver.token()
    assert driver.post_json(name, app)["err_no"] == 0
    assert driver.get("/cgi-bin/token", app)["expires_in"] == 7200
    assert driver.post_json("/cgi-bin/stable_token", app)["expires_in"] == 7200
    assert driver.log_in("x")["errcode"] == -1
    driver.sandbox.script(
        {"kind": "busy", "endpoint": "getToken"}, {"kind": "busy", "endpoint": "*"}
    )
    assert [driver.fetch_token()["errcode"] for _ in range(2)] == [-1, -1]


def test_script__help_names_every_kind() -> None:
    """``help(Sandbox.script)`` has each kind of fault, with each of its parameters."""
    words = Sandbox.script.__doc__ or ""
    names = {*KINDS, *(name for takes in KINDS.values() for name in takes)}
    assert {
        name for name in (*names, "endpoint", "times", "skip") if f"``{name}``" not in words
    } == set()


def outcomes(driver: Driver, count: int) -> list[int]:
    """Tell the codes of some token fetches; 0 for a success."""
    return [driver.fetch_token().get("errcode", 0) for _ in range(count)]


def test_fault__times_and_skip(driver: Driver) -> None:
    """A fault lets skip requests pass, then hits times requests."""
    driver.sandbox.script({"kind": "code", "code": 7, "times": 2, "skip": 1, "endpoint": "*"})
    assert outcomes(driver, 5) == [0, 7, 7, 0, 0]


def test_fault__for_ever(driver: Driver) -> None:
    """A fault with times -1 goes on until cleared."""
    driver.sandbox.script({"kind": "code", "code": 7, "times": -1, "endpoint": "*"})
    assert outcomes(driver, 3) == [7, 7, 7]
    driver.control("DELETE", "faults")
    assert outcomes(driver, 1) == [0]


def test_fault__one_after_the_other(driver: Driver) -> None:
    """Several faults are a queue; one that still skips lets the next have the request."""
    driver.sandbox.script(
        {"kind": "code", "code": 1, "skip": 2, "endpoint": "*"},
        {"kind": "code", "code": 2, "endpoint": "*"},
        {"kind": "code", "code": 3, "endpoint": "*"},
    )
    assert outcomes(driver, 4) == [2, 3, 1, 0]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "boom"}, "kind must be one of busy, code, delay"),
        ({}, "kind must be one of"),
        ({"kind": "busy", "endpoint": "nowhere"}, r"endpoint must be one of \*, .*/api/getToken"),
        ({"kind": "busy", "endpoint": ["*"]}, "endpoint must be one of"),
        ({"kind": "busy", "times": 0}, "times must be a whole number from 1, or -1 for ever"),
        ({"kind": "busy", "times": True}, "times must be"),
        ({"kind": "busy", "skip": -1}, "skip must be a whole number from 0"),
        ({"kind": "busy", "seconds": 1}, "busy takes no parameter 'seconds'; allowed: endpoint"),
        ({"kind": "delay"}, "delay needs seconds: seconds, 0 or more"),
        ({"kind": "delay", "seconds": "1"}, "seconds of delay must be seconds, 0 or more"),
        ({"kind": "delay", "seconds": float("nan")}, "seconds of delay must be"),
        ({"kind": "code"}, "code needs code"),
        ({"kind": "code", "code": 1.5}, "code of code must be a whole number"),
        ({"kind": "status", "status": 99}, "status of status must be a status from 200 to 599"),
        ({"kind": "answer", "headers": {"a": "b\r\nc"}}, "headers of answer must be an object"),
        ({"kind": "answer", "headers": ["a"]}, "headers of answer must be an object"),
        ({"kind": "answer", "body": "\ud800"}, "body of answer must be a text"),
        ({"kind": "answer", "raw_base64": "?"}, "raw_base64 of answer must be base64"),
        ({"kind": "answer", "close": 1}, "close of answer must be true or false"),
        ({"kind": "oversized", "bytes": 5}, "bytes of oversized must be a whole number from 32"),
        ("busy", "a fault is an object"),
    ],
)
def test_fault__nonsense_is_refused(driver: Driver, fault: Any, words: str) -> None:
    """A fault that cannot be is refused with what can be, and none of its list is added."""
    with pytest.raises(ValueError, match=words):
        driver.sandbox.script({"kind": "busy"}, fault)
    assert driver.control("GET", "faults").json() == []
