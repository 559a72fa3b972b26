"""What type checkers see of the package."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parent.parent
# An editable install is found by a hook of the interpreter, which no type checker runs.
SOURCES = {"MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
# Pyright takes the first python there.
INTERPRETER = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

# What Django alone imports: there, names of its base classes are set, whose stubs leave their types
# open.
OVERRIDES = re.compile(
    r"qqminigame\.integrations\.django\.(admin|apps|management|migrations|models)\."
)


def run(*command):
    """Run a module of this interpreter's environment."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **SOURCES, **INTERPRETER},
        capture_output=True,
        text=True,
    )


def test_usage__is_typed(tmp_path):
    """Right uses of the public names pass mypy in its strict mode, and each wrong one fails."""
    options = ["--strict", "--config-file=", f"--cache-dir={tmp_path}"]
    done = run("mypy", *options, "tests/typed_usage.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_package__is_typed():
    """Of all that can be imported, pyright knows the type of nearly everything."""
    done = run("pyright", "--ignoreexternal", "--verifytypes", "qqminigame", "--outputjson")
    exported = [
        symbol
        for symbol in json.loads(done.stdout)["typeCompleteness"]["symbols"]
        if symbol["isExported"] and not OVERRIDES.match(symbol["name"])
    ]
    unknown = [
        symbol["name"]
        for symbol in exported
        if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]
    ]
    assert len(exported) > 1000
    assert len(unknown) <= 0.01 * len(exported), unknown
