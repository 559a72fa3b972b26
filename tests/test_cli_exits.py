"""The exit codes, each of them, and what is printed with it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cli_help import PAGE
from ports import Port
from waiting import wait_until

from qqminigame.cli.exits import Exit

CODES = PAGE.read_text(encoding="utf-8").partition(".. codes start")[2].partition(".. codes end")[0]


def test_codes__are_documented():
    """The table in docs/cli.rst has all of them and no others."""
    rows = [line.split()[0] for line in CODES.splitlines() if line[:1].isdigit()]
    assert list(map(int, rows)) == sorted(map(int, Exit))


def fails(command, code, *arguments, **given):
    """Run a command that fails, both ways; return its JSON error."""
    for_people = command(*arguments, **given)
    assert (for_people.code, for_people.out) == (code, "")
    assert for_people.err.startswith("qqminigame: ")
    assert "Traceback" not in for_people.err
    for_programs = command(*arguments, "--json", **given)
    assert (for_programs.code, for_programs.out) == (code, "")
    assert for_programs.error["exit_code"] == code
    assert for_programs.error["english"]
    assert for_programs.error["chinese"]
    return for_programs.error


@pytest.mark.parametrize(
    "arguments",
    [
        ["storage", "set", "nobody"],
        ["storage", "set", "nobody", "no pair"],
        ["storage", "set", "nobody", "a=1", "--nonsense"],
        ["storage", "set", "nobody", "a=1", "--platform", "nonsense"],
        ["storage", "score", "nobody", "rank", "many"],
        ["interactive", "set", "nobody", "1=one"],
        ["nonsense"],
    ],
)
def test_2__usage(command, arguments):
    """A wrong command line: it says what is wrong, and how to see the help."""
    fails(command, Exit.USAGE, *arguments)
    assert "--help" in command(*arguments).err


def test_2__limit(command, openid):
    """An argument that breaks a limit: all problems are named, nothing is sent."""
    error = fails(command, Exit.USAGE, "storage", "set", openid, f"{'k' * 129}=1", "a=1", "a=2")
    assert error["error"] == "InvalidArgumentError"
    assert "129" in error["english"]
    assert "twice" in error["english"]
    assert error["sent"] is False


def test_2__no_command(command):
    """A group without a command prints its help to stderr."""
    done = command("storage")
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert "remove" in done.err


@pytest.mark.parametrize(
    "env",
    [
        {"QQMINIGAME_APP_ID": ""},
        {"QQMINIGAME_APP_SECRET": ""},
        {"QQMINIGAME_APP_SECRET": "wrong"},
        {"QQMINIGAME_STORE": "redsi://localhost"},
        {"QQMINIGAME_PLATFORM": "nonsense"},
        {"QQMINIGAME_PROFILE": "nonsense"},
        {"QQMINIGAME_STABLE_TOKEN": "perhaps"},
    ],
)
def test_4__configuration(command, env):
    """A setting that is missing or wrong, found here or by the platform."""
    fails(command, Exit.CONFIGURATION, "token", "refresh", **env)


def test_4__app_key(command, sandbox):
    """A wrong app_key is no matter of the player's login."""
    hall = sandbox.hall_login("0A1B2C3D", level=1, pay_return_count=3)
    env = {"QQMINIGAME_APP_KEY": "wrong", "QQMINIGAME_OPENKEY": hall.openkey}
    fails(command, Exit.CONFIGURATION, "dawanka", "info", hall.openid, **env)


def test_5__login(command, sandbox, openid):
    """A code that was used, a player who is not logged in, a session_key that is old."""
    code = sandbox.js_code()
    assert command("login", "--", code).code == 0
    assert fails(command, Exit.LOGIN_EXPIRED, "login", "-", given=code)["must_log_in"]
    assert fails(command, Exit.LOGIN_EXPIRED, "storage", "set", "nobody", "a=1")["must_log_in"]
    sandbox.end_session(openid)
    done = command("storage", "set", openid, "a=1", "--json")
    assert done.code == Exit.LOGIN_EXPIRED
    assert done.error["error"] == "SignatureError"


def test_6__refused(command, sandbox, openid):
    """What the platform refuses for good, known or not."""
    sandbox.script({"kind": "code", "code": 87018, "times": -1})
    assert fails(command, Exit.REFUSED, "storage", "set", openid, "a=1")["code"] == 87018


def test_7__unknown_outcome(command, sandbox):
    """A report whose answer is lost."""
    hall = sandbox.hall_login("0A1B2C3D", level=1, pay_return_count=3)
    sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay", "times": -1})
    env = {"QQMINIGAME_OPENKEY": hall.openkey}
    error = fails(command, Exit.OUTCOME_UNKNOWN, "dawanka", "report", hall.openid, "77", **env)
    assert "settle" in error["english"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "busy"},
        {"kind": "reset_after"},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429},
        {"kind": "code", "code": 45011, "endpoint": "jscode2session"},
    ],
)
def test_75__try_later(command, sandbox, openid, fault):
    """Busy, limited, cut off: the same command may succeed later."""
    sandbox.script({"times": -1, **fault})
    words = ["login", "-"] if "endpoint" in fault else ["storage", "set", openid, "a=1"]
    assert fails(command, Exit.TRY_LATER, *words, given=sandbox.js_code())["may_retry"]


def test_75__no_network(command, openid):
    """Nobody listens."""
    port = Port()
    url = f"http://127.0.0.1:{port.number}"
    fails(command, Exit.TRY_LATER, "login", "code", QQMINIGAME_BASE_URL=url)


def test_75__store(command, tmp_path):
    """A store that cannot be reached."""
    port = Port()
    url = f"redis://127.0.0.1:{port.number}/0"
    fails(command, Exit.TRY_LATER, "logins", "list", QQMINIGAME_STORE=url)


def test_1__bug(command, monkeypatch):
    """An exception that nobody expected: its traceback, without secrets, and a request."""

    def fail(*_):
        raise RuntimeError("GET /api?access_token=0123456789")

    monkeypatch.setattr("qqminigame.cli.commands.logins.islice", fail)
    done = command("logins", "list")
    assert (done.code, done.out) == (Exit.BUG, "")
    assert "RuntimeError: GET /api?access_token=***" in done.err
    assert "report it" in done.err


@pytest.fixture
def waiting(command, sandbox):
    """A load that waits for stdin, has the lock, and has fetched its access token."""
    process = command.start("storage", "load", "--lock", "-", stdin=subprocess.PIPE)
    try:
        process.stdin.write(b"openid,gold\n")
        process.stdin.flush()
        wait_until_locked(process, command)
        wait_until(lambda: any("getToken" in entry["path"] for entry in sandbox.log()))
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_locked(process, command):
    """Wait until a process has written down that it has a lock."""
    folder = Path(command.env["XDG_STATE_HOME"], "qqminigame", "locks")

    def is_locked():
        assert process.poll() is None, process.communicate()
        return any(f'"pid": {process.pid},' in file.read_text() for file in folder.glob("*.lock"))

    wait_until(is_locked)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, Exit.INTERRUPTED),
        (signal.SIGTERM, Exit.TERMINATED),
        (signal.SIGHUP, Exit.HANGUP),
    ],
)
def test_signals__end_a_load_in_order(waiting, number, code):
    """Although it waits for stdin; it says how far it got, and there is no traceback."""
    waiting.send_signal(number)
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == code
    assert out == b""
    assert b"Traceback" not in err
    assert err.startswith(b"qqminigame: stored 0, skipped 0, failed 0")


def test_signals__the_second_does_not_wait(command, sandbox, openid, tmp_path):
    """The first waits for the calls on their way, the second for nothing: no word of the end."""
    (tmp_path / "scores.csv").write_text(f"openid,gold\n{openid},1\n")
    assert command("token", "refresh").code == 0
    sandbox.script({"kind": "no_answer", "times": -1})
    process = command.start("storage", "load", tmp_path / "scores.csv")
    wait_until(lambda: any("set_user_storage" in entry["path"] for entry in sandbox.log()))
    # Two of one kind that come at once are one signal.
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == Exit.TERMINATED
    assert (out, err) == (b"", b"")


def test_sighup__is_left_alone_under_nohup(command):
    """What nohup wants ignored stays ignored."""
    program = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "os.execv(sys.executable, [sys.executable, '-m', 'qqminigame', *sys.argv[1:]])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "storage", "load", "--lock", "-"],
        stdin=subprocess.PIPE,
        env=command.env,
    )
    try:
        wait_until_locked(process, command)
        process.send_signal(signal.SIGHUP)
        process.communicate(b"openid,gold\n", timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0


def test_lock__refuses_a_second_run(command, waiting):
    """It says who runs; another command and another app go on."""
    done = command("storage", "load", "--lock", "--json", "nothing")
    assert done.code == Exit.TRY_LATER
    assert f"process {waiting.pid} on {socket.gethostname()}" in done.error["english"]
    assert str(waiting.pid) in done.error["chinese"]
    missing = Exit.CONFIGURATION
    assert command("storage", "load", "nothing").code == missing
    assert command("storage", "load", "--lock", "nothing", QQMINIGAME_APP_ID="9").code == missing
    assert command("logins", "forget", "nobody", "--lock").code == 0


def test_lock__ends_with_its_process(command, waiting):
    """However that ends."""
    waiting.kill()
    waiting.wait()
    assert command("storage", "load", "--lock", "nothing").code == Exit.CONFIGURATION


def test_lock__whose_holder_is_unknown(command, waiting):
    """What the file says may be lost; the lock holds all the same."""
    for file in Path(command.env["XDG_STATE_HOME"], "qqminigame", "locks").iterdir():
        file.write_text("rubbish")
    done = command("storage", "load", "--lock", "--json", "nothing")
    assert done.code == Exit.TRY_LATER
    assert "in progress" in done.error["english"]


def test_lock__of_a_user_without_a_home(command):
    """No folder named "~" is made."""
    done = command("logins", "forget", "nobody", "--lock", XDG_STATE_HOME="~/state")
    assert done.code == Exit.CONFIGURATION
    assert "~/state" in done.err


def test_lock__has_no_place(command, tmp_path):
    """The error names the folder and the variable."""
    (tmp_path / "file").touch()
    done = command("logins", "forget", "nobody", "--lock", XDG_STATE_HOME=str(tmp_path / "file"))
    assert done.code == Exit.CONFIGURATION
    assert "XDG_STATE_HOME" in done.err


def test_141__nobody_reads(command, openid):
    """As with ``| head``: it ends, and does not complain."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "qqminigame", "logins", "list"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=command.env,
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (Exit.UNREAD, b"")
