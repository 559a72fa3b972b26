"""What passes between a back end and the game's own storage call in the player's client. Pure.

A page may store by itself: ``tt.setUserCloudStorage``, and the same of ``qq`` and ``wx``. A back
end prepares the data for it, and hears of its failure.

Source: https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/api/open-capability/
(tt.setUserCloudStorage, KVData)
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self, TypedDict

from qqminigame import platforms, validation
from qqminigame.exceptions import PlatformError, Problem
from qqminigame.platforms.base import Platform
from qqminigame.platforms.douyin import DouyinClientCode
from qqminigame.redaction import mask_parameters

_SHOWN_MESSAGE: Final = 300
_NUMBER: Final = re.compile(r"\s*(-?[0-9]{1,18})\s*")
_ERROR_TYPES: Final = frozenset("DUFI")


class KVData(TypedDict):
    """One pair, in the platforms' words. A dict, so that any JSON writer takes it.

    Attributes:
        key: 1 to 128 bytes of UTF-8.
        value: A str; key and value together have at most 1024 bytes.
    """

    key: str
    value: str


def kv_data_list(
    kv: Mapping[str, str] | Iterable[tuple[str, str]], platform: str | Platform = "douyin"
) -> list[KVData]:
    """Return the checked ``KVDataList`` for a page to hand to ``setUserCloudStorage``.

    Args:
        kv: 1 to 128 pairs, as for :meth:`qqminigame.CloudStorage.set`.
        platform: Whose page it is: ``"douyin"``, ``"qq"``, ``"wechat"``, or a platform of your own.

    Raises:
        InvalidArgumentError: The pairs break a limit; ``problems`` lists each.
        ConfigurationError: There is no such platform.
    """
    rows = platforms.chosen(platform)
    problems: validation.Problems = []
    pairs = validation.check_kv(kv, rows.storage, problems)
    validation.refuse("kv_data_list", problems)
    return [KVData(key=key, value=value) for key, value in pairs]


class ClientError(PlatformError):
    """A storage call of the player's client failed.

    Attributes:
        error_type: Whose fault the platform says it is: ``"D"`` the developer's, ``"U"`` the
            player's, ``"F"`` the framework's, ``"I"`` for information; empty where it says none.
    """

    error_type: str = ""

    @classmethod
    def from_fail(cls, res: Mapping[str, Any]) -> Self:
        """Read the object that a ``fail`` callback gets, as the page posted it.

        Whatever the page posts is taken: a number as text, a code nobody documents, none at all.

        Args:
            res: ``errMsg``, ``errorCode`` and ``errorType``.

        Raises:
            InvalidArgumentError: It is no mapping.
        """
        if not isinstance(res, Mapping):
            what = f"must be the object of the fail callback, not {validation.kind(res)}"
            validation.refuse("ClientError.from_fail", [Problem(where="res", what=what)])
        code, message = _code(res.get("errorCode")), _text(res.get("errMsg"))
        known = next((row for row in DouyinClientCode if row == code), None)
        says = f" (the client says {message!r})" if message else ""
        words = f"code {code}, which is not documented"
        if known is not None:
            words = f"{code} {known.name}: {known.english} {known.chinese}"
        elif code is None:
            words = "failed, without a code that could be read"
        error = cls(
            f"setUserCloudStorage: {words}{says}",
            endpoint="setUserCloudStorage",
            code=code,
            message=message,
            english=known.english if known is not None else "",
            chinese=known.chinese if known is not None else "",
            sent=None,
        )
        kind = _text(res.get("errorType"))
        error.error_type = kind if kind in _ERROR_TYPES else ""
        return error


def _code(value: object) -> int | None:
    """Return a code; a number too large to be one counts as none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**18 else None
    number = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return int(number[1]) if number else None


def _text(value: object) -> str:
    return mask_parameters(value)[:_SHOWN_MESSAGE] if isinstance(value, str) else ""
