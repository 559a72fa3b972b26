"""The programs and the settings."""

import hashlib
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final
from urllib.parse import urlsplit

from qqminigame.cli.doctor import texts
from qqminigame.cli.doctor.findings import Finding, bad, doubtful, good
from qqminigame.cli.profiles import SECRET, Configuration, Setting

_PACKAGES: Final = (
    *("qqminigame", "requests", "urllib3", "attrs", "cachetools"),
    *("click", "rich", "redis", "cryptography", "PySocks"),
)
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

# A framework's settings may have these; printed, they say nothing.
_OBJECTS: Final = ("on_call", "cipher")


def versions() -> Iterator[Finding]:
    """Say what is installed."""
    found = [f"Python {platform.python_version()}", *filter(None, map(_version, _PACKAGES))]
    yield good("versions", texts.VERSIONS.of(versions=", ".join(found)))


def settings(configuration: Configuration) -> Iterator[Finding]:
    """Say which settings there are, where they come from, and which do not go together."""
    yield good("configuration", configuration.place)
    for name, setting in configuration.settings.items():
        if name not in _OBJECTS:
            yield _setting(name, setting)
    names = configuration.settings.keys()
    if "app_secret" not in names:
        yield doubtful("setting app_secret", texts.NO_APP_SECRET, texts.SET_APP_SECRET)
    if {"app_key", "app_secret"} <= names and "hall_app_id" not in names:
        yield bad("setting hall_app_id", texts.NO_HALL_APP_ID, texts.SET_HALL_APP_ID)


def _setting(name: str, setting: Setting) -> Finding:
    value, origin, check = setting.value, setting.origin, f"setting {name}"
    # A framework's settings may hold a store itself, which shows no secret.
    if name in SECRET and isinstance(value, str):
        digest = hashlib.sha256(value.encode()).hexdigest()
        return good(check, texts.SETTING.of(value=f"sha256:{digest[:8]}", origin=origin))
    if name == "base_url" and _is_open(value):
        return doubtful(check, texts.PLAIN_HTTP.of(value=value, origin=origin), texts.USE_HTTPS)
    return good(check, texts.SETTING.of(value=value, origin=origin))


def _is_open(url: str) -> bool:
    """Return whether what goes to an address can be read on the way."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


def _version(package: str) -> str | None:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return None
