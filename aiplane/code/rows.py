"""Code read line by line, without comments and without what stands in strings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from aiplane.code.listing import Listing
from aiplane.code.template import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.code.metrics import CodeMetrics

_MAX_LINES = 2_000
_MAX_LINE = 400
"""Characters of a line that are read. What is longer is data, or was generated."""

_DOCSTRING = re.compile(r"('{3}|\"{3})(?:.|\n)*?(?:\1|\Z)")
_BLOCK_COMMENT = re.compile(r"/\*(?:.|\n)*?(?:\*/|\Z)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?' + r"|'(?:[^'\\]|\\.)*+'?" + r"|`[^`]*+`?")
_LOOP = re.compile(r"^(?:for|while|loop|do)\b|\.(?:forEach|for_each)\(")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of code that is not blank.

    Attributes:
        number: its line, counted from 1.
        indent: how far it is indented, a tab as eight.
        text: what stands there, without comments and with ``"_"`` for strings that hold something.
        loops: how many loops it stands in, itself not counted, by indentation.
    """

    number: int
    indent: int
    text: str
    loops: int

    @property
    def is_loop(self) -> bool:
        """True if a loop begins here."""
        return bool(_LOOP.search(self.text))


class Source:
    """A candidate's code, with its metrics where there are any."""

    def __init__(self, code: str, language: str | None, metrics: CodeMetrics | None) -> None:
        self.listing = Listing(code)
        self.metrics = metrics
        self._is_python = language == "python"

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The lines with code, of the first 2,000."""
        return tuple(self._read())

    @property
    def is_empty(self) -> bool:
        """True if nothing stands there that an empty template would not have too."""
        return all(is_template(row.text) for row in self.rows)

    def text_of(self, line: int) -> str:
        """Return what stands in a line, without the blanks around it and cut to a quotable length."""
        return self.listing.lines[line - 1].strip()[:_MAX_LINE].strip()

    def _read(self) -> Iterator[Row]:
        block, comment = (_DOCSTRING, "#") if self._is_python else (_BLOCK_COMMENT, "//")
        code = block.sub(lambda match: "\n" * match[0].count("\n"), "\n".join(self.listing.lines))
        open_loops: list[int] = []
        for number, line in enumerate(code.split("\n")[:_MAX_LINES], start=1):
            text = _STRING.sub(_emptied, line[:_MAX_LINE]).partition(comment)[0].strip()
            if not text:
                continue
            expanded = line[:_MAX_LINE].expandtabs(8)
            indent = len(expanded) - len(expanded.lstrip())
            while open_loops and open_loops[-1] >= indent:
                open_loops.pop()
            row = Row(number, indent, text, len(open_loops))
            if row.is_loop:
                open_loops.append(indent)
            yield row


def _emptied(string: re.Match[str]) -> str:
    return '""' if string[0] in ('""', "''", "``") else '"_"'
