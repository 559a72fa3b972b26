"""Douyin mini games: the codes of the game client's own storage call.

Source: https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/api/open-capability/
(tt.setUserCloudStorage)
"""

from typing import Final

from qqminigame.exceptions import ConfigurationError, PlatformError
from qqminigame.platforms.base import PlatformCode

_FRAMEWORK: Final = "小游戏框架内部错误,有需要请创建工单咨询。"


class DouyinClientCode(PlatformCode):
    """``errorCode`` of ``tt.setUserCloudStorage``, as its ``fail`` callback gets it."""

    SESSION_ID = (
        999998,
        PlatformError,
        "The client has no session id; have the player log in.",
        "获取 session id 失败,请让玩家登录。",
    )
    BAD_KV_DATA_LIST = (
        999999,
        PlatformError,
        "The KVDataList is wrong: a list of {key, value} with string values.",
        "KVDataList 参数错误:应为 {key, value} 列表,value 必须是 string。",
    )
    NOT_SUPPORTED = (
        999987,
        ConfigurationError,
        "This app does not have the feature; cloud storage is for mini games.",
        "当前应用不支持该功能,云存储仅用于小游戏。",
    )
    RESPONSE_JSON = 108001, PlatformError, "The client framework got a broken reply.", _FRAMEWORK
    FRAMEWORK = 108002, PlatformError, "The client framework failed.", _FRAMEWORK
    HTTP_STATUS = (
        999991,
        PlatformError,
        "The client framework got an HTTP status other than 200.",
        _FRAMEWORK,
    )
    NETWORK = 999985, PlatformError, "The player's network is not available.", "网络不可用。"
    INTERNAL = 999993, PlatformError, "The client framework failed.", _FRAMEWORK
