"""The platforms, one file each. ``platforms.chosen("qq")`` finds one."""

from typing import Final, Literal

from qqminigame import messages
from qqminigame.exceptions import ConfigurationError
from qqminigame.platforms.base import Platform
from qqminigame.platforms.douyin import DOUYIN, DOUYIN_TOUTIAO
from qqminigame.platforms.qq import QQ
from qqminigame.platforms.wechat import WECHAT
from qqminigame.settings import nearest

# A type checker tells a name that is misspelt.
PlatformName = Literal["qq", "douyin", "douyin-toutiao", "wechat"]

PLATFORMS: Final = {platform.name: platform for platform in (QQ, DOUYIN, DOUYIN_TOUTIAO, WECHAT)}
_NAMES: Final = ", ".join(map(repr, sorted(PLATFORMS)))


def chosen(platform: object) -> Platform:
    """Return a platform that is given by its name, or as it is.

    Raises:
        ConfigurationError: There is no such platform.
    """
    if isinstance(platform, Platform):
        return platform
    if not isinstance(platform, str):
        kind = type(platform).__name__
        raise ConfigurationError(messages.NOT_A_PLATFORM.of(kind=kind, known=_NAMES))
    if platform not in PLATFORMS:
        meant = nearest(platform.lower().strip(), PLATFORMS)
        text = messages.MISTYPED_PLATFORM if meant else messages.UNKNOWN_PLATFORM
        raise ConfigurationError(text.of(given=platform, meant=meant, known=_NAMES))
    return PLATFORMS[platform]
