"""The ways to make one call, each as its users write it.

All post the same value, keep their connection and return the decoded answer. Only ours checks,
signs, and shares its access token; the others post to the bare address, so they have it easier.
"""

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Final, Protocol

import requests
import urllib3

from benchmarks.platform import Platform
from benchmarks.server import ACCESS_TOKEN
from qqminigame import CloudStorage, Dawanka, HallLogin, LoginState, Session

SET_PATH: Final = "/api/openDataContext/set_user_storage"
INFO_PATH: Final = "/v3/user/get_dawanka_info"
APP_ID: Final = "1110766236"
SECRET: Final = "0123456789abcdef" * 2
PAIRS: Final = {"score": "100", "gold": "3000"}
PAYLOAD: Final = {"kv_list": [{"key": key, "value": value} for key, value in PAIRS.items()]}
# The largest call there is: 128 pairs of 1 KB.
LARGE_PAIRS: Final = {f"key{number:03}": "x" * 1018 for number in range(128)}
LARGE_PAYLOAD: Final = {
    "kv_list": [{"key": key, "value": value} for key, value in LARGE_PAIRS.items()]
}
LOGIN: Final = LoginState(openid="0123456789ABCDEF" * 2, session_key="c2Vzc2lvbl9rZXkxMjM0NQ==")
HALL_LOGIN: Final = HallLogin(openid="0123456789ABCDEF" * 2, openkey="FEDCBA9876543210" * 2)
INFO_QUERY: Final = {
    "appid": APP_ID,
    "openid": HALL_LOGIN.openid,
    "openkey": HALL_LOGIN.openkey,
    "pf": HALL_LOGIN.pf,
    "version": "2",
    "sig": "FdJkiYYwMj5Aj1UG2RUPc83iokk=",
}
SECONDS: Final = 10.0
_JSON: Final = {"Content-Type": "application/json"}


class Peer(Protocol):
    """A way to make one call.

    Attributes:
        name: What the tables call it.
        path: What it asks for.
        task: What it does; peers of one task are compared.
        package: What has to be installed for it.
    """

    name: str
    path: str
    task: str
    package: str

    def __init__(self, platform: Platform) -> None: ...

    def call(self) -> object:
        """Make the call and return what it says; an exception where that is no success."""

    def close(self) -> None:
        """Close the connection."""


class RequestsPost:
    """What most people write."""

    name = "requests.Session.post(json=…)"
    path = SET_PATH
    task = "set"
    package = "requests"
    payload: Mapping[str, object] = PAYLOAD

    def __init__(self, platform: Platform) -> None:
        self._url = platform.url + self.path
        self._http = requests.Session()
        self.close = self._http.close

    def call(self) -> object:
        """Post and decode."""
        return self._http.post(self._url, json=self.payload, timeout=SECONDS).json()


class RequestsPostWithoutEnvironment(RequestsPost):
    """The same, told not to read the environment for each call."""

    name = "requests.Session.post, trust_env=False"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._http.trust_env = False
        self._http.verify = platform.authority or True


class RequestsGet:
    """The same for the hall's call."""

    name = "requests.Session.get(params=…)"
    path = INFO_PATH
    task = "get"
    package = "requests"

    def __init__(self, platform: Platform) -> None:
        self._url = platform.url + self.path
        self._http = requests.Session()
        self.close = self._http.close

    def call(self) -> object:
        """Get and decode."""
        return self._http.get(self._url, params=INFO_QUERY, timeout=SECONDS).json()


class RequestsGetWithoutEnvironment(RequestsGet):
    """The same, told not to read the environment for each call."""

    name = "requests.Session.get, trust_env=False"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._http.trust_env = False
        self._http.verify = platform.authority or True


class Httpx:
    """The other popular client."""

    name = "httpx.Client.post(json=…)"
    path = SET_PATH
    task = "set"
    package = "httpx"

    def __init__(self, platform: Platform) -> None:
        import httpx

        verify = _tls(platform) or True
        self._url = platform.url + self.path
        self._http = httpx.Client(timeout=SECONDS, verify=verify)
        self.close = self._http.close

    def call(self) -> object:
        """Post and decode."""
        return self._http.post(self._url, json=PAYLOAD).json()


class Urllib3:
    """What requests stands on."""

    name = "urllib3.PoolManager.request(json=…)"
    path = SET_PATH
    task = "set"
    package = "urllib3"
    payload: Mapping[str, object] = PAYLOAD

    def __init__(self, platform: Platform) -> None:
        self._url = platform.url + self.path
        self._http = urllib3.PoolManager(ca_certs=platform.authority, timeout=SECONDS)
        self.close = self._http.clear

    def call(self) -> object:
        """Post and decode."""
        return self._http.request("POST", self._url, json=self.payload).json()


class Urllib3Get(Urllib3):
    """The same for the hall's call."""

    name = "urllib3.PoolManager.request(fields=…)"
    path = INFO_PATH
    task = "get"

    def call(self) -> object:
        """Get and decode."""
        return self._http.request("GET", self._url, fields=INFO_QUERY).json()


class HttpClient:
    """What urllib3 stands on: the standard library."""

    name = "http.client.HTTPConnection"
    path = SET_PATH
    task = "set"
    package = ""

    def __init__(self, platform: Platform) -> None:
        where, context = (platform.host, platform.port), _tls(platform)
        self._http = (
            http.client.HTTPConnection(*where, timeout=SECONDS)
            if context is None
            else http.client.HTTPSConnection(*where, timeout=SECONDS, context=context)
        )
        self.close = self._http.close

    def call(self) -> object:
        """Post and decode."""
        self._http.request("POST", self.path, json.dumps(PAYLOAD).encode(), _JSON)
        return json.loads(self._http.getresponse().read())


class RawSocket:
    """The floor: bytes made beforehand, one send, one receive, no client at all."""

    name = "raw socket (the floor)"
    path = SET_PATH
    task = "set"
    package = ""

    def __init__(self, platform: Platform) -> None:
        plain = socket.create_connection((platform.host, platform.port), SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = _tls(platform)
        self._socket = (
            plain if context is None else context.wrap_socket(plain, server_hostname=platform.host)
        )
        body = json.dumps(PAYLOAD)
        self._request = (
            f"POST {self.path} HTTP/1.1\r\nHost: {platform.host}:{platform.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self.close = self._socket.close

    def call(self) -> object:
        """Send, receive once, decode."""
        self._socket.sendall(self._request)
        return json.loads(self._socket.recv(65536).partition(b"\r\n\r\n")[2])


class Wechatpy:
    """The field's best-known package of its kind, with its token in memory."""

    name = "wechatpy.WeChatClient.post(data=…)"
    path = SET_PATH
    task = "set"
    package = "wechatpy"

    def __init__(self, platform: Platform) -> None:
        from wechatpy import WeChatClient
        from wechatpy.session.memorystorage import MemoryStorage

        self._client = WeChatClient(
            APP_ID,
            SECRET,
            access_token=ACCESS_TOKEN.decode(),
            session=MemoryStorage(),
            timeout=SECONDS,
        )
        self._client.API_BASE_URL = platform.url
        # It asks for the login's parameters in the query, and adds the token to them.
        self._query = {"openid": LOGIN.openid, "sig_method": "hmac_sha256", "signature": "ab" * 32}
        self.close = self._client._http.close

    def call(self) -> object:
        """Post and decode; it adds the token and looks at the code."""
        return self._client.post(self.path, params=dict(self._query), data=PAYLOAD)


class OurSet:
    """Ours, with everything on: checked, signed, shared token, typed."""

    name = "qqminigame CloudStorage.set"
    path = SET_PATH
    task = "set"
    package = ""
    pairs = PAIRS

    def __init__(self, platform: Platform) -> None:
        self._session = our_session(platform)
        self._storage = CloudStorage(self._session)
        self.close = self._session.close

    def call(self) -> None:
        """Store the pairs."""
        self._storage.set(LOGIN, self.pairs)


class OurInfo:
    """Ours for the hall's call."""

    name = "qqminigame Dawanka.get_info"
    path = INFO_PATH
    task = "get"
    package = ""

    def __init__(self, platform: Platform) -> None:
        self._session = our_session(platform)
        self._dawanka = Dawanka(self._session)
        self.close = self._session.close

    def call(self) -> object:
        """Ask for the privileges."""
        return self._dawanka.get_info(HALL_LOGIN)


class LargeRequestsPost(RequestsPost):
    """What most people write, for the largest call."""

    name = "requests.Session.post, 128 pairs of 1 KB"
    task = "large set"
    payload = LARGE_PAYLOAD


class LargeUrllib3(Urllib3):
    """What requests stands on, for the largest call."""

    name = "urllib3.PoolManager, 128 pairs of 1 KB"
    task = "large set"
    payload = LARGE_PAYLOAD


class LargeOurSet(OurSet):
    """Ours, for the largest call."""

    name = "qqminigame CloudStorage.set, 128 pairs"
    task = "large set"
    pairs = LARGE_PAIRS


# The first of each task is what the others are compared with.
PEERS: Final[tuple[type[Peer], ...]] = (
    RequestsPost,
    RequestsPostWithoutEnvironment,
    Wechatpy,
    Httpx,
    Urllib3,
    HttpClient,
    OurSet,
    RawSocket,
    RequestsGet,
    RequestsGetWithoutEnvironment,
    Urllib3Get,
    OurInfo,
    LargeRequestsPost,
    LargeUrllib3,
    LargeOurSet,
)


def our_session(platform: Platform) -> Session:
    """Return a session as a user makes it, with the default store."""
    return Session(
        APP_ID, app_secret=SECRET, hall_app_id=APP_ID, app_key=SECRET, base_url=platform.url
    )


def _tls(platform: Platform) -> ssl.SSLContext | None:
    """Return what trusts the platform; None where it has no TLS."""
    if platform.authority is None:
        return None
    return ssl.create_default_context(cafile=platform.authority)
