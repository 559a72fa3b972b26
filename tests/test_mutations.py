"""The script that breaks the package calls a mutation killed only where a test noticed it."""

from pathlib import Path

import pytest
from mutation_table import MUTATIONS, Mutation
from mutations import CannotApplyError, apply, are_among, chosen, read_run, verdict

import qqminigame

ROW = Mutation("name", "a > 1", "a >= 1", "test_a.py::test_it test_b.py::TestIt")


@pytest.mark.parametrize(
    ("status", "printed", "says"),
    [
        (0, "PASSED tests/test_a.py::test_it", "SURVIVED"),
        (
            1,
            "PASSED tests/test_b.py::TestIt::test\nFAILED tests/test_a.py::test_it[1] - x",
            "killed",
        ),
        (1, "FAILED tests/test_b.py::TestIt::test_this", "killed"),
        (1, "FAILED tests/test_other.py::test_it - AssertionError", "NOT TRIED"),
        (1, "ERROR tests/test_a.py::test_it - the fixture failed", "NOT TRIED"),
        (2, "ERROR tests/test_a.py - SyntaxError", "NOT TRIED"),
        (4, "ERROR: not found: tests/test_a.py::test_it", "NOT TRIED"),
        (5, "no tests ran", "NOT TRIED"),
        (None, "FAILED tests/test_a.py::test_it - Timeout", "killed"),
        (None, "", "NOT TRIED"),
    ],
)
def test_verdict__only_a_failed_test_kills(status, printed, says):
    """Neither what cannot be collected nor what cannot be set up has looked at the mutation."""
    assert verdict(ROW, read_run(status, printed)).startswith(says)


def test_are_among__each_name_needs_a_test():
    """One test of a file, a class or a parametrised test will do, but no name is left out."""
    ids = ("tests/test_a.py::test_it[x - y]", "tests/test_b.py::TestIt::test_this")
    assert are_among(["test_a.py", "test_a.py::test_it", "test_b.py::TestIt"], ids)
    assert not are_among(["test_a.py", "test_c.py"], ids)


def test_apply__where_the_text_occurs_once(tmp_path):
    """The text is replaced in whatever file it is, and nothing else is."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "deep.py").write_text("if a > 1:\n    pass\n")
    (tmp_path / "other.py").write_text("if b > 1:\n    pass\n")
    apply(ROW, tmp_path)
    assert (tmp_path / "folder" / "deep.py").read_text() == "if a >= 1:\n    pass\n"
    assert (tmp_path / "other.py").read_text() == "if b > 1:\n    pass\n"


@pytest.mark.parametrize("texts", [["a", "b"], ["a > 1", "a > 1"], ["a > 1; a > 1", ""]])
def test_apply__anything_but_once(texts, tmp_path):
    """A text that is gone, or no longer alone, is told and not guessed."""
    for number, text in enumerate(texts):
        (tmp_path / f"module{number}.py").write_text(text)
    with pytest.raises(CannotApplyError):
        apply(ROW, tmp_path)


def test_chosen__by_name_or_pattern():
    """Rows are named one by one or by a pattern; without a name they are all meant."""
    assert chosen([]) == list(MUTATIONS)
    assert [each.name for each in chosen(["sig-sorted"])] == ["sig-sorted"]
    assert {each.name.partition("-")[0] for each in chosen(["token-*", "limit-*"])} == {
        "token",
        "limit",
    }
    assert chosen(["nothing"]) == []


def test_rows__are_told_apart():
    """No two rows have one name, and each changes something and names a test."""
    assert len({each.name for each in MUTATIONS}) == len(MUTATIONS)
    assert all(each.old != each.new and each.tests for each in MUTATIONS)


def test_rows__are_up_to_date():
    """Each row's text is in the package, once: a change of the line changes its row, too."""
    package = Path(qqminigame.__file__).parent
    source = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    assert [each.name for each in MUTATIONS if source.count(each.old) != 1] == []
