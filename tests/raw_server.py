"""A server that answers with given bytes and keeps the bytes it was sent, whole and untouched."""

import re

from listener import Listener


class RawServer(Listener):
    """Listens on a free port; each connection's requests are answered by one function.

    Attributes:
        hang_up: Whether it closes each connection after its next answer.
        requests: The bytes of every request, head and body, in order.
    """

    def __init__(self, answer, *, hang_up=False):
        self._answer = answer
        self.hang_up = hang_up
        self.requests = []
        super().__init__()
        self.url = f"http://{self.address}"

    def serve(self, connection):
        """Answer the requests of a connection."""
        with connection:
            try:
                while request := self._read(connection):
                    self.requests.append(request)
                    connection.sendall(self._answer(request))
                    if self.hang_up:
                        return
            except OSError:
                pass

    @staticmethod
    def _read(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := connection.recv(65536)):
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while len(body) < int(length[1] if length else 0):
            if not (piece := connection.recv(65536)):
                return b""
            body += piece
        return head + b"\r\n\r\n" + body


def http(body, status="200 OK", headers=""):
    """Return the bytes of an ordinary answer."""
    body = body if isinstance(body, bytes) else body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def platform(request):
    """Answer as a platform that says yes to everything."""
    if b"getToken" in request.split(b"\r\n")[0]:
        return http('{"access_token":"to+ken/=","expires_in":7200}')
    if b"dawanka_info" in request.split(b"\r\n")[0]:
        return http(
            '{"ret":0,"msg":"","score":0,"level":0,"binding":false,"discount":0,"payReturnCount":0}'
        )
    if b"dawanka_pay" in request.split(b"\r\n")[0]:
        return http('{"ret":0,"msg":"report success.","use":2,"left":1}')
    return http('{"errcode":0,"errmsg":"ok"}')
