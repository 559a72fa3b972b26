"""What the doctor says, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

# --- grades: words of the same width
GOOD: Final = Text("good    ", "正常")
DOUBTFUL: Final = Text("doubtful", "存疑")
BAD: Final = Text("bad     ", "错误")

# --- versions and settings
VERSIONS: Final = Text("{versions}", "{versions}")
SETTING: Final = Text("{value} ({origin})", "{value}（{origin}）")
NO_APP_SECRET: Final = Text(
    "not set; only the game hall's calls work", "未设置，只能调用 QQ 游戏大厅的接口"
)
SET_APP_SECRET: Final = Text(
    "set app_secret, in the environment QQMINIGAME_APP_SECRET",
    "请设置 app_secret，环境变量为 QQMINIGAME_APP_SECRET",
)
NO_HALL_APP_ID: Final = Text(
    "not set, but app_key and app_secret are: the game hall knows the app by another id",
    "未设置，但已设置 app_key 与 app_secret：应用在 QQ 游戏大厅另有 AppID",
)
SET_HALL_APP_ID: Final = Text(
    "set hall_app_id, in the environment QQMINIGAME_HALL_APP_ID, to the app's id in the game hall",
    "请将 hall_app_id（环境变量 QQMINIGAME_HALL_APP_ID）设为应用在 QQ 游戏大厅的 AppID",
)
PLAIN_HTTP: Final = Text(
    "{value} ({origin}): secrets go there unencrypted",
    "{value}（{origin}）：密钥将以明文发送到该地址",
)
USE_HTTPS: Final = Text("use https", "请使用 https")

# --- stores
STORE: Final = Text(
    "{store} is readable and writable; logins of this app: {logins}",
    "{store} 可读写；该应用的登录态：{logins} 条",
)
IN_MEMORY: Final = Text(
    "things are kept in the memory of each process: programs do not find each other's logins, and "
    "each fetch of an access token invalidates the others' tokens",
    "数据保存在各进程的内存中：程序之间看不到彼此的登录态，"
    "且每次获取 access_token 都会使其他进程的失效",
)
USE_A_FILE: Final = Text(
    "set store, in the environment QQMINIGAME_STORE, to a file or a Redis that all programs can "
    "use, such as sqlite:////var/lib/game/qqminigame.db?mode=660",
    "请将 store（环境变量 QQMINIGAME_STORE）设为所有程序都能使用的文件或 Redis，例如 "
    "sqlite:////var/lib/game/qqminigame.db?mode=660",
)
SHARED_BY_USER: Final = Text(
    "all programs of user {owner} on this machine (mode {mode})",
    "本机上用户 {owner} 的所有程序（权限 {mode}）",
)
SHARED_BY_GROUP: Final = Text(
    "all programs of user {owner} and of group {group} on this machine (mode {mode})",
    "本机上用户 {owner} 和用户组 {group} 的所有程序（权限 {mode}）",
)
SHARED_BY_REDIS: Final = Text(
    "all programs on all machines that use {store}", "所有机器上使用 {store} 的程序"
)
SHARED_BY_OWN: Final = Text("all programs that use {store}", "使用 {store} 的所有程序")
ONLY_ROOT: Final = Text(
    "programs of root only; web workers that run as another user keep another access token, and "
    "each fetch invalidates the other's",
    "仅 root 的程序；以其他用户运行的 Web 进程持有另一个 access_token，互相使对方失效",
)
RUN_AS_THEM: Final = Text(
    "run this as the web workers' user, or give both the same store",
    "请以 Web 进程的用户运行，或让两者使用同一存储",
)
OPEN_TO_ALL: Final = Text(
    "{file} has mode {mode}: every user of this machine can read the logins",
    "{file} 的权限为 {mode}：本机任何用户都能读取登录态",
)
USE_A_GROUP: Final = Text(
    "share it with a group instead: chmod 660 {file}, and ?mode=660 in the store's address",
    "请改为与用户组共享：chmod 660 {file}，并在存储地址中写 ?mode=660",
)
FREE_SPACE: Final = Text("{free} MB free at {folder}", "{folder} 剩余 {free} MB")
MAKE_SPACE: Final = Text("make space, or writing will fail", "请清理磁盘，否则写入会失败")
NETWORK_DRIVE: Final = Text(
    "{file} is on a network drive ({kind}), where SQLite's locks are not reliable",
    "{file} 位于网络磁盘（{kind}），SQLite 的文件锁在其上不可靠",
)
USE_LOCAL_DISK: Final = Text(
    "use a file on a local disk, or a Redis for several machines",
    "请使用本地磁盘上的文件，多台机器请使用 Redis",
)
ORDERS: Final = Text("{store} can be read and keeps orders safe", "{store} 可读，订单记录安全")
OPEN_ORDERS: Final = Text(
    "{store} has orders whose outcome is unknown, {order_id!r} for one",
    "{store} 中有结果未知的订单，例如 {order_id!r}",
)
SETTLE_ORDERS: Final = Text(
    "settle those that are due with: qqminigame dawanka settle --due; list the others with: "
    "qqminigame dawanka orders --state open, and settle each when its player is back",
    "用 qqminigame dawanka settle --due 核实到期的订单；其余订单用 qqminigame dawanka orders "
    "--state open 列出，待玩家再次进入后逐一核实",
)

# --- network
NO_PROXY: Final = Text("none for {host}", "{host} 不使用代理")
PROXY: Final = Text("{proxy} for {host}", "{host} 使用代理 {proxy}")
PROXY_DEAD: Final = Text("cannot connect to {proxy}: {reason}", "无法连接代理 {proxy}：{reason}")
CHECK_PROXY: Final = Text(
    "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or list the host in NO_PROXY",
    "请检查 HTTPS_PROXY、HTTP_PROXY、ALL_PROXY，或将该主机加入 NO_PROXY",
)
RESOLVED: Final = Text("{host} is {addresses}", "{host} 解析为 {addresses}")
NOT_RESOLVED: Final = Text("cannot resolve {host}: {reason}", "无法解析 {host}：{reason}")
CHECK_DNS: Final = Text(
    "check /etc/resolv.conf, and that this machine may use the Internet",
    "请检查 /etc/resolv.conf，以及本机能否访问外网",
)
TLS_GOOD: Final = Text(
    "{host}: {version}, certificate valid for {days} more days",
    "{host}：{version}，证书剩余有效期 {days} 天",
)
TLS_BAD: Final = Text("{host}: {reason}", "{host}：{reason}")
CHECK_TLS: Final = Text(
    "check this machine's clock; behind a proxy that opens TLS, set REQUESTS_CA_BUNDLE to its "
    "certificate",
    "请检查本机时钟；若代理会解密 TLS，请将 REQUESTS_CA_BUNDLE 设为其证书",
)
RENEW_CERTIFICATE: Final = Text("have the server's certificate renewed", "请更新该服务器的证书")
ANSWERED: Final = Text(
    "{host} answered within {milliseconds} ms", "{host} 在 {milliseconds} 毫秒内响应"
)
NOT_ANSWERED: Final = Text("{host} did not answer: {reason}", "{host} 未响应：{reason}")
CHECK_NETWORK: Final = Text("check the findings above, and the firewall", "请检查以上各项及防火墙")
CLOCK_GOOD: Final = Text(
    "differs from {host} by {seconds:+.0f} s", "与 {host} 相差 {seconds:+.0f} 秒"
)
CLOCK_UNKNOWN: Final = Text("{host} does not say what time it is", "{host} 未返回时间")
COMPARE_CLOCKS: Final = Text(
    "compare the clock by hand: timedatectl", "请用 timedatectl 自行核对时钟"
)
SET_CLOCK: Final = Text(
    "set the clock by NTP: timedatectl set-ntp true; machines that share an access token must "
    "agree within a minute",
    "请用 NTP 校时：timedatectl set-ntp true；共享 access_token 的机器之间时差须在 1 分钟以内",
)

# --- credentials
TOKEN_SHARED: Final = Text(
    "the store has an access token fetched with it, valid for {seconds} s; no other was fetched",
    "存储中已有用其获取的 access_token，剩余 {seconds} 秒；未另行获取",
)
TOKEN_FETCHED: Final = Text(
    "the platform issued an access token for it, valid for {seconds} s and shared in the store",
    "平台已据此发放 access_token，有效期 {seconds} 秒，已存入共享存储",
)
TOKEN_WOULD_HURT: Final = Text(
    "not checked: a token fetched here would invalidate the one of other programs",
    "未检查：在此获取 access_token 会使其他程序的失效",
)
SHARE_THE_STORE: Final = Text("give all programs one store first", "请先让所有程序使用同一存储")
NOT_CHECKED_OFFLINE: Final = Text("not checked: --offline", "未检查：--offline")
RUN_ONLINE: Final = Text("run the doctor without --offline", "请去掉 --offline 再运行")
APP_KEY_SET: Final = Text(
    "set; only a call with a player's openkey can check it",
    "已设置；只有带玩家 openkey 的调用才能验证",
)
BROKEN_CHECK: Final = Text("this check failed itself: {reason}", "该项检查自身出错：{reason}")
REPORT_BUG: Final = Text("please report this", "请反馈给我们")
