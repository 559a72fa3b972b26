"""What a page is given to hand back: signed, so that it cannot be changed, and with an end."""

from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer


def sign(kind: str, value: Any) -> str:
    """Return a value as a text that only this server can make.

    Args:
        kind: What it stands for; a text of another kind is not accepted in its place.
        value: Any JSON value. It is signed and not encrypted: the page's player may read it.
    """
    return str(_serializer(kind).dumps(value))


def read(kind: str, text: object, max_age: int) -> Any:
    """Return a value that was signed; None if the text is not ours, or too old.

    Args:
        kind: What it stands for.
        text: What the page has handed back.
        max_age: Seconds.
    """
    try:
        return _serializer(kind).loads(str(text), max_age=max_age)
    except BadSignature:
        return None


def _serializer(kind: str) -> Any:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt=kind)
