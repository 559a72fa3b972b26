"""Between values and bytes."""

from qqminigame.wire.reply import Reply, Result, decode_reply, nothing
from qqminigame.wire.request import (
    App,
    Payload,
    Request,
    app_request,
    login_state_request,
    openapi_request,
    signed_text,
)

__all__ = [
    "App",
    "Payload",
    "Reply",
    "Request",
    "Result",
    "app_request",
    "decode_reply",
    "login_state_request",
    "nothing",
    "openapi_request",
    "signed_text",
]
