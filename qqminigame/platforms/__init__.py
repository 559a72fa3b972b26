"""The platforms, one file each. ``platforms.chosen("qq")`` finds one."""

from typing import Final, Literal

from qqminigame.exceptions import ConfigurationError
from qqminigame.platforms.base import Platform
from qqminigame.platforms.douyin import DOUYIN, DOUYIN_TOUTIAO
from qqminigame.platforms.qq import QQ
from qqminigame.platforms.wechat import WECHAT

# A type checker tells a name that is misspelt.
PlatformName = Literal["qq", "douyin", "douyin-toutiao", "wechat"]

PLATFORMS: Final = {platform.name: platform for platform in (QQ, DOUYIN, DOUYIN_TOUTIAO, WECHAT)}


def chosen(platform: object) -> Platform:
    """Return a platform that is given by its name, or as it is.

    Raises:
        ConfigurationError: There is no such platform.
    """
    if isinstance(platform, Platform):
        return platform
    if not isinstance(platform, str):
        raise ConfigurationError(
            f"platform must be a name or a Platform, not {type(platform).__name__}"
        )
    if platform not in PLATFORMS:
        known = ", ".join(sorted(PLATFORMS))
        raise ConfigurationError(f"platform {platform!r} is unknown; known are: {known}")
    return PLATFORMS[platform]
