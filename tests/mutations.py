"""Breaks the package one line at a time and looks whether the tests notice; run by hand.

    python tests/mutations.py                       every row of mutation_table.py: many minutes
    python tests/mutations.py 'token-*' sig-sorted  those rows

Each row names the tests that have to fail. They are run once as the package is, and have to pass;
then once for each row, in a copy of the project in a temporary folder. Nothing in the checkout is
changed. The exit status is 1 if anything survived, or could not be tried.
"""

import argparse
import fnmatch
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import frozen
from mutation_table import MUTATIONS, Mutation

PROJECT = Path(__file__).parent.parent
NOT_COPIED = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "build", "dist", "results")
# A mutation may well make a test hang, or a thread of it that pytest then waits for at its end.
TEST_SECONDS = 60
RUN_SECONDS = 180


@frozen
class Run:
    """What pytest said of some tests.

    Attributes:
        status: Its exit status; None where it did not end in time.
        passed: The ids of those that passed.
        failed: The ids of those that failed; not of those that could not be set up or collected.
        printed: All that it printed.
    """

    status: int | None
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    printed: str


class CannotApplyError(Exception):
    """The old text of a mutation does not occur exactly once in the package."""


def read_run(status: int | None, printed: str) -> Run:
    """Return what pytest's ``-rpf`` summary says."""

    def ids(word: str) -> tuple[str, ...]:
        start = f"{word} "
        lines = [line for line in printed.splitlines() if line.startswith(start)]
        return tuple(line.removeprefix(start).partition(" - ")[0] for line in lines)

    return Run(status, ids("PASSED"), ids("FAILED"), printed)


def are_among(names: Iterable[str], ids: Sequence[str]) -> bool:
    """Return whether each name is that of a test, a class or a file of which an id is there."""
    return all(any(each.startswith(f"tests/{name}") for each in ids) for name in names)


def verdict(mutation: Mutation, run: Run) -> str:
    """Return how a mutation fared: only a named test that failed has killed it."""
    if run.status == 0:
        return "SURVIVED"
    killers = [name for name in mutation.tests if are_among([name], run.failed)]
    if run.status in (1, None) and killers:
        return "killed"
    return f"NOT TRIED: pytest ended with status {run.status}, and none of the tests failed"


def apply(mutation: Mutation, package: Path) -> None:
    """Replace the text of a mutation, wherever in the package it is.

    Raises:
        CannotApplyError: It is not there, or more than once.
    """
    sources = {path: path.read_text("utf-8") for path in package.rglob("*.py")}
    count = sum(source.count(mutation.old) for source in sources.values())
    if count != 1:
        raise CannotApplyError(f"the old text occurs {count} times")
    for path, source in sources.items():
        if mutation.old in source:
            path.write_text(source.replace(mutation.old, mutation.new), "utf-8")


def run_tests(names: Iterable[str], mutation: Mutation | None = None) -> Run:
    """Run tests in a copy of the project, mutated or as it is."""
    tests = [f"tests/{name}" for name in names]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project")
        shutil.copytree(PROJECT, copy, ignore=NOT_COPIED)
        if mutation is None:
            return run_pytest(copy, tests, None)
        apply(mutation, copy / "qqminigame")
        return run_pytest(copy, ["-x", *tests], RUN_SECONDS)


def run_pytest(copy: Path, arguments: Sequence[str], seconds: float | None) -> Run:
    """Run pytest in a folder, for so many seconds at most."""
    options = ["-q", "-rpf", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS}"]
    # The copy comes before what is installed, in the programs that tests start as well.
    paths = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=copy,
        env={**os.environ, **paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as pytest:
        try:
            printed, _ = pytest.communicate(timeout=seconds)
            return read_run(pytest.returncode, printed)
        except subprocess.TimeoutExpired:
            # With the programs that tests have started: they hold its output open.
            os.killpg(pytest.pid, signal.SIGKILL)
            return read_run(None, pytest.communicate()[0])


def attempt(mutation: Mutation) -> str:
    """Apply a mutation and return how it fared."""
    try:
        return verdict(mutation, run_tests(mutation.tests, mutation))
    except CannotApplyError as error:
        return f"NOT APPLIED: {error}"


def chosen(patterns: Sequence[str]) -> list[Mutation]:
    """Return the rows whose names match one of the patterns; all where there is none."""
    return [
        mutation
        for mutation in MUTATIONS
        if not patterns or any(fnmatch.fnmatch(mutation.name, each) for each in patterns)
    ]


def main() -> int:
    """Try the mutations named on the command line."""
    parser = argparse.ArgumentParser(description="Break the package and see that tests notice.")
    parser.add_argument("name", nargs="*", help="names or patterns of mutations; none means all")
    mutations = chosen(parser.parse_args().name)
    if not mutations:
        parser.error("no mutation has such a name")
    names = sorted({name for mutation in mutations for name in mutation.tests})
    print(f"{len(names)} tests of {len(mutations)} mutations, unmutated", flush=True)
    unmutated = run_tests(names)
    if unmutated.status != 0 or not are_among(names, unmutated.passed):
        print(unmutated.printed, "these tests have to pass before they can kill", sep="\n")
        return 1
    verdicts = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutation, fared in zip(mutations, pool.map(attempt, mutations), strict=True):
            verdicts.append(fared)
            print(f"{fared:10} {mutation.name}", flush=True)
    print(f"{verdicts.count('killed')} of {len(mutations)} were killed")
    return 0 if set(verdicts) == {"killed"} else 1


if __name__ == "__main__":
    sys.exit(main())
