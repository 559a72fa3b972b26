"""Where the settings of a command come from: options, environment, configuration file.

A web framework has settings of its own; its commands bring another :class:`Source`.

An explicitly named profile wins over the environment: otherwise a variable left over from another
app would send its secret with this app's id.
"""

import difflib
import os
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from attrs import field, frozen

from qqminigame.cli import texts
from qqminigame.exceptions import ConfigurationError
from qqminigame.messages import Text

SETTINGS: Final = (
    *("app_id", "app_secret", "hall_app_id", "app_key"),
    *("platform", "base_url", "store", "orders", "stable_token"),
)
# The address of a store may hold a password.
SECRET: Final = frozenset({"app_secret", "app_key", "store", "orders"})
DEFAULT_PROFILE: Final = "default"

_SWITCHES: Final = {"1": True, "true": True, "0": False, "false": False}


@frozen(kw_only=True)
class Choice:
    """What the options of a command say about its settings.

    Attributes:
        profile: The profile of the configuration file; None for that of the environment.
        file: The configuration file; None for that of the environment.
        platform: The platform; None for what the settings say.
    """

    profile: str | None = None
    file: str | None = None
    platform: str | None = None


@frozen
class Setting:
    """A value, and where it comes from."""

    value: Any = field(repr=False)
    origin: Text


@frozen(kw_only=True)
class Configuration:
    """The settings of a command.

    Attributes:
        settings: By the name of the :class:`qqminigame.Session` argument; and ``orders``.
        place: What was read: a profile of a file, or a framework's settings.
    """

    settings: Mapping[str, Setting]
    place: Text

    def value(self, name: str) -> Any:
        """Return a setting; None where it is not set."""
        setting = self.settings.get(name)
        return None if setting is None else setting.value


@frozen(kw_only=True)
class Source:
    """Where commands get their settings from.

    Attributes:
        program: What users type to get the commands, for their usage lines.
        read: Returns the settings; it may raise a :class:`qqminigame.QQMiniGameError`.
    """

    program: str
    read: Callable[[Choice], Configuration]


def read(choice: Choice, environ: Mapping[str, str]) -> Configuration:
    """Collect the settings.

    Raises:
        ConfigurationError: A file cannot be used, a profile is missing, a value is wrong.
    """
    profile = choice.profile or environ.get("QQMINIGAME_PROFILE") or DEFAULT_PROFILE
    file = _file(choice, environ)
    asked = profile != DEFAULT_PROFILE or choice.profile is not None
    stored = {} if file is None else _profile(file, profile, must_exist=asked)
    if file is None and asked:
        raise ConfigurationError(texts.NO_FILE.of(profile=profile, file=default_file(environ)))
    sources = [dict(_from_environment(environ)), stored]
    if choice.profile is not None:
        sources.reverse()
    settings = {**sources[1], **sources[0], **by_options(choice)}
    return Configuration(settings=settings, place=_place(file, profile, environ))


def by_options(choice: Choice) -> dict[str, Setting]:
    """Return the settings that options make."""
    if choice.platform is None:
        return {}
    return {"platform": Setting(choice.platform, texts.BY_OPTION.of(option="--platform"))}


# The command ``qqminigame`` itself.
FILES: Final = Source(program="qqminigame", read=lambda choice: read(choice, os.environ))


def _place(file: Path | None, profile: str, environ: Mapping[str, str]) -> Text:
    if file is None:
        return texts.NO_CONFIGURATION_FILE.of(file=default_file(environ))
    return texts.BY_FILE.of(file=file, profile=profile)


def default_file(environ: Mapping[str, str]) -> Path:
    """Return where the configuration file is looked for."""
    home = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(home) / "qqminigame" / "qqminigame.toml"


def _file(choice: Choice, environ: Mapping[str, str]) -> Path | None:
    """Return the file to read; a file that is named must exist, the default one need not."""
    named = choice.file or environ.get("QQMINIGAME_CONFIG")
    if named:
        return Path(named).expanduser()
    file = default_file(environ)
    # Path.exists raises where the home folder is another user's, as under sudo.
    return file if os.path.exists(file) else None


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Setting]]:
    for name in SETTINGS:
        variable = f"QQMINIGAME_{name.upper()}"
        if value := environ.get(variable):
            origin = texts.BY_VARIABLE.of(variable=variable)
            yield name, Setting(_checked(name, _switch(name, value), origin), origin)


def _switch(name: str, value: str) -> object:
    return _SWITCHES.get(value.lower(), value) if name == "stable_token" else value


def _profile(file: Path, profile: str, *, must_exist: bool) -> dict[str, Setting]:
    """Return the settings of one table of the file."""
    tables = _tables(file)
    if profile not in tables:
        if not must_exist:
            return {}
        names = ", ".join(tables) or "-"
        raise ConfigurationError(texts.NO_PROFILE.of(file=file, profile=profile, names=names))
    table = tables[profile]
    if not isinstance(table, dict):
        raise ConfigurationError(texts.NOT_A_TABLE.of(file=file, name=profile))
    origin = texts.BY_FILE.of(file=file, profile=profile)
    for name in table:
        _check_name(name, origin)
    return {name: Setting(_checked(name, value, origin), origin) for name, value in table.items()}


def _tables(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            _check_mode(file, stream)
            return tomllib.load(stream)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # What tomllib says names a line and a column, and quotes no value.
        reason = getattr(error, "strerror", None) or str(error)
    raise ConfigurationError(texts.UNREADABLE_FILE.of(file=file, reason=reason))


def _check_mode(file: Path, stream: BinaryIO) -> None:
    """Refuse a file of secrets that strangers can read, or that somebody else can change."""
    if os.name != "posix":
        return
    found = os.fstat(stream.fileno())
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o037:
        raise ConfigurationError(texts.FILE_TOO_OPEN.of(file=file, mode=f"{mode:o}"))
    if found.st_uid not in (0, os.geteuid()):
        raise ConfigurationError(texts.FILE_OF_ANOTHER.of(file=file, uid=found.st_uid))


def _check_name(name: str, origin: Text) -> None:
    if name in SETTINGS:
        return
    near = difflib.get_close_matches(name, SETTINGS, 1)
    meant = texts.DID_YOU_MEAN.of(name=near[0]) if near else Text("", "")
    raise ConfigurationError(texts.UNKNOWN_SETTING.of(name=name, origin=origin, meant=meant))


def _checked(name: str, value: object, origin: Text) -> object:
    kind = bool if name == "stable_token" else str
    if isinstance(value, kind):
        return value
    wanted = texts.TRUE_OR_FALSE if kind is bool else texts.IN_QUOTES
    raise ConfigurationError(texts.WRONG_SETTING.of(name=name, origin=origin, wanted=wanted))
