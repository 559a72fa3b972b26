"""What the figures were measured on."""

import datetime
import importlib.metadata
import os
import platform
import ssl
from pathlib import Path
from typing import Any, Final

_PACKAGES: Final = ("qqminigame", "requests", "urllib3", "httpx", "wechatpy")


def describe() -> dict[str, Any]:
    """Return what a reader has to know of this machine to compare its figures."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "openssl": ssl.OPENSSL_VERSION.removeprefix("OpenSSL ").partition(" ")[0],
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def load() -> float:
    """Return how many processes want a processor, on average over a minute; 0 where unknown."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0


def _cpu() -> str:
    """Return the processor's model; Python itself knows it only on some systems."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
