"""Places in code that the offline coach looks for: lines, found by patterns or measured.

Each pattern returns the first and the last line of what it found, or ``None``.
"""

from __future__ import annotations

import re
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiplane.code.metrics import FunctionMetrics
    from aiplane.code.rows import Row, Source


def first(matches: Callable[[Row], object]) -> Callable[[Source], tuple[int, int] | None]:
    """Make a search for the first row that matches."""

    def find(source: Source) -> tuple[int, int] | None:
        return next(((row.number, row.number) for row in source.rows if matches(row)), None)

    return find


def in_a_loop(pattern: str) -> Callable[[Source], tuple[int, int] | None]:
    """Make a search for a pattern within a loop."""
    search = re.compile(pattern).search
    return first(lambda row: row.loops and search(row.text))


def anywhere(pattern: str) -> Callable[[Source], tuple[int, int] | None]:
    """Make a search for a pattern in any row."""
    search = re.compile(pattern).search
    return first(lambda row: search(row.text))


def function(
    worst: Callable[[FunctionMetrics], int], limit: int
) -> Callable[[Source], tuple[int, int] | None]:
    """Make a search for the function that is the worst by a measure, if it is above a limit."""

    def find(source: Source) -> tuple[int, int] | None:
        if source.metrics is None:
            return None
        function = max(source.metrics.functions, key=worst)
        return (function.start_line, function.end_line) if worst(function) > limit else None

    return find


_GUARD = re.compile(
    r"\bif\s*\(?\s*(?:!|not\b)|[=!]==?\s*(?:0|null|nil|None|\"\")|\bis None\b|[eE]mpty\(|<=?\s*[012]\b"
    r"|\b(?:throw|raise|assert|except|catch)\b|\bErr\("
)
_CHECK = re.compile(r"\b(?:try|except|catch|isNaN|match)\b|\berr\b|\bOk\(")
_NEEDS_SOMETHING = re.compile(
    r"\w\[(?:0|-1)\]|\.(?:front|back|first|last|top|peek|getFirst|getLast|firstKey)\(\)|\.get\(0\)"
    r"|\w\s*//?\s*(?:\(?(?:double|float|int)\)?\s*)?(?:len\()?[A-Za-z_]"
)
_UNCHECKED_READ = re.compile(
    r"int\(input\(|parseInt\(|\batoi\(|\bscanf\(|strconv\.Atoi|parse(?:::<\w+>)?\(\)\.unwrap"
)
_ONE_LETTER = re.compile(
    r"(?:(?:let|var|const|final|mut|auto|int|long|float|double|char|bool|boolean|String|string)\s+)*"
    r"([A-Za-z])\s*(?::=|=)(?![=>])"
)
_COUNTED = re.compile(
    r"for\s*\(?\s*(?:(?:let|var|int|size_t|auto|const) )?(\w+)\s*:?=\s*0\s*;\s*\1\s*<\s*([^;]+);"
    r"|for (\w+) in range\((len\(\w+\)|\w+)\):|for (\w+) in 0\.\.([^{]+?)\s*\{"
)
"""A loop over all positions from 0 on: its variable and its end."""

_CUSTOMARY_LETTERS = frozenset("ijknmxy")


def no_guard(source: Source) -> tuple[int, int] | None:
    """Find what fails on nothing (a first element, a division by a size) where nothing is checked."""
    if any(_GUARD.search(row.text) for row in source.rows):
        return None
    return first(lambda row: _NEEDS_SOMETHING.search(row.text))(source)


def pairs_with_itself(source: Source) -> tuple[int, int] | None:
    """Find two loops, one in the other, over the same positions of one sequence, that nothing keeps apart."""
    for place, (outer, inner) in enumerate(pairwise(source.rows)):
        first, second = _counted(outer), _counted(inner)
        if first is None or second is None or inner.loops <= outer.loops or first[1] != second[1]:
            continue
        body = _body_of(inner, source.rows[place + 2 :])
        if _takes_both(body, first[0], second[0]) and not _keeps_apart(body, first[0], second[0]):
            return outer.number, inner.number
    return None


def _body_of(loop: Row, rest: Sequence[Row]) -> str:
    return " ".join(row.text for row in takewhile(lambda row: row.loops > loop.loops, rest))


def _counted(row: Row) -> tuple[str, str] | None:
    found = _COUNTED.search(row.text)
    if found is None:
        return None
    name, end = (part for part in found.groups() if part is not None)
    return name, end.strip()


def _takes_both(body: str, one: str, other: str) -> bool:
    return any(f"{name}[{other}]" in body for name in re.findall(rf"(\w+)\[{one}\]", body))


def _keeps_apart(body: str, one: str, other: str) -> bool:
    return bool(re.search(rf"\b(?:{one}\s*[!=<>]=*\s*{other}|{other}\s*[!=<>]=*\s*{one})\b", body))


def unchecked_input(source: Source) -> tuple[int, int] | None:
    """Find what is read and taken for a number, where nothing is checked."""
    if any(_CHECK.search(row.text) for row in source.rows):
        return None
    return first(lambda row: _UNCHECKED_READ.search(row.text))(source)


def short_names(source: Source) -> tuple[int, int] | None:
    """Find the first of two or more variables whose names are one letter, and not a customary one."""
    lines: dict[str, int] = {}
    for row in source.rows:
        match = _ONE_LETTER.match(row.text)
        if match and match[1] not in _CUSTOMARY_LETTERS:
            lines.setdefault(match[1], row.number)
    return (min(lines.values()), min(lines.values())) if len(lines) >= 2 else None
