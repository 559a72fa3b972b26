"""What a framework's settings say, and the sessions that are made from it.

A framework has named configurations, called aliases. Each alias has the arguments of a
:class:`qqminigame.Session` in capitals (``APP_ID``, ``APP_SECRET`` ...), and those of
:class:`qqminigame.Dawanka`: ``ORDERS`` and ``CIPHER``.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar, cast

from attrs import field, frozen

from qqminigame.dawanka import Dawanka
from qqminigame.dawanka.openkeys import Cipher
from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations import texts
from qqminigame.messages import Text
from qqminigame.session import Session, SessionArguments
from qqminigame.settings import from_environment, nearest, variable
from qqminigame.stores import Store

T = TypeVar("T")

DEFAULT_ALIAS: Final = "default"
NAMES: Final = (*(name.upper() for name in SessionArguments.__annotations__), "ORDERS", "CIPHER")


@frozen(kw_only=True)
class Configuration:
    """The settings of one alias.

    Attributes:
        arguments: The arguments of :class:`qqminigame.Session`. They hold secrets.
        orders: Where pay orders are recorded, as :class:`qqminigame.Dawanka` takes it; None for its
            default. An address may hold a password.
        cipher: Encrypts the openkeys of open orders, as :class:`qqminigame.Dawanka` takes it.
        where: The place of the settings, for error messages: ``"settings.QQMINIGAME['douyin']"``.
    """

    arguments: SessionArguments = field(repr=False)
    orders: Store | str | None = field(default=None, repr=False)
    cipher: Cipher | None = field(default=None, repr=False)
    where: str


def read(values: Mapping[str, object], where: str) -> Configuration:
    """Return the configuration that a mapping of settings describes.

    Only names are checked; :func:`make_session` checks the values.

    Args:
        values: The settings, by name in capitals. None stands for a setting that is not there, as
            ``os.environ.get(...)`` returns it.
        where: The place of the settings, for error messages.

    Raises:
        ConfigurationError: There is no setting of a name, or ``APP_ID`` is missing.
    """
    if not isinstance(values, Mapping):
        raise ConfigurationError(texts.NOT_A_DICT.of(where=where, kind=type(values).__name__))
    for name in unknown_settings(values):
        raise ConfigurationError(unknown_setting(name, where))
    given = {name.lower(): value for name, value in values.items() if value is not None}
    if "app_id" not in given:
        raise ConfigurationError(texts.NO_APP_ID.of(where=where))
    orders, cipher = given.pop("orders", None), given.pop("cipher", None)
    return Configuration(
        # Session checks the types of the values, as it does for any caller.
        arguments=cast(SessionArguments, given),
        orders=cast(Store | str | None, orders),
        cipher=cast(Cipher | None, cipher),
        where=where,
    )


def unknown_settings(values: Mapping[str, object]) -> list[str]:
    """Return the names for which there is no setting."""
    return [name for name in values if name not in NAMES]


def unknown_setting(name: str, where: str) -> Text:
    """Say that there is no such setting, and which one may have been meant; no value is shown."""
    meant = nearest(str(name).upper(), NAMES)
    text = texts.MISTYPED_SETTING if meant else texts.UNKNOWN_SETTING
    return text.of(where=where, name=name, meant=meant, known=", ".join(NAMES))


def environment(variables: Mapping[str, str]) -> dict[str, object]:
    """Return the settings that environment variables make: ``QQMINIGAME_APP_ID`` and so on.

    They are those of :meth:`qqminigame.Session.from_env`, and ``QQMINIGAME_ORDERS``.

    Args:
        variables: Such as ``os.environ``.
    """
    found = {name.upper(): value for name, value in from_environment(variables).items()}
    orders = variables.get(variable("orders"))
    return {**found, **({"ORDERS": orders} if orders else {})}


def make_session(configuration: Configuration) -> Session:
    """Return a new session; nothing is opened before its first call.

    Raises:
        ConfigurationError: A value is wrong; the message names the place of the settings.
    """
    arguments: dict[str, Any] = {**configuration.arguments}
    return placed(configuration.where, lambda: Session(**arguments))


def make_dawanka(configuration: Configuration, session: Session) -> Dawanka:
    """Return a new Dawanka service that records orders where the settings say.

    Raises:
        ConfigurationError: The session has no app_key, or the place of the orders cannot be used.
    """
    orders, cipher = configuration.orders, configuration.cipher
    return placed(configuration.where, lambda: Dawanka(session, orders=orders, cipher=cipher))


def placed(where: str, make: Callable[[], T]) -> T:
    """Return what a function makes of settings.

    Args:
        where: The place of the settings.
        make: The function.

    Raises:
        ConfigurationError: The function refuses them; the message names their place.
    """
    try:
        return make()
    except ConfigurationError as error:
        failure = error.text
    raise ConfigurationError(texts.REFUSED_SETTING.of(where=where, failure=failure))


class Sessions:
    """The sessions of a process by alias: ``sessions["default"]``.

    Each is made when it is first needed, and then shared: by all threads, and by the children of a
    fork, which open connections of their own.
    """

    # There is no lock: a session holds nothing open before its first call, so that one that loses a
    # race can be dropped. A lock would be copied, perhaps locked, into the children of a fork.

    def __init__(
        self,
        configure: Callable[[str], Configuration],
        aliases: Callable[[], Collection[str]],
    ) -> None:
        """Create it; nothing is read and nothing is made.

        Args:
            configure: Returns the configuration of an alias. It is called once for each, and again
                after :meth:`close`.
            aliases: Returns the aliases that are configured.
        """
        self._configure: Final = configure
        self._aliases: Final = aliases
        self._configurations: dict[str, Configuration] = {}
        self._sessions: dict[str, Session] = {}
        self._dawankas: dict[str, Dawanka] = {}

    def __repr__(self) -> str:
        return f"<Sessions {', '.join(self._sessions) or 'none made yet'}>"

    def __getitem__(self, alias: str) -> Session:
        """Return the session of an alias.

        Raises:
            ConfigurationError: There is no such alias, or its settings are wrong.
        """
        session = self._sessions.get(alias)
        if session is not None:
            return session
        return self._sessions.setdefault(alias, make_session(self.configuration(alias)))

    def dawanka(self, alias: str = DEFAULT_ALIAS) -> Dawanka:
        """Return the Dawanka service of an alias, with the configured orders.

        Raises:
            ConfigurationError: There is no such alias, or its settings are wrong.
        """
        dawanka = self._dawankas.get(alias)
        if dawanka is not None:
            return dawanka
        made = make_dawanka(self.configuration(alias), self[alias])
        return self._dawankas.setdefault(alias, made)

    def configuration(self, alias: str = DEFAULT_ALIAS) -> Configuration:
        """Return the configuration of an alias.

        Raises:
            ConfigurationError: There is no such alias, or its settings are wrong.
        """
        configuration = self._configurations.get(alias)
        if configuration is not None:
            return configuration
        if alias not in self.aliases:
            known = ", ".join(self.aliases) or "-"
            raise ConfigurationError(texts.UNKNOWN_ALIAS.of(alias=alias, known=known))
        return self._configurations.setdefault(alias, self._configure(alias))

    @property
    def aliases(self) -> tuple[str, ...]:
        """The aliases that are configured."""
        return tuple(self._aliases())

    def close(self) -> None:
        """Close the connections of all sessions, and forget them.

        The next use reads the settings again.
        """
        self._configurations.clear()
        self._dawankas.clear()
        while self._sessions:
            _, session = self._sessions.popitem()
            session.close()
