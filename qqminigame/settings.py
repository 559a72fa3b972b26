"""The arguments of a Session, checked. Pure."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError

T = TypeVar("T")

# A day. A call that may take longer is a mistake, and much longer ones are beyond what the
# operating system can wait.
MAX_SECONDS: Final = 86_400.0
MAX_LOGIN_SECONDS: Final = 10 * 365 * 86_400.0

_CLEAN_URL: Final = re.compile(r"[!-~]+")
_FROM_ENVIRONMENT: Final = (
    "app_id",
    "app_secret",
    "hall_app_id",
    "app_key",
    "platform",
    "store",
    "base_url",
)


def from_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments that are set: ``QQMINIGAME_APP_ID`` for ``app_id``, and so on."""
    named = {name: variables.get(variable(name)) for name in _FROM_ENVIRONMENT}
    return {name: value for name, value in named.items() if value}


def variable(name: str) -> str:
    """Return the environment variable that sets an argument."""
    return f"QQMINIGAME_{name.upper()}"


def known_arguments(given: Collection[str], known: Collection[str]) -> None:
    """Refuse the name of an argument that there is not."""
    for name in given:
        if name not in known:
            meant = nearest(name, known)
            text = messages.MISTYPED_ARGUMENT if meant else messages.UNKNOWN_ARGUMENT
            raise ConfigurationError(text.of(name=name, meant=meant, known=", ".join(known)))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one resembles most; None if it resembles none."""
    # Only mistakes need it, and every program would pay for its import.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, n=1)), None)


def credential(name: str, value: object) -> str:
    """Return an app id or a secret."""
    if not isinstance(value, str):
        kind = type(value).__name__
        raise ConfigurationError(
            messages.CREDENTIAL_NOT_A_STR.of(name=name, kind=kind, variable=variable(name))
        )
    if not value:
        raise ConfigurationError(messages.EMPTY_CREDENTIAL.of(name=name, variable=variable(name)))
    if value != value.strip() or not value.isprintable():
        raise ConfigurationError(messages.UNCLEAN_CREDENTIAL.of(name=name))
    return value


def optional_credential(name: str, value: object) -> str | None:
    """Return a credential that not every session needs."""
    return None if value is None else credential(name, value)


def instance(name: str, value: T, kind: type) -> T:
    """Return an argument that has to be of a type."""
    if not isinstance(value, kind):
        wanted, given = _full_name(kind), _full_name(type(value))
        raise ConfigurationError(messages.NOT_AN_INSTANCE.of(name=name, wanted=wanted, given=given))
    return value


def _full_name(kind: type) -> str:
    """Name a type so that one Session is not taken for another."""
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def positive(name: str, seconds: float, most: float = MAX_SECONDS) -> float:
    """Return a number of seconds."""
    if not (type(seconds) in (int, float) and 0 < seconds <= most):
        given = repr(seconds)
        raise ConfigurationError(messages.NOT_SECONDS.of(name=name, most=most, given=given))
    return seconds


def count(name: str, number: int) -> int:
    """Return a number of things."""
    if not (type(number) is int and number > 0):
        raise ConfigurationError(messages.NOT_A_COUNT.of(name=name, given=repr(number)))
    return number


def timeout_pair(timeout: object) -> tuple[float, float]:
    """Return the seconds to connect and the seconds to read."""
    pair = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    if len(pair) == 2 and all(
        type(seconds) in (int, float) and 0 < seconds <= MAX_SECONDS for seconds in pair
    ):
        return float(pair[0]), float(pair[1])
    raise ConfigurationError(messages.NOT_A_TIMEOUT.of(most=MAX_SECONDS, given=repr(timeout)))


def address(base_url: object) -> str:
    """Return the address without a slash at its end."""
    try:
        parts = urlsplit(base_url if isinstance(base_url, str) else "")
        usable = (
            parts.scheme in ("http", "https")
            and parts.hostname
            and parts.port != 0
            and "@" not in parts.netloc
            and not (parts.query or parts.fragment)
        )
    except ValueError:
        usable = False
    if not isinstance(base_url, str) or not usable or not _CLEAN_URL.fullmatch(base_url):
        raise ConfigurationError(messages.NOT_AN_ADDRESS)
    return base_url.rstrip("/")


def digest(secret: str) -> str:
    """Tell one secret from another without telling the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]
