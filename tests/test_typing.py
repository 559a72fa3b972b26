"""What type checkers see of the package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
# An editable install is found by a hook of the interpreter, which no type checker runs.
SOURCES = {"MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
# Pyright takes the first python there.
INTERPRETER = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


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
    found = json.loads(done.stdout)["typeCompleteness"]
    unknown = [
        symbol["name"]
        for symbol in found["symbols"]
        if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]
    ]
    assert found["exportedSymbolCounts"]["withKnownType"] > 1000
    assert found["completenessScore"] >= 0.99, unknown
