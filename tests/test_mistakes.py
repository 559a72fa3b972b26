"""What users do wrong, and what the error must name for them, in English and in Chinese.

``pytest tests/test_mistakes.py -rP`` prints all the messages.
"""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from attrs import evolve, frozen
from raw_server import RawServer, http
from sessions import Clock, Pauses, make_session
from test_messages import CHINESE

from qqminigame import (
    ClientError,
    CloudStorage,
    ConfigurationError,
    Dawanka,
    HallLogin,
    InteractiveData,
    InvalidArgumentError,
    Login,
    LoginExpiredError,
    LoginNotFoundError,
    LoginState,
    OutcomeUnknownError,
    PlatformError,
    QQMiniGameError,
    RateLimitError,
    ReplyError,
    RetryPolicy,
    Session,
    SignatureError,
    StorageLimitError,
    StoreError,
    TransportError,
    decrypt_user_data,
    kv_data_list,
    verify_raw_data,
)
from qqminigame.testing import assert_no_secrets

# Nobody listens here.
DEAD = "127.0.0.1:9"
# By name: a traceback quotes the lines that run.
SECRET = "made-up-secret"
ONCE = RetryPolicy(attempts=1, deadline_seconds=5)
# 16 bytes in Base64, and a player who has it.
SESSION_KEY = "o0q0otL8aEzpcZf/FT9WsQ=="
PLAYER = LoginState(openid="openid-of-one", session_key=SESSION_KEY)


@frozen
class Place:
    """What a mistake can be made with."""

    sandbox: Any
    session: Session
    login: LoginState
    hall_login: HallLogin
    folder: Path
    variables: pytest.MonkeyPatch

    @property
    def storage(self) -> CloudStorage:
        """The service most use."""
        return CloudStorage(self.session)

    def other(self, **arguments: Any) -> Session:
        """Make another session to the sandbox, which does not wait between attempts."""
        return make_session(self.sandbox, **{"sleep": Pauses(), **arguments})


@frozen
class Mistake:
    """One thing that users do.

    Attributes:
        name: What they do.
        do: Does it.
        kind: What is raised.
        english: What the English must name.
        chinese: What the Chinese must name.
    """

    name: str
    do: Callable[[Place], object]
    kind: type[QQMiniGameError]
    english: tuple[str, ...]
    chinese: tuple[str, ...]


def answered(place: Place, body: bytes = b"", status: str = "200 OK", **arguments: Any) -> object:
    """Log in at a server that always gives the same answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    with RawServer(lambda _: head.encode() + body) as server:
        session = place.other(base_url=server.url, retry=ONCE, **arguments)
        return Login(session).code2session("code")


def refused(place: Place, code: int, endpoint: str = "set_user_storage", **more: Any) -> object:
    """Store something where the platform refuses it."""
    place.sandbox.script({"kind": "code", "code": code, "endpoint": endpoint, "times": -1})
    return CloudStorage(place.other(**more)).set(place.login, {"score": "1"})


def quota_used_up(place: Place) -> object:
    """Store something on WeChat, once too often for the day."""
    used_up = http('{"errcode":45009,"errmsg":"reach max api daily quota"}')
    with RawServer(lambda _: used_up) as server:
        return Login(place.other(platform="wechat", base_url=server.url)).code2session("code")


def dawanka(place: Place, **arguments: Any) -> Dawanka:
    """Make the service with records of its own."""
    return Dawanka(place.other(**arguments), orders="memory:")


def reported_into_silence(place: Place, order_id: str | None) -> object:
    """Report a bonus use, and lose the answer."""
    place.sandbox.script({"kind": "no_answer", "endpoint": "report_dawanka_pay", "times": -1})
    service = dawanka(place, timeout=(10, 0.5), clock=Clock(time.time()))
    return service.report_pay(place.hall_login, order_id=order_id)


def with_variables(place: Place, **variables: str) -> object:
    """Log in at an address of the Internet, with proxies or CA bundles of the environment."""
    for name, value in variables.items():
        place.variables.setenv(name, value)
    session = place.other(base_url="https://platform.invalid", retry=ONCE)
    return Login(session).code2session("code")


def with_http(place: Place, **settings: Any) -> object:
    """Log in with a requests.Session of the user's own."""
    http = requests.Session()
    for name, value in settings.items():
        setattr(http, name, value)
    session = place.other(base_url="https://platform.invalid", retry=ONCE, http=http)
    return Login(session).code2session("code")


def without_package(place: Place, name: str, do: Callable[[], object]) -> object:
    """Do something where a package is not installed."""
    place.variables.setitem(sys.modules, name, None)
    return do()


def written(path: Path, data: bytes) -> Path:
    """Write a file and name it."""
    path.write_bytes(data)
    return path


def foreign_database(path: Path) -> Path:
    """Make another program's database."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    connection.close()
    return path


def stored_in(place: Place, address: str) -> object:
    """Log in with a store at an address."""
    return CloudStorage(place.other(store=address)).set("nobody", {"score": "1"})


MISTAKES = (
    # credentials and settings
    Mistake(
        "empty app_id",
        lambda place: Session(""),
        ConfigurationError,
        ("app_id is empty", "QQMINIGAME_APP_ID"),
        ("app_id 为空", "请传入", "QQMINIGAME_APP_ID"),
    ),
    Mistake(
        "app_id as a number",
        lambda place: Session(1110766236),  # type: ignore[arg-type]
        ConfigurationError,
        ("app_id must be a str, not int", "app_id='...'"),
        ("app_id 必须是 str，不能是 int", "请传入"),
    ),
    Mistake(
        "app_secret with the newline of its file",
        lambda place: Session("1", app_secret=f"{SECRET}\n"),
        ConfigurationError,
        ("app_secret has leading or trailing whitespace", ".strip()"),
        ("app_secret 首尾有空白", "请用 .strip()"),
    ),
    Mistake(
        "empty environment",
        lambda place: Session.from_env(),
        ConfigurationError,
        ("QQMINIGAME_APP_ID is not set", "app_id="),
        ("未设置环境变量 QQMINIGAME_APP_ID", "请设置"),
    ),
    Mistake(
        "misspelt argument of from_env",
        lambda place: Session.from_env(app_secert="s"),  # type: ignore[call-arg]
        ConfigurationError,
        ("Session has no argument 'app_secert'", "did you mean 'app_secret'?"),
        ("Session 没有参数 'app_secert'", "是否想写 'app_secret'？"),
    ),
    Mistake(
        "platform in capitals",
        lambda place: Session("1", platform="QQ"),
        ConfigurationError,
        ("unknown platform 'QQ'", "did you mean 'qq'?", "'douyin'"),
        ("未知的平台 'QQ'", "是否想写 'qq'？"),
    ),
    Mistake(
        "platform that there is not",
        lambda place: Session("1", platform="alipay"),
        ConfigurationError,
        ("unknown platform 'alipay'", "'douyin', 'douyin-toutiao', 'qq', 'wechat'"),
        ("未知的平台 'alipay'", "可用的平台"),
    ),
    Mistake(
        "timeout of 0",
        lambda place: Session("1", timeout=0),
        ConfigurationError,
        ("timeout must be a positive number of seconds or a (connect, read) tuple", "not 0"),
        ("timeout 必须是大于 0 的秒数", "不能是 0"),
    ),
    Mistake(
        "pool_size of 0",
        lambda place: Session("1", pool_size=0),
        ConfigurationError,
        ("pool_size must be a positive int, not 0",),
        ("pool_size 必须是正整数，不能是 0",),
    ),
    Mistake(
        "base_url without a scheme",
        lambda place: Session("1", base_url="localhost:8787"),
        ConfigurationError,
        ("base_url must be like 'https://host:8787'",),
        ("base_url 应形如 'https://host:8787'",),
    ),
    Mistake(
        "the library's session as http",
        lambda place: Session("1", http=place.session),  # type: ignore[arg-type]
        ConfigurationError,
        ("http must be a requests.sessions.Session, not qqminigame.session.Session",),
        ("http 必须是 requests.sessions.Session，不能是 qqminigame.session.Session",),
    ),
    Mistake(
        "service of an app id",
        lambda place: CloudStorage("1110766236"),  # type: ignore[arg-type]
        ConfigurationError,
        ("CloudStorage: session must be a Session, not str", "CloudStorage(Session(app_id, ...))"),
        ("session 必须是 Session，不能是 str", "请用 CloudStorage(Session(app_id, ...))"),
    ),
    Mistake(
        "cloud storage without app_secret",
        lambda place: CloudStorage(place.other(app_secret=None)),
        ConfigurationError,
        ("CloudStorage needs app_secret", "QQMINIGAME_APP_SECRET"),
        ("CloudStorage 需要 app_secret", "QQMINIGAME_APP_SECRET"),
    ),
    Mistake(
        "Dawanka without the hall's app id",
        lambda place: Dawanka(place.other(hall_app_id=None)),
        ConfigurationError,
        ("Dawanka needs hall_app_id", "has its own app ids", "QQMINIGAME_HALL_APP_ID"),
        ("Dawanka 需要 hall_app_id", "自己的 AppID", "QQMINIGAME_HALL_APP_ID"),
    ),
    Mistake(
        "interactive data on Douyin",
        lambda place: InteractiveData(place.other(platform="douyin")),
        ConfigurationError,
        ("InteractiveData is not available on platform 'douyin'",),
        ("平台 'douyin' 没有这一能力",),
    ),
    # stores
    Mistake(
        "store as a path",
        lambda place: Session("1", store="/srv/x.db"),
        ConfigurationError,
        ("unknown store '/srv/x.db'", "did you mean 'sqlite:////srv/x.db'?"),
        ("未知的存储 '/srv/x.db'", "是否想写 'sqlite:////srv/x.db'？"),
    ),
    Mistake(
        "store 'memory' without its colon",
        lambda place: Session("1", store="memory"),
        ConfigurationError,
        ("unknown store 'memory'", "did you mean 'memory:'?"),
        ("未知的存储 'memory'", "是否想写 'memory:'？"),
    ),
    Mistake(
        "store with an option that there is not",
        lambda place: Session("1", store="sqlite:///x.db?timeout=3"),
        ConfigurationError,
        ("unknown option 'timeout'", "?mode=660"),
        ("未知的选项 'timeout'", "?mode=660"),
    ),
    Mistake(
        "redis where the package is missing",
        lambda place: without_package(
            place, "redis.backoff", lambda: Session("1", store="redis://host/0")
        ),
        ConfigurationError,
        ("redis is not installed", "pip install 'qqminigame[redis]'"),
        ("未安装 redis", "pip install 'qqminigame[redis]'"),
    ),
    Mistake(
        "redis that does not run",
        lambda place: stored_in(place, f"redis://user:{SECRET}@{DEAD}/0"),
        StoreError,
        (f"Redis store {DEAD}/0 is unavailable", "Connection refused", "check Redis"),
        (f"Redis 存储 {DEAD}/0 不可用", "请检查 Redis"),
    ),
    Mistake(
        "store in a text file",
        lambda place: stored_in(place, f"sqlite:///{written(place.folder / 'app.env', b'A=1')}"),
        ConfigurationError,
        ("app.env", "was not changed", "is not an SQLite database"),
        ("app.env", "文件未作任何改动", "不是 SQLite 数据库", "请指定"),
    ),
    Mistake(
        "store in the project's own database",
        lambda place: stored_in(
            place, f"sqlite:///{foreign_database(place.folder / 'db.sqlite3')}"
        ),
        ConfigurationError,
        ("db.sqlite3", "another program's SQLite database", "name a file"),
        ("db.sqlite3", "其他程序的 SQLite 数据库", "请指定"),
    ),
    Mistake(
        "store in a folder that is a file",
        lambda place: stored_in(
            place, f"sqlite:///{written(place.folder / 'file', b'') / 'store.db'}"
        ),
        StoreError,
        ("SQLite store", "store.db is unavailable", "file"),
        ("SQLite 存储", "store.db 不可用", "请"),
    ),
    Mistake(
        "orders in the session's store",
        lambda place: Dawanka(
            place.other(store=f"sqlite:///{place.folder}/x.db"),
            orders=f"sqlite:///{place.folder}/x.db",
        ),
        ConfigurationError,
        ("is the session's store already", "a file of their own"),
        ("已用作会话的 store", "请为订单指定单独的文件"),
    ),
    # logging in
    Mistake(
        "js_code of None",
        lambda place: Login(place.session).code2session(None),  # type: ignore[arg-type]
        InvalidArgumentError,
        ("Login.code2session: nothing was sent", "js_code must be a str, not None"),
        ("Login.code2session：请求未发送", "js_code 必须是 str，不能是 None"),
    ),
    Mistake(
        "js_code that is used",
        lambda place: [Login(place.session).code2session(code) for code in ["made-up-code"] * 2],
        LoginExpiredError,
        ("jscode2session: 40029", "already used", "Call qq.login()"),
        ("jscode2session：40029", "已使用", "请让客户端重新调用 qq.login()"),
    ),
    Mistake(
        "wrong app_secret",
        lambda place: Login(place.other(app_secret=SECRET)).code2session(place.sandbox.js_code()),
        ConfigurationError,
        ("-101222100 BAD_PARAMETERS", "most likely app_id or app_secret", "developer console"),
        ("-101222100 BAD_PARAMETERS", "AppID 或 AppSecret 有误", "请在开发者后台核对"),
    ),
    Mistake(
        "login of a player whom another store has",
        lambda place: place.storage.set("nobody", {"score": "1"}),
        LoginNotFoundError,
        ("no login of 'nobody' in <MemoryStore", "in it: 1", "another store=", "code2session()"),
        ("未找到 'nobody' 的登录态", "1 条", "另一个 store", "请让客户端重新登录"),
    ),
    # arguments
    Mistake(
        "value as a number",
        lambda place: place.storage.set(place.login, {"score": 100}),  # type: ignore[dict-item]
        InvalidArgumentError,
        ("nothing was sent", "kv['score'] value must be a str, not int", "use str(value)"),
        ("请求未发送", "kv['score'] 的值必须是 str，不能是 int", "请用 str(value)"),
    ),
    Mistake(
        "key as a number",
        lambda place: place.storage.set(place.login, {7: "1"}),  # type: ignore[dict-item]
        InvalidArgumentError,
        ("kv[7] key must be a str, not int", "use str(key)"),
        ("kv[7] 的 key 必须是 str，不能是 int", "请用 str(key)"),
    ),
    Mistake(
        "no pairs",
        lambda place: place.storage.set(place.login, {}),
        InvalidArgumentError,
        ("kv is empty; pass at least one entry",),
        ("kv 为空，请至少传入一项",),
    ),
    Mistake(
        "129 pairs",
        lambda place: place.storage.set(place.login, {f"k{n}": "1" for n in range(129)}),
        InvalidArgumentError,
        ("kv has more than 128 entries", "split"),
        ("kv 超过 128 项", "请分多次调用"),
    ),
    Mistake(
        "key of 43 Chinese characters",
        lambda place: place.storage.set(place.login, {"分" * 43: "1"}),
        InvalidArgumentError,
        ("key is 129 bytes long in UTF-8 (limit 128)", "shorten"),
        ("的 key 长 129 字节（按 UTF-8 计），超过上限 128 字节", "请缩短"),
    ),
    Mistake(
        "pair of 1025 bytes",
        lambda place: place.storage.set(place.login, {"name": "x" * 1021}),
        InvalidArgumentError,
        ("kv['name'] is 1025 bytes long, key plus value", "(limit 1024)", "shorten the value"),
        ("长 1025 字节（key 与 value 合计", "上限 1024 字节", "请缩短 value"),
    ),
    Mistake(
        "pairs of three",
        lambda place: place.storage.set(place.login, [("a", "b", "c")]),  # type: ignore[list-item]
        InvalidArgumentError,
        ("kv item 0 must be a (key, value) pair, not a tuple of 3 items",),
        ("必须是 (key, value)，不能是 3 项的 tuple",),
    ),
    Mistake(
        "one key instead of a list",
        lambda place: place.storage.remove(place.login, "gold"),
        InvalidArgumentError,
        ("CloudStorage.remove", "keys must be an iterable of keys, not str", "use [key]"),
        ("keys 必须是 key 的可迭代对象，不能是 str", "请用 [key]"),
    ),
    Mistake(
        "interactive data beyond its range",
        lambda place: InteractiveData(place.session).set(place.login, {"1": 2, "51": 1}),
        InvalidArgumentError,
        ("kv['1'] value must be 0 or 1, not 2", 'kv[\'51\'] key must be "1" to "50"'),
        ("kv['1'] value 必须是 0 或 1，不能是 2", 'kv[\'51\'] 的 key 必须是 "1" 到 "50"'),
    ),
    Mistake(
        "score as a float, time in milliseconds, a set as a field",
        lambda place: place.storage.set_score(
            place.login,
            "rank",
            1.5,  # type: ignore[arg-type]
            update_time=1_557_813_466_000,
            when={1},
        ),
        InvalidArgumentError,
        (
            "score must be an int, not float",
            "not 1557813466000",
            "in Unix seconds",
            "fields['when'] is not JSON",
        ),
        ("score 必须是 int，不能是 float", "单位为秒", "fields['when'] 无法序列化为 JSON"),
    ),
    Mistake(
        "field of the platform's name",
        lambda place: place.storage.set_score(place.login, "rank", 1, qqgame=1),
        InvalidArgumentError,
        ("fields['qqgame'] is reserved by the platform", "rename"),
        ("fields['qqgame'] 是平台保留的字段名", "请改名"),
    ),
    Mistake(
        "login of another kind",
        lambda place: place.storage.set(place.hall_login, {"a": "1"}),  # type: ignore[arg-type]
        InvalidArgumentError,
        ("login must be a LoginState or an openid, not HallLogin", "code2session()"),
        ("login 必须是 LoginState 或 openid，不能是 HallLogin", "请使用"),
    ),
    Mistake(
        "page that the hall did not open",
        lambda place: HallLogin.from_query({"openid": "1"}),
        InvalidArgumentError,
        ("not a game hall query", "query['openkey'] is missing or empty"),
        ("不是 QQ 游戏大厅传入的参数", "query['openkey'] 缺失或为空"),
    ),
    Mistake(
        "Dawanka with a login of the game",
        lambda place: dawanka(place).get_info(place.login),  # type: ignore[arg-type]
        InvalidArgumentError,
        ("hall_login must be a HallLogin, not LoginState", "HallLogin.from_query"),
        ("hall_login 必须是 HallLogin，不能是 LoginState", "请用 HallLogin.from_query"),
    ),
    # refusals
    Mistake(
        "session_key that is no longer valid",
        lambda place: place.storage.set(
            evolve(place.login, session_key="made-up-old-key"), {"score": "1"}
        ),
        SignatureError,
        ("Signature rejected", "no longer valid", "log in again", "timestamp"),
        ("用户登录态签名校验失败", "session_key 已失效", "请让玩家重新登录", "时间戳"),
    ),
    Mistake(
        "129th stored pair",
        lambda place: refused(place, 87018),
        StorageLimitError,
        ("87018 TOO_MANY_PAIRS", "more than 128 stored pairs", "CloudStorage.remove()"),
        ("87018 TOO_MANY_PAIRS", "超过 128 个", "CloudStorage.remove()"),
    ),
    Mistake(
        "daily quota of WeChat",
        lambda place: quota_used_up(place),
        RateLimitError,
        ("45009", "daily quota", "resets the next day", "('reach max api daily quota')"),
        ("45009", "当日接口调用次数已达上限", "次日恢复", "请检查"),
    ),
    Mistake(
        "code that nobody documents",
        lambda place: refused(place, 123456),
        PlatformError,
        ("set_user_storage: undocumented error code 123456", "look it up"),
        ("文档未收录的错误码 123456", "请在平台文档中查找"),
    ),
    Mistake(
        "openkey of yesterday",
        lambda place: (place.sandbox.advance(7201), dawanka(place).get_info(place.hall_login)),
        LoginExpiredError,
        ("get_dawanka_info: 2000023", "2 hours", "re-enter through the QQ game hall"),
        ("openkey 已失效（有效期 2 小时）", "请让玩家从 QQ 游戏大厅重新进入"),
    ),
    Mistake(
        "app_secret as app_key",
        lambda place: dawanka(place, app_key=SECRET).get_info(place.hall_login),
        SignatureError,
        ("The sig was rejected", "app_key", "not app_secret"),
        ("sig 校验失败，请检查 AppKey", "不是 AppSecret"),
    ),
    # the network
    Mistake(
        "nobody at base_url",
        lambda place: Login(place.other(base_url=f"http://{DEAD}")).code2session("code"),
        TransportError,
        (f"could not connect to {DEAD}: Connection refused", "base_url", "(3 attempts)"),
        (f"无法连接 {DEAD}", "请检查网络", "已尝试 3 次"),
    ),
    Mistake(
        "host that there is not",
        lambda place: Login(
            place.other(base_url="http://platform.invalid", retry=ONCE)
        ).code2session("code"),
        TransportError,
        ("platform.invalid:80", "the host name could not be resolved"),
        ("platform.invalid:80", "域名解析失败"),
    ),
    Mistake(
        "no answer",
        lambda place: (
            place.sandbox.script({"kind": "no_answer", "times": -1}),
            Login(place.other(timeout=(10, 0.1))).code2session("code"),
        ),
        TransportError,
        ("no response from http://127.0.0.1:", "within 0.1 s", "safe to call again (3 attempts)"),
        ("0.1 秒内未收到 http://127.0.0.1:", "可以重试", "已尝试 3 次"),
    ),
    Mistake(
        "proxy that does not run",
        lambda place: with_variables(place, HTTPS_PROXY=f"http://me:{SECRET}@{DEAD}"),
        TransportError,
        (f"the proxy http://{DEAD} for platform.invalid", "Connection refused", "HTTPS_PROXY"),
        (f"代理 http://{DEAD} 访问 platform.invalid", "请检查该代理"),
    ),
    Mistake(
        "SOCKS proxy that does not run",
        lambda place: with_http(place, proxies={"https": f"socks5h://me:{SECRET}@{DEAD}"}),
        TransportError,
        (
            f"the proxy socks5h://{DEAD} for platform.invalid",
            "Connection refused",
            "check the proxy",
        ),
        (f"代理 socks5h://{DEAD} 访问 platform.invalid", "请检查该代理"),
    ),
    Mistake(
        "CA bundle that there is not",
        lambda place: with_variables(place, REQUESTS_CA_BUNDLE="/no/such/bundle.pem"),
        TransportError,
        ("'/no/such/bundle.pem'", "No such file", "REQUESTS_CA_BUNDLE"),
        ("'/no/such/bundle.pem'", "请检查 REQUESTS_CA_BUNDLE"),
    ),
    Mistake(
        "TLS where there is none",
        lambda place: Login(
            place.other(base_url=place.sandbox.url.replace("http:", "https:"), retry=ONCE)
        ).code2session("code"),
        TransportError,
        ("TLS with 127.0.0.1 failed: ", "base_url"),
        ("与 127.0.0.1 的 TLS 握手失败（", "请确认 base_url"),
    ),
    Mistake(
        "gateway that is down",
        lambda place: answered(place, b"<html>", "502 Bad Gateway"),
        ReplyError,
        ("unexpected HTTP status 502 (text/html, 6 bytes)", "check the proxy, gateway"),
        ("意外的 HTTP 状态码 502（text/html，6 字节）", "请检查代理、网关或 base_url"),
    ),
    Mistake(
        "http where the gateway wants https",
        lambda place: answered(place, b"", "301 Moved Permanently"),
        ReplyError,
        ("unexpected redirect, HTTP status 301", "base_url"),
        ("意外的重定向，HTTP 状态码 301", "base_url"),
    ),
    Mistake(
        "captive portal",
        lambda place: answered(place, b"<html>log in to the hotel</html>"),
        ReplyError,
        ("is not a plain JSON object (text/html, 32 bytes)", "proxy or gateway"),
        ("不是合法的 JSON 对象（text/html，32 字节）", "代理或网关"),
    ),
    # orders
    Mistake(
        "report without an order_id, and no answer",
        lambda place: reported_into_silence(place, None),
        OutcomeUnknownError,
        ("no response", "may or may not have been counted", "get_info()"),
        ("未收到", "平台是否计数未知", "请勿重复上报", "get_info()"),
    ),
    Mistake(
        "report with an order_id, and no answer",
        lambda place: reported_into_silence(place, "77"),
        OutcomeUnknownError,
        ("order '77'", "do not report it again", "Dawanka.settle(hall_login, '77') in 68 s"),
        ("订单 '77'", "请勿重复上报", "68 秒后调用 Dawanka.settle(hall_login, '77')"),
    ),
    # what a page posts
    Mistake(
        "rawData that was parsed",
        lambda place: verify_raw_data('{"a": 1}', "0" * 40, PLAYER),
        SignatureError,
        ("signature of rawData was rejected", "exactly as received"),
        ("rawData 签名校验失败", "请使用收到的原始字符串"),
    ),
    Mistake(
        "plus signs that became spaces",
        lambda place: decrypt_user_data("A A=", SESSION_KEY, PLAYER, "1"),
        SignatureError,
        ("not valid Base64", "became a space", "URL-encode"),
        ("不是合法的 Base64", "变成了空格", "请让客户端"),
    ),
    Mistake(
        "fail callback without an object",
        lambda place: ClientError.from_fail("fail"),  # type: ignore[arg-type]
        InvalidArgumentError,
        ("res must be the object of the fail callback (a dict), not str",),
        ("res 必须是 fail 回调的参数（dict），不能是 str",),
    ),
    Mistake(
        "KVDataList for a platform that there is not",
        lambda place: kv_data_list({"a": "1"}, "doyin"),
        ConfigurationError,
        ("unknown platform 'doyin'", "did you mean 'douyin'?"),
        ("未知的平台 'doyin'", "是否想写 'douyin'？"),
    ),
)


@pytest.fixture
def place(sandbox, session, login, hall_login, tmp_path, monkeypatch):
    """A user's machine, with nothing wrong yet."""
    for name in [name for name in os.environ if name.startswith("QQMINIGAME_A")]:
        monkeypatch.delenv(name)
    return Place(sandbox, session, login, hall_login, tmp_path, monkeypatch)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake__is_named_in_both_languages(mistake: Mistake, place: Place) -> None:
    """The error says what happened, where, and what to do; in Chinese as in English."""
    with pytest.raises(mistake.kind) as caught:
        mistake.do(place)
    error = caught.value
    print(f"{mistake.name}\n  {error.english}\n  {error.chinese}")
    assert type(error) is mistake.kind
    assert [words for words in mistake.english if words not in error.english] == []
    assert [words for words in mistake.chinese if words not in error.chinese] == []
    assert str(error) == error.english
    assert len(error.english) < 500
    # What the platform, a path or an argument says is not ours.
    chinese = re.sub(r"'[^']*'|\"[^\"]*\"|\([^)]*\)", "x", error.chinese)
    assert not re.search(rf"{CHINESE}[,;:?!]|[,;:?!]{CHINESE}|{CHINESE}\w*[A-Za-z0-9]", chinese)
    secrets = [place.login.session_key, place.hall_login.openkey, SESSION_KEY]
    secrets += [place.sandbox.app_secret, place.sandbox.app_key]
    assert_no_secrets(error, [*secrets, SECRET])


def test_mistake__the_extra_of_the_sandbox_is_missing() -> None:
    """Whoever has not installed the extra is told its name, and how to install it."""
    program = "import sys\nsys.modules['aiohttp'] = None\nimport qqminigame.sandbox"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "the sandbox needs aiohttp" in done.stderr
    assert "python -m pip install 'qqminigame[sandbox]'" in done.stderr
