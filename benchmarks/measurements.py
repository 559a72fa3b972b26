"""All that is measured, each in a process of its own.

``python -m benchmarks.measurements NAME`` reads the options from its standard input and writes the
figures to its standard output, both as JSON.
"""

import functools
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any, Final

from attrs import asdict

from benchmarks import (
    anatomy,
    bulk,
    calls,
    checks,
    imports,
    latency,
    memory,
    stores,
    threads,
    tokens,
    waiting,
)
from benchmarks.options import Options

Figures = dict[str, Any]

MEASUREMENTS: Final[dict[str, Callable[[Options], Figures]]] = {
    "http": functools.partial(calls.measure, tls=False),
    "tls": functools.partial(calls.measure, tls=True),
    "latency": latency.measure,
    "anatomy": anatomy.measure,
    "threads": threads.measure,
    "waiting": waiting.measure,
    "checks": checks.measure,
    "tokens": tokens.measure,
    "stores": stores.measure,
    "imports": imports.measure,
    "memory": memory.measure,
    "bulk": bulk.measure,
}
# A proxy or a .netrc would be measured instead of the call, and requests reads the whole
# environment for each call, so its size counts: here it is that of a small service.
_KEPT: Final = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TZ", "USER", "LOGNAME", "SHELL", "PWD"),
    *("TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
)


def run(name: str, options: Options) -> Figures:
    """Return the figures of a measurement, which runs alone, with an environment of its own."""
    if name == "tls" and importlib.util.find_spec("trustme") is None:
        return {"skipped": "trustme is not installed, which makes the certificate"}
    with tempfile.TemporaryDirectory() as home:
        env = {kept: os.environ[kept] for kept in _KEPT if kept in os.environ}
        env |= {"HOME": home, "XDG_CACHE_HOME": home, "LOCALAPPDATA": home}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.measurements", name],
            input=json.dumps(asdict(options)),
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            check=True,
        )
    figures: Figures = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    print(json.dumps(MEASUREMENTS[sys.argv[1]](Options(**json.load(sys.stdin)))))
