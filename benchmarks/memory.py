"""Whether memory grows with the calls."""

from pathlib import Path
from typing import Any, Final

from benchmarks.options import Options
from benchmarks.peers import OurSet
from benchmarks.platform import platform
from benchmarks.turns import repeated

_STATUS: Final = Path("/proc/self/status")


def measure(options: Options) -> dict[str, Any]:
    """Compare the resident memory before and after very many calls."""
    if not _STATUS.exists():
        return {"skipped": f"this system has no {_STATUS}"}
    with platform() as place:
        peer = OurSet(place)
        # Until the allocator's arenas and all caches have their size.
        repeated(peer.call, max(1, options.long // 20))()
        before = _resident_kib()
        repeated(peer.call, options.long)()
        growth = _resident_kib() - before
        peer.close()
    return {"calls": options.long, "before_kib": before, "growth_kib": growth}


def _resident_kib() -> int:
    (line,) = (each for each in _STATUS.read_text().splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1])
