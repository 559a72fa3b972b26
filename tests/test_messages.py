"""What users read: every text in both languages, by the same rules, from one catalogue."""

import ast
import copy
import pickle
import re
import textwrap
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter
from types import ModuleType
from typing import Any

import pytest

import qqminigame
from qqminigame import messages, platforms
from qqminigame.exceptions import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    InvalidArgumentError,
    LoginExpiredError,
    LoginNotFoundError,
    OutcomeUnknownError,
    PlatformError,
    Problem,
    QQMiniGameError,
    ReplyError,
    SignatureError,
    StorageLimitError,
    StoreError,
    TransportError,
)
from qqminigame.messages import NOTHING, Text, language
from qqminigame.platforms import causes, douyin, qqgame, wechat
from qqminigame.platforms.base import Cause, PlatformCode
from qqminigame.reactions import INVALID
from qqminigame.stores import default_store

ROOT = Path(qqminigame.__file__).parent
CATALOGUE = {name: text for name, text in vars(messages).items() if isinstance(text, Text)}
TABLES = {
    douyin.DouyinClientCode,
    *(
        table
        for platform in platforms.PLATFORMS.values()
        for row in (
            platform.token,
            platform.login,
            platform.set_storage,
            platform.set_interactive,
            platform.get_dawanka,
        )
        if row is not None
        for table in row.codes
    ),
}
CODES = {
    f"{table.__name__}.{code.name}": code
    for table in sorted(TABLES, key=lambda table: table.__name__)
    for code in table
}
TEXTS = {**CATALOGUE, **{name: code.cause.text for name, code in CODES.items()}}
TEXTS.pop("NOTHING")
# Form alone, no words.
FORMS = {"ITEM", "INDENTED", "PLACE", "NO_CONNECTION", "REFUSED_DATA", "REFUSAL", "FORM", "USER_ID"}
# These names stand for texts in the same language, and those for what may be left out.
OF_TEXTS = {
    "explanation",
    "problems",
    "what",
    "failure",
    "doubt",
    "advice",
    "kinds",
    "why",
    "form",
    "thing",
}
OPTIONAL = {"hint", "says", "repeatable", "counted", "user"}

CHINESE = "[\u4e00-\u9fff]"
# A quoted plus sign is what it says, not punctuation.
FULL_WIDTH = "[，。：；（）、？！]"


def filled(template: str) -> str:
    """Return a template with something typical in place of each name."""
    pieces = []
    for literal, name, _, _ in Formatter().parse(template):
        pieces.append(literal)
        if name is not None and name not in OPTIONAL:
            pieces.append("文" if name in OF_TEXTS else "x")
    return "".join(pieces)


def names(template: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


# --- language


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN", "LC_MESSAGES": "en_US"}, "en"),
        ({"LC_MESSAGES": "zh_CN", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "C", "LC_ALL": "ZH_CN"}, "zh"),
        ({"LC_ALL": "zh_CN", "QQMINIGAME_LANG": "en"}, "en"),
        ({"LC_ALL": "C", "QQMINIGAME_LANG": "zh"}, "zh"),
        ({"LC_ALL": "", "QQMINIGAME_LANG": "", "LANG": "zh_CN"}, "zh"),
    ],
)
def test_language__of_the_environment(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first variable that is set decides; Chinese starts with zh, all else is English."""
    for name in ("QQMINIGAME_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == expected
    assert str(Text("yes", "是")) == {"en": "yes", "zh": "是"}[expected]


def test_language__is_asked_when_the_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error reads in each language in turn, also after a trip through pickle."""
    error = StoreError(messages.STORE_SURROGATE)
    for each in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
        monkeypatch.setenv("QQMINIGAME_LANG", "zh")
        assert str(each) == each.chinese == messages.STORE_SURROGATE.chinese
        assert each.player_message == "网络繁忙，请稍后再试"
        monkeypatch.setenv("QQMINIGAME_LANG", "en")
        assert str(each) == each.english == messages.STORE_SURROGATE.english
        assert each.player_message == "The service is busy. Please try again later."


@pytest.mark.parametrize(
    ("name", "expected"),
    [("zh", "是"), ("zh-CN", "是"), ("ZH_tw", "是"), ("en", "yes"), ("fr", "yes"), ("", "yes")],
)
def test_text__in_a_language(name: str, expected: str) -> None:
    """A language can be asked for by name; what is not Chinese is English."""
    assert Text("yes", "是").in_language(name) == expected


def test_text__values_with_braces() -> None:
    """What stands in a value is not looked at, and a text as a value keeps its languages."""
    inner = Text("no {x}", "无 {x}").of(x="{y} {0!r} {{}}")
    assert inner == Text("no {y} {0!r} {{}}", "无 {y} {0!r} {{}}")
    assert Text("{a}: {b}", "{a}：{b}").of(a="{b}", b=inner).chinese == "{b}：无 {y} {0!r} {{}}"


def test_log__in_the_language_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning is in the language of whoever runs the program, too."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    for name, words in (("zh", "只保存在本进程的内存中"), ("en", "in the memory of this process")):
        caplog.clear()
        monkeypatch.setenv("QQMINIGAME_LANG", name)
        default_store(time.time).set("key", "text")
        assert [words in line for line in caplog.messages] == [True]


def test_error__of_a_plain_str() -> None:
    """A store or a test of the user's own may raise with a str: it is both languages' text."""
    error = StoreError("the disk is full")
    assert (str(error), error.english, error.chinese) == ("the disk is full",) * 3
    assert error.args == ("the disk is full",)


def test_error__of_several_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """How often a call was tried is part of the line, where it was tried again."""
    error = TransportError(Text("no answer", "没有响应"))
    error.attempts = 1
    assert str(error) == "no answer"
    error.attempts = 3
    assert (error.english, error.chinese) == ("no answer (3 attempts)", "没有响应（已尝试 3 次）")
    assert repr(error) == "TransportError('no answer (3 attempts)')"


def test_problem__in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem of an argument has both languages too, and so has the error that lists them."""
    problem = Problem(where="kv['a']", text=messages.KEY_EMPTY)
    assert problem.whole == Text("kv['a'] key must not be empty", "kv['a'] 的 key 不能为空")
    monkeypatch.setenv("QQMINIGAME_LANG", "zh")
    assert str(problem) == f"kv['a'] {problem.what}" == "kv['a'] 的 key 不能为空"
    error = InvalidArgumentError(messages.NOTHING, problems=(problem,))
    assert error.describe().splitlines()[1:] == ["请求是否已发出：否", "- kv['a'] 的 key 不能为空"]


# --- the catalogue


@pytest.mark.parametrize("name", TEXTS)
def test_texts__have_both_languages(name: str) -> None:
    """No text lacks a language, and both name the same things."""
    text = TEXTS[name]
    assert text.english.isascii() or "…" in text.english
    assert re.search(CHINESE, text.chinese) or name in FORMS
    assert names(text.english) == names(text.chinese)
    assert not re.search(CHINESE, text.english)


@pytest.mark.parametrize("name", TEXTS)
def test_texts__chinese_punctuation(name: str) -> None:
    """Chinese has full-width marks, and one space to Latin letters, none to the marks."""
    chinese = filled(TEXTS[name].chinese)
    wrong = [
        rf"{CHINESE}[,;:?!()]",
        rf"[,;:?!(]{CHINESE}",
        rf"{CHINESE}[A-Za-z0-9]",
        rf"[A-Za-z0-9]{CHINESE}",
        rf" {FULL_WIDTH}",
        rf"{FULL_WIDTH} ",
        rf"{CHINESE} {CHINESE}",
        "  ",
        r"[,;] ?$",
    ]
    if name not in {"INDENTED"}:
        assert [pattern for pattern in wrong if re.search(pattern, chinese)] == [], chinese


# Words that are not used, with the terms in which they stand all the same.
NOT_IN_CHINESE = [
    *(
        "迷你游戏",
        "账号",
        "密码",
        "管理后台",
        "登录码",
        "令牌",
        "登录状态",
        "会话令牌",
        "死亡",
        "作废",
    ),
    *(
        "老化",
        "通行证",
        "抓取",
        "拉取",
        "杀死",
        "挤掉",
        "续命",
        "主控机",
        "用户签字",
        "标记",
        "签名被拒",
    ),
    *("云存储", "云端硬盘", "上传", "键值偶", "排名列表", "交互数据", "大玩家", "奖金", "使用数"),
    *(
        "报告付款",
        "试用卡",
        "折扣",
        "结局",
        "结算",
        "清算",
        "太多",
        "忙碌中",
        "准许名单",
        "商店",
        "仓库",
    ),
    *("截止日", "沙盒", "测试环境", "稍候再试", "两小时", "一分钟", "您", "你", "用户", "后端"),
]
CHINESE_TERMS = [
    "用户登录态签名",
    "平台后端",
    # of the operating system
    *("当前用户", "其他用户", "该用户", "所有用户", "运行用户", "同组用户", "用户名"),
]
NOT_IN_ENGLISH = [
    *(
        r"applets?",
        r"password",
        r"login tokens?",
        r"stale",
        r"dead",
        r"killed?",
        r"kills",
        r"dies?",
    ),
    *(r"lives?", r"anew", r"speaks? for", r"white ?list", r"white space", r"marks?", r"so many"),
    *(
        r"so long",
        r"has not(?! (?:expired|been))",
        r"had",
        r"of it all",
        r"knock",
        r"overloaded",
        r"VIP",
        r"discount",
    ),
]


@pytest.mark.parametrize("name", TEXTS)
def test_texts__words_of_the_glossary(name: str) -> None:
    """One thing has one name; no word is used that the field, or English, does not use."""
    english, chinese = TEXTS[name].english, TEXTS[name].chinese
    english = english.replace("user:password@", "")
    for term in CHINESE_TERMS:
        chinese = chinese.replace(term, "")
    assert [word for word in NOT_IN_CHINESE if word in chinese] == []
    assert [word for word in NOT_IN_ENGLISH if re.search(rf"\b{word}\b", english)] == []


STEP = re.compile(
    r"(?:^|[.:;,] |\bso |\band |\bthen )"
    r"(?:retry|check|use|call|have|pass|remove|shorten|add|open|ask|verify|refuse|resets?)\b"
    r"|must re-enter|it resets",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", CODES)
def test_codes__have_a_step_in_both_languages(name: str) -> None:
    """Whoever reads a code is told what to do, in English and in Chinese."""
    code = CODES[name]
    assert STEP.search(code.english), code.english
    assert "请" in code.chinese, code.chinese


@pytest.mark.parametrize(("platform", "own"), [("qq", "qq"), ("douyin", "tt"), ("wechat", "wx")])
def test_codes__name_only_their_own_platform(platform: str, own: str) -> None:
    """A refused js_code names the login call of the session's own platform, and no other."""
    rows = platforms.chosen(platform).login
    texts = [code.cause.text for table in rows.codes for code in table]
    explained = {code: rows.explain(int(code)) for table in rows.codes for code in table}
    texts = [known.cause.text for known in explained.values() if known is not None]
    shown = " ".join(text.english + text.chinese for text in texts)
    assert set(re.findall(r"\b(\w\w)\.login\(\)", shown)) == {own}


# --- who raises what

ERRORS = {
    name
    for name, thing in vars(qqminigame).items()
    if isinstance(thing, type) and issubclass(thing, QQMiniGameError)
} | {"NotSentError"}
LOGGED = {"warning", "error", "exception", "critical"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the client with its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        if "sandbox" not in path.parts:
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def shown_texts(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.expr, ast.AST]]:
    """Yield what errors, problems and log lines are made of, and the function around it."""
    scopes: dict[ast.AST, ast.AST] = {}
    for scope in ast.walk(tree):  # from the outside to the inside: the innermost function stays
        if isinstance(scope, ast.Module | ast.FunctionDef):
            scopes.update(dict.fromkeys(ast.walk(scope), scope))
    for node, scope in scopes.items():
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            yield node, node.args[0], scope
        elif isinstance(node.func, ast.Name) and node.func.id == "Problem":
            yield from ((node, each.value, scope) for each in node.keywords if each.arg == "text")
        elif isinstance(node.func, ast.Attribute) and node.func.attr in LOGGED:
            yield node, node.args[0], scope


def is_text(shown: ast.expr, scope: ast.AST, tree: ast.Module) -> bool:
    """Return whether an expression is made of texts of the catalogue."""
    match shown:
        case ast.Call(func=ast.Attribute(attr="of", value=text)):
            return is_text(text, scope, tree)
        case ast.Call(func=ast.Name(id=name)):
            return name in annotated(tree)
        case ast.IfExp(body=body, orelse=orelse):
            return is_text(body, scope, tree) and is_text(orelse, scope, tree)
        case ast.Attribute(value=ast.Name(id=catalogue), attr=name) if catalogue in CATALOGUES:
            return isinstance(getattr(imported(tree, catalogue), name, None), Text)
        case ast.Attribute(attr=name):
            return name == "text"
        case ast.Name(id=name):
            values = assigned(scope, name) or assigned(tree, name)
            return name in annotated(scope) or (
                bool(values) and all(is_text(value, scope, tree) for value in values)
            )
    return False


# What they are called where they are used.
CATALOGUES = ("messages", "texts", "store_texts")


def imported(tree: ast.Module, name: str) -> ModuleType:
    """Return the catalogue that a module imports by this name; the common one by default."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return import_module(f"{node.module}.{name}")
    return messages


def annotated(scope: ast.AST) -> set[str]:
    """Return the arguments that are texts, and the functions that return one."""
    found = set()
    for node in ast.walk(scope):
        match node:
            case ast.arg(arg=name, annotation=kind) | ast.FunctionDef(name=name, returns=kind):
                if kind is not None and ast.unparse(kind) in ("Text", "messages.Text"):
                    found.add(name)
    return found


def assigned(scope: ast.AST, name: str) -> list[ast.expr]:
    """Return what a name stands for, wherever it is given a value."""
    return [
        node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == name
    ]


MODULES = dict(modules())


@pytest.mark.parametrize("name", MODULES)
def test_raised__texts_of_the_catalogue(name: str) -> None:
    """No error, problem or warning of the package is made of a str."""
    tree = MODULES[name]
    wrong = [
        f"{name}:{call.lineno} {ast.unparse(shown)}"
        for call, shown, scope in shown_texts(tree)
        if not is_text(shown, scope, tree)
    ]
    assert wrong == []


def test_raised__a_str_is_found() -> None:
    """What the test above looks for, it finds."""
    source = """
def f(word: str, text: Text):
    bad = f"{word}"
    good = messages.EMPTY
    raise StoreError("a str")
    raise StoreError(bad)
    raise StoreError(word)
    raise StoreError(messages.NO_SUCH_TEXT)
    raise StoreError(messages.EMPTY.english)
    _log.warning("%s failed", word)
    Problem(where="x", text="y")
    raise StoreError(good)
    raise StoreError(text)
    raise StoreError(messages.TOO_LONG.of(size=1, limit=2))
"""
    tree = ast.parse(source)
    found = [
        call.lineno for call, shown, scope in shown_texts(tree) if not is_text(shown, scope, tree)
    ]
    assert sorted(found) == [5, 6, 7, 8, 9, 10, 11]


@pytest.mark.parametrize("name", MODULES)
def test_raised__texts_get_their_values(name: str) -> None:
    """Wherever a text is filled in by its name, no name in its braces is forgotten."""
    wrong = []
    for node in ast.walk(MODULES[name]):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    attr="of", value=ast.Attribute(value=ast.Name(id="messages"), attr=text)
                ),
                keywords=given,
            ):
                wanted = names(CATALOGUE[text].english)
                if wanted != {each.arg for each in given} and None not in {g.arg for g in given}:
                    wrong.append(f"{name}:{node.lineno} {text} wants {sorted(wanted)}")
    assert wrong == []


def test_catalogue__has_no_text_that_nobody_uses() -> None:
    """Every constant of the catalogue is named somewhere in the package."""
    source = "".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
    assert [name for name in CATALOGUE if f"messages.{name}" not in source] == []


# --- what a web view does

DOCS = (ROOT.parent / "docs" / "errors.rst").read_text(encoding="utf-8")
TABLE = [
    [cell.strip() for cell in re.split(r"  +", line)]
    for line in DOCS.splitlines()
    if re.match(r"\w+Error.*  (yes|no) ", line)
]


def of(cause: Cause) -> QQMiniGameError:
    """Return the error that a platform's cause raises."""
    return cause.error(cause.text, reaction=cause.reaction)


def of_code(code: PlatformCode) -> QQMiniGameError:
    """Return the error that a code raises."""
    return of(code.cause)


CASES: dict[str, list[QQMiniGameError]] = {
    "InvalidArgumentError": [InvalidArgumentError("x")],
    "SignatureError: data of another app, or broken": [SignatureError("x", reaction=INVALID)],
    "LoginExpiredError": [LoginExpiredError("x"), of(causes.bad_js_code("qq.login()"))],
    "LoginNotFoundError": [LoginNotFoundError("x")],
    "SignatureError: a player's": [SignatureError("x"), of(causes.SIGNATURE_REFUSED)],
    "LoginExpiredError: of the game hall": [
        of_code(code)
        for code in (
            qqgame.DawankaCode.OPENKEY_REFUSED,
            qqgame.DawankaCode.LOGIN_REFUSED,
            qqgame.OpenApiCode.NOT_LOGGED_IN,
            qqgame.OpenApiCode.LOGIN_ILLEGAL,
        )
    ],
    "PlatformError: a player that WeChat has blocked": [
        of_code(wechat.WeChatLoginCode.PLAYER_BLOCKED)
    ],
    "OutcomeUnknownError": [
        OutcomeUnknownError("x", sent=True),
        OutcomeUnknownError("x", sent=None),
    ],
    "StorageLimitError": [StorageLimitError("x"), of(causes.TOO_MANY_PAIRS)],
    "RateLimitError": [of(causes.RATE_LIMIT), of(causes.TOO_MANY_LOGINS)],
    "ConfigurationError": [ConfigurationError("x"), of(causes.WRONG_SECRET)],
    "SignatureError: the sig of the game hall": [of_code(qqgame.DawankaCode.SIG_REFUSED)],
    "PlatformError: the app id of the game hall": [of_code(qqgame.DawankaCode.INVALID_APP_ID)],
    "PlatformError": [PlatformError("x"), of(causes.WRONG_OPENID)],
    "ReplyError": [ReplyError("x", status=200), ReplyError("x", status=404)],
    "ReplyError: 5xx, 429, or cut off": [
        ReplyError("x", status=500),
        ReplyError("x", status=503),
        ReplyError("x", status=429),
        ReplyError("x", status=200, cut_off=True),
    ],
    "TransportError": [TransportError("x", sent=sent) for sent in (False, None)],
    "ClientError: no network": [
        qqminigame.ClientError.from_fail({"errorCode": int(douyin.DouyinClientCode.NETWORK)})
    ],
    "AccessTokenError": [AccessTokenError("x"), of(causes.TOKEN_NOT_VALID)],
    "BusyError": [BusyError("x"), of(causes.BUSY)],
    "StoreError": [StoreError("x")],
    "RateLimitError: the daily quota": [of(causes.DAILY_QUOTA)],
}


def test_reactions__the_table_is_complete() -> None:
    """The documentation has a row for every class of error, and for every case here."""
    assert [row[0] for row in TABLE] == list(CASES)
    classes = {row[0].partition(":")[0] for row in TABLE}
    assert classes == ERRORS - {"QQMiniGameError", "NotSentError"}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_reactions__are_as_documented(row: list[str]) -> None:
    """Status, login, repeat and player's text are as in the table, after pickling too."""
    name, status, log_in, retry, english = row
    words = {"yes": True, "no": False}
    for error in CASES[name]:
        assert type(error).__name__ == name.partition(":")[0]
        for each in (error, pickle.loads(pickle.dumps(error))):
            assert each.http_status == int(status)
            assert (each.must_log_in, each.may_retry) == (words[log_in], words[retry])
            assert each.player_message == each.player_message_in("en") == english
            assert each.player_message_in("zh") in DOCS


def test_reactions__the_documented_view() -> None:
    """The view of the documentation answers with status, text and whether to log in."""
    (snippet,) = re.findall(r"code-block:: python\n\n((?:    .*\n|\n)+)", DOCS)
    names_there: dict[str, Any] = {}
    exec(textwrap.dedent(snippet), names_there)
    assert names_there["answer"](of(causes.SIGNATURE_REFUSED)) == (
        {"message": "登录已失效，请重新登录", "log_in": True},
        401,
    )


def test_reactions__texts_for_players() -> None:
    """They are short, without codes and technical words; nothing has failed while it is open."""
    errors = [error for cases in CASES.values() for error in cases]
    for english, chinese in {
        (error.player_message_in("en"), error.player_message_in("zh")) for error in errors
    }:
        assert len(english.split()) <= 12
        assert len(re.findall(CHINESE, chinese)) <= 20
        assert not re.search(r"[0-9]|[您你]|失败|fail|openid|token|error", english + chinese)
        assert not re.search(r"[A-Za-z]", chinese.replace("QQ", ""))


def test_reactions__a_repeat_is_safe() -> None:
    """Whoever may retry has not to log in, and an unknown outcome is never repeated."""
    for error in (error for cases in CASES.values() for error in cases):
        assert not (error.may_retry and error.must_log_in)
        assert not (isinstance(error, OutcomeUnknownError) and error.may_retry)


@pytest.mark.parametrize("kind", sorted(ERRORS - {"NotSentError"}))
def test_reactions__of_any_class(kind: str) -> None:
    """Every class has one, whatever it is built with."""
    error: Any = getattr(qqminigame, kind)(NOTHING)
    assert 400 <= error.http_status < 600
    assert error.player_message_in("en")
    assert error.player_message_in("zh")
