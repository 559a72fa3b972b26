"""wechatpy, as it is on PyPI, against the sandbox: access token, login, cloud storage."""

import json
from typing import Any

import pytest
from independent import body_signature
from wechatpy import WeChatClient, WeChatClientException
from wechatpy.exceptions import APILimitedException

from qqminigame.sandbox import Sandbox

HOST = "https://api.weixin.qq.com"


@pytest.fixture
def client(platform: Sandbox, tunnel: Any) -> WeChatClient:
    """Give a client that knows nothing of the sandbox."""
    return WeChatClient(platform.app_id, platform.app_secret)


def log_in(client: WeChatClient, platform: Sandbox, openid: str = "PLAYER") -> dict[str, str]:
    """Log a player in."""
    reply = client.wxa.code_to_session(platform.js_code(openid, platform="wechat"))
    assert reply["openid"] == openid
    return dict(reply)


def post(client: WeChatClient, path: str, login: dict[str, str], body: object) -> Any:
    """Make a signed call; wechatpy adds the access token."""
    data = json.dumps(body, ensure_ascii=False).encode()
    signature = body_signature(login["session_key"], data)
    query = {"openid": login["openid"], "signature": signature, "sig_method": "hmac_sha256"}
    return client.post(f"{HOST}{path}", params=query, data=data)


def test_storage(client: WeChatClient, platform: Sandbox, tunnel: Any) -> None:
    """What it stores is stored, what it removes is removed, at WeChat's own host."""
    login = log_in(client, platform)
    pairs = [{"key": "score", "value": "100"}, {"key": "金币", "value": "三千"}]
    assert post(client, "/wxa/set_user_storage", login, {"kv_list": pairs})["errcode"] == 0
    assert post(client, "/wxa/remove_user_storage", login, {"key": ["score"]})["errcode"] == 0
    assert platform.state()["players"]["PLAYER"]["storage"] == {"金币": "三千"}
    assert set(tunnel.hosts) == {"api.weixin.qq.com:443"}


def test_interactive_data(client: WeChatClient, platform: Sandbox) -> None:
    """It sets a mark."""
    login = log_in(client, platform)
    body = {"kv_list": [{"key": "1", "value": 7}]}
    assert post(client, "/wxa/setuserinteractivedata", login, body)["errcode"] == 0
    assert platform.state()["players"]["PLAYER"]["interactive"] == {"1": 7}


def test_token__rejected(client: WeChatClient, platform: Sandbox) -> None:
    """It knows the code of a dead token, fetches another and repeats the call."""
    login = log_in(client, platform)
    platform.revoke_tokens()
    assert post(client, "/wxa/set_user_storage", login, {"kv_list": []})["errcode"] == 0
    assert platform.state()["token_fetches"] == 2


def test_login__refused(client: WeChatClient, platform: Sandbox) -> None:
    """It reads the codes of a used code and of a quota."""
    js_code = platform.js_code(platform="wechat")
    client.wxa.code_to_session(js_code)
    with pytest.raises(WeChatClientException) as refused:
        client.wxa.code_to_session(js_code)
    assert refused.value.errcode == 40163
    platform.script({"kind": "code", "code": 45009, "endpoint": "set_user_storage"})
    with pytest.raises(APILimitedException):
        post(client, "/wxa/set_user_storage", log_in(client, platform), {"kv_list": []})
