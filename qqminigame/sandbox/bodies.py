"""How a JSON body is read."""

import json

from qqminigame.sandbox.dialects import Payload
from qqminigame.sandbox.refusals import Reason, RefusedError


def json_object(text: bytes | str) -> Payload:
    """Read a JSON object, with nothing in it that only Python takes for JSON.

    Raises:
        RefusedError: It is none, for the reason BODY.
    """
    try:
        text = text if isinstance(text, str) else text.decode()
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RefusedError(Reason.BODY, "the body is not a JSON object")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's
