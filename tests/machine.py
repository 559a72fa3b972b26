"""What a machine may lack: a skip with its reason, except in CI, where it is a failure."""

import os
import shutil

import pytest


def require(program):
    """Return the path of a program; without it, skip the test, or in CI fail it."""
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"this machine has no {program}"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI must not skip it")
    pytest.skip(reason)
