"""Outputs of Tencent's own SDKs: what they sign the sandbox and the client sign alike."""

import json
from pathlib import Path
from typing import Any

import independent
import pytest

from qqminigame import signing
from qqminigame.sandbox.signed import openapi_sig

VECTORS = json.loads(
    (Path(__file__).parent.parent / "vectors" / "openapi_v3_sdks.json").read_text("utf-8")
)


def signatures(vector: dict[str, Any]) -> set[str]:
    """Sign as the sandbox, the client and openssl do."""
    method, path, params = vector["method"], vector["path"], vector["params"]
    return {
        openapi_sig(vector["appkey"], method, path, params),
        signing.sign_openapi(method, path, params, vector["appkey"]),
        independent.openapi_sig(method, path, params, vector["appkey"]),
    }


@pytest.mark.parametrize("vector", VECTORS["agreed"])
def test_sig__as_the_sdks(vector: dict[str, Any]) -> None:
    """Where the PHP, Java and Python SDKs agree, so do sandbox and client."""
    assert signatures(vector) == {vector["sig"]}


@pytest.mark.parametrize("vector", VECTORS["php_maps_the_key"])
def test_sig__of_a_key_with_a_hyphen(vector: dict[str, Any]) -> None:
    """The PHP SDK reads - and _ in a key as + and /; the page and the other SDKs do not."""
    assert signatures(vector) == {vector["java_and_python"]} != {vector["php"]}
    mapped = vector["appkey"].translate(str.maketrans("-_", "+/"))
    assert signatures({**vector, "appkey": mapped}) == {vector["php"]}
