"""Every command of ``qqminigame``, as a process, against the sandbox."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_help import PAGE, helps
from commands import COMMAND
from sessions import make_session

from qqminigame import LoginState
from qqminigame.cli.exits import Exit
from qqminigame.testing import assert_no_secrets

DOCS = PAGE.read_text(encoding="utf-8")


def between(start, end):
    """Return a part of docs/cli.rst."""
    return DOCS.partition(start)[2].partition(end)[0]


def documented_names():
    """Return the JSON names of each command, from its table in the docs."""
    names, command = {}, ""
    for line in between(".. names start", ".. names end").splitlines()[4:-1]:
        if not line.startswith("="):
            command = line[:21].strip() or command
            names[command] = [*names.get(command, []), *line[21:].split()]
    return names


NAMES = documented_names()


@pytest.fixture
def hall(sandbox):
    """A player in the hall, with three bonus uses."""
    return sandbox.hall_login("0A1B2C3D", level=1, pay_return_count=3)


def stored(sandbox, openid):
    """Return what the platform has stored for a player."""
    return sandbox.state()["players"][openid]["storage"]


def test_login__remembers_the_login(command, sandbox):
    """It prints the openid, and no session_key anywhere."""
    done = command("login", "--json", "--", sandbox.js_code())
    (login,) = done.objects
    assert done.code == 0
    assert list(login) == NAMES["login"]
    assert login["remembered"]
    assert command("logins", "list").out.split() == [login["openid"]]
    cache = f"sqlite:///{command.env['XDG_CACHE_HOME']}/qqminigame/cache.db"
    with make_session(sandbox, store=cache) as session:
        key = session.login_state(login["openid"]).session_key
    assert_no_secrets(done.out + done.err, [key, sandbox.app_secret])


def test_login__does_not_use_a_code_up_whose_login_would_be_lost(command, sandbox):
    """With a store in memory the code is not sent."""
    code = sandbox.js_code()
    done = command("login", "-", given=code, QQMINIGAME_STORE="memory:")
    assert done.code == Exit.CONFIGURATION
    assert "QQMINIGAME_STORE" in done.err
    assert sandbox.log() == []
    assert command("login", "--", code).code == 0


def test_login__that_could_not_be_saved(command, sandbox, monkeypatch):
    """The code is used up: the error names the player and the store, and not the key."""
    lost = LoginState(openid="AB", session_key="the-session-key")
    monkeypatch.setattr("qqminigame.login_store.LoginStore.remember", lambda *_, **__: lost)
    done = command("login", "-", given=sandbox.js_code("AB"))
    assert (done.code, done.out) == (Exit.TRY_LATER, "")
    assert "AB has logged in" in done.err
    assert "the-session-key" not in done.err


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (("storage", "set", "{openid}", "gold=2", "note=a=b"), {"gold": "2", "note": "a=b"}),
        (("storage", "remove", "{openid}", "gold"), {}),
        (
            ("storage", "score", "{openid}", "rank", "7", "--time", "5", "--field", "level=3"),
            {"gold": "1", "rank": '{"qqgame":{"score":7,"update_time":5},"level":3}'},
        ),
    ],
)
def test_storage__writes(command, sandbox, openid, arguments, left):
    """What it says is stored is stored; at cron's place it prints nothing."""
    assert command("storage", "set", openid, "gold=1").code == 0
    done = command(*(word.format(openid=openid) for word in arguments))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert stored(sandbox, openid) == left


def test_interactive__writes(command, sandbox, openid):
    """Marks are set."""
    done = command("interactive", "set", openid, "1=1", "--json")
    assert list(done.objects[0]) == NAMES["interactive set"]
    assert sandbox.state()["players"][openid]["interactive"] == {"1": 1}


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("storage set", ("{openid}", "gold=2")),
        ("storage remove", ("{openid}", "gold")),
        ("storage score", ("{openid}", "rank", "7")),
        ("interactive set", ("{openid}", "1=1")),
    ],
)
def test_dry_run__checks_and_sends_nothing(command, sandbox, openid, words, arguments):
    """A known player: done. An unknown one: the error of the real call. Nothing is sent."""
    before = len(sandbox.log())
    given = [word.format(openid=openid) for word in arguments]
    done = command(*words.split(), *given, "--dry-run", "--json")
    assert done.code == 0
    assert list(done.objects[0]) == NAMES[words]
    assert done.objects[0]["dry_run"]
    unknown = command(*words.split(), "nobody", *given[1:], "--dry-run", "--json")
    assert unknown.code == Exit.LOGIN_EXPIRED
    assert unknown.error["error"] == "LoginNotFoundError"
    assert len(sandbox.log()) == before


def test_dry_run__of_a_login_keeps_the_code(command, sandbox):
    """The code can be used afterwards."""
    code = sandbox.js_code()
    done = command("login", "--dry-run", "--json", "--", code)
    assert done.objects == [{"schema": 1, "endpoint": "jscode2session", "dry_run": True}]
    assert sandbox.log() == []
    assert command("login", "--", code).code == 0


def test_dawanka__from_info_to_orders(command, sandbox, hall):
    """An order is counted once, however often it is reported; the dry run reports none."""
    given = {"QQMINIGAME_OPENKEY": hall.openkey}
    info = command("dawanka", "info", hall.openid, "--json", **given)
    assert list(info.objects[0]) == NAMES["dawanka info"]
    assert info.objects[0]["pay_return_count"] == 3
    dry = command("dawanka", "report", hall.openid, "77", "--dry-run", **given)
    assert (dry.code, dry.out, dry.err) == (0, "", "")
    assert not list(Path(command.env["XDG_STATE_HOME"]).rglob("*.db"))
    for _ in range(2):
        done = command("dawanka", "report", hall.openid, "77", "--json", **given)
        assert list(done.objects[0]) == NAMES["dawanka report"]
        assert done.objects[0]["left"] == 2
    settled = command("dawanka", "settle", hall.openid, "77", "--json", **given)
    assert list(settled.objects[0]) == NAMES["dawanka settle"]
    assert settled.objects[0]["counted"]
    orders = command("dawanka", "orders", "--json")
    assert list(orders.objects[0]) == NAMES["dawanka orders"]
    assert [order["state"] for order in orders.objects] == ["finished"]
    reports = [entry for entry in sandbox.log() if "report" in entry["path"]]
    assert len(reports) == 1
    assert "77" in command("dawanka", "orders", "--state", "finished").out
    assert command("dawanka", "orders", "--state", "open").out == ""


def test_dawanka__has_nothing_left(command, sandbox):
    """--if-left reports nothing and says so."""
    openid, openkey = sandbox.hall_login("0A1B2C3D", level=1, pay_return_count=0)
    done = command(
        *("dawanka", "report", openid, "78", "--if-left", "--json"), QQMINIGAME_OPENKEY=openkey
    )
    assert done.code == 0
    assert not done.objects[0]["counted"]


def test_openkey__is_never_an_argument(command, hall):
    """Without a terminal and without the variable, the usage error names the variable."""
    done = command("dawanka", "info", hall.openid, "--json")
    assert done.code == Exit.USAGE
    assert "QQMINIGAME_OPENKEY" in done.error["english"]
    assert "QQMINIGAME_OPENKEY" in done.error["chinese"]
    options = set(re.findall(r"--[\w-]+", helps()))
    secret = {each for each in options if re.search("key|secret|session", each)}
    assert secret == {"--ranking-key", "--session-seconds"}  # neither is one


def test_token__is_shown_as_a_digest(command, sandbox, openid):
    """It is the shared one; it is not fetched, and it is not shown."""
    assert command("token", "show", "--json").objects[0]["token"] is None
    assert command("storage", "set", openid, "a=1").code == 0
    done = command("token", "show", "--json")
    assert list(done.objects[0]) == NAMES["token show"]
    assert 7000 < done.objects[0]["seconds_left"] <= 7200
    assert "sha256:" in command("token", "show").out
    assert sandbox.state()["token_fetches"] == 1


def test_token__is_refreshed_for_all(command, sandbox, openid):
    """Another process uses the new one without a fetch of its own."""
    command("storage", "set", openid, "a=1")
    before = command("token", "show", "--json").objects[0]["token"]
    assert command("token", "refresh", "--dry-run", "--json").objects[0]["token"] == before
    done = command("token", "refresh", "--json")
    assert list(done.objects[0]) == NAMES["token refresh"]
    assert done.objects[0]["token"] != before
    assert sandbox.state()["token_fetches"] == 2
    assert command("storage", "set", openid, "a=2").code == 0
    assert sandbox.state()["token_fetches"] == 2


def test_token__stays_where_no_new_one_comes(command, sandbox, openid):
    """A refresh that fails says so and leaves the present token in use."""
    command("storage", "set", openid, "a=1")
    before = command("token", "show", "--json").objects[0]["token"]
    sandbox.script({"kind": "busy", "times": 50, "endpoint": "getToken"})
    assert command("token", "refresh").code == Exit.TRY_LATER
    assert command("token", "show", "--json").objects[0]["token"] == before


def test_logins__are_listed_and_forgotten(command, openid):
    """The dry run forgets nothing; who is forgotten is not in the list."""
    listed = command("logins", "list", "--json").objects
    assert [list(each) for each in listed] == [NAMES["logins list"]]
    dry = command("logins", "forget", openid, "--dry-run", "--json").objects
    assert dry == [{"schema": 1, "openid": openid, "forgotten": False}]
    done = command("logins", "forget", openid, "nobody", "--json").objects
    assert [list(each) for each in done] == [NAMES["logins forget"]] * 2
    assert [each["forgotten"] for each in done] == [True, False]
    assert command("logins", "list").out == ""


def test_platform__by_option(command, sandbox):
    """The option goes before the environment."""
    code = sandbox.js_code("AB", platform="douyin")
    openid = command(
        "login", "-", "--platform", "douyin", given=code, QQMINIGAME_PLATFORM="qq"
    ).out.strip()
    done = command("storage", "score", openid, "rank", "7", "--platform", "douyin")
    assert done.code == 0, done.err
    assert "ttgame" in stored(sandbox, openid)["rank"]


@pytest.mark.slow
def test_processes__from_a_login_to_the_end(command, sandbox):
    """The same as processes of their own: what one leaves in the store, the next finds."""
    openid = command.process("login", "-", given=sandbox.js_code("AB")).out.strip()
    assert command.process("storage", "set", openid, "gold=1").code == 0
    assert stored(sandbox, openid) == {"gold": "1"}
    assert command.process("token", "show", "--json").objects[0]["seconds_left"] > 7000
    assert command.process("logins", "forget", openid).code == 0
    assert command.process("storage", "set", openid, "gold=2").code == Exit.LOGIN_EXPIRED
    assert sandbox.state()["token_fetches"] == 1


def test_no_environment__but_the_configuration_file(command, sandbox, tmp_path):
    """Under ``env -i``, as from cron, with Chinese in the answer: it works and says it in UTF-8."""
    file = tmp_path / "qqminigame.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'[default]\napp_id = "{sandbox.app_id}"\napp_secret = "{sandbox.app_secret}"\n'
        f'base_url = "{sandbox.url}"\nstore = "sqlite:///{tmp_path}/store.db"\n'
    )
    env = ["env", "-i", *COMMAND]
    login = subprocess.run(
        [*env, "login", "--config", file, "--", sandbox.js_code()], capture_output=True, text=True
    )
    assert (login.returncode, login.stderr) == (0, "")
    words = ["storage", "set", "nobody", "a=1", "--config", file]
    error = subprocess.run(
        ["env", "-i", "QQMINIGAME_LANG=zh", *COMMAND, *words], capture_output=True
    )
    assert error.returncode == Exit.LOGIN_EXPIRED
    assert "登录" in error.stderr.decode("utf-8")


def test_openid__that_starts_with_a_dash(command, sandbox):
    """It goes behind "--"; without that, the error says so."""
    code = sandbox.js_code("-AB")
    assert command("login", "--", code).out.strip() == "-AB"
    assert "behind '--'" in command("storage", "set", "-AB", "a=1").err
    assert command("storage", "set", "--json", "--", "-AB", "a=1").code == 0
    assert stored(sandbox, "-AB") == {"a": "1"}


@pytest.mark.parametrize("streams", ["<&-", "<&- >&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_streams__that_are_closed(command, sandbox, openid, streams):
    """Cron and others may close them; the work is done all the same."""
    words = f"exec {sys.executable} -m qqminigame storage set {openid} gold=1 --json {streams}"
    done = subprocess.run(["sh", "-c", words], env=command.env, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert stored(sandbox, openid) == {"gold": "1"}


def test_streams__that_cannot_print_it(command):
    """A character that stdout does not have is written as its number."""
    env = {"PYTHONIOENCODING": "latin-1", "QQMINIGAME_LANG": "zh"}
    done = command.process("doctor", "--offline", **env)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("\\u6b63\\u5e38")  # 正常
    objects = command.process("doctor", "--offline", "--json", **env).objects
    assert any("可读写" in each["chinese"] for each in objects)


def test_verbose__shows_what_is_repeated_and_every_call(command, sandbox, openid):
    """Asked once, what is repeated; asked twice, each attempt too; no secret in either."""
    words = ["storage", "set", openid, "gold=1"]
    sandbox.script({"kind": "busy", "times": 1})
    once = command(*words, "-v")
    assert "attempt 1" in once.err
    assert "set_user_storage: ok" not in once.err
    twice = command(*words, "-vv")
    assert "set_user_storage: ok" in twice.err
    assert_no_secrets([once.err, twice.err], [sandbox.app_secret])


def test_warnings__are_shown_unasked(command, sandbox, openid, tmp_path):
    """A store that can be kept in memory only is something to be told of, by mail too."""
    (tmp_path / "file").touch()
    done = command("logins", "list", XDG_CACHE_HOME=str(tmp_path / "file"))
    assert done.code == 0
    assert done.err.startswith("qqminigame: ")
    assert "not writable" in done.err
