"""``python -m qqminigame``: the commands, if what they need is installed."""

import sys
from typing import Final

from qqminigame.cli import texts

_NEED_THE_SANDBOX: Final = ("demo", "sandbox")

try:
    from qqminigame.cli.program import main
except ModuleNotFoundError as missing:
    extra = "sandbox" if set(sys.argv[1:2]) & set(_NEED_THE_SANDBOX) else "cli"
    sys.exit(f"qqminigame: {texts.NO_EXTRA.of(package=missing.name, extra=extra)}")

if __name__ == "__main__":
    sys.exit(main())
