"""The texts of the command line: both languages, the rules of the catalogue, help in the docs."""

import re

import pytest
from cli_help import PAGE, helps, page
from test_messages import CHINESE, CHINESE_TERMS, NOT_IN_CHINESE, NOT_IN_ENGLISH, filled, names

from qqminigame.cli import texts
from qqminigame.cli.doctor import texts as doctor_texts
from qqminigame.messages import Text

TEXTS = {
    f"{module.__name__.removeprefix('qqminigame.cli.')}.{name}": text
    for module in (texts, doctor_texts)
    for name, text in vars(module).items()
    if isinstance(text, Text)
}
# Form alone, no words.
FORMS = {"VERSIONS", "SETTING", "TLS_BAD", "BY_FILE", "IN_MEMORY"}
FULL_WIDTH = "[，。：；（）、？！]"


@pytest.mark.parametrize("name", TEXTS)
def test_texts__have_both_languages(name):
    """No text lacks a language, and both name the same things."""
    text = TEXTS[name]
    assert text.english.isascii()
    assert re.search(CHINESE, text.chinese) or name.rpartition(".")[2] in FORMS
    assert names(text.english) == names(text.chinese)


@pytest.mark.parametrize("name", TEXTS)
def test_texts__chinese_punctuation(name):
    """Chinese has full-width marks, and one space to Latin letters, none to the marks."""
    chinese = filled(TEXTS[name].chinese)
    wrong = [
        *(rf"{CHINESE}[,;:?!()]", rf"[,;:?!(]{CHINESE}"),
        *(rf"{CHINESE}[A-Za-z0-9]", rf"[A-Za-z0-9]{CHINESE}"),
        *(rf" {FULL_WIDTH}", rf"{FULL_WIDTH} ", rf"{CHINESE} {CHINESE}", "  ", r"[,;] ?$"),
    ]
    assert [pattern for pattern in wrong if re.search(pattern, chinese)] == [], chinese


@pytest.mark.parametrize("name", TEXTS)
def test_texts__words_of_the_glossary(name):
    """The same words as everywhere else."""
    english, chinese = TEXTS[name].english, TEXTS[name].chinese
    for term in (*CHINESE_TERMS, "用户组", "用户运行", "任何用户", "用户 {owner}"):
        chinese = chinese.replace(term, "")
    assert [word for word in NOT_IN_CHINESE if word in chinese] == []
    assert [word for word in NOT_IN_ENGLISH if re.search(rf"\b{word}\b", english)] == []


def test_help__is_in_the_docs():
    """As it is; ``python tests/cli_help.py`` brings the docs up to date."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_help__in_chinese():
    """Every option and command is described in Chinese; no English sentence is left."""
    shown = helps("zh_CN")
    assert "用法：" in shown
    assert not re.search(r"Usage|Options|Commands|Show this|default:", shown)
    described = re.sub("qqminigame [a-z ]+", "", shown)
    assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", described)
