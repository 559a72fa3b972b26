"""What a web view does about an error: the HTTP status, the words for the player, what comes next.

``docs/errors.rst`` shows which error has which.
"""

from typing import Final

from attrs import frozen

from qqminigame.messages import Text


@frozen
class Reaction:
    """What follows from an error.

    Attributes:
        http_status: The status for the game's client.
        player_message: What the game may show.
        must_log_in: Whether the player has to log in again.
        may_retry: Whether the same call is safe to make again, and may then succeed.
    """

    http_status: int
    player_message: Text
    must_log_in: bool = False
    may_retry: bool = False


_LOG_IN: Final = Text("Please log in again.", "登录已失效，请重新登录")
_REOPEN: Final = Text(
    "Please reopen the game from the QQ game hall.", "登录已失效，请从 QQ 游戏大厅重新进入"
)
_LATER: Final = Text("The service is busy. Please try again later.", "网络繁忙，请稍后再试")
_UNAVAILABLE: Final = Text("This is not available right now.", "暂时无法完成该操作")
_CONFIRMING: Final = Text(
    "We are confirming the result. Please do not submit it again.", "结果确认中，请勿重复操作"
)

# The arguments are the game's own. To the player's client it is a bad request.
INVALID: Final = Reaction(400, _UNAVAILABLE)
LOG_IN: Final = Reaction(401, _LOG_IN, must_log_in=True)
REOPEN: Final = Reaction(401, _REOPEN, must_log_in=True)
BLOCKED: Final = Reaction(403, _UNAVAILABLE)
# Not 202: that is a success, after which a client would hand out what was paid for. Not a 5xx:
# proxies and clients repeat those on their own.
UNKNOWN: Final = Reaction(409, _CONFIRMING)
FULL: Final = Reaction(422, _UNAVAILABLE)
TOO_OFTEN: Final = Reaction(429, _LATER, may_retry=True)
MISCONFIGURED: Final = Reaction(500, _UNAVAILABLE)
# The platform's answer is of no use, and will be none the next time.
REFUSED: Final = Reaction(502, _UNAVAILABLE)
NO_ANSWER: Final = Reaction(502, _LATER, may_retry=True)
BUSY: Final = Reaction(503, _LATER, may_retry=True)
USED_UP: Final = Reaction(503, _UNAVAILABLE)
