"""The texts of the store in the project's database, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

# --- addresses and settings
OPTION: Final = Text(
    "store {shown}: unknown option {option!r}; the options are {known}",
    "存储 {shown}：未知的选项 {option!r}；可用的选项：{known}",
)
NOT_A_DATABASE: Final = Text(
    "the store names the database {alias!r}, which settings.DATABASES does not have; it has "
    "{known}",
    "存储使用的数据库 {alias!r} 不在 settings.DATABASES 中；已有的数据库：{known}",
)
NO_CRYPTOGRAPHY: Final = Text(
    "encrypt=yes: the package cryptography is not installed; run python -m pip install "
    "'qqminigame[crypto]'",
    "encrypt=yes：未安装 cryptography 包；请执行 python -m pip install 'qqminigame[crypto]'",
)
OTHER_SECRET_KEY: Final = Text(
    "a text in the project's database was encrypted with another SECRET_KEY; add that key to "
    "SECRET_KEY_FALLBACKS",
    "项目数据库中有一条数据是用另一个 SECRET_KEY 加密的；请把那个 key 加入 SECRET_KEY_FALLBACKS",
)
MAY_LOSE: Final = Text(
    "the database {alias!r} may lose orders in a power cut: set {settings}, or keep orders "
    "elsewhere (ORDERS), or add ?persistent=yes to the address if its operator guarantees that "
    "nothing is lost",
    "断电时数据库 {alias!r} 可能丢失订单；请设置 {settings}，或把订单存到别处（ORDERS）；"
    "若其管理员能保证不丢数据，也可在地址后加 ?persistent=yes",
)

# --- using it
IN_TRANSACTION: Final = Text(
    "the database {alias!r} is in a transaction, whose rollback would undo what the platform does "
    "not: nothing was read or written. Call it outside transaction.atomic(), or give the store an "
    "alias of its own in DATABASES, without ATOMIC_REQUESTS",
    "数据库 {alias!r} 正处于事务中，回滚会撤销存储中的记录，而平台一侧无法撤销，因此没有读写。"
    "请在 transaction.atomic() 之外调用，或在 DATABASES 中为存储单独设置一个别名，且不启用 "
    "ATOMIC_REQUESTS",
)
IN_EVENT_LOOP: Final = Text(
    "the database {alias!r} was used in an event loop, which Django does not allow; call the "
    "library with asgiref's sync_to_async(), or from a sync view",
    "在事件循环中使用了数据库 {alias!r}，Django 不允许；请用 asgiref 的 sync_to_async() 调用，"
    "或改用同步视图",
)
TOO_SLOW: Final = Text(
    "the store in the database {alias!r} did not finish in time",
    "数据库 {alias!r} 中的存储未能按时完成操作",
)
UNUSABLE: Final = Text(
    "the store in the database {alias!r} is unavailable ({reason}); {advice}",
    "数据库 {alias!r} 中的存储不可用（{reason}）；{advice}",
)
CHECK_DATABASE: Final = Text("check the database", "请检查该数据库")
MIGRATE: Final = Text(
    "run manage.py migrate --database {alias}, which creates its tables",
    "请运行 manage.py migrate --database {alias} 创建数据表",
)
IS_LOCKED: Final = Text(
    "another connection was writing to the file; on SQLite, give the store an alias with a file of "
    "its own",
    "另一个连接正在写该文件；使用 SQLite 时，请为存储设置一个单独文件的别名",
)
IS_BUSY: Final = Text(
    "another connection holds the row; write to these tables with the store alone",
    "另一个连接锁住了该行；这些表只应由存储写入",
)
IS_READ_ONLY: Final = Text(
    "it is read-only: use the alias of the primary database", "该数据库只读，请使用主库的别名"
)
