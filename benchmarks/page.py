"""The copy of the tables in docs/performance.rst, between two comments."""

from typing import Final

START: Final = ".. benchmarks start"
END: Final = ".. benchmarks end"


def put_into(text: str, table: str) -> str:
    """Return a text with a table between its marks; without marks, the text as it is. Pure."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{START}\n\n{table}\n{END}{after}" if start and end else text
