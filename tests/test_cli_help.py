"""The help of the command line: in the docs, and in Chinese."""

import re

from cli_help import PAGE, helps, page


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
