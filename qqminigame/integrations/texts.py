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
COMMANDS_NEED_AN_EXTRA: Final = Text(
    "the commands need {package}; run python -m pip install 'qqminigame[cli]'",
    "命令行需要 {package}；请执行 python -m pip install 'qqminigame[cli]'",
)
NO_CONFIGURATION_FILE: Final = Text(
    "--config is not supported here: the settings are those of the framework, and --profile names "
    "the alias",
    "此处不支持 --config：设置取自 Web 框架，--profile 指定别名",
)
NO_EXTRA: Final = Text(
    "{module} needs {package}; run python -m pip install 'qqminigame[{extra}]'",
    "{module} 需要 {package}；请执行 python -m pip install 'qqminigame[{extra}]'",
)
