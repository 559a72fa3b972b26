"""The texts of the commands, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

COMMANDS: Final = Text(
    "Call the server side of mini games: logins, cloud storage, doctor, sandbox. For a list: "
    "manage.py qqminigame",
    "调用小游戏的服务端接口：登录、托管数据、环境检查、沙箱。命令列表：manage.py qqminigame",
)
ARGUMENTS: Final = Text(
    "A command with its arguments; --help behind it describes it.",
    "命令及其参数，在命令后加 --help 查看说明。",
)
SETTLE: Final = Text(
    "Settle the Dawanka orders whose outcome is unknown, as far as that is possible without their "
    "players; run it from cron every minute.",
    "核实结果未知的大玩咖订单（无需玩家参与的部分），请用 cron 每分钟运行一次。",
)
ALIAS: Final = Text(
    "Alias in settings.QQMINIGAME [default: default].",
    "settings.QQMINIGAME 中的别名，默认为 default。",
)
LIMIT: Final = Text("Maximum number of orders [default: 100].", "最多核实多少笔订单，默认为 100。")
JSON: Final = Text("Print one JSON object per order.", "每笔订单输出一个 JSON 对象。")
EXIT: Final = Text(
    "ended with exit code {code} ({name}); the reason is on stderr",
    "以 {code}（{name}）退出，原因见 stderr",
)
