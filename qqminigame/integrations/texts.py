"""The texts that all frameworks share, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

NOT_A_DICT: Final = Text(
    "{where} must be a dict of settings, not {kind}", "{where} 必须是 dict，不能是 {kind}"
)
UNKNOWN_SETTING: Final = Text(
    "{where} has no setting {name!r}; its settings are {known}",
    "{where} 没有设置项 {name!r}；可用的设置项：{known}",
)
MISTYPED_SETTING: Final = Text(
    "{where} has no setting {name!r}; did you mean {meant!r}?",
    "{where} 没有设置项 {name!r}，是否想写 {meant!r}？",
)
NO_APP_ID: Final = Text(
    "{where} has no APP_ID; set it to the mini game's id on the platform",
    "{where} 缺少 APP_ID，请设为小游戏在平台上的 AppID",
)
REFUSED_SETTING: Final = Text("{where}: {failure}", "{where}：{failure}")
UNKNOWN_ALIAS: Final = Text(
    "there is no alias {alias!r}; the configured aliases are {known}",
    "没有名为 {alias!r} 的别名；已配置的别名：{known}",
)
