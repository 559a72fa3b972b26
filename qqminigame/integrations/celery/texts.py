"""The texts of the Celery integration, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

NOT_CONFIGURED: Final = Text(
    "the Celery app has no settings for qqminigame; set app.conf.qqminigame = {{'default': "
    "{{'APP_ID': ...}}}}, or QQMINIGAME_APP_ID in the environment, or call register(app, "
    "sessions=...)",
    "Celery 应用没有 qqminigame 的设置，请设置 app.conf.qqminigame = {{'default': "
    "{{'APP_ID': ...}}}}，或设置环境变量 QQMINIGAME_APP_ID，或调用 register(app, sessions=...)",
)
NOT_ALIASES: Final = Text(
    "app.conf.qqminigame must be a dict of aliases, such as {{'default': {{'APP_ID': ...}}}}",
    "app.conf.qqminigame 必须是以别名为键的 dict，例如 {{'default': {{'APP_ID': ...}}}}",
)
DELIVERED_TOO_OFTEN: Final = Text(
    "task {name} was delivered again {count} times and no worker came to its end; check why "
    "worker processes are lost (memory, time limits), then send it again",
    "任务 {name} 已重复投递 {count} 次，始终没有工作进程执行完毕，"
    "请检查工作进程丢失的原因（内存、时间限制），然后重新发送",
)
BROKER_FAILED: Final = Text(
    "the broker of the Celery app cannot be used ({reason}); check that it is running",
    "无法使用 Celery 应用的 broker（{reason}），请检查它是否在运行",
)
REPORT_OPEN: Final = Text(
    "the outcome of order {order_id} is unknown, it will be settled when it is due: {failure}",
    "订单 {order_id} 的结果未知，到期后会自动确认：{failure}",
)
SWEEP_STOPPED: Final = Text(
    "the sweep of due orders stopped early, the next one goes on: {failure}",
    "到期订单的处理提前停止，下次会继续：{failure}",
)
NOT_SEALED_BY_US: Final = Text(
    "the openkey in a message cannot be decrypted; use the same CIPHER in all programs that send "
    "tasks and in all workers",
    "无法解密消息中的 openkey，请让发送任务的程序和所有工作进程使用相同的 CIPHER",
)

# --- checks
SETTINGS_GOOD: Final = Text(
    "the settings of the Celery app suit the tasks", "Celery 应用的设置适合这些任务"
)
LONG_TIME_LIMIT: Final = Text(
    "task_time_limit is {limit:g} s, and the broker delivers a task again after {visible:g} s",
    "task_time_limit 为 {limit:g} 秒，而 broker 在 {visible:g} 秒后会重复投递任务",
)
RAISE_VISIBILITY: Final = Text(
    "set broker_transport_options['visibility_timeout'] to more than twice the longest task, the "
    "same for all workers of the broker",
    "请将 broker_transport_options['visibility_timeout'] 设为最长任务时间的两倍以上，"
    "同一 broker 的所有工作进程保持一致",
)
SHORT_VISIBILITY: Final = Text(
    "visibility_timeout is {visible:g} s, so the broker delivers tasks again that are still "
    "running: a call takes up to {call:g} s",
    "visibility_timeout 为 {visible:g} 秒，仍在执行的任务会被重复投递：一次调用最长需要 "
    "{call:g} 秒",
)
PREFETCH: Final = Text(
    "worker_prefetch_multiplier is {multiplier}: a worker keeps tasks that others could run, and "
    "they wait for the visibility timeout if it is lost",
    "worker_prefetch_multiplier 为 {multiplier}：工作进程会占住其他进程可以执行的任务，"
    "一旦丢失，要等 visibility_timeout 才会重新投递",
)
SET_PREFETCH: Final = Text(
    "set worker_prefetch_multiplier = 1", "请设置 worker_prefetch_multiplier = 1"
)
REQUEUED_FAILURES: Final = Text(
    "task_acks_on_failure_or_timeout is False: the broker delivers a failed task again and again",
    "task_acks_on_failure_or_timeout 为 False：失败的任务会被无限次重新投递",
)
SET_ACKS: Final = Text(
    "leave task_acks_on_failure_or_timeout at its default, True",
    "请保留 task_acks_on_failure_or_timeout 的默认值 True",
)
NO_JSON: Final = Text(
    "accept_content lacks 'json': the workers refuse these tasks",
    "accept_content 中没有 'json'，工作进程会拒绝这些任务",
)
ACCEPT_JSON: Final = Text("add 'json' to accept_content", "请在 accept_content 中加入 'json'")
GREENLETS: Final = Text(
    "pool {pool} with a Redis broker: lost messages have been reported to come back only at the "
    "next start",
    "{pool} 池与 Redis broker 搭配时，有报告称丢失的消息要到下次启动才会恢复",
)
USE_PREFORK: Final = Text("use --pool prefork or threads", "请使用 --pool prefork 或 threads")
MEMORY_STORE: Final = Text(
    "the store of alias {alias!r} is in memory: each worker process fetches an access token of "
    "its own, which makes those of the others invalid",
    "别名 {alias!r} 的存储在内存中：每个工作进程各自获取 access_token，会使其他进程的失效",
)
SET_STORE: Final = Text(
    "set STORE to a Redis that web and worker processes share",
    "请将 STORE 设为 Web 进程与工作进程共享的 Redis",
)
FIX_SETTINGS: Final = Text("correct the settings", "请更正设置")
WORKER_SETTINGS: Final = Text(
    "check the settings of the Celery app: {what}; {todo}",
    "请检查 Celery 应用的设置：{what}；{todo}",
)
