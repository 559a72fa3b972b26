"""Between values and bytes. Pure.

A request is built once, and its bytes are those that were signed; a reply is read strictly.
"""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any, Final, Never
from urllib.parse import parse_qsl, quote

from attrs import field, frozen

from qqminigame import messages
from qqminigame.codec import STRICT_JSON
from qqminigame.exceptions import (
    LoginExpiredError,
    PlatformError,
    QQMiniGameError,
    ReplyError,
    SignatureError,
)
from qqminigame.limits import MAX_TEXT_BYTES
from qqminigame.messages import Text
from qqminigame.models import AccessToken, HallLogin, LoginState
from qqminigame.platforms.base import Auth, Endpoint
from qqminigame.redaction import mask_values
from qqminigame.signing import openapi_source, sign_body, sign_openapi

Payload = Mapping[str, Any]


@frozen(kw_only=True, eq=False, repr=False)
class App:
    """The app that a session makes calls for.

    Attributes:
        app_id: The platform's number of the app.
        hall_app_id: The number the game hall knows it by, where that is another.
        app_secret: Secret; fetches access tokens and logs players in.
        app_key: Secret; signs calls of the game hall.
    """

    app_id: str
    hall_app_id: str | None = None
    app_secret: str | None = None
    app_key: str | None = None


@frozen(kw_only=True, eq=False, repr=False)
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
    url: str
    body: bytes | None
    secrets: tuple[str, ...]


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


_SHOWN_MESSAGE: Final = 300
_LONGEST_RETRY_AFTER: Final = 3600.0
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")


@frozen(kw_only=True)
class Reply:
    """What came back.

    Attributes:
        status: The HTTP status.
        headers: The headers; the case of their names does not count.
        body: The bytes that could be read.
        cut_off: Whether it ended before it was complete.
        too_large: Whether reading was given up because it is too large.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(repr=False)
    cut_off: bool = False
    too_large: bool = False


@frozen(kw_only=True, eq=False, repr=False)
class Result:
    """The fields of a successful reply, read by type.

    Every reader raises ReplyError where the field is not what the platform documents.
    """

    endpoint: Endpoint
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a non-empty str of at most MAX_TEXT_BYTES that UTF-8 can encode."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value or not _is_bounded(value):
            self.refuse(name)
        return value

    def integer(self, name: str) -> int:
        """Return an int; some platforms write numbers as strings."""
        number = _integer(self.fields.get(name))
        if number is None:
            self.refuse(name)
        return number

    def boolean(self, name: str) -> bool:
        """Return a bool; 0 and 1 count."""
        value = self.fields.get(name)
        if value not in (False, True):
            self.refuse(name)
        return bool(value)

    def refuse(self, name: str) -> Never:
        """Raise the ReplyError that says the field is missing or not as documented."""
        raise _not_documented(
            self.endpoint, messages.WRONG_FIELD.of(call=self.endpoint.name, name=name)
        )


def nothing(result: Result) -> None:
    """Read the answer of a call that answers nothing but success."""


def decode_reply(request: Request, reply: Reply) -> Result:
    """Return what a reply says, or raise what it means.

    Raises:
        PlatformError: The platform refused the call; a subclass where the code is documented.
        ConfigurationError: It refused the credentials.
        ReplyError: This is not the documented reply.
    """
    endpoint, dialect = request.endpoint, request.endpoint.dialect
    fields = _parse(request, reply)
    codes = [fields[name] for name in dialect.code_fields if name in fields]
    numbers = [_integer(code) for code in codes]
    if None in numbers or not (numbers or endpoint.results):
        names = "/".join(dialect.code_fields)
        raise _not_documented(endpoint, messages.NO_CODE.of(call=endpoint.name, names=names))
    refused = next((number for number in numbers if number), None)
    if refused is not None:
        raise _refusal(request, refused, fields)
    data = fields.get(dialect.data_field) if dialect.data_field else fields
    result = Result(endpoint=endpoint, fields=data if isinstance(data, dict) else {})
    for name in endpoint.results:
        result.text(name)
    return result


def _parse(request: Request, reply: Reply) -> dict[str, Any]:
    endpoint = request.endpoint
    if reply.status != 200:
        text = messages.REDIRECTED if 300 <= reply.status < 400 else messages.WRONG_STATUS
        raise ReplyError(
            text.of(call=endpoint.name, status=reply.status, form=_form(request, reply)),
            endpoint=endpoint.name,
            status=reply.status,
            cut_off=reply.cut_off,
            retry_after=_seconds(reply.headers.get("Retry-After", "")),
        )
    if reply.cut_off:
        again = messages.REPEATABLE if endpoint.idempotent else messages.NOTHING
        words = messages.CUT_OFF.of(call=endpoint.name, size=len(reply.body), repeatable=again)
        raise _not_documented(endpoint, words, cut_off=True)
    if reply.too_large:
        words = messages.TOO_LARGE.of(call=endpoint.name, size=len(reply.body))
        raise _not_documented(endpoint, words)
    try:
        fields = STRICT_JSON.decode(reply.body.decode())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        words = messages.NO_JSON.of(call=endpoint.name, form=_form(request, reply))
        raise _not_documented(endpoint, words)
    return fields


def _form(request: Request, reply: Reply) -> Text:
    """Return content type and size, in words without secrets."""
    kind = mask_values(reply.headers.get("Content-Type", ""), request.secrets)[:_SHOWN_MESSAGE]
    return messages.FORM.of(kind=kind or messages.NO_CONTENT_TYPE, size=len(reply.body))


def _refusal(request: Request, code: int, fields: Mapping[str, Any]) -> QQMiniGameError:
    endpoint = request.endpoint
    texts = [fields.get(name) for name in endpoint.dialect.message_fields]
    message = next((str(text) for text in texts if text and type(text) in (str, int)), "")
    message = mask_values(message, request.secrets)[:_SHOWN_MESSAGE]
    says = messages.SAYS.of(message=message) if message else messages.NOTHING
    known = endpoint.explain(code)
    if known is None:
        return PlatformError(
            messages.UNDOCUMENTED_CODE.of(call=endpoint.name, code=code, says=says),
            endpoint=endpoint.name,
            code=code,
            message=message,
            sent=True,
        )
    error = known.error(
        messages.REFUSAL.of(
            call=endpoint.name, code=code, name=known.name, says=says, explanation=known.cause.text
        ),
        endpoint=endpoint.name,
        code=code,
        message=message,
        sent=True,
        reaction=known.cause.reaction,
    )
    if isinstance(error, SignatureError | LoginExpiredError):
        error.signed = signed_text(request)
    return error


def _not_documented(endpoint: Endpoint, text: Text, *, cut_off: bool = False) -> ReplyError:
    return ReplyError(text, endpoint=endpoint.name, status=200, cut_off=cut_off)


def _is_bounded(text: str) -> bool:
    try:
        return len(text) <= MAX_TEXT_BYTES and len(text.encode()) <= MAX_TEXT_BYTES
    except UnicodeEncodeError:
        return False


def _integer(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**63 else None
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _seconds(retry_after: str) -> float | None:
    """Return a Retry-After in seconds; one that is a date, or absurd, counts as none."""
    text = retry_after.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return float(text) if float(text) <= _LONGEST_RETRY_AFTER else None
