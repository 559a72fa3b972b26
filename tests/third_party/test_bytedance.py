"""bytedance, as it is on PyPI, against the sandbox: access token, login, cloud storage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from authority import Authority
from bytedance import ByteDance, ByteDanceError

from qqminigame.sandbox import Sandbox


@pytest.fixture
def client(
    platform: Sandbox, tunnel: Any, authority: Authority, tmp_path: Path
) -> Iterator[ByteDance]:
    """Give a client that knows nothing of the sandbox but whom to trust."""
    with requests.Session() as http:
        http.verify = authority.bundle  # it does not take that from the environment
        yield ByteDance(
            app_id=platform.app_id,
            app_secret=platform.app_secret,
            access_token_type="file",
            ac_path=str(tmp_path / "access_token"),
            session=http,
        )


def log_in(client: ByteDance, platform: Sandbox, openid: str = "PLAYER") -> Any:
    """Log a player in by the mini games' call: its own method is the mini apps'."""
    code = platform.js_code(openid, platform="douyin")
    query = {"appid": client.app_id, "secret": client.app_secret, "code": code}
    return client.get("/jscode2session", params=query, token=False)


def test_storage(client: ByteDance, platform: Sandbox, tunnel: Any) -> None:
    """What it stores is stored, what it removes is removed, at the older host."""
    login = log_in(client, platform)
    assert login["openid"] == "PLAYER"
    pairs = {"score": '{"ttgame":{"score":1}}', "金币": "三千"}
    assert client.set_user_storage(login["openid"], login["session_key"], pairs)["error"] == 0
    assert client.remove_user_storage(login["openid"], login["session_key"], ["金币"])["error"] == 0
    assert platform.state()["players"]["PLAYER"]["storage"] == {"score": '{"ttgame":{"score":1}}'}
    assert platform.state()["token_fetches"] == 1
    assert set(tunnel.hosts) == {"developer.toutiao.com:443"}


def test_refused(client: ByteDance, platform: Sandbox) -> None:
    """It reads the code and the message of a refusal."""
    login = log_in(client, platform)
    with pytest.raises(ByteDanceError) as refused:
        client.set_user_storage(login["openid"], "another session_key", {"a": "1"})
    assert "28001039" in str(vars(refused.value))


def test_token__refused(client: ByteDance, platform: Sandbox) -> None:
    """It reads the code of a wrong secret."""
    client.app_secret = "wrong"
    with pytest.raises(ByteDanceError) as refused:
        _ = client.access_token
    assert "40017" in str(vars(refused.value))
