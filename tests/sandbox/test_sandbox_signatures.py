"""The sandbox's signatures against the published vectors and against openssl."""

import json
from pathlib import Path
from typing import Any

import independent
import pytest

from qqminigame.sandbox.signed import login_state_signature, openapi_sig, openapi_source, same

VECTORS = json.loads(
    (Path(__file__).parent.parent / "vectors" / "platform_vectors.json").read_text("utf-8")
)


def vectors(name: str) -> list[dict[str, Any]]:
    """List the vectors of one rule, published and computed."""
    rule = VECTORS[name]
    return [*rule["published"], *rule["computed"]]


@pytest.mark.parametrize("vector", vectors("login_state_signature"))
def test_login_state_signature__vectors(vector: dict[str, str]) -> None:
    """A body's signature is that of the published and computed vectors, and openssl's."""
    body = vector["body"].encode()
    assert login_state_signature(vector["session_key"], body) == vector["signature"]
    assert independent.body_signature(vector["session_key"], body) == vector["signature"]


@pytest.mark.parametrize("vector", vectors("openapi_v3_sig"))
def test_openapi_sig__vectors(vector: dict[str, Any]) -> None:
    """A hall call's sig is that of the published and computed vectors, and openssl's."""
    params = vector["params"]
    assert openapi_sig(vector["appkey"], vector["method"], vector["path"], params) == vector["sig"]
    assert independent.openapi_sig("GET", vector["path"], params, vector["appkey"]) == vector["sig"]


def test_openapi_source__escapes_all_but_the_documented_characters() -> None:
    """Space, star, tilde and UTF-8 bytes become upper-case %XX; minus, underscore and dot stay."""
    source = openapi_source("GET", "/v3/a-b_c.d", {"k": " *~é", "a": "", "sig": "left out"})
    assert source == "GET&%2Fv3%2Fa-b_c.d&a%3D%26k%3D%20%2A%7E%C3%A9"


def test_openapi_source__sorts_by_bytes() -> None:
    """Names are in ascending byte order: capitals first."""
    assert openapi_source("GET", "/", {"b": "2", "B": "1", "a": "3"}).endswith(
        "B%3D1%26a%3D3%26b%3D2"
    )


def test_same__tells_texts_apart() -> None:
    """Equal texts are the same, others are not, whatever their characters."""
    assert same("é", "é")
    assert not same("é", "e")
