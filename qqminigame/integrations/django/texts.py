"""The texts of the Django app, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

# --- settings
NOT_CONFIGURED: Final = Text(
    "settings.QQMINIGAME is not set, and neither is the environment variable QQMINIGAME_APP_ID; "
    "set one of them",
    "settings.QQMINIGAME 和环境变量 QQMINIGAME_APP_ID 都未设置，请设置其中之一",
)
NOT_ALIASES: Final = Text(
    "settings.QQMINIGAME must be a dict of aliases, as DATABASES is, not {kind}",
    "settings.QQMINIGAME 必须是以别名为 key 的 dict（与 DATABASES 相同），不能是 {kind}",
)
FLAT: Final = Text(
    "settings.QQMINIGAME has no aliases; put these settings into a dict of their own, under the "
    "key 'default'",
    "settings.QQMINIGAME 缺少别名一层，请把这些设置项放进 key 为 'default' 的 dict 中",
)
NOT_INSTALLED: Final = Text(
    "{where}: a store 'django:' needs {app!r} in INSTALLED_APPS",
    "{where}：使用存储 'django:' 时，须将 {app!r} 加入 INSTALLED_APPS",
)
NOT_IMPORTED: Final = Text(
    "{where}: ON_CALL could not be imported: {reason}", "{where}：无法导入 ON_CALL：{reason}"
)

# --- checks: what is wrong, and the hint
NOT_SETTINGS: Final = Text(
    "{where} must be a dict of settings, not {kind}", "{where} 必须是 dict，不能是 {kind}"
)
SEE_DOCS: Final = Text(
    "For example: QQMINIGAME['default']['APP_ID'] = '1110766236'.",
    "例如：QQMINIGAME['default']['APP_ID'] = '1110766236'。",
)
NO_DEFAULT: Final = Text(
    "settings.QQMINIGAME has no alias 'default', which session and dawanka use",
    "settings.QQMINIGAME 中没有别名 'default'，而 session 和 dawanka 使用的就是它",
)
NAME_DEFAULT: Final = Text(
    "Call one of them 'default', or use sessions[alias] everywhere and silence this check.",
    "请将其中一个命名为 'default'；若始终使用 sessions[alias]，可忽略此项检查。",
)
NAMES_OF_SETTINGS: Final = Text(
    "The names are the arguments of qqminigame.Session in capitals, and ORDERS.",
    "设置项的名称是 qqminigame.Session 的参数名（大写），以及 ORDERS。",
)
FROM_ENVIRONMENT: Final = Text(
    "If the value comes from an environment variable, check that this process has it.",
    "若取自环境变量，请检查当前进程是否设置了该变量。",
)
AS_SESSION: Final = Text(
    "The values are those of the arguments of qqminigame.Session.",
    "各设置项的取值与 qqminigame.Session 的参数相同。",
)
AS_DAWANKA: Final = Text(
    "APP_KEY is for the game hall: it needs HALL_APP_ID, and a place for its orders.",
    "APP_KEY 用于 QQ 游戏大厅，须同时设置 HALL_APP_ID，并有保存订单的位置。",
)
NO_CREDENTIALS: Final = Text(
    "{where} has neither APP_SECRET nor APP_KEY: every call raises a ConfigurationError",
    "{where} 既没有 APP_SECRET 也没有 APP_KEY，所有调用都会抛出 ConfigurationError",
)
SET_SECRET: Final = Text(
    "Set APP_SECRET, or APP_KEY if the app uses only the game hall.",
    "请设置 APP_SECRET；若只使用 QQ 游戏大厅的接口，请设置 APP_KEY。",
)
OF_SANDBOX: Final = Text(
    "{where}: {name} is the sandbox's, and DEBUG is False",
    "{where}：DEBUG 为 False，{name} 却是本地沙箱的",
)
USE_OWN: Final = Text(
    "Use the app's own credentials; the platform refuses these.",
    "请使用应用自己的密钥，平台不接受本地沙箱的密钥。",
)
NOT_A_FILE: Final = Text(
    "{where}: {name} {path} cannot be written by this process",
    "{where}：当前进程无法写入 {name} {path}",
)
NOT_DEFAULT_FILE: Final = Text(
    "{where} has no STORE, and this process cannot write the default one, {path}: access tokens "
    "and logins would be kept in the memory of each process",
    "{where} 未设置 STORE，而当前进程无法写入默认的 {path}，access_token 和登录态将只保存在各进程"
    "的内存中",
)
ANOTHER_STORE: Final = Text(
    "Use 'django:', 'redis://...', or a file in a folder that the web server's user can write.",
    "请使用 'django:'、'redis://...'，或 Web 服务器的运行用户可写目录下的文件。",
)
NOT_SHARED: Final = Text(
    "{where}: {name} 'memory:' is not shared: each worker process has its own",
    "{where}：{name} 'memory:' 不是共享存储，各 worker 进程各有一份",
)
RELATIVE: Final = Text(
    "{where}: {name} is a relative path: programs started in different folders use different files",
    "{where}：{name} 是相对路径，在不同目录下启动的程序会使用不同的文件",
)
WHOLE_PATH: Final = Text(
    "Use an absolute path, with four slashes: 'sqlite:////srv/game/store.db'.",
    "请使用绝对路径（四个斜杠）：'sqlite:////srv/game/store.db'。",
)
PLAIN_HTTP: Final = Text(
    "{where}: BASE_URL is not https: app secrets and access tokens can be read on the way",
    "{where}：BASE_URL 不是 https，密钥和 access_token 可能在传输中被读取",
)
USE_HTTPS: Final = Text(
    "Use https, or remove BASE_URL to call the platform itself.",
    "请改用 https；若要直接访问平台，请删除 BASE_URL。",
)

# --- checks of databases
NO_DATABASE: Final = Text(
    "the store 'django:{name}' names no database; DATABASES has {known}",
    "存储 'django:{name}' 没有对应的数据库；DATABASES 中有：{known}",
)
NAME_DATABASE: Final = Text(
    "Add it to DATABASES, or use 'django:' for the database 'default'.",
    "请在 DATABASES 中添加它，或用 'django:' 表示数据库 'default'。",
)
ATOMIC: Final = Text(
    "database {name!r} has ATOMIC_REQUESTS: a view that fails would roll back an access token that "
    "the platform has already issued, or an order that has been reported",
    "数据库 {name!r} 启用了 ATOMIC_REQUESTS：视图出错时，平台已下发的 access_token "
    "和已上报的订单也会被回滚",
)
NO_AUTOCOMMIT: Final = Text(
    "database {name!r} has AUTOCOMMIT False: what the store writes is not committed at once",
    "数据库 {name!r} 的 AUTOCOMMIT 为 False，存储写入的内容不会立即提交",
)
OWN_DATABASE: Final = Text(
    "Give the store an alias of its own in DATABASES: on PostgreSQL and MySQL a copy of this one "
    "with ATOMIC_REQUESTS False and AUTOCOMMIT True, on SQLite another file.",
    "请在 DATABASES 中为存储单独设置一个别名：PostgreSQL 和 MySQL 可复制当前设置，"
    "并将 ATOMIC_REQUESTS 设为 False、AUTOCOMMIT 设为 True；SQLite 请使用另一个文件。",
)
SAME_FILE: Final = Text(
    "databases {name!r} and {other!r} are the same SQLite file: in a transaction of {other!r} that "
    "has written anything, the store waits for its own request until it times out",
    "数据库 {name!r} 和 {other!r} 是同一个 SQLite 文件：{other!r} 的事务一旦有写入，"
    "存储就会一直等待本请求自己，直到超时",
)
OWN_FILE: Final = Text(
    "Give the store a file of its own: another NAME, or STORE 'sqlite:////srv/game/store.db'.",
    "请为存储使用单独的文件：另设 NAME，或将 STORE 设为 'sqlite:////srv/game/store.db'。",
)
LONG_WAIT: Final = Text(
    "database {name!r} does not set {setting}: a call to the platform may wait for the database "
    "past its deadline",
    "数据库 {name!r} 未设置 {setting}：平台调用可能因等待数据库而超过总时限",
)
SET_OPTION: Final = Text(
    "Set {setting} to 2 seconds, with OPTIONS[{option!r}].",
    "请通过 OPTIONS[{option!r}] 将 {setting} 设为 2 秒。",
)
KEPT_OUT: Final = Text(
    "a database router keeps the tables of this app out of database {name!r}",
    "数据库路由不允许在数据库 {name!r} 中创建本应用的表",
)
CHANGE_ROUTER: Final = Text(
    "Let its allow_migrate return True for the app label 'qqminigame' there.",
    "请让路由的 allow_migrate 对该数据库和 app label 'qqminigame' 返回 True。",
)
NO_TABLES: Final = Text(
    "database {name!r} does not have the tables of this app yet",
    "数据库 {name!r} 中还没有本应用的表",
)
MIGRATE: Final = Text(
    "manage.py migrate qqminigame --database {name} creates them.",
    "请执行 manage.py migrate qqminigame --database {name} 创建。",
)
