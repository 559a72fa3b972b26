"""The fixture for tests of Flask apps: calls go to a sandbox, and afterwards all is as before."""

import subprocess
import sys

PLUGIN = 'pytest_plugins = ["qqminigame.integrations.flask.pytest_plugin"]'

APPS = """
from flask import Flask
from qqminigame.integrations.flask import QQMiniGame

minigame = QQMiniGame()

def app_with(**config):
    app = Flask("game")
    app.config.from_mapping(config)
    minigame.init_app(app)
    return app

plain = app_with(QQMINIGAME_APP_ID="1", QQMINIGAME_TIMEOUT=2)
named = app_with(QQMINIGAME={
    "default": {"APP_ID": "2"}, "douyin": {"APP_ID": "3", "PLATFORM": "douyin", "POOL_SIZE": 5}
})
mixed = app_with(QQMINIGAME_APP_ID="4", QQMINIGAME={"wx": {"APP_ID": "5", "PLATFORM": "wechat"}})
bare = app_with()
"""

TESTS = """
import pytest
from apps import bare, minigame, mixed, named, plain
from qqminigame import CloudStorage, Login

def log_in(app, sandbox, alias="default"):
    session = minigame.session(alias, app=app)
    code = sandbox.js_code(alias, platform=session.platform.name)
    CloudStorage(session).set(Login(session).code2session(code), {"a": "1"})
    return session

@pytest.mark.parametrize("app", [plain, named, mixed, bare])
def test_default(app, qqminigame_app):
    sandbox = qqminigame_app(app)
    assert sandbox.state()["players"] == {}
    log_in(app, sandbox)
    assert sandbox.state()["players"]["default"]["storage"] == {"a": "1"}

def test_aliases_keep_their_own(qqminigame_app):
    sandbox = qqminigame_app(named)
    qqminigame_app(mixed)
    assert log_in(named, sandbox, "douyin").platform.name == "douyin"
    assert log_in(mixed, sandbox, "wx").platform.name == "wechat"
    assert named.config["QQMINIGAME"]["douyin"]["POOL_SIZE"] == 5
    assert minigame.session(app=plain).platform.name == "qq"

def test_dawanka(qqminigame_app):
    from qqminigame import HallLogin
    sandbox = qqminigame_app(bare)
    openid, openkey = sandbox.hall_login(pay_return_count=1)
    player = HallLogin(openid=openid, openkey=openkey)
    assert minigame.dawanka(app=bare).report_pay(player, "order-1").left == 0

def test_afterwards():
    assert plain.config["QQMINIGAME_APP_ID"] == "1"
    assert "QQMINIGAME_BASE_URL" not in plain.config
    assert named.config["QQMINIGAME"]["default"] == {"APP_ID": "2"}
    assert ":4 " in repr(minigame.session(app=mixed))
    assert not any(name.startswith("QQMINIGAME") for name in bare.config)
"""


def test_fixture__points_apps_at_the_sandbox(tmp_path):
    """Whatever the form of the settings; each test begins with nothing, and the last undoes it."""
    (tmp_path / "conftest.py").write_text(PLUGIN)
    (tmp_path / "apps.py").write_text(APPS)
    (tmp_path / "test_apps.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "7 passed" in done.stdout, done.stdout + done.stderr
