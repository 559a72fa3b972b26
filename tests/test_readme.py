"""Every snippet of the README is run, against the sandbox."""

import re
import shlex
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.rst").read_text(encoding="utf-8")
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", re.MULTILINE)
BLOCKS = [
    (kind, re.sub(r"^    ", "", text, flags=re.MULTILINE)) for kind, text in BLOCK.findall(README)
]
COMMANDS = [
    line.removeprefix("$ ")
    for kind, text in BLOCKS
    if kind == "console"
    for line in text.splitlines()
    if line
]


def test_blocks__are_all_of_a_kind_that_is_run():
    """No snippet escapes: every directive was found, and is python or console."""
    assert len(BLOCKS) == README.count("code-block::")
    assert {kind for kind, _ in BLOCKS} == {"python", "console"}
    assert "::\n\n    " not in re.sub(r"\.\. code-block:: \w+\n", "", README)


def test_python__runs_from_top_to_bottom(sandbox, monkeypatch, capsys):
    """The Python snippets are one program; what its comments promise is printed."""
    openid, openkey = sandbox.hall_login(pay_return_count=1)
    monkeypatch.setenv("QQMINIGAME_APP_ID", sandbox.app_id)
    monkeypatch.setenv("QQMINIGAME_APP_SECRET", sandbox.app_secret)
    monkeypatch.setenv("QQMINIGAME_HALL_APP_ID", sandbox.hall_app_id)
    monkeypatch.setenv("QQMINIGAME_APP_KEY", sandbox.app_key)
    monkeypatch.setenv("QQMINIGAME_BASE_URL", sandbox.url)
    names = {
        "js_code": sandbox.js_code(),
        "tt_js_code": sandbox.js_code(platform="douyin"),
        "query": {"openid": openid, "openkey": openkey},
    }
    for kind, text in BLOCKS:
        if kind == "python":
            exec(compile(text, "README.rst", "exec"), names)
    stored = sandbox.state()["players"][names["login"].openid]["storage"]
    assert stored.keys() == {"score", "rank"}
    assert stored["score"] == "120"
    assert names["report"].left == 0
    on_douyin = sandbox.state()["players"][names["tt_login"].openid]["storage"]
    assert '"ttgame":{"score":100,' in on_douyin["rank"]
    shown = capsys.readouterr().out
    assert "key is 129 bytes long in UTF-8 (limit 128)" in shown
    assert "value must be a str, not int" in shown
    names["test_busy_platform"](sandbox)


def test_example__has_20_lines():
    """The first example fits on a page."""
    example = next(text for kind, text in BLOCKS if kind == "python")
    assert len(example.strip().splitlines()) <= 21


@pytest.mark.parametrize("command", COMMANDS)
def test_console__each_command_is_there(command, monkeypatch):
    """Make targets exist, extras exist, our own commands run (a server only as far as --help)."""
    words = shlex.split(command)
    if words[0] == "make":
        done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True)
    elif "install" in words:
        extras = set(re.findall(r"\[(\w+)\]", command))
        assert extras <= set(metadata("qqminigame").get_all("Provides-Extra"))
        return
    else:
        assert words[:3] == ["python", "-m", "qqminigame"]
        rest = [*words[3:], "--help"] if "sandbox" in words else words[3:]
        done = subprocess.run([sys.executable, *words[1:3], *rest], capture_output=True)
    assert done.returncode == 0, done.stderr
