"""What a platform is: rows of data. No code outside these rows asks which platform it talks to."""

from collections.abc import Mapping
from enum import Enum, IntEnum
from typing import Final, Literal, Self

from attrs import field, frozen

from qqminigame.exceptions import ConfigurationError, PlatformError
from qqminigame.messages import NOTHING, Text
from qqminigame.reactions import Reaction


@frozen(eq=False, repr=False)
class Cause:
    """Why a platform refuses a call.

    Attributes:
        error: The class that is raised.
        text: What it means and what to do.
        reaction: What a web view should do; None for what it does about any error of the class.
    """

    error: type[PlatformError] | type[ConfigurationError]
    text: Text
    reaction: Reaction | None = None


_UNKNOWN: Final = Cause(PlatformError, NOTHING)


class PlatformCode(IntEnum):
    """A documented code of a platform: its number and its cause.

    Attributes:
        cause: What it means.
    """

    cause: Cause

    def __new__(cls, number: int, cause: Cause = _UNKNOWN) -> Self:
        """Build a member; with a default, so that type checkers accept ``StorageCode(87016)``."""
        code = int.__new__(cls, number)
        code._value_ = number
        code.cause = cause
        return code

    @property
    def error(self) -> type[PlatformError] | type[ConfigurationError]:
        """The class that is raised for it."""
        return self.cause.error

    @property
    def english(self) -> str:
        """What it means and what to do."""
        return self.cause.text.english

    @property
    def chinese(self) -> str:
        """The same in Chinese."""
        return self.cause.text.chinese


class Auth(Enum):
    """How a call is authenticated."""

    APP = "appid and secret among the parameters"
    LOGIN_STATE = "access token and the player's signature in the query"
    OPENAPI_V3 = "sig over method, path and query"

    @property
    def credential(self) -> Literal["app_secret", "app_key"]:
        """Name of the Session argument this kind of call needs."""
        return "app_key" if self is Auth.OPENAPI_V3 else "app_secret"


@frozen(kw_only=True, eq=False, repr=False)
class Dialect:
    """How a platform's replies express success and failure.

    A reply is a success if all of ``code_fields`` are absent or 0. Otherwise its code is the first
    of them that is not 0.

    Attributes:
        code_fields: The fields that hold the code, the most specific one first.
        message_fields: The fields that hold a text, the most specific one first.
        data_field: The field that holds the results; None if they are at the top level.
    """

    code_fields: tuple[str, ...]
    message_fields: tuple[str, ...]
    data_field: str | None = None


@frozen(kw_only=True, eq=False, repr=False)
class Endpoint:
    """One call of a platform.

    Attributes:
        name: The platform's name for it.
        method: The HTTP method.
        host: Scheme and host.
        path: The path with its leading slash.
        auth: How the call is authenticated.
        dialect: The form of its replies.
        codes: What its codes mean; the first table that contains a code decides.
        idempotent: Whether the call may be repeated.
        refusals: For a call that is not idempotent, the codes after which it was certainly not
            carried out.
        results: The fields that a success contains as non-empty strings. A reply without a code is
            a success only if these are listed and present.
        constants: Parameters that are the same in every call.
        source: The page that describes it.
    """

    name: str
    method: Literal["GET", "POST"]
    host: str
    path: str
    auth: Auth
    dialect: Dialect
    codes: tuple[type[PlatformCode], ...]
    idempotent: bool = True
    refusals: frozenset[int] = frozenset()
    results: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(factory=dict)
    source: str

    def explain(self, code: int) -> PlatformCode | None:
        """Return what a code means here, or None where the platform documents nothing."""
        for table in self.codes:
            if code in table._value2member_map_:
                return table(code)
        return None


@frozen(kw_only=True, eq=False, repr=False)
class StorageRules:
    """The codes that the platform returns for what the local checks refuse.

    Attributes:
        too_many_pairs: Code for more than 128 pairs.
        pair_too_long: Code for a key and value of more than 1024 bytes.
        key_too_long: Code for a key of more than 128 bytes.
    """

    too_many_pairs: PlatformCode
    pair_too_long: PlatformCode
    key_too_long: PlatformCode


@frozen(kw_only=True, eq=False, repr=False)
class RankingRules:
    """The form of a ranking value.

    Attributes:
        wrapper: The field that holds score and time.
        min_score: The lowest score.
        max_score: The highest score.
    """

    wrapper: str
    min_score: int
    max_score: int


@frozen(kw_only=True, eq=False, repr=False)
class Platform:
    """One platform; None stands for a call that it does not have.

    Attributes:
        name: What ``Session(platform=...)`` calls it.
        token: Fetches an access token; this invalidates the previous one.
        stable_token: Fetches the current access token; it stays the same until it expires.
        login: Turns a js_code into a LoginState.
        login_code: The parameter that carries the js_code.
        set_storage: Writes a player's cloud storage.
        remove_storage: Removes keys from it.
        storage: Its rules.
        ranking: Its ranking values.
        set_interactive: Writes interactive data.
        interactive_values: The values interactive data takes.
        get_dawanka: Asks for a player's Dawanka privileges.
        report_dawanka: Reports that a bonus was used.
    """

    name: str
    token: Endpoint
    login: Endpoint
    login_code: str
    set_storage: Endpoint
    remove_storage: Endpoint
    storage: StorageRules
    ranking: RankingRules
    stable_token: Endpoint | None = None
    set_interactive: Endpoint | None = None
    interactive_values: range = range(0)
    get_dawanka: Endpoint | None = None
    report_dawanka: Endpoint | None = None
