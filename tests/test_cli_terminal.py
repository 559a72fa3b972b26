"""The command line in a real terminal: prompts, progress, Ctrl-C, resize, completion."""

import re
import subprocess
import sys

import pytest
from commands import COMMAND, Terminal
from machine import require

from qqminigame.cli.exits import Exit
from qqminigame.testing import assert_no_secrets

ROWS = 400


@pytest.fixture
def table(openid, tmp_path):
    """Many rows of one player, and a few of nobody."""
    path = tmp_path / "scores.csv"
    rows = [f"{openid},{number}" for number in range(ROWS)]
    rows[5:7] = ["nobody,1", "nobody,2"]
    path.write_text("\n".join(["openid,gold", *rows, ""]))
    return path


def test_note__at_a_terminal(command, openid):
    """A person is told what was done."""
    words = ["storage", "set", openid, "gold=1"]
    with Terminal([*COMMAND, *words], command.env) as terminal:
        assert terminal.wait() == 0
    assert f"stored gold for {openid}" in terminal.shown


def test_secret__is_asked_for_and_not_shown(command, sandbox):
    """A missing app_secret and openkey are typed unseen."""
    openid, openkey = sandbox.hall_login("0A1B2C3D", level=1, pay_return_count=3)
    env = {**command.env}
    del env["QQMINIGAME_APP_KEY"]
    with Terminal([*COMMAND, "dawanka", "info", openid], env) as terminal:
        for name, secret in (("openkey: ", openkey), ("app_key: ", sandbox.app_key)):
            terminal.wait_for(lambda shown, name=name: name in shown)
            terminal.type(secret + "\n")
        assert terminal.wait() == 0
    assert re.search(r"pay_return_count\s+3", terminal.shown)
    assert_no_secrets(terminal.output, [openkey, sandbox.app_key])


def test_secret__is_not_typed(command, sandbox):
    """Ctrl-C at the prompt ends it without a traceback."""
    env = {**command.env}
    del env["QQMINIGAME_APP_SECRET"]
    with Terminal([*COMMAND, "login", "--", sandbox.js_code()], env) as terminal:
        terminal.wait_for(lambda shown: "app_secret: " in shown)
        terminal.type("\x03")
        assert terminal.wait() == Exit.INTERRUPTED
    assert "Traceback" not in terminal.shown


def test_progress__has_rate_time_and_failures(command, table):
    """The bar goes to the end, and what failed is counted in it."""
    words = ["storage", "load", str(table), "--workers", "4"]
    with Terminal([*COMMAND, *words], command.env) as terminal:
        assert terminal.wait() == Exit.SOME_FAILED
    assert f"{ROWS}/{ROWS}" in terminal.shown
    assert re.search(r"\d+/s", terminal.shown)
    assert re.search(r"\d:\d\d:\d\d", terminal.shown)
    assert "2 failed" in terminal.shown
    assert f"stored {ROWS - 2}, skipped 0, failed 2" in terminal.shown


def test_progress__in_chinese(command, table):
    """The words around the bar too."""
    env = {**command.env, "QQMINIGAME_LANG": "zh_CN"}
    with Terminal([*COMMAND, "storage", "load", str(table)], env) as terminal:
        terminal.wait()
    assert "失败 2" in terminal.shown


def test_progress__ctrl_c_and_resize(command, sandbox, table):
    """The bar follows the width of the terminal; Ctrl-C ends it with a word of how far it got."""
    sandbox.script({"kind": "delay", "seconds": 0.1, "times": -1})
    words = ["storage", "load", str(table), "--workers", "2"]
    with Terminal([*COMMAND, *words], command.env, columns=80) as terminal:
        terminal.wait_for(lambda shown: re.search(rf"[1-9]\d*/{ROWS}", shown))
        terminal.resize(40)
        before = len(terminal.shown)
        terminal.wait_for(
            lambda shown: [
                line
                for line in re.split(r"[\r\n]+", shown[before:])[1:]
                if f"/{ROWS}" in line and len(line) <= 40
            ]
        )
        terminal.type("\x03")
        assert terminal.wait() == Exit.INTERRUPTED
    assert "Traceback" not in terminal.shown
    assert re.search(r"stored [1-9]\d*, skipped 0", terminal.shown)


def test_progress__not_without_a_terminal(command, sandbox, openid, tmp_path):
    """Cron has nothing to send when all is well."""
    path = tmp_path / "scores.csv"
    path.write_text(f"openid,gold\n{openid},7\n")
    done = command.process("storage", "load", path)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert sandbox.state()["players"][openid]["storage"] == {"gold": "7"}


@pytest.fixture
def shell(command, tmp_path):
    """The environment of a bash that finds the program, and the completion script."""
    script = tmp_path / "completion.bash"
    script.write_text(command.process("completion", "bash").out)
    program = tmp_path / "bin" / "qqminigame"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m qqminigame "$@"\n')
    program.chmod(0o755)
    return {**command.env, "PATH": f"{program.parent}:{command.env['PATH']}", "SCRIPT": str(script)}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["sto"], ["storage"]),
        (["storage", ""], ["load", "set", "remove", "score"]),
        (["storage", "load", "--rank"], ["--ranking"]),
        (["token", "show", "--platform", "do"], ["douyin", "douyin-toutiao"]),
    ],
)
def test_completion__is_offered_in_bash(shell, words, offered):
    """Bash asks the program, and offers what it answers."""
    asked = (
        'source "$SCRIPT"; COMP_WORDS=(qqminigame "$@"); COMP_CWORD=$#;'
        "_qqminigame_completion qqminigame; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        [require("bash"), "-c", asked, "bash", *words], capture_output=True, text=True, env=shell
    )
    offers = done.stdout.split()
    assert (offers, done.stderr) == (offered, "")


def test_completion__at_a_real_tab(shell, tmp_path):
    """At a prompt of bash, Tab completes a command, and the name of a file."""
    (tmp_path / "scores.csv").touch()
    with Terminal([require("bash"), "--norc", "-i"], shell) as terminal:
        terminal.type("PS1='ready> '; source \"$SCRIPT\"\n")
        terminal.wait_for(lambda shown: shown.endswith("ready> "))
        terminal.type("qqminigame inter\t")
        terminal.wait_for(lambda shown: "qqminigame interactive " in shown)
        terminal.type(f"\x15qqminigame storage load {tmp_path}/sco\t")
        terminal.wait_for(lambda shown: "/scores.csv" in shown)
        terminal.type("\x15exit\n")
        terminal.wait()
