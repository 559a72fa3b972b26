"""Every text that this library shows, in English and in Chinese.

The texts of the platforms' codes stand beside their numbers, in ``platforms/``; all others are the
constants of this module. A text says what happened, where, and what to do, the same in both
languages. The names in braces are filled in with :meth:`Text.of`.
"""

import os
from collections.abc import Iterable
from typing import Final

from attrs import frozen

# The first of these that is set decides, as in other programs.
_VARIABLES: Final = ("QQMINIGAME_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def language() -> str:
    """Return the language of whoever reads: ``"zh"`` or ``"en"``, as the environment says now.

    ``QQMINIGAME_LANG`` decides, then ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``; Chinese is any value
    that starts with ``zh``, and everything else is English.
    """
    chosen = next(filter(None, map(os.environ.get, _VARIABLES)), "")
    return "zh" if chosen.lower().startswith("zh") else "en"


@frozen
class Text:
    """A text in both languages; ``str()`` of it is in that of :func:`language`.

    Attributes:
        english: The English text.
        chinese: The Chinese text.
    """

    english: str
    chinese: str

    def __str__(self) -> str:
        return self.in_language(language())

    def in_language(self, name: str) -> str:
        """Return the text in one language.

        Args:
            name: Such as ``"en"``, ``"zh"`` or ``"zh-CN"``; English for all but Chinese.
        """
        return self.chinese if name.lower().startswith("zh") else self.english

    def of(self, **values: object) -> "Text":
        """Return the text with values in place of the names in braces.

        Braces in a value mean nothing. A value that is a Text is used in each of its languages.
        """
        return Text(
            self.english.format_map({name: _english(each) for name, each in values.items()}),
            self.chinese.format_map({name: _chinese(each) for name, each in values.items()}),
        )


def _english(value: object) -> object:
    return value.english if isinstance(value, Text) else value


def _chinese(value: object) -> object:
    return value.chinese if isinstance(value, Text) else value


def joined(texts: Iterable[Text]) -> Text:
    """Return several texts as one, with semicolons between them."""
    listed = list(texts)
    return Text(
        "; ".join(each.english for each in listed), "；".join(each.chinese for each in listed)
    )


NOTHING: Final = Text("", "")

# --- exceptions: all that is known of an error
AFTER_ATTEMPTS: Final = Text("{failure} ({attempts} attempts)", "{failure}（已尝试 {attempts} 次）")
SENT: Final = Text("request sent: yes, a response was received", "请求是否已发出：是，并收到了响应")
NOT_SENT: Final = Text("request sent: no", "请求是否已发出：否")
MAYBE_SENT: Final = Text(
    "request sent: possibly, no response was received", "请求是否已发出：可能已发出，未收到响应"
)
ATTEMPTS: Final = Text("attempts: {attempts}", "尝试次数：{attempts}")
ITEM: Final = Text("- {item}", "- {item}")
INDENTED: Final = Text("  {item}", "  {item}")
SIGNED: Final = Text("signed text, with secrets masked:", "被签名的内容（密钥已脱敏）：")

# --- validation: nothing was sent
REFUSED_ARGUMENTS: Final = Text(
    "{call}: nothing was sent: {problems}", "{call}：请求未发送：{problems}"
)
AND_MORE: Final = Text("and {count} more problems", "还有 {count} 处错误")
PLACE: Final = Text("{where} {what}", "{where} {what}")
NOT_A_STR: Final = Text("must be a str, not {kind}", "必须是 str，不能是 {kind}")
EMPTY: Final = Text("must not be empty", "不能为空")
SURROGATE: Final = Text(
    "contains a lone surrogate, which UTF-8 cannot encode; remove it",
    "含有无法用 UTF-8 编码的字符（不成对的 surrogate），请去掉",
)
TOO_LONG: Final = Text(
    "is {size} bytes long (limit {limit})", "长 {size} 字节，超过上限 {limit} 字节"
)
NOT_AN_INT: Final = Text("must be an int, not {kind}{hint}", "必须是 int，不能是 {kind}{hint}")
OUT_OF_RANGE: Final = Text(
    "must be from {least} to {most}, not {given}{hint}",
    "必须在 {least} 到 {most} 之间，不能是 {given}{hint}",
)
ZERO_OR_ONE: Final = Text(
    "must be 0 or 1, not {given}{hint}", "必须是 0 或 1，不能是 {given}{hint}"
)
LARGER: Final = Text("a far larger number", "大得多的数")
NOT_A_LOGIN: Final = Text(
    "must be a LoginState or an openid, not {kind}; use what Login.code2session() returned",
    "必须是 LoginState 或 openid，不能是 {kind}；请使用 Login.code2session() 的返回值",
)
NOT_A_LOGIN_STATE: Final = Text(
    "must be a LoginState, not {kind}{hint}", "必须是 LoginState，不能是 {kind}{hint}"
)
USE_LOGIN_STATE: Final = Text(
    "; use session.login_state(openid)", "；请用 session.login_state(openid) 取得"
)
NOT_A_HALL_LOGIN: Final = Text(
    "must be a HallLogin, not {kind}; use HallLogin.from_query(request.GET)",
    "必须是 HallLogin，不能是 {kind}；请用 HallLogin.from_query(request.GET) 取得",
)
WRONG_PF: Final = Text("must be {pf!r} for this call", "在该接口中必须是 {pf!r}")
PAIR_TOO_LONG: Final = Text(
    "is {size} bytes long, key plus value in UTF-8 (limit {limit}); shorten the value",
    "长 {size} 字节（key 与 value 合计，按 UTF-8 计），超过上限 {limit} 字节，请缩短 value",
)
NOT_PAIRS: Final = Text(
    "must be a mapping or an iterable of (key, value) pairs, not {kind}",
    "必须是 dict 或 (key, value) 的可迭代对象，不能是 {kind}",
)
NOT_A_PAIR: Final = Text(
    "must be a (key, value) pair, not {kind}", "必须是 (key, value)，不能是 {kind}"
)
OF_LENGTH: Final = Text("a {kind} of {count} items", "{count} 项的 {kind}")
NOT_KEYS: Final = Text(
    "must be an iterable of keys, not {kind}{hint}", "必须是 key 的可迭代对象，不能是 {kind}{hint}"
)
USE_A_LIST: Final = Text("; use [key]", "；请用 [key]")
NO_ENTRIES: Final = Text("is empty; pass at least one entry", "为空，请至少传入一项")
TOO_MANY_ENTRIES: Final = Text(
    "has more than {limit} entries; split it into several calls",
    "超过 {limit} 项，请分多次调用",
)
KEY_NOT_A_STR: Final = Text(
    "key must be a str, not {kind}{hint}", "的 key 必须是 str，不能是 {kind}{hint}"
)
KEY_SURROGATE: Final = Text(
    "key contains a lone surrogate, which UTF-8 cannot encode; remove it",
    "的 key 含有无法用 UTF-8 编码的字符（不成对的 surrogate），请去掉",
)
KEY_EMPTY: Final = Text("key must not be empty", "的 key 不能为空")
KEY_TOO_LONG: Final = Text(
    "key is {size} bytes long in UTF-8 (limit {limit}); shorten it",
    "的 key 长 {size} 字节（按 UTF-8 计），超过上限 {limit} 字节，请缩短",
)
KEY_TWICE: Final = Text("key is given twice; pass each key once", "的 key 重复，请只传一次")
INTERACTIVE_KEY: Final = Text('key must be "1" to "50"', '的 key 必须是 "1" 到 "50"')
VALUE_NOT_A_STR: Final = Text(
    "value must be a str, not {kind}{hint}", "的值必须是 str，不能是 {kind}{hint}"
)
VALUE_SURROGATE: Final = Text(
    "value contains a lone surrogate, which UTF-8 cannot encode; remove it",
    "的值含有无法用 UTF-8 编码的字符（不成对的 surrogate），请去掉",
)
USE_JSON: Final = Text("; use json.dumps(value)", "，请用 json.dumps(value)")
USE_STR: Final = Text("; use str(value)", "，请用 str(value)")
USE_STR_KEY: Final = Text("; use str(key)", "，请用 str(key)")
NOT_A_CHOICE: Final = Text("must be one of {choices}", "必须是 {choices} 之一")
OF_ANOTHER_PLAYER: Final = Text(
    "belongs to another player; pass the HallLogin of the player who placed it",
    "属于另一名玩家；请传入下单玩家的 HallLogin",
)

# --- ranking and models
UNIX_SECONDS: Final = Text(
    "; it is in Unix seconds, like int(time.time())", "；单位为秒，例如 int(time.time())"
)
RESERVED_FIELD: Final = Text(
    "is reserved by the platform; rename the field", "是平台保留的字段名，请改名"
)
NOT_JSON: Final = Text(
    "is not JSON serializable ({kind}); use str, int, float, bool, list or dict",
    "无法序列化为 JSON（{kind}）；请使用 str、int、float、bool、list 或 dict",
)
NOT_A_HALL_QUERY: Final = Text(
    "HallLogin.from_query: not a game hall query: {problems}",
    "HallLogin.from_query：不是 QQ 游戏大厅传入的参数：{problems}",
)
MISSING_PARAMETER: Final = Text(
    "is missing or empty; pass the query of the page that the game hall opened",
    "缺失或为空；请传入 QQ 游戏大厅打开页面时的查询参数",
)

# --- settings, session: nothing was sent
EMPTY_CREDENTIAL: Final = Text(
    "Session: {name} is empty; pass {name}=... or set {variable}",
    "Session：{name} 为空，请传入 {name}=... 或设置环境变量 {variable}",
)
CREDENTIAL_NOT_A_STR: Final = Text(
    "Session: {name} must be a str, not {kind}; pass {name}='...' or set {variable}",
    "Session：{name} 必须是 str，不能是 {kind}；请传入 {name}='...' 或设置环境变量 {variable}",
)
UNCLEAN_CREDENTIAL: Final = Text(
    "Session: {name} has leading or trailing whitespace or unprintable characters; if it was read "
    "from a file, remove the newline with .strip()",
    "Session：{name} 首尾有空白，或含有不可打印的字符；若从文件读取，请用 .strip() 去掉换行",
)
NOT_AN_INSTANCE: Final = Text(
    "{name} must be a {wanted}, not {given}", "{name} 必须是 {wanted}，不能是 {given}"
)
NOT_SECONDS: Final = Text(
    "{name} must be a positive number of seconds, at most {most:g}, not {given}",
    "{name} 必须是大于 0 的秒数，最大 {most:g}，不能是 {given}",
)
NOT_A_COUNT: Final = Text(
    "{name} must be a positive int, not {given}", "{name} 必须是正整数，不能是 {given}"
)
NOT_A_TIMEOUT: Final = Text(
    "timeout must be a positive number of seconds or a (connect, read) tuple, each at most "
    "{most:g}, not {given}",
    "timeout 必须是大于 0 的秒数，或 (connect, read) 元组，每项最大 {most:g}，不能是 {given}",
)
# What was given is not shown: it may hold a password.
NOT_AN_ADDRESS: Final = Text(
    "base_url must be like 'https://host:8787' or 'http://host/prefix', without user name, query "
    "and fragment",
    "base_url 应形如 'https://host:8787' 或 'http://host/prefix'，不能带用户名、查询参数和片段",
)
NOT_A_PLATFORM: Final = Text(
    "platform must be a name or a Platform, not {kind}; the names are {known}",
    "platform 必须是平台名或 Platform，不能是 {kind}；可用的平台名：{known}",
)
UNKNOWN_PLATFORM: Final = Text(
    "unknown platform {given!r}; the platforms are {known}",
    "未知的平台 {given!r}；可用的平台：{known}",
)
MISTYPED_PLATFORM: Final = Text(
    "unknown platform {given!r}; did you mean {meant!r}? The platforms are {known}",
    "未知的平台 {given!r}，是否想写 {meant!r}？可用的平台：{known}",
)
NOT_A_SESSION: Final = Text(
    "{service}: session must be a Session, not {kind}; use {service}(Session(app_id, ...))",
    "{service}：session 必须是 Session，不能是 {kind}；请用 {service}(Session(app_id, ...))",
)
NOT_CALLABLE: Final = Text(
    "on_call must be callable, not {kind}; pass a function that takes a CallEvent",
    "on_call 必须可调用，不能是 {kind}；请传入接收 CallEvent 的函数",
)
UNKNOWN_ARGUMENT: Final = Text(
    "Session has no argument {name!r}; its arguments are {known}",
    "Session 没有参数 {name!r}；可用的参数：{known}",
)
MISTYPED_ARGUMENT: Final = Text(
    "Session has no argument {name!r}; did you mean {meant!r}?",
    "Session 没有参数 {name!r}，是否想写 {meant!r}？",
)
NO_APP_ID: Final = Text(
    "Session.from_env: QQMINIGAME_APP_ID is not set; set it or pass app_id=...",
    "Session.from_env：未设置环境变量 QQMINIGAME_APP_ID；请设置它，或传入 app_id=...",
)
NOT_SUPPORTED: Final = Text(
    "{service} is not available on platform {platform!r}; do not create it for that platform",
    "{service}：平台 {platform!r} 没有这一能力，请不要为该平台创建",
)
MISSING_CREDENTIAL: Final = Text(
    "{service} needs {name}: pass Session({app_id!r}, {name}=...), or set {variable} for "
    "Session.from_env()",
    "{service} 需要 {name}：请传入 Session({app_id!r}, {name}=...)，或设置环境变量 {variable} "
    "后使用 Session.from_env()",
)
MISSING_HALL_APP_ID: Final = Text(
    "{service} needs hall_app_id: the QQ game hall has its own app ids and does not know the mini "
    "game's {app_id!r}; pass Session(..., hall_app_id=...) or set QQMINIGAME_HALL_APP_ID",
    "{service} 需要 hall_app_id：QQ 游戏大厅使用自己的 AppID，与小游戏的 {app_id!r} 不同；"
    "请传入 Session(..., hall_app_id=...) 或设置环境变量 QQMINIGAME_HALL_APP_ID",
)
NO_STABLE_TOKEN: Final = Text(
    "stable_token: platform {platform!r} does not support it; leave it out",
    "stable_token：平台 {platform!r} 不支持，请去掉该参数",
)

SESSION: Final = Text(
    "platform: {platform}\n"
    "app_id: {app_id}\n"
    "hall_app_id: {hall_app_id}\n"
    "base_url: {base_url}\n"
    "store of tokens and logins: {store}\n"
    "logins in it: {logins}\n"
    "deadline of a call: {seconds:g} s",
    "平台：{platform}\n"
    "AppID：{app_id}\n"
    "大厅 AppID：{hall_app_id}\n"
    "base_url：{base_url}\n"
    "access_token 与登录态的存储：{store}\n"
    "其中的登录态：{logins}\n"
    "每次调用的总时限：{seconds:g} 秒",
)
NOT_SET: Final = Text("not set", "未设置")
NO_BASE_URL: Final = Text("not set: the platform's own hosts", "未设置：使用平台自己的地址")
LOGINS_UNKNOWN: Final = Text("unknown: {failure}", "未知：{failure}")

# --- stores
STORE_WHITESPACE: Final = Text(
    "the address of the store has leading or trailing whitespace; remove it",
    "存储地址首尾有空白，请去掉",
)
STORE_KINDS: Final = Text(
    "a store is 'memory:', 'sqlite:///relative/file', 'sqlite:////absolute/file' or "
    "'redis://host:port/number'",
    "可用的存储地址：'memory:'、'sqlite:///相对路径'、'sqlite:////绝对路径'、"
    "'redis://host:port/number'",
)
UNKNOWN_STORE: Final = Text("unknown store {shown}; {kinds}", "未知的存储 {shown}；{kinds}")
MISTYPED_STORE: Final = Text(
    "unknown store {shown}; did you mean {meant!r}?", "未知的存储 {shown}，是否想写 {meant!r}？"
)
NOT_ONE_REDIS: Final = Text(
    "store {shown}: Redis Sentinel and Redis Cluster are not supported; name a single Redis, or a "
    "proxy in front of them, as redis://host:port/number",
    "存储 {shown}：不支持 Redis Sentinel 和 Redis Cluster；请使用单个 Redis，或其前面的代理："
    "redis://host:port/number",
)
STORE_WITHOUT_FILE: Final = Text(
    "the store 'sqlite:///' names no file; {kinds}", "存储地址 'sqlite:///' 没有文件名；{kinds}"
)
STORE_OPTION: Final = Text(
    "sqlite:///{path}: unknown option {option!r}; the only one is ?mode=660",
    "sqlite:///{path}：未知的选项 {option!r}，只支持 ?mode=660",
)
STORE_MODE: Final = Text(
    "sqlite:///{path}: mode must be like 600 (its owner), 660 (its group) or 666 (everybody), not "
    "{given!r}",
    "sqlite:///{path}：mode 应为 600（仅所有者）、660（所属组）或 666（所有用户），不能是 "
    "{given!r}",
)
STORE_SURROGATE: Final = Text(
    "nothing was stored: the text contains a lone surrogate, which UTF-8 cannot encode; it was "
    "damaged before it got here, so check where it comes from",
    "未写入存储：文本含有无法用 UTF-8 编码的字符（不成对的 surrogate），在写入前已损坏，"
    "请检查其来源",
)
STORE_IN_MEMORY: Final = Text(
    "{folder} is not writable by this user{user}: access tokens and logins are kept in the memory "
    "of this process. With several processes, each fetch of an access token invalidates the "
    "others' tokens, and other programs do not find the logins. Pass a store that this user can "
    "write, such as store='sqlite:////var/lib/<app>/qqminigame.db' (systemd: "
    "StateDirectory=<app>), or set XDG_CACHE_HOME (systemd: CacheDirectory=<app>).",
    "当前用户{user}无法写入 {folder}：access_token 和登录态只保存在本进程的内存中。"
    "多个进程会使彼此的 access_token 失效，其他程序也找不到登录态。请指定当前用户可写的存储，例如 "
    "store='sqlite:////var/lib/<app>/qqminigame.db'（systemd：StateDirectory=<app>），"
    "或设置 XDG_CACHE_HOME（systemd：CacheDirectory=<app>）。",
)
USER_ID: Final = Text(" (uid {uid})", "（uid {uid}）")
MEMORY_IN_USE: Final = Text(
    "the store in memory was in use for {seconds:g} s; do not call it from a signal handler that "
    "may interrupt another call",
    "内存存储连续 {seconds:g} 秒被占用；请勿在会打断其他调用的信号处理函数中使用",
)

# --- stores in SQLite
SQLITE_FORKING: Final = Text(
    "SQLite store {path} could not be used: the process was being forked; call again",
    "SQLite 存储 {path} 暂时不可用：进程正在 fork，请重试",
)
SQLITE_NO_TIME: Final = Text(
    "SQLite store {path} was not used: the call has no time left; call again or allow more time",
    "未使用 SQLite 存储 {path}：已超过调用的总时限；请重试，或放宽时限",
)
SQLITE_BUSY: Final = Text(
    "SQLite store {path} was in use by other programs for {seconds:.1f} s ({reason}); call again, "
    "or end the program that keeps it locked",
    "SQLite 存储 {path} 连续 {seconds:.1f} 秒被其他程序占用（{reason}）；请重试，"
    "或结束长时间锁定它的程序",
)
SQLITE_UNUSABLE: Final = Text(
    "SQLite store {path} is unavailable ({reason}); {advice}",
    "SQLite 存储 {path} 不可用（{reason}）；{advice}",
)
CHECK_DISK: Final = Text("check the disk and the file", "请检查磁盘和该文件")
MAKE_WRITABLE: Final = Text(
    "this user{user} must be able to write {folder}, or name another place: "
    "{argument}='sqlite:////var/lib/<app>/{name}' (systemd: StateDirectory=<app>)",
    "请让当前用户{user}可以写入 {folder}，或另外指定位置："
    "{argument}='sqlite:////var/lib/<app>/{name}'（systemd：StateDirectory=<app>）",
)
NO_HOME: Final = Text("this user has no home folder", "当前用户没有主目录")
SQLITE_CORRUPT_ORDERS: Final = Text(
    "SQLite store {path} is corrupt ({reason}). It was left as it is, because orders must not be "
    "lost: restore it from a backup, or with .recover of the sqlite3 command",
    "SQLite 存储 {path} 已损坏（{reason}）。订单不能丢失，文件保持原样；请从备份恢复，"
    "或用 sqlite3 命令的 .recover 恢复",
)
SQLITE_NOT_MOVED: Final = Text(
    "SQLite store {path} is corrupt ({reason}) and could not be moved aside ({problem}); move it "
    "away yourself",
    "SQLite 存储 {path} 已损坏（{reason}），且无法移走（{problem}）；请手动移走",
)
SQLITE_MOVED: Final = Text(
    "SQLite store {path} was corrupt and has been moved to {aside}; a new one was created. Access "
    "tokens are fetched again; players must log in again.",
    "SQLite 存储 {path} 已损坏，已移至 {aside} 并新建。access_token 会重新获取，玩家需要重新登录。",
)
SQLITE_REPLACED: Final = Text(
    "SQLite store {path} was replaced while this process used it, and the orders in it are not "
    "there any more: put the file back, or restart the process to go on with what is there now",
    "SQLite 存储 {path} 在使用中被替换，其中的订单已不在；请放回原文件，或重启进程改用现有文件",
)
SQLITE_DELETED: Final = Text(
    "SQLite store {path} was deleted while this process used it, and the orders in it are not "
    "there any more: put the file back, or restart the process to go on with what is there now",
    "SQLite 存储 {path} 在使用中被删除，其中的订单已不在；请放回原文件，或重启进程改用现有文件",
)
SQLITE_TORN: Final = Text(
    "SQLite store {path} cannot be used in this process, which was forked while a thread of its "
    "parent was using it: restart the process",
    "本进程无法使用 SQLite 存储 {path}：fork 时父进程的线程正在使用它，请重启进程",
)
SQLITE_NO_JOURNAL: Final = Text(
    "SQLite store {path} is gone, but its journal {journal} is still there: put the file back, or "
    "move its journal away",
    "SQLite 存储 {path} 已不存在，但日志文件 {journal} 还在；请放回原文件，或移走日志文件",
)
SQLITE_NO_FOLDER: Final = Text(
    "the folder {folder} of a shared store must exist: create it, writable by the group (mkdir, "
    "chgrp, chmod 2770)",
    "共享存储的目录 {folder} 必须已存在；请创建并让该组可写（mkdir、chgrp、chmod 2770）",
)
SQLITE_NEWER: Final = Text(
    "SQLite store {path} was written by a newer qqminigame (format {found}, this one knows "
    "{known}): use the same version everywhere",
    "SQLite 存储 {path} 由更新版本的 qqminigame 写入（格式 {found}，当前支持 {known}）；"
    "请统一使用同一版本",
)
SQLITE_REFUSED: Final = Text(
    "the store {path} cannot be used and was not changed: it {what}",
    "无法使用存储 {path}，文件未作任何改动：{what}",
)
NAME_ANOTHER: Final = Text(
    "name a file that does not exist yet, or one that qqminigame created",
    "请指定尚不存在的文件，或由 qqminigame 创建的文件",
)
FILE_IS_LINK: Final = Text(
    "is a symbolic link; name {target} itself", "这是符号链接，请直接指定 {target}"
)
FILE_IS_OTHER: Final = Text("is {thing}, not a file; {advice}", "这是{thing}，不是文件；{advice}")
A_DIRECTORY: Final = Text("a directory", "目录")
A_PIPE: Final = Text("a named pipe", "命名管道")
A_SOCKET: Final = Text("a socket", "套接字")
SOMETHING_SPECIAL: Final = Text("a special file", "特殊文件")
FILE_IS_EMPTY: Final = Text(
    "is an empty file that qqminigame did not create; {advice}",
    "这是空文件，不是由 qqminigame 创建的；{advice}",
)
FILE_IS_FOREIGN: Final = Text(
    "is another program's SQLite database (application_id {found}), or one of qqminigame before "
    "it marked its files; {advice}",
    "这是其他程序的 SQLite 数据库（application_id {found}），或早期版本 qqminigame 的文件；"
    "{advice}",
)
FILE_IS_NO_DATABASE: Final = Text(
    "is not an SQLite database; {advice}", "这不是 SQLite 数据库；{advice}"
)
FILE_IS_OPEN: Final = Text(
    "has mode {found:o}, which permits more than the configured {mode:o}: chmod {mode:o} it, or "
    "use ?mode={found:o} if that is meant",
    "文件权限为 {found:o}，比设定的 {mode:o} 更宽；请执行 chmod {mode:o}，若确需如此请写 "
    "?mode={found:o}",
)
FILE_OF_OTHER_USER: Final = Text(
    "belongs to another user (uid {owner}, this process has {own}); run as that user, or share "
    "the file with a group: sqlite:///{path}?mode=660",
    "文件属于其他用户（uid {owner}，本进程为 {own}）；请以该用户运行，或与同组用户共享："
    "sqlite:///{path}?mode=660",
)
FILE_OF_OTHER_GROUP: Final = Text(
    "belongs to another user (uid {owner}) and to group {group}, of which this process is not a "
    "member; add its user to the group",
    "文件属于其他用户（uid {owner}）和组 {group}，本进程不在该组；请把运行用户加入该组",
)
MAY_LOSE_ORDERS: Final = Text(
    "{store} may lose what it keeps, so it is not a store of orders; use SQLiteStore(path, "
    "durable=True) or orders='sqlite:///{path}'",
    "{store} 可能丢失数据，不能用来保存订单；请用 SQLiteStore(path, durable=True) 或 "
    "orders='sqlite:///{path}'",
)

# --- stores in Redis
REDIS_UNUSABLE: Final = Text(
    "Redis store {name} is unavailable ({reason}); {advice}",
    "Redis 存储 {name} 不可用（{reason}）；{advice}",
)
CHECK_REDIS: Final = Text("check Redis, or use another store", "请检查 Redis，或更换存储")
IS_A_CLUSTER: Final = Text(
    "this is a Redis Cluster, which is not supported: use a single Redis",
    "这是 Redis Cluster，不支持；请使用单个 Redis",
)
IS_A_REPLICA: Final = Text(
    "this is a replica: use the address of the primary", "这是只读副本，请使用主节点的地址"
)
REDIS_ODD: Final = Text(
    "Redis store {name} answered with {kind}, which is not an answer to the command: check that "
    "it is Redis",
    "Redis 存储 {name} 返回了 {kind}，不是该命令的应答；请确认该地址是 Redis",
)
REDIS_MAY_LOSE: Final = Text(
    "Redis store {name} may lose orders: set {settings} in its configuration, or keep orders "
    "elsewhere "
    "(orders='sqlite:////…')",
    "Redis 存储 {name} 可能丢失订单；请在其配置中设置 {settings}，"
    "或把订单存到别处（orders='sqlite:////…'）",
)
REDIS_NO_CONFIG: Final = Text(
    "Redis store {name} does not allow CONFIG GET {setting}: if its operator guarantees "
    "maxmemory-policy "
    "noeviction, appendonly yes and appendfsync always, add ?persistent=yes to the url, else keep "
    "orders elsewhere (orders='sqlite:////…')",
    "Redis 存储 {name} 不允许 CONFIG GET {setting}；若其管理员能保证 maxmemory-policy noeviction、"
    "appendonly "
    "yes、"
    "appendfsync always，请在地址后加 ?persistent=yes，"
    "否则请把订单存到别处（orders='sqlite:////…'）",
)
REDIS_REFUSED: Final = Text(
    "could not create a Redis store: {problem}", "无法创建 Redis 存储：{problem}"
)
REDIS_PERSISTENT: Final = Text(
    "the only value of persistent is ?persistent=yes", "persistent 只能写成 ?persistent=yes"
)
REDIS_MISSING: Final = Text(
    "the package redis is not installed; run python -m pip install 'qqminigame[redis]'",
    "未安装 redis 包；请执行 python -m pip install 'qqminigame[redis]'",
)
REDIS_URL: Final = Text(
    "the url is not valid; write redis://user:password@host:port/number",
    "地址不合法，应形如 redis://user:password@host:port/number",
)
REDIS_OPTION: Final = Text(
    "unknown option {unknown} in the url; the options are {known}",
    "地址中有未知的选项 {unknown}；可用的选项：{known}",
)

# --- logins
LOGIN_NOT_SAVED: Final = Text(
    "could not save a login in {store}; until the player logs in again, calls need the LoginState "
    "instead of the bare openid: {failure}",
    "登录态未能写入 {store}；在玩家重新登录之前，调用时请传入 LoginState，不能只传 openid："
    "{failure}",
)
LOGIN_NOT_DELETED: Final = Text(
    "could not delete an invalid login in {store}; it is deleted the next time the platform "
    "rejects it: {failure}",
    "未能从 {store} 删除已失效的登录态；平台下次拒绝它时会再删除：{failure}",
)
LOGIN_NOT_FOUND: Final = Text(
    "no login of {openid!r} in {store}{counted}; nothing was sent. Have the client log in again "
    "and pass the new code to Login.code2session(). If the player is logged in, the login was "
    "kept by a program with another store=, app_id or base_url=.",
    "在 {store} 中未找到 {openid!r} 的登录态{counted}，请求未发送：请让客户端重新登录，并把得到的 "
    "code "
    "传给 Login.code2session()。登录时若使用了另一个 store、AppID 或 base_url，也会找不到。",
)
LOGINS_COUNTED: Final = Text(
    " (logins of this app in it: {count})", "（其中有该应用的 {count} 条登录态）"
)

# --- access tokens
TOKEN_TOO_MANY: Final = Text(
    "{count} access tokens fetched in one minute; pausing. Another program may be fetching tokens "
    "for this app: each fetch invalidates the previous token, so all programs need one shared "
    "store.",
    "1 分钟内已获取 access_token {count} 次，暂停获取。请检查是否有其他程序也在获取该应用的 "
    "access_token：重复获取会使上一个失效，所有程序应使用同一个共享存储。",
)
TOKEN_TOO_LATE: Final = Text(
    "could not obtain an access token within {seconds:.1f} s; call again",
    "{seconds:.1f} 秒内未能获得 access_token，请重试",
)
TOKEN_NOT_RENEWED: Final = Text(
    "could not renew the access token; using the current one, which is valid for another "
    "{left:.0f} s: {failure}",
    "未能刷新 access_token，继续使用当前的，剩余有效期 {left:.0f} 秒：{failure}",
)
TOKEN_NOT_SHARED: Final = Text(
    "could not save a new access token to the store; until it is saved, other processes fetch "
    "their own: {failure}",
    "新的 access_token 未能写入存储；在写入之前，其他进程会各自获取：{failure}",
)
TOKEN_FROM_MEMORY: Final = Text(
    "could not read the store; using the access token in memory, which is valid for another "
    "{left:.0f} s: {failure}",
    "无法读取存储，使用内存中的 access_token，剩余有效期 {left:.0f} 秒：{failure}",
)
TOKEN_DISTRUST_NOT_SHARED: Final = Text(
    "could not save to the store that new access tokens are rejected; other processes find out "
    "for themselves: {failure}",
    "新的 access_token 也被拒绝，但未能写入存储；其他进程需自行发现：{failure}",
)
TOKEN_LOCK_KEPT: Final = Text(
    "could not release the lock for fetching access tokens; it expires within {seconds:g} s: "
    "{failure}",
    "未能释放获取 access_token 的锁，{seconds:g} 秒内会自动失效：{failure}",
)
TOKEN_OF_OTHERS: Final = Text(
    "the platform rejected an access token that has not expired: another program, or a process "
    "with another store than {store}, fetches tokens for this app; each fetch invalidates the "
    "previous token, so all of them need one shared store",
    "平台拒绝了尚未过期的 access_token：有其他程序，或使用了 {store} 以外存储的进程，"
    "也在获取该应用的 "
    "access_token；重复获取会使上一个失效，请让它们使用同一个共享存储",
)

# --- one call
PAST_DEADLINE: Final = Text(
    "{call}: not sent: the {seconds:g} s deadline has passed; call again or allow more time",
    "{call}：请求未发送：已超过 {seconds:g} 秒的总时限；请重试，或放宽时限",
)
ON_CALL_FAILED: Final = Text(
    "on_call raised an error; the call goes on, mend the function",
    "on_call 抛出了异常，调用继续进行；请修正该函数",
)
OUTCOME_UNKNOWN: Final = Text(
    "{failure}: it may or may not have been counted. Do not report it again before you have "
    "compared Dawanka.get_info() with the uses left before",
    "{failure}：平台是否计数未知。请勿重复上报，请先用 Dawanka.get_info() 与之前的剩余次数比较",
)

# --- transport
NO_CONNECTION: Final = Text("{call}: {reason}", "{call}：{reason}")
CANNOT_CONNECT: Final = Text(
    "could not connect to {place}: {reason}; check the network, the firewall and base_url",
    "无法连接 {place}（{reason}）；请检查网络、防火墙和 base_url",
)
CANNOT_USE_PROXY: Final = Text(
    "could not use the proxy {proxy} for {host}: {reason}; check the proxy, or HTTPS_PROXY and "
    "NO_PROXY",
    "无法通过代理 {proxy} 访问 {host}（{reason}）；请检查该代理，或环境变量 HTTPS_PROXY、NO_PROXY",
)
NO_HOST: Final = Text("the host name could not be resolved", "域名解析失败")
CONNECT_TIMEOUT: Final = Text(
    "no connection within {seconds:.1f} s", "{seconds:.1f} 秒内未能建立连接"
)
CERTIFICATE: Final = Text(
    "the TLS certificate of {host} is not trusted: {reason}; check the CA bundle "
    "(REQUESTS_CA_BUNDLE) and the host name",
    "{host} 的 TLS 证书不受信任（{reason}）；请检查 CA 证书（REQUESTS_CA_BUNDLE）和域名",
)
TLS_FAILED: Final = Text(
    "TLS with {host} failed: {reason}; check that base_url and the proxy speak TLS there",
    "与 {host} 的 TLS 握手失败（{reason}）；请确认 base_url 和代理支持 TLS",
)
POOL_IN_USE: Final = Text(
    "all {count} connections to {origin} were in use for {seconds:.1f} s; raise pool_size",
    "到 {origin} 的 {count} 个连接连续 {seconds:.1f} 秒都被占用，请调大 pool_size",
)
NO_FREE_CONNECTION: Final = Text(
    "all connections to {origin} were in use for {seconds:.1f} s; give the adapter of the http "
    "session a "
    "larger pool_maxsize",
    "到 {origin} 的所有连接连续 {seconds:.1f} 秒都被占用；请调大 http 会话适配器的 pool_maxsize",
)
NO_RESPONSE: Final = Text(
    "no response from {origin} within {seconds:.1f} s{repeatable}",
    "{seconds:.1f} 秒内未收到 {origin} 的响应{repeatable}",
)
NO_RESPONSE_IN_TIME: Final = Text("no response in time", "未在时限内收到响应")
CONNECTION_LOST: Final = Text(
    "the connection to {origin} was lost before a response came{repeatable}",
    "收到响应之前，与 {origin} 的连接中断{repeatable}",
)
LOST: Final = Text("the connection was lost before a response came", "收到响应之前连接中断")
REPEATABLE: Final = Text("; it is safe to call again", "；可以重试")
NO_ADAPTER: Final = Text(
    "the requests.Session passed as http= has no adapter for {origin}; mount one with http.mount()",
    "http= 传入的 requests.Session 没有对应 {origin} 的适配器，请用 http.mount() 添加",
)
NO_SOCKS: Final = Text(
    "the SOCKS proxy {proxy} needs a package; run python -m pip install 'qqminigame[socks]'",
    "使用 SOCKS 代理 {proxy} 需要安装依赖；请执行 python -m pip install 'qqminigame[socks]'",
)
INVALID_URL: Final = Text(
    "the address {origin} is not valid; check base_url", "地址 {origin} 不合法，请检查 base_url"
)
INVALID_PROXY: Final = Text(
    "the address of the proxy for {origin} is not valid; check HTTPS_PROXY, HTTP_PROXY and "
    "ALL_PROXY",
    "访问 {origin} 的代理地址不合法，请检查环境变量 HTTPS_PROXY、HTTP_PROXY、ALL_PROXY",
)
UNREADABLE_BUNDLE: Final = Text(
    "the CA bundle {files} cannot be read: {reason}; check REQUESTS_CA_BUNDLE or verify",
    "无法读取 CA 证书 {files}（{reason}）；请检查 REQUESTS_CA_BUNDLE 或 verify",
)
UNREADABLE_CERT: Final = Text(
    "the client certificate {files} cannot be read: {reason}; check cert of the http session",
    "无法读取客户端证书 {files}（{reason}）；请检查 http 会话的 cert",
)
UNREADABLE_FILE: Final = Text(
    "a CA bundle or client certificate cannot be read ({reason}); check REQUESTS_CA_BUNDLE, and "
    "verify and cert of the http session",
    "无法读取 CA 证书或客户端证书（{reason}）；请检查 REQUESTS_CA_BUNDLE，以及 http 会话的 verify "
    "和 cert",
)
SENDING_FAILED: Final = Text(
    "the request to {origin} failed ({reason}){repeatable}",
    "发往 {origin} 的请求失败（{reason}）{repeatable}",
)
ADAPTER_REPEATS: Final = Text(
    "{call}: nothing was sent: the adapter that the http session has mounted for {origin} repeats "
    "requests by itself (max_retries), and this call must not be sent twice; mount "
    "qqminigame.DeadlineAdapter() or an adapter without max_retries",
    "{call}：请求未发送：http 会话为 {origin} 挂载的适配器会自动重发（max_retries），"
    "而该接口不能重复发送；"
    "请改用 qqminigame.DeadlineAdapter()，或不带 max_retries 的适配器",
)
UNSENDABLE_HEADER: Final = Text(
    "the header {name!r} of the http session cannot be sent; remove it or use Latin-1 text without "
    "line breaks",
    "http 会话的请求头 {name!r} 无法发送；请删除，或改为不含换行的 Latin-1 文本",
)

# --- what the platform answered
REFUSAL: Final = Text(
    "{call}: {code} {name}{says}: {explanation}", "{call}：{code} {name}{says}：{explanation}"
)
SAYS: Final = Text(" ({message!r})", "（平台返回 {message!r}）")
UNDOCUMENTED_CODE: Final = Text(
    "{call}: undocumented error code {code}{says}; look it up on the platform's pages or ask its "
    "support",
    "{call}：文档未收录的错误码 {code}{says}；请在平台文档中查找，或咨询平台客服",
)
WRONG_STATUS: Final = Text(
    "{call}: unexpected HTTP status {status} ({form}): the platform itself always answers 200, so "
    "check the proxy, gateway or base_url",
    "{call}：意外的 HTTP 状态码 {status}（{form}）：平台自身总是返回 200，请检查代理、网关或 "
    "base_url",
)
REDIRECTED: Final = Text(
    "{call}: unexpected redirect, HTTP status {status} ({form}): the platform never redirects, and "
    "redirects are not followed, so check the proxy, gateway or base_url",
    "{call}：意外的重定向，HTTP 状态码 {status}（{form}）：平台不会重定向，SDK 也不跟随，"
    "请检查代理、网关或 base_url",
)
FORM: Final = Text("{kind}, {size} bytes", "{kind}，{size} 字节")
NO_CONTENT_TYPE: Final = Text("no content type", "无 Content-Type")
CUT_OFF: Final = Text(
    "{call}: the response was cut off after {size} bytes{repeatable}",
    "{call}：响应不完整，只收到 {size} 字节{repeatable}",
)
TOO_LARGE: Final = Text(
    "{call}: the response is larger than {size} bytes; check the proxy, gateway or base_url",
    "{call}：响应超过 {size} 字节；请检查代理、网关或 base_url",
)
NO_JSON: Final = Text(
    "{call}: the response is not a plain JSON object ({form}); a proxy or gateway may have "
    "answered "
    "instead of the platform, so check it and base_url",
    "{call}：响应不是合法的 JSON 对象（{form}）；可能是代理或网关代替平台作了应答，请检查它们和 "
    "base_url",
)
NO_CODE: Final = Text(
    "{call}: field {names} is missing from the response or not an integer; a proxy or gateway may "
    "have answered instead of the platform, so check it and base_url",
    "{call}：响应中的 {names} 字段缺失或不是整数；可能是代理或网关代替平台作了应答，请检查它们和 "
    "base_url",
)
WRONG_FIELD: Final = Text(
    "{call}: field {name!r} is missing from the response or has the wrong type; check whether a "
    "gateway rewrites responses, otherwise report it to the platform",
    "{call}：响应中的 {name!r} 字段缺失或类型不符；请检查网关是否改写了响应，否则请向平台反馈",
)

# --- what a game's page posts
CLIENT_FAILED: Final = Text(
    "setUserCloudStorage failed without a readable code{says}; have the page post the object of "
    "its fail callback unchanged",
    "setUserCloudStorage 失败，未能读到错误码{says}；请让客户端原样上报 fail 回调的参数",
)
CLIENT_SAYS: Final = Text(" ({message!r})", "（客户端返回 {message!r}）")
NOT_A_FAIL_OBJECT: Final = Text(
    "must be the object of the fail callback (a dict), not {kind}",
    "必须是 fail 回调的参数（dict），不能是 {kind}",
)
REFUSED_DATA: Final = Text("{call}: {why}", "{call}：{why}")
RAW_DATA_KIND: Final = Text(
    "must be the str or bytes exactly as received, not {kind}",
    "必须是收到的原始 str 或 bytes，不能是 {kind}",
)
WRONG_SIGNATURE: Final = Text(
    "the signature of rawData was rejected: use the text exactly as received, do not parse and "
    "serialize it again. If it still fails, have the client log in again and send new data.",
    "rawData 签名校验失败：请使用收到的原始字符串，不要解析后重新序列化；若仍失败，"
    "请让客户端重新登录后再上报。",
)
WRONG_SESSION_KEY: Final = Text(
    "the session_key is not 16 bytes in Base64, so it cannot decrypt; use the session_key exactly "
    "as the platform returned it.",
    "session_key 经 Base64 解码后不是 16 字节，无法解密；请原样使用平台返回的 session_key。",
)
WRONG_FORM: Final = Text(
    "encryptedData or iv is not valid Base64: it was cut off, or a '+' became a space on its way; "
    "have the client URL-encode what it sends.",
    "encryptedData 或 iv 不是合法的 Base64：可能被截断，或“+”在传输中变成了空格；"
    "请让客户端提交时做 URL 编码。",
)
# One text for all that may be wrong inside: told apart, wrong padding and wrong JSON would let
# whoever posts the data decrypt it by asking often enough (a padding oracle).
UNREADABLE_DATA: Final = Text(
    "decryption failed: encryptedData and iv do not match the player's current session_key; they "
    "were changed on their way, or the player has logged in again since. Have the client log in "
    "again and send new data.",
    "解密失败：encryptedData、iv 与该玩家当前的 session_key 不匹配，可能在传输中被改动，"
    "或玩家之后重新登录过。请让客户端重新登录后再上报。",
)
OTHER_APP: Final = Text(
    "the data belongs to another app: the appid in its watermark is not app_id; pass the app_id "
    "of the game that the player logged in to.",
    "数据属于其他应用：水印中的 appid 与 app_id 不一致；请传入玩家所登录小游戏的 app_id。",
)
NO_CRYPTOGRAPHY: Final = Text(
    "decrypt_user_data: the package cryptography is not installed; run python -m pip install "
    "'qqminigame[crypto]'",
    "decrypt_user_data：未安装 cryptography 包；请执行 python -m pip install 'qqminigame[crypto]'",
)

# --- orders
ORDERS_IN_CACHE: Final = Text(
    "orders: {path} is the session's store already, and is created again where it is corrupt; give "
    "the orders a file of their own",
    "orders：{path} 已用作会话的 store，文件损坏时会重建；请为订单指定单独的文件",
)
ORDER_UNREADABLE: Final = Text(
    "the stored order record is unreadable; nothing was sent. Restore the records from a backup",
    "订单记录无法读取，请求未发送；请从备份恢复订单记录",
)
LATEST_UNREADABLE: Final = Text(
    "the record of a player's latest order is unreadable; nothing was sent. Restore the records "
    "from a backup",
    "玩家最近一笔订单的记录无法读取，请求未发送；请从备份恢复订单记录",
)
ORDER_SKIPPED: Final = Text(
    "the record of an order is unreadable; it is left as it is and not listed: restore the records "
    "from a backup",
    "一条订单记录无法读取，保持原样，不会列出；请从备份恢复订单记录",
)
CIPHER_FAILED: Final = Text(
    "cipher: encrypt() failed with {kind}; nothing was sent. Pass for example "
    "cryptography.fernet.Fernet(key)",
    "cipher：encrypt() 抛出 {kind}，请求未发送；请传入例如 cryptography.fernet.Fernet(key)",
)
OPENKEY_UNREADABLE: Final = Text(
    "the openkey of an open order cannot be read: it was encrypted with another key, or "
    "Dawanka(cipher=...) is missing; the order waits for its player",
    "一笔未完成订单的 openkey 无法读取：加密时使用了其他密钥，或未传入 Dawanka(cipher=...)；"
    "该订单需等玩家再次进入后核实",
)
ORDER_TOO_LATE: Final = Text(
    "report_dawanka_pay: order {order_id!r} was not sent: more than {seconds:g} s have passed "
    "since "
    "it was begun; report it again",
    "report_dawanka_pay：订单 {order_id!r} 未发送：开始后已超过 {seconds:g} 秒，请重新上报",
)
ORDERS_CHANGED: Final = Text(
    "the order records in {store} are not those that were used before: they were lost, or orders= "
    "names another place; nothing was sent. Restore them, or call Dawanka.trust_orders() to go on "
    "with these",
    "{store} 中的订单记录不是之前使用的：记录已丢失，或 orders= 指向了别处；请求未发送。"
    "请恢复记录，"
    "或调用 Dawanka.trust_orders() 改用当前记录",
)
ORDERS_NOT_COMPARED: Final = Text(
    "could not compare the order records with those used before; reports go on, the next call "
    "compares again: {failure}",
    "无法核对当前订单记录是否为之前使用的；上报照常进行，下次调用时再核对：{failure}",
)
ORDER_JUST_BEGUN: Final = Text(
    "{call}: order {order_id!r} was begun by another process just now; call Dawanka.settle() again",
    "{call}：其他进程刚刚开始上报订单 {order_id!r}，请重新调用 Dawanka.settle()",
)
ORDER_ELSEWHERE: Final = Text(
    "{call}: order {order_id!r} was reported to {address}, and this session calls {here}: use the "
    "same base_url, or records of their own for each, Dawanka(session, orders=...)",
    "{call}：订单 {order_id!r} 已向 {address} 上报，而当前会话调用 {here}；请使用相同的 base_url，"
    "或用 Dawanka(session, orders=...) 分开保存订单",
)
ORDER_NOT_RECORDED: Final = Text(
    "could not record the outcome of order {order_id!r}; it stays open, settle it later with "
    "Dawanka.settle(): {failure}",
    "未能记录订单 {order_id!r} 的结果，订单保持未完成；请稍后调用 Dawanka.settle() 核实：{failure}",
)
ORDER_DOUBTFUL: Final = Text(
    "{call}: cannot tell whether order {order_id!r} was counted: {doubt}; {advice}",
    "{call}：无法确定订单 {order_id!r} 是否已计数：{doubt}；{advice}",
)
ORDER_UNCLEAR: Final = Text(
    "{failure}; order {order_id!r} may or may not have been counted: {advice}",
    "{failure}；订单 {order_id!r} 已发出，平台是否计数未知：{advice}",
)
SETTLE_NOW: Final = Text(
    "do not report it again, call Dawanka.settle(hall_login, {order_id!r}) now",
    "请勿重复上报，现在即可调用 Dawanka.settle(hall_login, {order_id!r}) 核实",
)
SETTLE_LATER: Final = Text(
    "do not report it again, call Dawanka.settle(hall_login, {order_id!r}) in {seconds} s",
    "请勿重复上报，{seconds} 秒后调用 Dawanka.settle(hall_login, {order_id!r}) 核实",
)
SETTLE_BY_HAND: Final = Text(
    "do not report it again; once you know, call Dawanka.settle(hall_login, {order_id!r}, "
    "happened=True) or happened=False",
    "请勿重复上报；确认结果后，请调用 Dawanka.settle(hall_login, {order_id!r}, happened=True) "
    "或 happened=False",
)
DOUBT_EARLIER: Final = Text(
    "an earlier attempt has no recorded outcome", "之前的上报没有记录到结果"
)
DOUBT_UNDER_WAY: Final = Text("its report may still be under way", "上报可能仍在途中")
DOUBT_CHANGED: Final = Text("another process has just changed it", "其他进程刚刚更改了它")
DOUBT_UNRESOLVED: Final = Text(
    "another report for this player was unresolved when it was begun",
    "开始上报时，该玩家还有其他结果未知的上报",
)
DOUBT_LATER: Final = Text(
    "another report for this player was begun after it", "之后该玩家又有其他上报"
)
DOUBT_LEVEL: Final = Text(
    "the player's level has changed since, and the uses left with it",
    "该玩家的等级已变化，剩余次数随之变化",
)
DOUBT_UNLIMITED: Final = Text(
    "the player has unlimited uses, so their count proves nothing",
    "该玩家的充值加赠次数不限，无法用次数核实",
)
DOUBT_COUNT: Final = Text(
    "the uses left went from {before} to {after}", "剩余次数由 {before} 变为 {after}"
)

# --- bulk: rows, files, and why a run ends early
NOT_A_ROW: Final = Text(
    "row {number} must be (openid or LoginState, data), not {kind}",
    "第 {number} 行必须是 (openid 或 LoginState, data)，不能是 {kind}",
)
ROWS_OUT_OF_ORDER: Final = Text(
    "row {number} follows row {last}; row numbers must increase",
    "第 {number} 行排在第 {last} 行之后，行号必须递增",
)
NOT_A_SPEED: Final = Text(
    "per_second must be a positive number of rows, not {value!r}",
    "per_second（每秒行数）必须是正数，不能是 {value!r}",
)
SAME_FAILURE_FILE: Final = Text(
    "failures and only_failures name the same file, {path}; use a new file for the rows that fail "
    "again",
    "failures 与 only_failures 是同一个文件 {path}，请为再次出错的行另指定一个文件",
)
PROCESSES_NEED_FORK: Final = Text(
    "processes={count} needs a system that can fork, and this one cannot; use processes=1 and more "
    "workers",
    "processes={count} 需要支持 fork 的系统，当前系统不支持，请用 processes=1 并增加 workers",
)
PROCESSES_NEED_A_STORE: Final = Text(
    "processes={count} needs a store that processes share, and this one is in memory; pass "
    "Session(store=...) a file or a Redis",
    "processes={count} 需要多进程共享的存储，当前存储在内存中，请用 Session(store=...) 指定文件或 "
    "Redis",
)
NOT_A_QUEUE: Final = Text(
    "through must be a Celery app or a queue, not {kind}; for a Celery app, call "
    "qqminigame.integrations.celery.register(app) first",
    "through 必须是 Celery 应用或队列，不能是 {kind}；Celery 应用请先调用 "
    "qqminigame.integrations.celery.register(app)",
)
QUEUE_WITH_PROCESSES: Final = Text(
    "processes={count} cannot be combined with through; start more workers of the queue instead",
    "processes={count} 不能与 through 同时使用，请改为启动更多队列工作进程",
)
QUEUE_NEEDS_A_STORE: Final = Text(
    "through needs a store that the workers of the queue share, and this one is in memory; pass "
    "Session(store=...) a Redis, here and in the workers",
    "through 需要与队列工作进程共享的存储，当前存储在内存中，请在此处和工作进程中都用 "
    "Session(store=...) 指定同一个 Redis",
)
QUEUE_NEEDS_TURNS: Final = Text(
    "per_second with through needs a Redis as the store, because the workers share the limit "
    "there; this session uses {store}",
    "through 与 per_second 同时使用时，存储必须是 Redis，工作进程靠它共享限速；当前存储是 {store}",
)
CHUNK_OF_ANOTHER: Final = Text(
    "the workers of the queue are configured for {found}, and the load is {wanted}; use the same "
    "app and address on both sides",
    "队列工作进程配置的是 {found}，而本次任务是 {wanted}，请让两边使用同一应用和地址",
)
QUEUE_WAITS: Final = Text(
    "an earlier run of this load was interrupted; waiting {seconds:g} s for its last calls",
    "同一任务上次运行被中断，等待其最后的请求 {seconds:g} 秒",
)
QUEUE_FAILED: Final = Text(
    "the load goes on as soon as queue and store can be reached again: {failure}",
    "队列或存储恢复后任务会自动继续：{failure}",
)
QUEUE_SILENT: Final = Text(
    "no worker of the queue has answered for {seconds:.0f} s; check that workers are running, and "
    "that they use {store}",
    "{seconds:.0f} 秒内没有队列工作进程响应，请检查工作进程是否在运行，以及是否使用 {store}",
)
STOP_NO_WORKER: Final = Text(
    "stopped because no worker of the queue has answered for {seconds:.0f} s; check that workers "
    "are running, and that they use {store}",
    "已停止，因为 {seconds:.0f} 秒内没有队列工作进程响应，"
    "请检查工作进程是否在运行，以及是否使用 {store}",
)
STOP_REPLACED: Final = Text(
    "stopped because another run of this load has begun; run only one at a time",
    "已停止，因为同一任务的另一次运行已开始，请一次只运行一个",
)
JOURNAL_NOT_OURS: Final = Text(
    "the journal {path} cannot be used and was not changed: it is not a journal of qqminigame; "
    "name a file that does not exist yet",
    "无法使用进度文件 {path}，文件未被改动：它不是 qqminigame 的进度文件，请指定一个尚不存在的文件",
)
JOURNAL_OF_ANOTHER: Final = Text(
    "the journal {path} belongs to another load ({found}, not {wanted}); use a journal for each",
    "进度文件 {path} 属于另一项任务（{found}，而不是 {wanted}），请为每项任务各用一个文件",
)
JOURNAL_NEWER: Final = Text(
    "the journal {path} was written by a newer qqminigame; use the same version everywhere",
    "进度文件 {path} 由更新版本的 qqminigame 写入，请统一版本",
)
JOURNAL_HELD: Final = Text(
    "the journal {path} is in use by {holder}; wait until it ends, or use another journal",
    "进度文件 {path} 正被 {holder} 使用，请等它结束，或改用另一个文件",
)
JOURNAL_HOLDER: Final = Text(
    "process {pid} on {host} since {since}", "{host} 上的进程 {pid}（自 {since}）"
)
JOURNAL_HOLDER_UNKNOWN: Final = Text("another process", "另一个进程")
JOURNAL_FAILED: Final = Text(
    "cannot use the journal {path}: {reason}; check the free space and the permissions of its "
    "folder",
    "无法使用进度文件 {path}：{reason}，请检查磁盘空间和所在目录的权限",
)
FAILURES_NOT_OURS: Final = Text(
    "{path} cannot be used and was not changed: line {line} is not a failure that qqminigame "
    "wrote; name another file",
    "无法使用 {path}，文件未被改动：第 {line} 行不是 qqminigame 写入的失败记录，请指定另一个文件",
)
FAILURES_FAILED: Final = Text(
    "cannot use the failures file {path}: {reason}; check that it exists, the free space and "
    "the permissions of its folder",
    "无法使用失败记录文件 {path}：{reason}，请检查文件是否存在、磁盘空间和所在目录的权限",
)
STOP_ASKED: Final = Text("stopped as asked", "已按要求停止")
STOP_REFUSED: Final = Text(
    "stopped because no further row can succeed: {failure}",
    "已停止，后面的行也不会成功：{failure}",
)
STOP_STREAK: Final = Text(
    "stopped after {count} failures of one kind in a row, the last: {failure}",
    "连续 {count} 行因同样的原因失败，已停止，最后一次：{failure}",
)
STOP_PROCESS_GONE: Final = Text(
    "stopped because a worker process ended unexpectedly; check the log",
    "已停止，因为一个工作进程意外退出，请查看日志",
)
PROCESS_DEFECT: Final = Text(
    "a worker process of the bulk load failed with an unexpected error; please report it",
    "批量写入的一个工作进程因意外错误退出，请反馈该问题",
)
RUN_AGAIN: Final = Text(
    "run it again with the same rows and journal {path} to go on",
    "用同样的数据和进度文件 {path} 再次运行即可继续",
)
RUN_AGAIN_FROM_START: Final = Text(
    "without journal=, the next run starts with the first row",
    "未指定 journal=，下次运行将从第一行开始",
)
PROGRESS_FAILED: Final = Text(
    "progress= raised an exception; the run goes on", "progress= 抛出异常，任务继续执行"
)
