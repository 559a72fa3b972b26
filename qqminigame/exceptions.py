"""Everything this library raises.

    QQMiniGameError                      .endpoint .code .message .attempts .sent
    ├─ InvalidArgumentError(ValueError)  .problems; nothing was sent
    ├─ ConfigurationError                .english .chinese; credentials missing, or refused for good
    ├─ StoreError                        the store of tokens and logins is out of reach
    ├─ TransportError                    no answer; .sent says whether the request went out
    │   └─ OutcomeUnknownError           it must not be repeated, and may or may not have happened
    ├─ ReplyError                        .status; an answer, but not the documented one
    └─ PlatformError                     .english .chinese; the platform said no, and why
        ├─ AccessTokenError              the access token was rejected
        ├─ SignatureError                the signature was rejected
        ├─ LoginExpiredError             the player has to log in again
        │   └─ LoginNotFoundError        the store has no login of this openid
        ├─ BusyError                     the platform is busy for the moment
        ├─ RateLimitError                too many calls
        └─ StorageLimitError             the player's storage would exceed a limit

What a player's client reports is a PlatformError too: :class:`qqminigame.client_data.ClientError`.

No secret enters an exception: they are built from names, numbers and masked text, and are raised
after the ``except`` block of what caused them, so that nothing hangs on ``__context__``.
All of them survive pickling.
"""

from typing import Final

from attrs import frozen

_SENT: Final = {
    True: "the platform, or something in front of it, answered",
    False: "nothing was sent",
    None: "it may have been received; no answer came",
}


class QQMiniGameError(Exception):
    """Base of all errors of this library.

    Attributes:
        endpoint: Name of the platform call, such as ``"set_user_storage"``; None outside a call.
        code: The number the platform answered; None where it did not answer one.
        message: The platform's own text, with secrets masked; empty where there is none.
        attempts: How often the call was tried.
        sent: True if the platform answered, False if the request certainly never went out,
            None if nobody knows.
    """

    def __init__(
        self,
        text: str,
        *,
        endpoint: str | None = None,
        code: int | None = None,
        message: str = "",
        attempts: int = 0,
        sent: bool | None = False,
    ) -> None:
        # ``text`` alone is positional: that is what unpickling calls the class with.
        super().__init__(text)
        self.endpoint = endpoint
        self.code = code
        self.message = message
        self.attempts = attempts
        self.sent = sent

    def describe(self) -> str:
        """Return, in some lines, all that is known of the error: to print and to look at.

        For a refused signature it shows the text that was signed, with secrets masked, to be
        compared with what another program signs.
        """
        lines = [f"{type(self).__name__}: {self}", f"how far it got: {_SENT[self.sent]}"]
        if self.attempts:
            lines.append(f"attempts: {self.attempts}")
        return "\n".join([*lines, *self._details()])

    def _details(self) -> list[str]:
        return []


@frozen(kw_only=True)
class Problem:
    """One thing that is wrong with an argument.

    Attributes:
        where: The argument and the place in it, such as ``"kv['score']"``.
        what: What is wrong and what to do, in words.
        limit: The limit that was exceeded, where there is one.
        actual: What was given instead, in the limit's unit.
        code: What the platform would have answered, where it documents a code.
    """

    where: str
    what: str
    limit: int | None = None
    actual: int | None = None
    code: int | None = None

    def __str__(self) -> str:
        return f"{self.where} {self.what}"


class InvalidArgumentError(QQMiniGameError, ValueError):
    """The arguments break a rule; nothing was sent.

    Attributes:
        problems: Every :class:`Problem` found, not only the first.
    """

    def __init__(self, text: str, *, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(text)
        self.problems = problems

    def _details(self) -> list[str]:
        return [f"- {problem}" for problem in self.problems]


class _ExplainedError(QQMiniGameError):
    """An error whose code the platform documents."""

    def __init__(
        self,
        text: str,
        *,
        endpoint: str | None = None,
        code: int | None = None,
        message: str = "",
        english: str = "",
        chinese: str = "",
        sent: bool | None = False,
    ) -> None:
        super().__init__(text, endpoint=endpoint, code=code, message=message, sent=sent)
        self.english = english
        self.chinese = chinese


class ConfigurationError(_ExplainedError):
    """A credential or setting is missing or wrong, or was refused for good.

    Attributes:
        english: What the platform's code means and what to do about it; empty without a code.
        chinese: The same in Chinese.
    """


class StoreError(QQMiniGameError):
    """The store that keeps access tokens and logins cannot be used."""


class TransportError(QQMiniGameError):
    """No answer came back; ``sent`` says whether the request went out."""


class OutcomeUnknownError(TransportError):
    """A call that must not be repeated may or may not have happened.

    Attributes:
        order_id: The order, where the report had one.
        settle_in: In how many seconds from the error :meth:`qqminigame.Dawanka.settle` can decide;
            0 for at once; None without an order, and where only the caller can know.
    """

    def __init__(
        self,
        text: str,
        *,
        endpoint: str | None = None,
        code: int | None = None,
        message: str = "",
        attempts: int = 0,
        sent: bool | None = False,
        order_id: str | None = None,
        settle_in: int | None = None,
    ) -> None:
        super().__init__(
            text, endpoint=endpoint, code=code, message=message, attempts=attempts, sent=sent
        )
        self.order_id = order_id
        self.settle_in = settle_in


class ReplyError(QQMiniGameError):
    """An answer came back, but not the documented one.

    Attributes:
        status: The HTTP status.
        cut_off: Whether the answer ended before it was complete.
        retry_after: Seconds the answer asked to wait, if it did.
    """

    def __init__(
        self,
        text: str,
        *,
        endpoint: str | None = None,
        status: int = 0,
        cut_off: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text, endpoint=endpoint, sent=True)
        self.status = status
        self.cut_off = cut_off
        self.retry_after = retry_after


class PlatformError(_ExplainedError):
    """The platform understood the call and refused it.

    Attributes:
        english: What the code means and what to do about it; empty for an unknown code.
        chinese: The same in Chinese.
        signed: For a refused signature or login, the text that was signed, with secrets masked:
            to be compared with what another program signs. Empty where nothing was signed.
    """

    signed: str = ""

    def _details(self) -> list[str]:
        return ["what was signed:", f"  {self.signed}"] if self.signed else []


class AccessTokenError(PlatformError):
    """The platform rejected the access token, and its replacement too."""


class SignatureError(PlatformError):
    """The platform rejected the signature: a stale session_key, or a wrong app_key."""


class LoginExpiredError(PlatformError):
    """The player's login is over: the game has to log the player in again."""


class LoginNotFoundError(LoginExpiredError):
    """The session's store has no login of this openid; nothing was sent.

    The platform was not asked: the player may well be logged in, in a program that keeps its logins
    in another store.
    """


class BusyError(PlatformError):
    """The platform is busy; the same call may succeed a moment later."""


class RateLimitError(PlatformError):
    """Too many calls in too short a time."""


class StorageLimitError(PlatformError):
    """The player's stored data would exceed a limit of the platform."""
