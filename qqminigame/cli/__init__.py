"""The command line: ``qqminigame`` and ``python -m qqminigame``.

Needs the extra ``cli``; the commands ``sandbox`` and ``demo`` the extra ``sandbox``. What it prints
and how it ends is documented in ``docs/cli.rst``.
"""
