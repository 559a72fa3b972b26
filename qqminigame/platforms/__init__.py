"""The platforms, one file each. ``platforms.named("qq")`` finds one."""

from typing import Final

from qqminigame.exceptions import ConfigurationError
from qqminigame.platforms.base import Platform
from qqminigame.platforms.douyin import DOUYIN, DOUYIN_TOUTIAO
from qqminigame.platforms.qq import QQ
from qqminigame.platforms.wechat import WECHAT

PLATFORMS: Final = {platform.name: platform for platform in (QQ, DOUYIN, DOUYIN_TOUTIAO, WECHAT)}


def named(name: str) -> Platform:
    """Return the platform of a name.

    Raises:
        ConfigurationError: There is no such platform.
    """
    if name not in PLATFORMS:
        known = ", ".join(sorted(PLATFORMS))
        raise ConfigurationError(f"platform {name!r} is unknown; known are: {known}")
    return PLATFORMS[name]
