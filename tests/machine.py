"""What a machine may lack: a skip with its reason, except in CI, where it is a failure."""

import os
import shutil
from typing import NoReturn

import pytest


def require(program: str) -> str:
    """Return the path of a program; without it, skip the test, or in CI fail it."""
    path = shutil.which(program)
    return path if path is not None else lack(f"this machine has no {program}")


def require_root() -> None:
    """Go on only as root, who alone can be two users."""
    if os.geteuid() != 0:
        lack("only root can be two users")


def lack(reason: str) -> NoReturn:
    """Skip the test for a reason, or in CI fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI must not skip it")
    pytest.skip(reason)
