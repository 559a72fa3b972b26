"""How much is measured."""

from typing import Any

from attrs import field, frozen


def _count(default: int, words: str) -> Any:
    """Return a field that the command line has an option for."""
    return field(default=default, metadata={"help": f"{words} ({default})"})


@frozen(kw_only=True)
class Options:
    """How often each thing is done; the command line has the same words."""

    calls: int = _count(100, "calls of each peer in a round")
    rounds: int = _count(25, "rounds, in each of which every peer has its turn")
    long: int = _count(100_000, "calls of the long run that watches the memory")
    imports: int = _count(25, "processes that import the package, and as many that do not")
    logins: int = _count(1_000_000, "logins in the fullest store")
    rows: int = _count(10_000, "rows of a bulk load")
