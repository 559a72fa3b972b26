"""The wheel and the source distribution, installed in empty environments away from the checkout."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from machine import require

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.timeout(600)


def run(*command, **options):
    """Run a command without anything of this checkout in its environment; show what it said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=env, **options
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel and an sdist, built from a copy of the files that git tracks or would."""
    folder = tmp_path_factory.mktemp("built")
    names = subprocess.run(
        [require("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    code, said = run(sys.executable, "-m", "build", "--outdir", folder / "dist", folder / "source")
    assert code == 0, said
    return folder / "dist"


def environment(tmp_path_factory, requirement):
    """Make an empty environment, install something in it, and return its interpreter."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    code, said = run(python, "-m", "pip", "install", "--quiet", requirement)
    assert code == 0, said
    return python


@pytest.fixture(scope="module")
def bare(built, tmp_path_factory):
    """An environment with the wheel and its three requirements."""
    (wheel,) = built.glob("*.whl")
    return environment(tmp_path_factory, wheel)


def test_wheel__holds_the_package_and_nothing_else(built):
    """The package with py.typed and the license; no tests, no tools."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.partition("/")[0] for name in names}
    assert {root for root in roots if "dist-info" not in root} == {"qqminigame"}
    assert "qqminigame/py.typed" in names
    assert "qqminigame/sandbox/mini.js" in names
    assert "qqminigame/sandbox/pytest_plugin.py" in names
    assert any(name.endswith("LICENSE") for name in names)


def test_sdist__holds_what_is_needed_to_test_it(built):
    """Sources, tests and the papers."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {
        "setup.cfg",
        "setup.py",
        "README.rst",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "tests/conftest.py",
        "tests/vectors/platform_vectors.json",
        "qqminigame/py.typed",
    }


def test_wheel__needs_three_packages(bare, tmp_path):
    """Imported with just its requirements, away from the checkout; the demo says what it lacks."""
    code, said = run(bare, "-m", "pip", "list", "--format=freeze", cwd=tmp_path)
    assert code == 0
    packages = {line.partition("==")[0] for line in said.split()}
    assert packages - {"pip", "setuptools"} == {
        "qqminigame",
        *("requests", "attrs", "cachetools"),
        *("urllib3", "idna", "certifi", "charset-normalizer"),  # what requests needs
    }
    program = "import qqminigame; print(qqminigame.__version__, qqminigame.Session('1').now())"
    code, said = run(bare, "-W", "error", "-c", program, cwd=tmp_path)
    assert code == 0, said
    code, said = run(bare, "-m", "qqminigame", "demo", cwd=tmp_path)
    assert code == 1
    assert "pip install 'qqminigame[sandbox]'" in said


def test_wheel__runs_the_demo(built, tmp_path_factory, tmp_path):
    """With the extra, the demo runs from the wheel, as a module and as a command."""
    (wheel,) = built.glob("*.whl")
    python = environment(tmp_path_factory, f"{wheel}[sandbox]")
    for command in ([python, "-m", "qqminigame"], [python.parent / "qqminigame"]):
        code, said = run(*command, "demo", cwd=tmp_path)
        assert code == 0, said
        assert "PayReport(use=1, left=2)" in said
