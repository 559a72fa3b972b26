"""``docs/cron.rst``: its crontab is run by a real cron, its other lines are checked."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cron_daemon import CronDaemon
from machine import require

from qqminigame.cli.exits import Exit
from qqminigame.cli.profiles import SETTINGS

ROOT = Path(__file__).parent.parent
PAGES = {
    name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("cron.rst", "cli.rst")
}
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", re.MULTILINE)


def blocks(page, kind):
    """Return the blocks of a kind on a page."""
    found = [text for name, text in BLOCK.findall(PAGES[page]) if name == kind]
    return [re.sub(r"^    ", "", text, flags=re.MULTILINE) for text in found]


def commands():
    """Yield every command line of ours on the pages."""
    for page in PAGES:
        for kind in ("console", "text", "ini"):
            for line in "\n".join(blocks(page, kind)).splitlines():
                found = re.search(r"(?<![\w.])(?:/opt/game/venv/bin/)?qqminigame ([a-z].*)", line)
                if found and "pip install" not in line:
                    yield found[1]
    for line in re.findall(r"command: \[(.*)\]", PAGES["cron.rst"]):
        yield shlex.join(shlex.split(line.replace(",", " "))[1:])


@pytest.mark.parametrize("line", list(commands()))
def test_commands__are_understood(command, line):
    """Every line has commands and options that exist."""
    words = shlex.split(line.partition(" > ")[0])
    assert words
    done = command(*words, "--help")
    assert (done.code, done.err) == (0, "")


def test_commands__are_found():
    """Those of all three places, and the interactive ones."""
    lines = list(commands())
    assert len([line for line in lines if line.startswith("storage load")]) >= 5
    assert "doctor" in lines


def test_settings__of_the_pages_exist():
    """The examples of the configuration file."""
    for page in PAGES:
        for text in blocks(page, "toml"):
            names = re.findall(r"^(\w+) =", text, re.MULTILINE)
            assert set(names) <= set(SETTINGS)


@pytest.mark.parametrize("broken", [False, True], ids=["as it is", "with a mistake"])
def test_units__are_what_systemd_takes(tmp_path, broken):
    """It knows every section, key and value."""
    service, timer = blocks("cron.rst", "ini")
    program = tmp_path / "qqminigame"
    program.touch(mode=0o755)
    service = service.replace("/opt/game/venv/bin/qqminigame", str(program))
    (tmp_path / "game-scores.service").write_text(service)
    if broken:
        timer = timer.replace("OnCalendar=*-*-*", "OnCalendar=every day")
    (tmp_path / "game-scores.timer").write_text(timer)
    units = sorted(tmp_path.glob("game-scores.*"))
    command = [require("systemd-analyze"), "verify", *units]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode == 0 and done.stderr == "") is not broken, done.stderr


def test_cron_job__is_yaml():
    """The container runs the command, and gives up on exit codes that no repeat changes."""
    (text,) = blocks("cron.rst", "yaml")
    job = yaml.safe_load(text)["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert container["command"][:3] == ["qqminigame", "storage", "load"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    again = {Exit.TRY_LATER, Exit.HANGUP, Exit.INTERRUPTED, Exit.UNREAD, Exit.TERMINATED}
    assert set(rule["onExitCodes"]["values"]) == set(Exit) - again - {Exit.DONE}
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in job["template"]["spec"]["volumes"]}


def read(path):
    """Return what a file holds; nothing where there is none."""
    return path.read_text() if path.exists() else ""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_crontab__stores_mails_nothing_exits_0(command, sandbox, tmp_path):
    """The line of the docs, run by cron. Beside it one with a bad row, which is mailed."""
    for player in ("A", "B"):
        assert command("login", "-", given=sandbox.js_code(player)).code == 0
    config = tmp_path / "qqminigame.toml"
    config.touch(mode=0o600)
    store = f"sqlite:///{command.env['XDG_CACHE_HOME']}/qqminigame/cache.db"
    config.write_text(
        f'[default]\napp_id = "{sandbox.app_id}"\napp_secret = "{sandbox.app_secret}"\n'
        f'base_url = "{sandbox.url}"\nstore = "{store}"\n'
    )
    (tmp_path / "scores.csv").write_text("openid,score\nA,7\nB,8\n")
    (tmp_path / "bad.csv").write_text("openid,score\nA,7\nnobody,8\n")
    crontab, _ = blocks("cron.rst", "text")
    replaced = {
        "15 4 * * * game": "* * * * * root",
        "/etc/game/qqminigame.toml": str(config),
        "/opt/game/venv/bin/qqminigame": f"{sys.executable} -m qqminigame",
        "/var/lib/game": str(tmp_path),
    }
    for there, here in replaced.items():
        assert there in crontab
        crontab = crontab.replace(there, here)
    head, line = crontab.strip().rsplit("\n", 1)
    good = f"{line}; echo $? > {tmp_path}/good"
    bad = line.replace("scores.", "bad.").replace("failures.", "bad-failures.")
    bad = f"{bad.replace(' --lock', '')}; echo $? > {tmp_path}/bad"
    home = f"HOME={tmp_path}/home\nXDG_STATE_HOME={tmp_path}/state\n"
    with CronDaemon(tmp_path / "cron", f"{head}\n{home}{good}\n{bad}\n") as cron:
        assert cron.wait_for(lambda: read(tmp_path / "bad")) == "3\n"
        assert cron.wait_for(lambda: read(tmp_path / "good")) == "0\n"
        cron.wait_for(lambda: "bad-failures.ndjson" in cron.mails)
    assert cron.mails.count("Subject: ") == 1
    assert "stored 1, skipped 0, failed 1" in cron.mails
    players = sandbox.state()["players"]
    assert '"score":7' in players["A"]["storage"]["rank"]
    assert '"score":8' in players["B"]["storage"]["rank"]
