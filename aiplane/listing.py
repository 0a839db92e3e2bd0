"""Code as a numbered listing: which lines it has, and where a quote stands in it.

Lines end at LF or CR LF, as editors count them, and nowhere else; what follows the last line break is a line
only if it holds something.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

_LINE_NUMBER = re.compile(r"^[ \t]*\d+ \| ?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Passage:
    """Some of the code: its lines, counted from 1 and both included, and its text as it stands there."""

    start_line: int
    end_line: int
    quote: str


class Listing:
    """The code that a candidate sent."""

    def __init__(self, code: str) -> None:
        self._code = code
        rows = code.split("\n")
        if not rows[-1]:
            rows.pop()
        self._starts = list(accumulate((len(row) + 1 for row in rows), initial=0))[:-1]
        self.lines = tuple(row.removesuffix("\r") for row in rows)

    def has(self, start_line: int, end_line: int) -> bool:
        """Tell whether the range is one of lines that exist."""
        return 1 <= start_line <= end_line <= len(self.lines)

    def numbered(self) -> str:
        """Return the code with each line's number before it, as a model is shown it."""
        return "\n".join(f"{number:>4} | {line}" for number, line in enumerate(self.lines, start=1))

    def find(self, quote: str, start_line: int, end_line: int) -> Passage | None:
        """Find a quote, whatever its white space, in the lines it is said to stand in, or else elsewhere.

        Line numbers that were copied from :meth:`numbered` are forgiven.

        Returns:
            The quote as it stands in the code, with the given lines if it stands within them, else with
            its own: those of the next place after, else of the first. ``None`` for a quote that is nowhere
            in the code, and for one that is only white space.
        """
        return self._find(quote, start_line, end_line) or self._find(
            _LINE_NUMBER.sub("", quote), start_line, end_line
        )

    def _find(self, quote: str, start_line: int, end_line: int) -> Passage | None:
        wanted = "".join(quote.split())
        if not wanted:
            return None
        text, positions = self._squeezed
        first = bisect_left(positions, self._start_of(start_line))
        last = bisect_left(positions, self._start_of(end_line + 1))
        if self.has(start_line, end_line) and (at := text.find(wanted, first, last)) >= 0:
            return Passage(start_line, end_line, self._quote(at, len(wanted)))
        if (at := text.find(wanted, first)) < 0 and (at := text.find(wanted)) < 0:
            return None
        lines = [bisect_right(self._starts, positions[at + offset]) for offset in (0, len(wanted) - 1)]
        return Passage(lines[0], lines[1], self._quote(at, len(wanted)))

    @cached_property
    def _squeezed(self) -> tuple[str, list[int]]:
        """The code without white space, and where each of its characters stands in the code."""
        positions = [position for position, character in enumerate(self._code) if not character.isspace()]
        return "".join(self._code.split()), positions

    def _quote(self, at: int, length: int) -> str:
        _, positions = self._squeezed
        return self._code[positions[at] : positions[at + length - 1] + 1]

    def _start_of(self, line: int) -> int:
        if line < 1:
            return 0
        return self._starts[line - 1] if line <= len(self._starts) else len(self._code)
