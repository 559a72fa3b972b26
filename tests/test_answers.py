"""Heads that are read at once say what the standard library reads from them."""

import http.client
import socket

import pytest
from hypothesis import given, strategies as st

from qqminigame.transport.answers import BoundedAnswer

BODY = b'{"errcode":0}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)

HEADS = {
    "ordinary": b"HTTP/1.1 200 OK\r\nServer: nginx\r\n" + LENGTH,
    "no reason": b"HTTP/1.1 200 \r\n" + LENGTH,
    "neither reason nor space": b"HTTP/1.1 200\r\n" + LENGTH,
    "a reason of many words": b"HTTP/1.1 200 all is very well\r\n" + LENGTH,
    "no space after the colon": b"HTTP/1.1 200 OK\r\ncontent-length:%d\r\n" % len(BODY),
    "space around the value": b"HTTP/1.1 200 OK\r\nX: \t a b \t\r\n" + LENGTH,
    "an empty value": b"HTTP/1.1 200 OK\r\nX:\r\n" + LENGTH,
    "a colon in the value": b"HTTP/1.1 200 OK\r\nDate: 06:00:00\r\n" + LENGTH,
    "latin-1": b"HTTP/1.1 200 OK\r\nX: \xe9\xff\r\n" + LENGTH,
    "closes": b"HTTP/1.1 200 OK\r\nConnection: Close\r\n" + LENGTH,
    "keeps": b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n" + LENGTH,
    "nothing to come": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n" + LENGTH,
    "given twice": b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n" + LENGTH,
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + LENGTH,
    "no length": b"HTTP/1.1 200 OK\r\nServer: nginx\r\n",
    "a length below nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + LENGTH,
    "line feeds only": b"HTTP/1.1 200 OK\nContent-Length: %d\n" % len(BODY),
    "an older version": b"HTTP/1.0 200 OK\r\n" + LENGTH,
    "another status": b"HTTP/1.1 404 Not Found\r\n" + LENGTH,
    "to be continued": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH,
    "no headers": b"HTTP/1.1 200 OK\r\n",
    "a nameless header": b"HTTP/1.1 200 OK\r\n: x\r\n" + LENGTH,
    "a line that is no header": b"HTTP/1.1 200 OK\r\nrubbish\r\n" + LENGTH,
    "no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "nothing": b"",
}


def read(kind, data):
    """Read an answer and return all that is known of it, or the error."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        answer = kind(ours, method="POST")
        try:
            answer.begin()
            head = (answer.status, answer.code, answer.reason, answer.version)
            framing = (answer.length, answer.chunked, answer.chunk_left, answer.will_close)
            body = answer.read() if not answer.chunked else b""
            return head, framing, answer.headers.items(), body, answer.isclosed()
        except (http.client.HTTPException, OSError) as error:
            return type(error), str(error)
        finally:
            answer.close()


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_head__is_read_as_the_standard_library_reads_it(head):
    """Whatever the head, both ways come to the same."""
    data = head + b"\r\n" + BODY
    assert read(BoundedAnswer, data) == read(http.client.HTTPResponse, data)


LINES = st.lists(
    st.tuples(
        st.sampled_from(
            [b"A", b"b-c", b"Content-Length", b"Connection", b"Transfer-Encoding", b""]
        ),
        st.sampled_from([b":", b": ", b" : ", b""]),
        st.sampled_from([b"", b"13", b"close", b"chunked", b"x\ty", b"\xe9", b" 5 ", b"1, 2"]),
        st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\n "]),
    ).map(b"".join),
    max_size=6,
)


@given(lines=LINES, status=st.sampled_from([b"200 OK", b"200", b"204 No", b"500 Oh"]))
def test_head__of_any_lines(lines, status):
    """Also where servers write what no server should."""
    data = b"HTTP/1.1 " + status + b"\r\n" + b"".join(lines) + b"\r\n" + BODY
    assert read(BoundedAnswer, data) == read(http.client.HTTPResponse, data)


@pytest.mark.parametrize(("name", "quick"), [("ordinary", True), ("folded", False)])
def test_head__the_ordinary_one_is_read_at_once(monkeypatch, name, quick):
    """Else the shorter way would not be tested here at all."""
    slow = []
    begin = http.client.HTTPResponse.begin
    monkeypatch.setattr(
        http.client.HTTPResponse, "begin", lambda self: (slow.append(1), begin(self))
    )
    read(BoundedAnswer, HEADS[name] + b"\r\n" + BODY)
    assert bool(slow) is not quick
