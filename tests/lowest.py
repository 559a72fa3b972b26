"""Prints what the package needs in its lowest allowed versions, for pip.

``make lowest`` runs the tests of the transport with them.
"""

import configparser
import re
from pathlib import Path


def lowest(setup: Path) -> list[str]:
    """Return the requirements of a setup.cfg, each in the lowest version that it allows."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(setup, encoding="utf-8")
    lines = config["options"]["install_requires"].splitlines()
    wanted = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    return [re.sub(r"\s*>=\s*", "==", line.strip()) for line in wanted]


if __name__ == "__main__":
    print(*lowest(Path(__file__).parent.parent / "setup.cfg"))
