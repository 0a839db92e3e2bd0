"""Code as a listing: which lines it has, and where a quote stands in it.

Lines end at LF or CR LF, as editors count them, and nowhere else; what follows the last line break is a line
only if it holds something.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, takewhile

from aiplane.text.plain import is_seen

LONGEST_QUOTED_LINE, MOST_QUOTED_LINES = 400, 40
"""Characters of a line, and lines, that a quote has at most: what is cut off stands in the code."""

_LINE_NUMBER = re.compile(r"^[ \t]*\d+ ?\| ?", re.MULTILINE)
_LEFT_OUT = re.compile(r"[ \t]*(?:\.\.\.|\u2026)[ \t]*")
_FENCE = re.compile(r"^\s*```\w*\n|\n?```\s*$")
_QUOTATION_MARKS = re.compile(
    r"^\s*([`\"'\u201c\u2018\u201e\u00ab])(.*)[`\"'\u201d\u2019\u201c\u00bb]\s*$", re.DOTALL
)


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

    def find(self, quote: str, start_line: int, end_line: int) -> Passage | None:
        """Find a quote, whatever its white space, in the lines it is said to stand in, or else elsewhere.

        Line numbers that were copied from a prompt, marks around the quote, and an ellipsis in it are
        seen through.

        Returns:
            The quote as it stands in the code, with the given lines if it stands within them, else with
            its own: those of the next place after, else of the first. It is cut where a line is too long to
            be read, or the quote has too many. ``None`` for a quote that is nowhere in the code, and for one
            that is only white space.
        """
        for form in (quote, _LINE_NUMBER.sub("", quote)):
            if (found := self._find(form, start_line, end_line)) is not None:
                return found
        return self._find_pieces(quote, start_line)

    def _find_pieces(self, quote: str, start_line: int) -> Passage | None:
        """Find a quote that leaves something out: each of its pieces, in order, first to last."""
        pieces = [_squeezed(piece) for piece in _LEFT_OUT.split(_bare(quote))]
        text, positions = self._squeezed
        first = bisect_left(positions, self._start_of(start_line))
        for begin in (first, 0):
            places, at = [], begin
            for piece in filter(None, pieces):
                if (found := text.find(piece, at)) < 0:
                    break
                at = found + len(piece)
                places.append((found, at))
            else:
                return self._passage(places[0][0], places[-1][1]) if places else None
        return None

    def _passage(self, at: int, end: int) -> Passage:
        """Return what stands between two places of the squeezed code, with its own lines."""
        _, positions = self._squeezed
        lines = [bisect_right(self._starts, positions[place]) for place in (at, end - 1)]
        return Passage(lines[0], lines[1], self._quote(at, end - at))

    def _find(self, quote: str, start_line: int, end_line: int) -> Passage | None:
        wanted = _squeezed(quote)
        if not wanted:
            return None
        text, positions = self._squeezed
        first = bisect_left(positions, self._start_of(start_line))
        last = bisect_left(positions, self._start_of(end_line + 1))
        if self.has(start_line, end_line) and (at := text.find(wanted, first, last)) >= 0:
            return Passage(start_line, end_line, self._quote(at, len(wanted)))
        if (at := text.find(wanted, first)) < 0 and (at := text.find(wanted)) < 0:
            return None
        return self._passage(at, at + len(wanted))

    @cached_property
    def _squeezed(self) -> tuple[str, list[int]]:
        """The code without white space and what nobody sees, and where each of its characters stands."""
        positions = [position for position, character in enumerate(self._code) if is_seen(character)]
        return "".join(map(self._code.__getitem__, positions)), positions

    def _quote(self, at: int, length: int) -> str:
        _, positions = self._squeezed
        return _bounded(self._code[positions[at] : positions[at + length - 1] + 1])

    def _start_of(self, line: int) -> int:
        if line < 1:
            return 0
        return self._starts[line - 1] if line <= len(self._starts) else len(self._code)


def _bare(quote: str) -> str:
    """Take away the marks around a quote, and the numbers of lines in it."""
    bare = _LINE_NUMBER.sub("", _FENCE.sub("", quote))
    marked = _QUOTATION_MARKS.match(bare)
    return _LINE_NUMBER.sub("", marked[2]) if marked else bare


def _squeezed(text: str) -> str:
    return "".join(filter(is_seen, text))


def _bounded(quote: str) -> str:
    """Cut a quote behind so many lines, within a line that is too long, and before what nobody sees."""
    kept = []
    for line in quote.split("\n")[:MOST_QUOTED_LINES]:
        shown = "".join(takewhile(_is_shown, line[:LONGEST_QUOTED_LINE]))
        kept.append(shown)
        if len(shown) < len(line):
            break
    return "\n".join(kept).rstrip()


def _is_shown(character: str) -> bool:
    return character.isspace() or is_seen(character)
