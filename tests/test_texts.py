"""The texts of the command line and of the integrations follow the rules of the catalogue."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from test_messages import CHINESE, CHINESE_TERMS, NOT_IN_CHINESE, NOT_IN_ENGLISH, filled, names

import qqminigame
from qqminigame.messages import Text

ROOT = Path(qqminigame.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.rglob("*texts.py")
)
TEXTS = {
    f"{module}.{name}": text
    for module in MODULES
    for name, text in vars(import_module(f"qqminigame.{module}")).items()
    if isinstance(text, Text)
}
# Form alone, no words.
FORMS = {"VERSIONS", "SETTING", "TLS_BAD", "BY_FILE", "IN_MEMORY", "REFUSED_SETTING"}
# Users of the operating system, who are no players.
OF_THE_SYSTEM = ("用户组", "用户运行", "任何用户", "用户 {owner}")
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
    for term in (*CHINESE_TERMS, *OF_THE_SYSTEM):
        chinese = chinese.replace(term, "")
    assert [word for word in NOT_IN_CHINESE if word in chinese] == []
    assert [word for word in NOT_IN_ENGLISH if re.search(rf"\b{word}\b", english)] == []


@pytest.mark.parametrize("module", MODULES)
def test_texts__are_all_used(module):
    """Every text is named somewhere."""
    folder = ROOT / module.partition(".")[0]
    source = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    own = [name.rpartition(".")[2] for name in TEXTS if name.startswith(f"{module}.")]
    assert [name for name in own if not re.search(rf"texts\.{name}\b", source)] == []
