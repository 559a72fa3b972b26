"""``qqminigame doctor``."""

from typing import Any, Final

import click

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command
from qqminigame.cli.doctor import texts as doctor_texts
from qqminigame.cli.doctor.examination import examine
from qqminigame.cli.doctor.findings import Finding, Grade, worst
from qqminigame.cli.exits import Exit
from qqminigame.cli.options import Run, asking, option

_GRADES: Final = {
    Grade.GOOD: (doctor_texts.GOOD, "green"),
    Grade.DOUBTFUL: (doctor_texts.DOUBTFUL, "yellow"),
    Grade.BAD: (doctor_texts.BAD, "red"),
}


@click.command(cls=Command, help=str(texts.DOCTOR))
@option("--offline", is_flag=True, text=texts.OFFLINE_OPTION)
@option("--celery", metavar="MODULE:APP", text=texts.DOCTOR_CELERY_OPTION)
@asking
def doctor(run: Run, offline: bool, celery: str | None) -> Exit:
    """Check what calls depend on."""
    findings = []
    for finding in examine(run, offline=offline, celery=celery):
        findings.append(finding)
        run.output.data(_values(finding), _line(finding))
    return worst(findings)


def _values(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "grade": finding.grade.value,
        "english": finding.what.english,
        "chinese": finding.what.chinese,
        "todo_english": finding.todo.english,
        "todo_chinese": finding.todo.chinese,
    }


def _line(finding: Finding) -> str:
    word, color = _GRADES[finding.grade]
    todo = str(finding.todo)
    advice = f"\n{'':10}→ {todo}" if todo else ""
    return f"{click.style(str(word), fg=color)}  {finding.check}: {finding.what}{advice}"
