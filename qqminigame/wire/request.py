"""From values to bytes: a request is built once, and its bytes are those that were signed. Pure."""

import functools
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from attrs import field, frozen

from qqminigame.models import AccessToken, HallLogin, LoginState
from qqminigame.platforms.base import Auth, Endpoint
from qqminigame.redaction import mask_values
from qqminigame.signing import openapi_source, sign_body, sign_openapi

Payload = Mapping[str, Any]


@frozen(kw_only=True)
class App:
    """The app a session speaks for.

    Attributes:
        app_id: The platform's number of the app.
        hall_app_id: The number the game hall knows it by, where that is another.
        app_secret: Secret; fetches access tokens and logs players in.
        app_key: Secret; signs calls of the game hall.
    """

    app_id: str
    hall_app_id: str | None = None
    app_secret: str | None = field(default=None, repr=False)
    app_key: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Request:
    """A request, ready to be sent.

    Attributes:
        endpoint: The call it makes.
        origin: Scheme and host (and, behind a gateway, the start of the path) it goes to.
        url: Where to, with the whole query. Holds secrets.
        body: The exact bytes, which the signature in the URL covers; None for a GET.
        secrets: Every secret in it, so that they can be masked in what comes back.
    """

    endpoint: Endpoint
    origin: str
    url: str = field(repr=False)
    body: bytes | None = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def app_request(endpoint: Endpoint, base_url: str | None, payload: Payload, app: App) -> Request:
    """Build a call that proves itself with the app's secret: a token fetch, a login."""
    secret = app.app_secret or ""
    fields = {**endpoint.constants, "appid": app.app_id, "secret": secret, **payload}
    in_query = endpoint.method == "GET"
    return _request(
        endpoint,
        base_url,
        fields if in_query else {},
        None if in_query else _json_bytes(fields),
        (secret, *payload.values()),
    )


def login_state_request(
    endpoint: Endpoint,
    base_url: str | None,
    payload: Payload,
    login: LoginState,
    token: AccessToken,
) -> Request:
    """Build a call that is signed with a player's session_key."""
    body = _json_bytes(payload)
    signature = sign_body(login.session_key, body)
    query = {
        "access_token": token.value,
        "openid": login.openid,
        "sig_method": "hmac_sha256",
        "signature": signature,
    }
    return _request(endpoint, base_url, query, body, (token.value, login.session_key, signature))


def openapi_request(
    endpoint: Endpoint, base_url: str | None, payload: Payload, login: HallLogin, app: App
) -> Request:
    """Build a call of the game hall, signed with the app's key."""
    app_key = app.app_key or ""
    app_id = app.hall_app_id or app.app_id
    query = {"appid": app_id, "openid": login.openid, "openkey": login.openkey, "pf": login.pf}
    if login.userip is not None:
        query["userip"] = login.userip
    query.update(payload)
    query["sig"] = sign_openapi(endpoint.method, endpoint.path, query, app_key)
    return _request(endpoint, base_url, query, None, (app_key, login.openkey, query["sig"]))


def signed_text(request: Request) -> str:
    """Return what was signed of a request, with secrets masked; empty where nothing was."""
    endpoint = request.endpoint
    if endpoint.auth is Auth.LOGIN_STATE:
        return mask_values((request.body or b"").decode(), request.secrets)
    if endpoint.auth is Auth.OPENAPI_V3:
        query = dict(parse_qsl(request.url.partition("?")[2], keep_blank_values=True))
        del query["sig"]
        source = openapi_source(endpoint.method, endpoint.path, query)
        return mask_values(source, request.secrets)
    return ""


def _request(
    endpoint: Endpoint,
    base_url: str | None,
    query: Mapping[str, str],
    body: bytes | None,
    secrets: tuple[str, ...],
) -> Request:
    origin = base_url or endpoint.host
    joined = "&".join([f"{name}={_quoted(value)}" for name, value in query.items()])
    mark = "?" if joined else ""
    return Request(
        endpoint=endpoint,
        origin=origin,
        url=f"{origin}{endpoint.path}{mark}{joined}",
        body=body,
        secrets=secrets,
    )


def _quoted(value: str) -> str:
    return value if value.isascii() and value.isalnum() else _escaped(value)


# The same access token is sent with every call, and the same openids come back.
@functools.lru_cache(maxsize=256)
def _escaped(value: str) -> str:
    return quote(value, safe="")


def _json_bytes(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
