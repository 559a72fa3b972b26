"""``python -m qqminigame``: the commands, if what they need is installed."""

import sys

from qqminigame import messages

try:
    from qqminigame.cli import main
except ModuleNotFoundError as missing:
    sys.exit(str(messages.NO_COMMANDS.of(package=missing.name)))

if __name__ == "__main__":
    main()
