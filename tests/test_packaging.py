"""The wheel and the source distribution, and the wheel in an environment away from the checkout."""

import email
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from documents import Document, source_documents
from filelock import FileLock
from machine import require

ROOT = Path(__file__).parent.parent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*command, **options):
    """Run a command without anything of this checkout in its environment; show what it said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=env, **options
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel and an sdist, built once from a copy of the files that git tracks or would."""
    # What processes of one run share is beside their own folders.
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "built"
    with FileLock(shared / "built.lock"):
        if not folder.exists():
            build(folder)
    return folder


def build(folder):
    """Build a wheel and an sdist."""
    source = folder.with_name("source")
    for name in filter(None, tracked_files()):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    made = folder.with_name("dist")
    code, said = run(sys.executable, "-m", "build", "--outdir", made, source)
    assert code == 0, said
    made.rename(folder)


def tracked_files():
    """Return the names of the files that git tracks or would."""
    return subprocess.run(
        [require("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")


class Environment:
    """An empty virtual environment, away from the checkout.

    Attributes:
        python: Its interpreter.
    """

    def __init__(self, folder):
        venv.create(folder, with_pip=False)
        self.python = folder / "bin" / "python"

    def pip(self, *arguments):
        """Use this interpreter's pip on it; return what it printed."""
        command = [sys.executable, "-m", "pip", "--python", self.python, *arguments]
        code, said = run(*command, "--disable-pip-version-check", cwd=self.python.parent)
        assert code == 0, said
        return said


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


def test_sdist__holds_the_documents_and_what_they_link_to(built):
    """Both READMEs, the pages of docs/, and each picture and page that one of them names."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    linked = {
        os.path.normpath(Path(name).parent / link)
        for name in source_documents()
        for link in Document(name).links()
        if not urlsplit(link).scheme
    }
    assert "benchmarks/results/calls.svg" in linked
    assert names >= {*source_documents(), *linked}


def test_index__takes_what_is_built(built):
    """Wheel and sdist pass the check that goes before an upload."""
    code, said = run(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir())
    assert code == 0, said
    assert said.count("PASSED") == 2


def test_index__is_told_readme_changelog_and_pages_of_others(built):
    """The description is both documents; links have labels that the index takes."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        told = email.message_from_bytes(archive.read(name))
    assert told["Description-Content-Type"] == "text/x-rst"
    documents = [(ROOT / name).read_text("utf-8") for name in ("README.rst", "CHANGELOG.md")]
    assert told.get_payload(decode=True).decode().split() == "\n".join(documents).split()
    links = [link.split(", ") for link in told.get_all("Project-URL")]
    assert all(len(label) <= 32 and urlsplit(url).scheme == "https" for label, url in links)
    assert told["Home-page"] is None  # the project has no public address yet


def test_wheel__needs_three_packages_and_with_the_extra_runs_the_demo(built, tmp_path):
    """In an empty environment: imported with just its requirements, then with the sandbox."""
    (wheel,) = built.glob("*.whl")
    environment = Environment(tmp_path / "environment")
    environment.pip("install", "--quiet", "--no-compile", wheel)
    listed = environment.pip("list", "--format=freeze")
    assert {line.partition("==")[0] for line in listed.split() if "==" in line} == {
        "qqminigame",
        *("requests", "attrs", "cachetools"),
        *("urllib3", "idna", "certifi", "charset-normalizer"),  # what requests needs
    }
    program = "import qqminigame; print(qqminigame.__version__, qqminigame.Session('1').now())"
    code, said = run(environment.python, "-W", "error", "-c", program, cwd=tmp_path)
    assert code == 0, said
    code, said = run(environment.python, "-m", "qqminigame", "demo", cwd=tmp_path)
    assert code == 1
    assert "pip install 'qqminigame[sandbox]'" in said
    environment.pip("install", "--quiet", "--no-compile", f"{wheel}[sandbox]")
    command = environment.python.with_name("qqminigame")
    for program in ([environment.python, "-m", "qqminigame"], [command]):
        code, said = run(*program, "demo", cwd=tmp_path)
        assert code == 0, said
        assert "PayReport(use=1, left=2)" in said


@pytest.fixture(scope="module")
def bare(built, tmp_path_factory):
    """An environment with the wheel and just its requirements."""
    (wheel,) = built.glob("*.whl")
    environment = Environment(tmp_path_factory.mktemp("bare") / "environment")
    environment.pip("install", "--quiet", "--no-compile", wheel)
    return environment


@pytest.mark.parametrize(
    ("extra", "module", "package"),
    [
        ("django", "qqminigame.integrations.django", "django"),
        ("flask", "qqminigame.integrations.flask", "flask"),
    ],
)
def test_framework__without_its_extra(bare, tmp_path, extra, module, package):
    """The error names what to install; what the frameworks share needs neither of them."""
    code, said = run(bare.python, "-c", f"import {module}", cwd=tmp_path)
    assert code == 1
    assert f"pip install 'qqminigame[{extra}]'" in said
    program = "import qqminigame.integrations.configuration, qqminigame.integrations.http"
    code, said = run(bare.python, "-W", "error", "-c", program, cwd=tmp_path)
    assert code == 0, said


GAME = """
import sys
from flask import Flask
from qqminigame.integrations.flask import QQMiniGame, current_session, register_error_handlers
app = Flask("game")
app.config["QQMINIGAME_APP_ID"] = "1"
QQMiniGame(app)
register_error_handlers(app)
with app.app_context():
    print(current_session.platform.name, file=sys.stderr)
"""
SETTINGS = """
INSTALLED_APPS = ["qqminigame.integrations.django"]
QQMINIGAME = {"default": {"APP_ID": "1", "ORDERS": "memory:"}}
"""
FRAMEWORKS = {
    "flask": (
        {"app.py": GAME},
        ["-m", "flask", "qqminigame"],
        "rich",
        "app.config['QQMINIGAME_*']",
    ),
    "django": (
        {"game.py": SETTINGS},
        ["-m", "django", "qqminigame", "--settings=game"],
        "click",
        "settings.QQMINIGAME['default']",
    ),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_framework__with_its_extra_alone(built, tmp_path, framework):
    """It works without the other one; a command names the extra that it needs, and then runs."""
    (wheel,) = built.glob("*.whl")
    files, command, missing, place = FRAMEWORKS[framework]
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environment = Environment(tmp_path / "environment")
    environment.pip("install", "--quiet", "--no-compile", f"{wheel}[{framework}]")
    listed = environment.pip("list", "--format=freeze").lower()
    others = {*FRAMEWORKS, "rich", "aiohttp", "celery", "redis", "cryptography"} - {framework}
    assert [name for name in others if f"{name}==" in listed] == []

    doctor = [environment.python, "-W", "error", *command, "doctor", "--offline"]
    code, said = run(*doctor, cwd=tmp_path)
    assert code == 4, said
    assert f"need {missing}; run python -m pip install 'qqminigame[cli]'" in said
    environment.pip("install", "--quiet", "--no-compile", f"{wheel}[cli]")
    code, said = run(*doctor, cwd=tmp_path)
    assert code == 0, said
    assert f"setting app_id: 1 ({place})" in said
