"""Every text of the command line, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

# --- help: headings and shared options
USAGE_PREFIX: Final = Text("Usage: ", "用法：")
OPTIONS: Final = Text("Options:", "选项：")
COMMANDS: Final = Text("Commands:", "命令：")
HELP_OPTION: Final = Text("Show this message and exit.", "显示帮助并退出。")
VERSION_OPTION: Final = Text("Show the version and exit.", "显示版本并退出。")
PROFILE_OPTION: Final = Text(
    "Profile in the configuration file; takes precedence over the environment.",
    "使用配置文件中的哪个 profile，优先于环境变量。",
)
CONFIG_OPTION: Final = Text(
    "Configuration file [default: ~/.config/qqminigame/qqminigame.toml].",
    "配置文件，默认为 ~/.config/qqminigame/qqminigame.toml。",
)
PLATFORM_OPTION: Final = Text("Platform of the mini game.", "小游戏所在平台。")
JSON_OPTION: Final = Text(
    "Print one JSON object per line; errors too, on stderr.",
    "每行输出一个 JSON 对象，错误也以 JSON 输出到 stderr。",
)
VERBOSE_OPTION: Final = Text(
    "Log retries to stderr; given twice, every call.",
    "在 stderr 输出重试日志，写两次则输出每次调用。",
)
DRY_RUN_OPTION: Final = Text("Check everything, send nothing.", "只做检查，不发送任何请求。")
LOCK_OPTION: Final = Text(
    "Exit with 75 if this command is already running for this app.",
    "同一应用的同一命令正在运行时，以 75 退出。",
)
LIMIT_OPTION: Final = Text("Maximum number of entries.", "最多输出多少条。")

# --- help: commands
PROGRAM: Final = Text(
    "Call the server side of QQ, Douyin and WeChat mini games from a shell or from cron.\n\n"
    "Settings come from the environment (QQMINIGAME_APP_ID, QQMINIGAME_APP_SECRET ...) or from a "
    "configuration file. Secrets are never arguments.",
    "在命令行或 cron 中调用 QQ、抖音、微信小游戏的服务端接口。\n\n"
    "设置取自环境变量（QQMINIGAME_APP_ID、QQMINIGAME_APP_SECRET 等）或配置文件，"
    "密钥从不作为命令行参数。",
)
LOGIN: Final = Text(
    "Turn a login code into a login, and keep it in the store.\n\n"
    "CODE is what the game client got from qq.login(), tt.login() or wx.login(); - reads it from "
    "stdin. Prints the openid.",
    "用登录凭证 code 换取玩家的登录态，并保存到存储中。\n\n"
    "CODE 为客户端调用 qq.login()、tt.login() 或 wx.login() 得到的 code，- 表示从 stdin 读取。"
    "输出 openid。",
)
STORAGE: Final = Text("Write a player's cloud storage.", "写入玩家的托管数据。")
STORAGE_SET: Final = Text(
    "Store key-value pairs for a player whose login the store has.",
    "为已登录的玩家写入 key-value 对。",
)
STORAGE_REMOVE: Final = Text("Remove keys of a player.", "删除玩家的 key。")
STORAGE_SCORE: Final = Text(
    "Store a score in the form that the platform's ranking lists read.",
    "按平台排行榜要求的格式写入分数。",
)
TIME_OPTION: Final = Text(
    "When the score was reached, in Unix seconds [default: now].",
    "取得该分数的时间（Unix 秒），默认为当前时间。",
)
FIELD_OPTION: Final = Text(
    "A field of your own beside the score: a JSON value, or a text.",
    "与分数并列的自定义字段，值为 JSON 或文本。",
)
STORAGE_LOAD: Final = Text(
    "Store the rows of a CSV or NDJSON file.\n\n"
    "One player in a line; - or no FILE reads stdin. The column 'openid' names the player, each "
    "other column is a key. A line that cannot be stored is a failure and does not end the run. "
    "With --journal, a run that was stopped goes on where it was.",
    "写入 CSV 或 NDJSON 文件中的数据。\n\n"
    "每行一名玩家；FILE 为 - 或省略时读取 stdin。openid 列指明玩家，其余每列为一个 key。"
    "无法写入的行记为失败，不会中断运行。"
    "指定 --journal 后，中断的运行可以从断点继续。",
)
FORMAT_OPTION: Final = Text(
    "[default: ndjson for .ndjson and .jsonl, otherwise csv]",
    "默认：.ndjson、.jsonl 为 ndjson，其余为 csv。",
)
ENCODING_OPTION: Final = Text("[default: utf-8, with or without BOM]", "默认为 utf-8，可带 BOM。")
COLUMNS_OPTION: Final = Text(
    "Comma-separated column names, for a CSV without a header.",
    "CSV 没有表头时的列名，以逗号分隔。",
)
RANKING_OPTION: Final = Text(
    "Write the score in COLUMN to KEY, as a ranking value.",
    "将 COLUMN 列的分数以排行榜格式写入 KEY。",
)
TIME_COLUMN_OPTION: Final = Text(
    "Column with the time of the score, in Unix seconds [default: file modification time].",
    "分数时间所在的列（Unix 秒），默认为文件的修改时间。",
)
JOURNAL_OPTION: Final = Text(
    "Record what is stored in this file; the next run continues from it.",
    "记录已写入的行，下次运行从这里继续。",
)
FAILURES_OPTION: Final = Text(
    "Write failed rows to this file, as NDJSON.", "将失败的行以 NDJSON 写入该文件。"
)
ONLY_FAILURES_OPTION: Final = Text(
    "Send only the rows listed in this failure file.", "只重发该失败记录文件中的行。"
)
WORKERS_OPTION: Final = Text("Concurrent calls [default: 32].", "并发数，默认为 32。")
PER_SECOND_OPTION: Final = Text(
    "Maximum calls per second, shared by all programs that use one Redis store.",
    "每秒最多调用次数，使用同一 Redis 存储的程序共享该上限。",
)
PROCESSES_OPTION: Final = Text(
    "Processes, for more than one CPU core [default: 1].", "进程数，用于多核，默认为 1。"
)
CELERY_OPTION: Final = Text(
    "Have the workers of a Celery app send, such as game.celery:app.",
    "由 Celery 应用的工作进程发送，例如 game.celery:app。",
)
DOCTOR_CELERY_OPTION: Final = Text(
    "Also check the settings of a Celery app, such as game.celery:app.",
    "同时检查 Celery 应用的设置，例如 game.celery:app。",
)
NO_CELERY_APP: Final = Text(
    "there is no Celery app {name} ({reason}); name it as MODULE:APP, such as game.celery:app",
    "找不到 Celery 应用 {name}（{reason}），请以 MODULE:APP 的形式指定，例如 game.celery:app",
)
NOT_REGISTERED: Final = Text(
    "the Celery app {name} has no tasks of qqminigame; call "
    "qqminigame.integrations.celery.register(app) in its module",
    "Celery 应用 {name} 没有 qqminigame 的任务，请在其模块中调用 "
    "qqminigame.integrations.celery.register(app)",
)
GIVE_UP_OPTION: Final = Text(
    "Stop after this many failures of one kind in a row [default: never].",
    "连续多少行因同样的原因失败后停止，默认不停止。",
)
INTERACTIVE: Final = Text("Write a player's interactive data.", "写入玩家的互动数据。")
INTERACTIVE_SET: Final = Text(
    "Set interactive data: keys 1 to 50, on QQ the values 0 and 1.",
    "写入互动数据：key 为 1 到 50，QQ 上的值为 0 或 1。",
)
DAWANKA: Final = Text(
    "Query Dawanka privileges and report bonus uses.", "查询大玩咖特权，上报充值加赠。"
)
DAWANKA_INFO: Final = Text("Show a player's level and privileges.", "查询玩家的大玩咖等级与特权。")
DAWANKA_REPORT: Final = Text(
    "Report that a player used a bonus; each ORDER_ID is counted once, however often it is "
    "reported.",
    "上报玩家使用了一次充值加赠；同一 ORDER_ID 无论上报几次只计一次。",
)
DAWANKA_SETTLE: Final = Text(
    "Find out whether an order was counted whose outcome is unknown.\n\n"
    "With --due, settle all orders that can be settled without the player; run it from cron every "
    "minute.",
    "核实结果未知的订单是否已计入。\n\n"
    "指定 --due 时，核实所有无需玩家参与即可核实的订单；请用 cron 每分钟运行一次。",
)
DUE_OPTION: Final = Text(
    "Settle all orders that are due, with the openkeys in the records.",
    "核实所有到期的订单，使用订单记录中的 openkey。",
)
DUE_LIMIT_OPTION: Final = Text(
    "With --due, maximum number of orders [default: 100].",
    "与 --due 一起使用：最多处理多少笔订单，默认为 100。",
)
DAWANKA_ORDERS: Final = Text("List the recorded orders.", "列出已记录的订单。")
USERIP_OPTION: Final = Text("The player's IP address.", "玩家的 IP 地址。")
IF_LEFT_OPTION: Final = Text(
    "Report only if the player has a use left.", "仅当玩家还有剩余次数时上报。"
)
COUNTED_OPTION: Final = Text(
    "Whether it was counted, if you know it from elsewhere.", "如已从别处得知是否计入，在此指明。"
)
STATE_OPTION: Final = Text("Only orders in this state.", "只列出该状态的订单。")
TOKEN: Final = Text("Look at the shared access token.", "查看共享的 access_token。")
TOKEN_SHOW: Final = Text(
    "Show whether the store has an access token, and for how long; never the token itself.",
    "显示存储中是否有 access_token 及其剩余有效期，不显示其内容。",
)
TOKEN_REFRESH: Final = Text(
    "Fetch the next access token now, for all programs that share the store.\n\n"
    "The previous one stays valid for at most 5 minutes: programs with another store lose theirs.",
    "立即获取新的 access_token，供使用同一存储的所有程序使用。\n\n"
    "旧的 access_token 最多再有效 5 分钟：使用其他存储的程序所持的会失效。",
)
LOGINS: Final = Text("Look at the players' logins in the store.", "查看存储中的玩家登录态。")
LOGINS_LIST: Final = Text(
    "List the openids whose login the store has.", "列出存储中有登录态的 openid。"
)
LOGINS_FORGET: Final = Text(
    "Delete logins from the store; the players have to log in again.",
    "从存储中删除登录态，玩家需重新登录。",
)
DOCTOR: Final = Text(
    "Check what calls depend on, and say what to do.\n\n"
    "Settings, store, clock, network and credentials. It changes nothing at the platform, and "
    "fetches an access token only if the store has none.",
    "检查运行环境，并给出处理办法。\n\n"
    "包括设置、存储、时钟、网络与凭证。不改动平台上的任何数据；"
    "仅当存储中没有可用的 access_token 时才会获取。",
)
OFFLINE_OPTION: Final = Text("Do not use the network.", "不使用网络。")
SANDBOX: Final = Text(
    "Run the platforms on this machine until Ctrl-C.", "在本机运行平台沙箱，按 Ctrl-C 停止。"
)
HOST_OPTION: Final = Text(
    "Address to listen on [default: 127.0.0.1].", "监听地址，默认为 127.0.0.1。"
)
PORT_OPTION: Final = Text(
    "Port; 0 takes a free one [default: 8787].", "端口，0 表示任选空闲端口，默认为 8787。"
)
SEED_OPTION: Final = Text(
    "Hand out the same ids and tokens in every run.", "使每次运行产生相同的 ID 与 access_token。"
)
TOKEN_SECONDS_OPTION: Final = Text(
    "Seconds an access token is valid [default: 7200].", "access_token 有效秒数，默认为 7200。"
)
OVERLAP_OPTION: Final = Text(
    "Seconds the previous access token remains valid [default: random, up to 300].",
    "旧 access_token 的剩余有效秒数，默认为 300 以内的随机值。",
)
SESSION_SECONDS_OPTION: Final = Text(
    "Seconds a session_key is valid without being used [default: no limit].",
    "session_key 闲置多少秒后失效，默认不限。",
)
FETCHES_OPTION: Final = Text(
    "How many access tokens a platform hands out in a day, such as qq 100; may be given more than "
    "once [default: as documented].",
    "某个平台每天可获取 access_token 的次数，例如 qq 100，可多次指定，默认与平台文档一致。",
)
ALLOWED_IP_OPTION: Final = Text(
    "An address that may fetch WeChat's access tokens; may be given more than once [default: all].",
    "微信 IP 白名单中的地址，可多次指定，默认不限。",
)
TOTAL_BYTES_OPTION: Final = Text(
    "Bytes that may be stored for one player [default: 131072].",
    "每个玩家的托管数据总字节数上限，默认为 131072。",
)
AWKWARD_OPTION: Final = Text(
    "Issue access tokens with +, / and =, which a client must URL-encode.",
    "使 access_token 含有 +、/ 和 =，用于检查客户端是否正确进行 URL 编码。",
)
APP_ID_OPTION: Final = Text(
    "App id of the mini game [default: 1110766236].", "小游戏的 AppID，默认为 1110766236。"
)
HALL_APP_ID_OPTION: Final = Text(
    "App id in the QQ game hall [default: 1104466820].",
    "QQ 游戏大厅的 AppID，默认为 1104466820。",
)
RANKING_KEY_OPTION: Final = Text(
    "A key whose values must be ranking values (Douyin); may be given more than once.",
    "排行榜 key（抖音），其值必须为排行榜格式，可多次指定。",
)
DEMO: Final = Text(
    "Run a demo against the sandbox; exits with 1 if a step fails.",
    "在本地沙箱上运行演示，有步骤失败时以 1 退出。",
)
DEMO_SEED_OPTION: Final = Text(
    "Another seed, another player [default: 1].", "换一个种子即换一名玩家，默认为 1。"
)
COMPLETION: Final = Text(
    "Print the completion script of a shell.\n\nFor bash: qqminigame completion bash > "
    "~/.local/share/bash-completion/completions/qqminigame",
    "输出 shell 的补全脚本。\n\nbash：qqminigame completion bash > "
    "~/.local/share/bash-completion/completions/qqminigame",
)

# --- the command line
TRY_HELP: Final = Text("Try '{command}' for help.", "查看帮助：{command}")
NO_SUCH_OPTION: Final = Text("{name} is not an option", "没有选项 {name}")
DASH: Final = Text(
    "an openid or code that starts with '-' goes behind '--', after all options",
    "以“-”开头的 openid 或 code 请写在“--”之后，且放在所有选项之后",
)
MISSING_PARAMETER: Final = Text("Missing {name}.", "缺少参数 {name}")
BAD_PARAMETER: Final = Text("Invalid value for {name}: {reason}", "参数 {name} 的值无效：{reason}")
BAD_COMMAND_LINE: Final = Text("{reason}", "命令行有误：{reason}")
NOT_A_PAIR: Final = Text(
    "{argument!r} is not NAME=VALUE; write for example score=100",
    "{argument!r} 不是 NAME=VALUE 形式，请写成例如 score=100",
)
NOT_A_NUMBER: Final = Text("{text!r} is not a whole number", "{text!r} 不是整数")
NO_SECRET: Final = Text(
    "the {name} is missing: set {variable}, or run this at a terminal to be asked for it",
    "缺少 {name}：请设置环境变量 {variable}，或在终端中运行后按提示输入",
)
BUG: Final = Text(
    "qqminigame: this is a bug in qqminigame; please report it with the lines above, after a look "
    "at what they contain.",
    "qqminigame：这是 qqminigame 的缺陷，请核对以上内容后提交给我们。",
)
NO_COMPLETION: Final = Text(
    "there is no completion for '{program}'; use the program qqminigame",
    "“{program}”不支持补全，请使用 qqminigame 程序",
)

# --- settings
BY_OPTION: Final = Text("option {option}", "选项 {option}")
BY_VARIABLE: Final = Text("environment variable {variable}", "环境变量 {variable}")
BY_FILE: Final = Text("{file}, profile {profile}", "{file} 的 profile {profile}")
NO_APP_ID: Final = Text(
    "no app_id: set QQMINIGAME_APP_ID, or write app_id in the configuration file, under [default] "
    "({place})",
    "缺少 app_id：请设置环境变量 QQMINIGAME_APP_ID，或在配置文件的 [default] 下写入 app_id"
    "（{place}）",
)
NO_CONFIGURATION_FILE: Final = Text("no configuration file at {file}", "没有配置文件 {file}")
NO_FILE: Final = Text(
    "profile {profile!r} is asked for, but there is no configuration file {file}; create it with "
    "mode 600",
    "指定了 profile {profile!r}，但没有配置文件 {file}，请创建该文件，权限设为 600",
)
NO_PROFILE: Final = Text(
    "{file} has no profile {profile!r}; it has: {names}",
    "{file} 中没有 profile {profile!r}，现有：{names}",
)
NOT_A_TABLE: Final = Text(
    "{file}: {name!r} must be a table; write [default] above the settings",
    "{file}：{name!r} 必须是表，请在设置上方写 [default]",
)
UNREADABLE_FILE: Final = Text(
    "cannot read the configuration file {file}: {reason}", "无法读取配置文件 {file}：{reason}"
)
FILE_TOO_OPEN: Final = Text(
    "{file} holds secrets and has mode {mode}, so that others can read or change it; "
    "run: chmod 600 {file}",
    "{file} 含有密钥，但权限为 {mode}，其他用户可以读取或修改；请执行：chmod 600 {file}",
)
FILE_OF_ANOTHER: Final = Text(
    "{file} belongs to another user (uid {uid}), who could change where secrets are sent; use a "
    "file of your own or of root",
    "{file} 属于其他用户（uid {uid}），该用户可以改变密钥的发送地址；请使用自己或 root 的文件",
)
UNKNOWN_SETTING: Final = Text(
    "unknown setting {name!r} ({origin}){meant}", "未知的设置 {name!r}（{origin}）{meant}"
)
DID_YOU_MEAN: Final = Text("; did you mean {name!r}?", "，是否应为 {name!r}？")
WRONG_SETTING: Final = Text(
    "{name} ({origin}) must be {wanted}", "{name}（{origin}）必须是 {wanted}"
)
IN_QUOTES: Final = Text("a text in quotes", "带引号的文本")
TRUE_OR_FALSE: Final = Text("true or false", "true 或 false")

# --- one run at a time
LOCKED: Final = Text(
    "another run of this command for this app is in progress",
    "该应用的同一命令正在运行",
)
LOCKED_BY: Final = Text(
    "another run of this command for this app is in progress: process {pid} on {host}, since "
    "{since}",
    "该应用的同一命令正在运行：{host} 上的进程 {pid}，开始于 {since}",
)
NO_LOCK_FILE: Final = Text(
    "--lock: cannot use {path}: {reason}; set XDG_STATE_HOME to a folder that this user can write",
    "--lock：无法使用 {path}：{reason}，请将 XDG_STATE_HOME 设为该用户可写的目录",
)
NO_LOCKS_HERE: Final = Text("--lock is not supported on Windows", "--lock 不支持 Windows")

# --- what was done
WOULD_SEND: Final = Text(
    "dry run: all checks passed, {endpoint} was not sent",
    "试运行：检查全部通过，未发送 {endpoint}",
)
DRY: Final = Text(
    "dry run: all checks passed, nothing was sent", "试运行：检查全部通过，未发送请求"
)
STORED: Final = Text("stored {keys} for {openid}", "已为 {openid} 写入 {keys}")
REMOVED: Final = Text("removed {keys} of {openid}", "已删除 {openid} 的 {keys}")
LOGIN_IN_MEMORY: Final = Text(
    "the login would be lost with this process, so the code was not used: the store is {store}; "
    "set QQMINIGAME_STORE to a file or a Redis, such as sqlite:////var/lib/game/qqminigame.db",
    "登录态会随本进程结束而丢失，因此未使用该 code：当前存储为 {store}；请将 QQMINIGAME_STORE "
    "设为文件或 Redis，例如 sqlite:////var/lib/game/qqminigame.db",
)
LOGIN_LOST: Final = Text(
    "{openid} has logged in, but the login could not be saved in {store}, and the code is used up; "
    "repair the store and let the player log in again",
    "{openid} 已登录，但登录态未能保存到 {store}，且 code 已失效；请修复存储后让玩家重新登录",
)
REFRESHED: Final = Text(
    "fetched a new access token, valid for {seconds_left} s; it is in {store}",
    "已获取新的 access_token，有效期 {seconds_left} 秒，保存在 {store}",
)
FORGOTTEN: Final = Text("deleted the login of {openid}", "已删除 {openid} 的登录态")
NOT_FORGOTTEN: Final = Text("no login of {openid} was deleted", "未删除 {openid} 的登录态")
COUNTED: Final = Text("counted; uses left: {left}", "已计入，剩余次数：{left}")
NOT_COUNTED: Final = Text("not counted", "未计入")
ORDER_OR_DUE: Final = Text(
    "give OPENID and ORDER_ID; or --due, which alone takes --limit",
    "请指定 OPENID 与 ORDER_ID，或使用 --due；--limit 只能与 --due 一起使用",
)
ORDER_AND_DUE: Final = Text(
    "--due settles all orders that are due; leave out OPENID, ORDER_ID, --counted and --userip",
    "--due 核实所有到期的订单，请去掉 OPENID、ORDER_ID、--counted 与 --userip",
)
DUE_COUNTED: Final = Text("order {order_id!r}: counted", "订单 {order_id!r}：已计入")
DUE_NOT_COUNTED: Final = Text(
    "order {order_id!r}: not counted; it may be reported again",
    "订单 {order_id!r}：未计入，可以重新上报",
)
DUE_WAITING: Final = Text(
    "order {order_id!r}: its openkey is gone; settle it when the player is back",
    "订单 {order_id!r}：openkey 已失效或已删除，请在玩家再次进入后核实",
)
DUE_FAILED: Final = Text(
    "order {order_id!r} was not settled: {failure}", "订单 {order_id!r} 未能核实：{failure}"
)
NO_SANDBOX: Final = Text("{reason}", "无法启动沙箱：{reason}")
NO_EXTRA: Final = Text(
    "this command needs {package}; run python -m pip install 'qqminigame[{extra}]'",
    "该命令需要 {package}；请执行 python -m pip install 'qqminigame[{extra}]'",
)

# --- storage load
NO_INPUT: Final = Text("cannot read {path}: {reason}", "无法读取 {path}：{reason}")
UTF_16: Final = Text(
    "the file is UTF-16, as Excel's 'Unicode text'; save it as 'CSV UTF-8'",
    "文件为 UTF-16 编码（Excel 的“Unicode 文本”），请另存为“CSV UTF-8”",
)
LINE_TOO_LONG: Final = Text("the line has more than {limit} bytes", "该行超过 {limit} 字节")
WRONG_ENCODING: Final = Text(
    "the line is not {encoding}; name the file's encoding with --encoding",
    "该行不是 {encoding} 编码，请用 --encoding 指定文件的编码",
)
COLUMN_TWICE: Final = Text("the file has two columns {name!r}", "文件中有两个 {name!r} 列")
NO_COLUMN: Final = Text(
    "the file has no column {name!r}, but: {columns}. Without a header, name the columns with "
    "--columns",
    "文件中没有 {name!r} 列，现有：{columns}。没有表头时，请用 --columns 指定列名",
)
BAD_HEADER: Final = Text("the first line is not a header: {problem}", "第一行不是表头：{problem}")
NO_OPENID: Final = Text("the line names no openid", "该行没有 openid")
ROUNDED_OPENID: Final = Text(
    "the openid {openid!r} was turned into a number by a spreadsheet; format that column as text "
    "and export again",
    "openid {openid!r} 已被电子表格转成数字，请将该列设为文本格式后重新导出",
)
RAGGED: Final = Text(
    "the line has {found} cells, and the header {wanted}",
    "该行有 {found} 个单元格，而表头有 {wanted} 个",
)
BAD_CSV: Final = Text(
    "the line is not CSV ({reason}); a value must not contain line breaks",
    "该行不是有效的 CSV（{reason}），单元格内不能换行",
)
BAD_JSON: Final = Text("the line is not a JSON object", "该行不是 JSON 对象")
FAILED_SO_FAR: Final = Text("{task.fields[failed]} failed", "失败 {task.fields[failed]}")
LOADED: Final = Text(
    "stored {stored}, skipped {skipped}, failed {failed} in {seconds:.1f} s",
    "写入 {stored}，跳过 {skipped}，失败 {failed}，用时 {seconds:.1f} 秒",
)
WOULD_LOAD: Final = Text(
    "dry run: {stored} rows can be stored, {failed} cannot; nothing was sent",
    "试运行：{stored} 行可写入，{failed} 行不可，未发送请求",
)
ROW: Final = Text("row {row}: {why}", "第 {row} 行：{why}")
SEE_FILE: Final = Text("the failures are in {path}", "失败的行见 {path}")
NAME_A_FILE: Final = Text(
    "to see the failures, name a file with --failures", "如需查看失败的行，请用 --failures 指定文件"
)
