"""The project's documents, as docutils reads them: snippets, tables, links, prose."""

import io
import re
import tokenize
from pathlib import Path

from attrs import frozen
from docutils import nodes
from docutils.core import publish_doctree

ROOT = Path(__file__).parent.parent
_STRICT = {"halt_level": 2, "report_level": 5, "syntax_highlight": "none"}
_FILE = re.compile(r"# ([a-z_]+\.py)\n")


@frozen
class Snippet:
    """A block of code.

    Attributes:
        language: What its directive says; empty where it says nothing.
        text: The code.
    """

    language: str
    text: str

    @property
    def file(self):
        """The name of the file that the snippet shows, from its first line; None for a piece."""
        named = _FILE.match(self.text)
        return named[1] if named else None


class Document:
    """One document in reStructuredText. A fault in it, or in its markup, is an error."""

    def __init__(self, name):
        """Read it.

        Args:
            name: Its path in the project.
        """
        self.path = ROOT / name
        text = self.path.read_text(encoding="utf-8")
        self._tree = publish_doctree(text, source_path=str(self.path), settings_overrides=_STRICT)

    def snippets(self):
        """Return the blocks of code, in their order."""
        blocks = self._tree.findall(nodes.literal_block)
        return [
            Snippet(" ".join(set(block["classes"]) - {"code"}), block.astext()) for block in blocks
        ]

    def program(self):
        """Return the Python snippets that are pieces of one program."""
        return [
            snippet.text
            for snippet in self.snippets()
            if snippet.language == "python" and snippet.file is None
        ]

    def files(self):
        """Return the Python snippets that are whole files, by name."""
        return {snippet.file: snippet.text for snippet in self.snippets() if snippet.file}

    def commands(self):
        """Return the commands that a console shows."""
        return [
            line.removeprefix("$ ")
            for snippet in self.snippets()
            if snippet.language == "console"
            for line in snippet.text.splitlines()
        ]

    def table(self, first_cell):
        """Return the rows of the table that starts with a cell: the texts of each row's cells."""
        for table in self._tree.findall(nodes.table):
            rows = [[cell.astext() for cell in row] for row in table.findall(nodes.row)]
            if rows[0][0] == first_cell:
                return rows[1:]
        raise LookupError(first_cell)

    def links(self):
        """Return what its links and pictures point to."""
        found = [node["refuri"] for node in self._tree.findall(nodes.reference) if "refuri" in node]
        return found + [node["uri"] for node in self._tree.findall(nodes.image)]

    def prose(self):
        """Return its texts: titles, paragraphs, cells of tables, comments and strings of code."""
        texts = [
            node.astext()
            for node in self._tree.findall(nodes.TextElement)
            if not isinstance(node, nodes.Inline | nodes.literal_block)
        ]
        for snippet in self.snippets():
            if snippet.language == "python":
                tokens = tokenize.generate_tokens(io.StringIO(snippet.text).readline)
                texts += [
                    token.string.strip("#\"' ")
                    for token in tokens
                    if token.type in (tokenize.COMMENT, tokenize.STRING)
                ]
        return texts


def source_documents():
    """Return the names of all documents in reStructuredText."""
    return sorted(
        str(path.relative_to(ROOT))
        for folder in (".", "docs", "examples/*")
        for path in ROOT.glob(f"{folder}/*.rst")
    )
