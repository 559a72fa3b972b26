"""The help of all commands, as ``docs/cli.rst`` shows it; run as a program, this writes it."""

import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "cli.rst"
START, END = ".. help start\n", ".. help end\n"

_PRINT = """
import click
from qqminigame.cli.program import program

def show(command, name, parent):
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    print(f"{context.command_path}\\n{'~' * len(context.command_path)}\\n\\n::\\n")
    print("\\n".join(f"    {line}".rstrip() for line in command.get_help(context).splitlines()))
    print()
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        show(command.get_command(context, name), name, context)

show(program, "qqminigame", None)
"""


def helps(language="en"):
    """Return the help of all commands in a language."""
    env = {**os.environ, "QQMINIGAME_LANG": language, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", _PRINT]
    done = subprocess.run(command, capture_output=True, env=env, check=True)
    return done.stdout.decode()


def page():
    """Return the page with the help as it is now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{helps()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
