"""``python -m qqminigame``: the commands, if what they need is installed."""

import sys

try:
    from qqminigame.cli import main
except ModuleNotFoundError as missing:
    sys.exit(
        f"python -m qqminigame needs {missing.name}: python -m pip install 'qqminigame[sandbox]'"
    )

if __name__ == "__main__":
    main()
