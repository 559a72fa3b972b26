"""What importing the package costs on top of requests: whole processes, started in turns."""

import statistics
import subprocess
import sys
import time
from typing import Any, Final

from benchmarks.options import Options

_BARE: Final = "import requests"
_NAMES: Final = "import requests; from qqminigame import CloudStorage, Session"
_PROGRAMS: Final = (_BARE, _NAMES)


def measure(options: Options) -> dict[str, Any]:
    """Start as many of each as of the others; the medians of the differences of neighbours."""
    for program in _PROGRAMS:
        _run(program)  # writes the byte code, which users have
    took: dict[str, list[float]] = {program: [] for program in _PROGRAMS}
    for number in range(options.imports):
        first = number % len(_PROGRAMS)
        for program in _PROGRAMS[first:] + _PROGRAMS[:first]:
            took[program].append(_run(program))

    def extra_ms(program: str) -> float:
        pairs = zip(took[program], took[_BARE], strict=True)
        return round(statistics.median(ours - bare for ours, bare in pairs) * 1e3, 1)

    return {
        "requests_ms": round(statistics.median(took[_BARE]) * 1e3, 1),
        "extra_ms": extra_ms(_NAMES),
    }


def _run(program: str) -> float:
    """Return what a process took on the clock."""
    since = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - since
