"""Where the settings of a command come from, and which files are refused."""

import os

import pytest
from commands import Commands
from machine import require_root

from qqminigame.cli.exits import Exit
from qqminigame.testing import assert_no_secrets


@pytest.fixture
def bare(command):
    """The command without settings in its environment."""
    kept = {name: value for name, value in command.env.items() if "QQMINIGAME" not in name}
    return Commands(**kept)


@pytest.fixture
def write(bare):
    """Write the configuration file, with a mode."""

    def write(text, mode=0o600):
        path = bare.env["XDG_CONFIG_HOME"] + "/qqminigame/qqminigame.toml"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    return write


def settings(command, *arguments, **env):
    """Return the settings as the doctor tells them, with their origins."""
    done = command("doctor", "--offline", "--json", *arguments, **env)
    return {
        each["check"].removeprefix("setting "): each["english"]
        for each in done.objects
        if each["check"].startswith("setting ")
    }


def test_settings__option_profile_environment_default(bare, write):
    """The named profile wins over the environment, and the environment over the default one."""
    path = write(
        '[default]\napp_id = "1"\napp_secret = "abcdefgh"\n'
        '[douyin]\napp_id = "2"\nplatform = "douyin"\n'
    )
    assert settings(bare)["app_id"] == f"1 ({path}, profile default)"
    env = {"QQMINIGAME_APP_ID": "3"}
    assert settings(bare, **env)["app_id"] == "3 (environment variable QQMINIGAME_APP_ID)"
    env["QQMINIGAME_PROFILE"] = "douyin"
    assert settings(bare, **env)["app_id"].startswith("3 ")
    assert settings(bare, **env)["platform"] == f"douyin ({path}, profile douyin)"
    assert settings(bare, "--profile", "douyin", **env)["app_id"].startswith("2 ")
    assert settings(bare, "--profile", "default", **env)["app_id"].startswith("1 ")
    told = settings(bare, "--profile", "douyin", "--platform", "wechat", **env)
    assert told["platform"] == "wechat (option --platform)"


def test_settings__a_profile_inherits_nothing(bare, write):
    """No secret of one app goes with the id of another."""
    write('[default]\napp_id = "1"\napp_secret = "abcdefgh"\n[other]\napp_id = "2"\n')
    assert "only the game hall" in settings(bare, "--profile", "other")["app_secret"]


def test_settings__show_no_secret(bare, write):
    """They are shown as digests."""
    write('[default]\napp_id = "1"\napp_secret = "secret-one"\nstore = "redis://:secret-two@h/0"\n')
    done = bare("doctor", "--offline")
    assert_no_secrets([done.out, done.err], ["secret-one", "secret-two"])
    assert "sha256:" in done.out


def test_file__another_one(bare, write, tmp_path):
    """An option or a variable names it; the option goes first."""
    write('[default]\napp_id = "1"\n')
    for name in "23":
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(f'[default]\napp_id = "{name}"\n')
    env = {"QQMINIGAME_CONFIG": str(tmp_path / "2")}
    assert settings(bare, **env)["app_id"].startswith("2 ")
    assert settings(bare, "--config", tmp_path / "3", **env)["app_id"].startswith("3 ")


def test_file__of_the_current_folder_is_not_read(bare, tmp_path, monkeypatch):
    """Whoever can write there could have the secret sent to a server of theirs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qqminigame.toml").touch(mode=0o600)
    (tmp_path / "qqminigame.toml").write_text('[default]\napp_id = "1"\n')
    done = bare("token", "show")
    assert done.code == Exit.CONFIGURATION
    assert "QQMINIGAME_APP_ID" in done.err


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o602])
def test_file__that_others_can_read_or_change(bare, write, mode):
    """It is refused, and the error says how to mend it."""
    path = write('[default]\napp_id = "1"\n', mode)
    done = bare("token", "show")
    assert done.code == Exit.CONFIGURATION
    assert f"{mode:o}" in done.err
    assert f"chmod 600 {path}" in done.err


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o440])
def test_file__that_only_its_group_can_read(bare, write, mode):
    """It is accepted."""
    write('[default]\napp_id = "1"\n', mode)
    assert settings(bare)["app_id"]


def test_file__of_another_user(bare, write):
    """It is refused: that user could change where secrets are sent."""
    require_root()
    path = write('[default]\napp_id = "1"\n')
    os.chown(path, 65534, -1)
    done = bare("token", "show")
    assert done.code == Exit.CONFIGURATION
    assert "65534" in done.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("app_id = ", "Invalid value"),
        ('app_id = "1"', "[default]"),
        ("[default]\napp_id = 1\n", "in quotes"),
        ('[default]\nstable_token = "yes"\n', "true or false"),
        ('[default]\napp_sekret = "secret-one"\n', "did you mean 'app_secret'?"),
        ('[default]\nnonsense = "secret-one"\n', "'nonsense'"),
        (b'[default]\napp_id = "\xff"', "utf-8"),
    ],
)
def test_file__that_is_wrong(bare, write, text, words):
    """The error names the file and the mistake, in both languages, and no value."""
    path = write("")
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    done = bare("token", "show", "--json")
    assert done.code == Exit.CONFIGURATION
    assert words in done.error["english"]
    assert "qqminigame.toml" in done.error["chinese"]
    assert "secret-one" not in done.err


def test_file__that_is_not_there(bare, tmp_path):
    """Named, it has to exist; and so has a profile."""
    missing = tmp_path / "missing.toml"
    done = bare("token", "show", "--config", missing)
    assert done.code == Exit.CONFIGURATION
    assert str(missing) in done.err
    done = bare("token", "show", "--profile", "game")
    assert done.code == Exit.CONFIGURATION
    assert "'game'" in done.err


def test_profile__that_is_not_there(bare, write):
    """The error lists those that are."""
    write('[default]\napp_id = "1"\n[douyin]\napp_id = "2"\n')
    assert "default, douyin" in bare("token", "show", "--profile", "game").err


def test_profile__that_is_no_table(bare, write):
    """The name of a setting at the top of the file is not one of a profile."""
    write('app_id = "1"\n')
    assert "[default]" in bare("token", "show", "--profile", "app_id").err


def test_stable_token__changes_which_token_is_shared(bare, sandbox, write):
    """The setting reaches the session: the platform is asked by that call."""
    write(
        f'[default]\napp_id = "{sandbox.app_id}"\napp_secret = "{sandbox.app_secret}"\n'
        f'base_url = "{sandbox.url}"\nplatform = "douyin"\nstable_token = true\n'
    )
    assert bare("token", "refresh").code == 0
    assert sandbox.log()[-1]["path"].endswith("stable_token")
    assert bare("token", "refresh", QQMINIGAME_STABLE_TOKEN="0").code == 0
    assert sandbox.log()[-1]["path"].endswith("v2/token")
