"""The texts of the admin, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

APP: Final = Text("app", "应用")
OPENID: Final = Text("openid of the player", "玩家 openid")
DIGEST: Final = Text("digest", "摘要")
STATE: Final = Text("state", "状态")
OPEN: Final = Text("open", "未完成")
FINISHED: Final = Text("finished", "已完成")
ORDER_ID: Final = Text("order id", "订单号")
WRITTEN_AT: Final = Text("written at", "写入时间")
EXPIRES_AT: Final = Text("expires at", "过期时间")
BEGUN_AT: Final = Text("begun at", "开始时间")
SETTLE_FROM: Final = Text("can be settled from", "可核实时间")
ENDED_AT: Final = Text("ended at", "结束时间")
USES_BEFORE: Final = Text("uses left before", "上报前剩余次数")
USES_LEFT: Final = Text("uses left after", "上报后剩余次数")
SETTLE: Final = Text("Settle all orders that are due", "核实所有到期的订单")
COUNTED: Final = Text("Counted: {orders}.", "已计数：{orders}。")
NOT_COUNTED: Final = Text(
    "Not counted, and can be reported again: {orders}.", "未计数，可以重新上报：{orders}。"
)
UNDECIDED: Final = Text(
    "Only the game can know: {orders}. Call Dawanka.settle() with happened=True or False.",
    "只有游戏自己才能确定：{orders}。请调用 Dawanka.settle() 并传入 happened=True 或 False。",
)
WAITING: Final = Text(
    "Can be settled when the player is back: {orders}.", "待玩家再次进入后才能核实：{orders}。"
)
FAILED: Final = Text(
    "Could not be settled now, call again later: {orders}.", "暂时未能核实，请稍后重试：{orders}。"
)
NOT_DUE: Final = Text(
    "Selected but not due, or settled by another process: {orders}.",
    "已选中但尚未到期，或正由其他进程核实：{orders}。",
)
STOPPED: Final = Text("Stopped early: {failure}", "提前停止：{failure}")
