"""The Chinese README is written as Chinese is: punctuation, spacing, and the words of the field."""

import re

import pytest
from documents import Document

README = Document("README.zh.rst")
PROSE = README.prose()
CHINESE = "[一-鿿]"
FULL_WIDTH = "[，。：；？！、（）“”]"

# What is not said of it, each with what is said, and the terms in which the word is right.
AVOIDED = {
    "迷你游戏": ("小游戏",),
    "账号 ID": ("AppID",),
    "管理后台": ("开发者后台",),
    "登录码": ("code",),
    "令牌": ("access_token",),
    "通行证": ("access_token",),
    "登录状态": ("登录态",),
    "会话": ("session_key",),
    "作废": ("失效",),
    "老化": ("过期",),
    "死亡": ("失效",),
    "抓取": ("获取",),
    "拉取": ("获取",),
    "杀死": ("使……失效",),
    "挤掉": ("使……失效",),
    "续命": ("提前刷新",),
    "主控机": ("中控服务器",),
    "签字": ("签名",),
    "签名被拒": ("签名校验失败",),
    "云存储": ("托管数据",),
    "云端": ("托管数据",),
    "上传": ("上报", "写入"),
    "键值": ("key-value 对",),
    "排名": ("排行榜",),
    "标记": ("互动数据",),
    "交互数据": ("互动数据",),
    "大玩家": ("大玩咖",),
    "奖金": ("充值加赠",),
    "付款": ("充值",),
    "试用卡": ("特权体验卡",),
    "折扣": ("充值返利",),
    "结算": ("核实",),
    "清算": ("核实",),
    "太多调用": ("调用频率限制",),
    "忙碌": ("系统繁忙",),
    "准许名单": ("IP 白名单",),
    "商店": ("存储",),
    "仓库": ("存储",),
    "截止": ("总时限",),
    "沙盒": ("沙箱",),
    "测试环境": ("沙箱",),
    "稍候": ("稍后",),
    "您": ("",),
    "用户": (
        "玩家",
        "系统用户",
        "用户数据",
        "用户缓存目录",
        "用户组",
        "用户的 state",
        "www-data 用户",
    ),
    "后端": ("服务端", "平台后端"),
}


def found(pattern):
    """Return the places where a pattern is, with what stands around them."""
    return [
        text[max(match.start() - 8, 0) : match.end() + 8]
        for text in PROSE
        for match in re.finditer(pattern, text)
    ]


def test_prose__is_there():
    """The rules below look at something: paragraphs, cells and comments."""
    assert len(PROSE) > 200
    assert sum(bool(re.search(CHINESE, text)) for text in PROSE) > 150
    assert "排行榜要求的格式" in "".join(PROSE)  # of a comment
    assert "玩家重新登录" in PROSE  # of a cell


def test_markup__leaves_nothing_behind():
    """Literals end where they should: an opening bracket behind one would hide its end."""
    assert found(r"[`*_]{2}|`") == []


def test_punctuation__is_full_width():
    """No half-width mark stands beside a Chinese character."""
    assert found(rf"{CHINESE}[,;:?!()]|[,;:?!()]{CHINESE}") == []


def test_spacing__one_space_between_chinese_and_latin():
    """Chinese and Latin or digits are set apart, by one space."""
    assert found(rf"{CHINESE}[A-Za-z0-9]|[A-Za-z0-9]{CHINESE}|{CHINESE}  +| +  {CHINESE}") == []


def test_spacing__none_beside_full_width_marks():
    """A full-width mark brings its own space."""
    assert found(rf"{FULL_WIDTH} | {FULL_WIDTH}") == []


def test_paragraphs__are_not_broken():
    """A line break would be shown as a space in the middle of a sentence."""
    assert found(r"\n") == []


@pytest.mark.parametrize("word", AVOIDED)
def test_words__are_those_of_the_field(word):
    """A word that developers of mini games do not use is not here, unless as part of a term."""
    terms = [term for term in AVOIDED[word] if word in term]
    text = "\n".join(PROSE)
    for term in terms:
        text = text.replace(term, "")
    assert word not in text, f"say {' or '.join(AVOIDED[word])}"


def test_numbers__are_digits():
    """Amounts with a unit are Arabic digits, as the platforms' pages write them."""
    assert found("[一两二三四五六七八九十百](秒|分钟(?!上手)|小时|字节)") == []
