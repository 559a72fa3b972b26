"""Everything this library raises.

    QQMiniGameError                      .english .chinese .endpoint .code .message .attempts .sent
    ├─ InvalidArgumentError(ValueError)  .problems; nothing was sent
    ├─ ConfigurationError                credentials or settings missing, wrong, or refused for good
    ├─ StoreError                        the store of tokens, logins or orders cannot be used
    ├─ TransportError                    no answer; .sent says whether the request went out
    │   └─ OutcomeUnknownError           it must not be repeated, and may or may not have happened
    ├─ ReplyError                        .status; an answer, but not the documented one
    └─ PlatformError                     .code .message; the platform said no, and why
        ├─ AccessTokenError              the access token was rejected
        ├─ SignatureError                the signature was rejected
        ├─ LoginExpiredError             the player has to log in again
        │   └─ LoginNotFoundError        the store has no login of this openid
        ├─ BusyError                     the platform is busy for the moment
        ├─ RateLimitError                too many calls
        └─ StorageLimitError             the player's storage would exceed a limit

Each says what happened in English and in Chinese, and what a web view should do about it:
``http_status``, ``player_message``, ``must_log_in``, ``may_retry``.

What a player's client reports is a PlatformError too: :class:`qqminigame.ClientError`.

No secret enters an exception: they are built from names, numbers and masked text, and are raised
after the ``except`` block of what caused them, so that nothing hangs on ``__context__``.
All of them survive pickling.
"""

from typing import Final

from attrs import frozen

from qqminigame import messages, reactions
from qqminigame.messages import Text
from qqminigame.reactions import Reaction

_SENT: Final = {True: messages.SENT, False: messages.NOT_SENT, None: messages.MAYBE_SENT}


class QQMiniGameError(Exception):
    """Base of all errors of this library; ``str()`` is in the language of the environment.

    It is Chinese if the first of ``QQMINIGAME_LANG``, ``LC_ALL``, ``LC_MESSAGES`` and ``LANG`` that
    is set starts with ``zh``, and English otherwise.

    Attributes:
        text: What happened, in both languages.
        endpoint: Name of the platform call, such as ``"set_user_storage"``; None outside a call.
        code: The platform's code; None if there was none.
        message: The platform's own text, with secrets masked; empty if there is none.
        attempts: How often the call was tried.
        sent: True if a response was received, False if the request was certainly not sent, None if
            unknown.
        reaction: What a web view should do; its values are attributes of the error too.
    """

    reaction: Reaction = reactions.REFUSED

    def __init__(
        self,
        text: Text | str,
        *,
        endpoint: str | None = None,
        code: int | None = None,
        message: str = "",
        attempts: int = 0,
        sent: bool | None = False,
        reaction: Reaction | None = None,
    ) -> None:
        # ``text`` alone is positional: that is what unpickling calls the class with.
        super().__init__(text)
        # A str is what somebody else's store or test raises; it stands for both languages.
        self.text: Text = text if isinstance(text, Text) else Text(text, text)
        self.endpoint = endpoint
        self.code = code
        self.message = message
        self.attempts = attempts
        self.sent = sent
        if reaction is not None:
            self.reaction = reaction

    def __str__(self) -> str:
        return str(self._whole)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    @property
    def english(self) -> str:
        """What happened, where, and what to do, in English."""
        return self._whole.english

    @property
    def chinese(self) -> str:
        """The same in Chinese."""
        return self._whole.chinese

    @property
    def http_status(self) -> int:
        """The HTTP status that a web view should answer the game's client with."""
        return self.reaction.http_status

    @property
    def player_message(self) -> str:
        """A short text for the game's screen, without codes; in the environment's language."""
        return str(self.reaction.player_message)

    def player_message_in(self, language: str) -> str:
        """Return the text for the game's screen in the player's language.

        Args:
            language: Such as ``"en"``, ``"zh"`` or ``"zh-CN"``; English for all but Chinese.
        """
        return self.reaction.player_message.in_language(language)

    @property
    def must_log_in(self) -> bool:
        """Whether the player has to log in again before any other call succeeds."""
        return self.reaction.must_log_in

    @property
    def may_retry(self) -> bool:
        """Whether the same call is safe to make again a moment later, and may then succeed."""
        return self.reaction.may_retry

    def describe(self) -> str:
        """Return a description of several lines: to print, to log, to attach to a bug report.

        It holds no secret. For a refused signature or login it has the text that was signed, to be
        compared with what another program signs.
        """
        return "\n".join([f"{type(self).__name__}: {self}", *map(str, self._details())])

    def _details(self) -> list[Text]:
        lines = [_SENT[self.sent]]
        if self.attempts:
            lines.append(messages.ATTEMPTS.of(attempts=self.attempts))
        return lines

    @property
    def _whole(self) -> Text:
        if self.attempts < 2:
            return self.text
        return messages.AFTER_ATTEMPTS.of(failure=self.text, attempts=self.attempts)


@frozen(kw_only=True)
class Problem:
    """One thing that is wrong with an argument; ``str()`` is in the language of the environment.

    Attributes:
        where: The argument and the place in it, such as ``"kv['score']"``.
        text: What is wrong and what to do, in both languages.
        limit: The limit that was exceeded, if there is one.
        actual: What was given instead, in the limit's unit.
        code: The code that the platform would have returned, if it documents one.
    """

    where: str
    text: Text
    limit: int | None = None
    actual: int | None = None
    code: int | None = None

    @property
    def what(self) -> str:
        """What is wrong and what to do, in the language of the environment."""
        return str(self.text)

    @property
    def whole(self) -> Text:
        """Where and what, in both languages."""
        return messages.PLACE.of(where=self.where, what=self.text)

    def __str__(self) -> str:
        return str(self.whole)


class InvalidArgumentError(QQMiniGameError, ValueError):
    """The arguments break a rule; nothing was sent.

    Attributes:
        problems: Every :class:`Problem` found, not only the first.
    """

    reaction: Reaction = reactions.INVALID

    def __init__(self, text: Text | str, *, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(text)
        self.problems = problems

    def _details(self) -> list[Text]:
        listed = [messages.ITEM.of(item=problem.whole) for problem in self.problems]
        return [*super()._details(), *listed]


class ConfigurationError(QQMiniGameError):
    """A credential or setting is missing or wrong, or was refused for good."""

    reaction: Reaction = reactions.MISCONFIGURED


class StoreError(QQMiniGameError):
    """The store that keeps access tokens, logins or orders cannot be used."""

    reaction: Reaction = reactions.BUSY


class TransportError(QQMiniGameError):
    """No response was received; ``sent`` says whether the request was sent."""

    reaction: Reaction = reactions.NO_ANSWER


class OutcomeUnknownError(TransportError):
    """A call that must not be repeated may or may not have happened.

    Attributes:
        order_id: The order, if the report had one.
        settle_in: In how many seconds from the error :meth:`qqminigame.Dawanka.settle` can decide;
            0 for at once; None without an order, or if only the caller can know.
        failure: How the call ended, without what to do about it.
    """

    reaction: Reaction = reactions.UNKNOWN

    def __init__(
        self,
        text: Text | str,
        *,
        endpoint: str | None = None,
        code: int | None = None,
        message: str = "",
        attempts: int = 0,
        sent: bool | None = False,
        failure: Text = messages.NOTHING,
        order_id: str | None = None,
        settle_in: int | None = None,
    ) -> None:
        super().__init__(
            text, endpoint=endpoint, code=code, message=message, attempts=attempts, sent=sent
        )
        self.failure = failure
        self.order_id = order_id
        self.settle_in = settle_in


class ReplyError(QQMiniGameError):
    """A response was received, but not the documented one.

    Attributes:
        status: The HTTP status.
        cut_off: Whether the response ended before it was complete.
        retry_after: Seconds to wait, if the response asked for that.
    """

    def __init__(
        self,
        text: Text | str,
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
        if status >= 500 or status == 429 or cut_off:
            self.reaction = reactions.NO_ANSWER


class PlatformError(QQMiniGameError):
    """The platform understood the call and refused it.

    Attributes:
        signed: For a refused signature or login, the text that was signed, with secrets masked:
            to be compared with what another program signs. Empty if nothing was signed.
    """

    signed: str = ""

    def _details(self) -> list[Text]:
        lines = super()._details()
        if self.signed:
            lines += [messages.SIGNED, messages.INDENTED.of(item=self.signed)]
        return lines


class AccessTokenError(PlatformError):
    """The platform rejected the access token, and its replacement too."""

    reaction: Reaction = reactions.BUSY


class SignatureError(PlatformError):
    """The platform rejected the signature: an invalid session_key, or a wrong app_key."""

    reaction: Reaction = reactions.LOG_IN


class LoginExpiredError(PlatformError):
    """The player's login has expired: the player has to log in again."""

    reaction: Reaction = reactions.LOG_IN


class LoginNotFoundError(LoginExpiredError):
    """The session's store has no login of this openid; nothing was sent.

    The platform was not asked. The player may be logged in, by a program with another store.
    """


class BusyError(PlatformError):
    """The platform is busy; the same call may succeed a moment later."""

    reaction: Reaction = reactions.BUSY


class RateLimitError(PlatformError):
    """Too many calls in too short a time."""

    reaction: Reaction = reactions.TOO_OFTEN


class StorageLimitError(PlatformError):
    """The player's stored data would exceed a limit of the platform."""

    reaction: Reaction = reactions.FULL
