"""A client that shares no line with the sandbox: openssl signs, urllib quotes, sockets are raw."""

import json
import socket
from typing import Any
from urllib.parse import urlencode, urlsplit

import attrs
import requests
from independent import body_signature, openapi_sig

from qqminigame.sandbox import Sandbox

SET = "/api/openDataContext/set_user_storage"
REMOVE = "/api/openDataContext/remove_user_storage"
INTERACTIVE = "/api/setuserinteractivedata"
INFO = "/v3/user/get_dawanka_info"
REPORT = "/v3/user/report_dawanka_pay"

NOON_IN_BEIJING = 1_799_985_600  # 2027-01-15 12:00 +08:00: far from where a day's quotas begin

Json = dict[str, Any]


@attrs.define(kw_only=True)
class Login:
    """A player as the client knows them."""

    openid: str
    session_key: str


class Driver:
    """Calls one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, path: str, parameters: dict[str, Any]) -> Json:
        """GET a path and read the reply as JSON."""
        reply = self.http.get(self.sandbox.url + path, params=parameters, timeout=60)
        assert reply.status_code == 200
        found: Json = reply.json()
        return found

    def post_json(
        self, path: str, body: object, content_type: str | None = "application/json"
    ) -> Json:
        """POST a body that is not signed and read the reply as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if content_type else {}
        reply = self.http.post(self.sandbox.url + path, data=data, headers=headers, timeout=60)
        assert reply.status_code == 200
        found: Json = reply.json()
        return found

    def credentials(self, **changes: object) -> Json:
        """Write down the app's credentials as a token call's JSON body has them."""
        sandbox = self.sandbox
        fields = {"grant_type": "client_credential", "appid": sandbox.app_id}
        return fields | {"secret": sandbox.app_secret} | changes

    def fetch_token(self, **changes: str) -> Json:
        """Call getToken, with parameters changed at will."""
        return self.get("/api/getToken", self.credentials(**changes))

    def token(self) -> str:
        """Fetch a good access token."""
        return str(self.fetch_token()["access_token"])

    def log_in(self, js_code: str, **changes: str) -> Json:
        """Call jscode2session, with parameters changed at will."""
        sandbox = self.sandbox
        parameters = {"appid": sandbox.app_id, "secret": sandbox.app_secret, "js_code": js_code}
        parameters["grant_type"] = "authorization_code"
        return self.get("/sns/jscode2session", parameters | changes)

    def player(self, openid: str | None = None, platform: str = "qq") -> Login:
        """Log a player in on a platform."""
        js_code = self.sandbox.js_code(openid, platform=platform)
        reply = self.log_in_douyin(code=js_code) if platform == "douyin" else self.log_in(js_code)
        assert not reply.get("errcode")
        return Login(openid=reply["openid"], session_key=reply["session_key"])

    def log_in_douyin(self, **changes: str) -> Json:
        """Call Douyin's login."""
        sandbox = self.sandbox
        parameters = {"appid": sandbox.app_id, "secret": sandbox.app_secret} | changes
        return self.get("/mgplatform/api/apps/jscode2session", parameters)

    def signed_query(self, login: Login, token: str, body: bytes) -> dict[str, str]:
        """Make the query of a signed call."""
        return {
            "access_token": token,
            "openid": login.openid,
            "signature": body_signature(login.session_key, body),
            "sig_method": "hmac_sha256",
        }

    def post(
        self,
        path: str,
        login: Login,
        token: str,
        body: object,
        content_type: str | None = None,
        **changes: Any,
    ) -> Json:
        """Make a signed call; a body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        query: dict[str, Any] = self.signed_query(login, token, data) | changes
        url, headers = (
            self.sandbox.url + path,
            {"Content-Type": content_type} if content_type else {},
        )
        reply = self.http.post(url, params=query, data=data, headers=headers, timeout=60)
        assert reply.status_code == 200
        assert reply.headers["Content-Type"].startswith("application/json")
        found: Json = reply.json()
        return found

    def hall_parameters(self, path: str, openid: str, openkey: str, **more: str) -> dict[str, str]:
        """Make the signed query of a call to the game hall."""
        sandbox = self.sandbox
        parameters = {"appid": sandbox.hall_app_id, "openid": openid, "openkey": openkey}
        parameters |= {"pf": "qqgame"} | more
        return parameters | {"sig": openapi_sig("GET", path, parameters, sandbox.app_key)}

    def hall(self, path: str, openid: str, openkey: str, **more: str) -> Json:
        """Call the game hall."""
        return self.get(path, self.hall_parameters(path, openid, openkey, **more))

    def control(self, method: str, name: str, body: Any = None) -> requests.Response:
        """Make a control call."""
        url = f"{self.sandbox.url}/_sandbox/{name}"
        return self.http.request(method, url, json=body, timeout=60)


def kv(*pairs: tuple[Any, Any]) -> Json:
    """Write a kv_list."""
    return {"kv_list": [{"key": key, "value": value} for key, value in pairs]}


def stored(driver: Driver, login: Login) -> Any:
    """Return what the platform has stored for a player."""
    return driver.sandbox.state()["players"][login.openid]["storage"]


def connect(sandbox: Sandbox) -> socket.socket:
    """Open a raw connection to the sandbox."""
    parts = urlsplit(sandbox.url)
    assert parts.hostname is not None
    connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def request_bytes(method: str, path: str, query: dict[str, str], body: bytes = b"") -> bytes:
    """Write a request."""
    head = f"{method} {path}?{urlencode(query)} HTTP/1.1\r\nHost: sandbox\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def receive_more(connection: socket.socket) -> bytes:
    """Read what comes next; something must."""
    piece = connection.recv(65536)
    assert piece, "the connection was closed"
    return piece


def receive_all(connection: socket.socket) -> tuple[bytes, str]:
    """Read until the end; tell whether that was a "fin", a "reset" or a "timeout"."""
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "timeout"
        if not piece:
            return received, "fin"
        received += piece


def receive_reply(connection: socket.socket, received: bytes = b"") -> tuple[bytes, bytes]:
    """Read one reply by its Content-Length, of which some may have come; return head and body."""
    while b"\r\n\r\n" not in received:
        received += receive_more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while len(body) < length:
        body += receive_more(connection)
    return head, body
