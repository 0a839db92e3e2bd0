"""Lines of code that a text names, in any of the languages that answers are written in."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_LOOK = 20_000
_NUMBER = r"(\d{1,7})"
_WORDS = (
    r"lines?|ln|zeilen?|l[ií]neas?|linhas?|lignes?|rig(?:a|he|o)|regels?|rad(?:en|er)?|linj(?:e|en|er|a)"
    r"|linii?|wiersz\w*"
    r"|rivi\w*|sat[ıi]r\w*|стро(?:к|ч)\w*|ряд\w*|линии?|γραμμ\w*|dòng|baris|řád\w*|sor(?:a|ban|ok|ig|nál)?"
    r"|السطر|سطر|שורה"
    r"|पंक्ति|लाइन|บรรทัด(?:ที่)?"
)
_AND = (
    r"(?:\s*(?:,|-|–|—|to|and|or|through|bis|und|oder|a|y|o|hasta|à|et|ou|e|até|al|tot|en|och|og|i|do|по|до"
    r"|и|или)"
    r"\s*){1,2}"
)
_NAMED = re.compile(
    rf"(?<!\w)(?:{_WORDS})\.?\s*(?:n[r.º°o]{{0,2}}\.?\s*|#\s*)?{_NUMBER}\b((?:{_AND}\d{{1,7}}\b){{0,8}})",
    re.IGNORECASE,
)
_MORE = re.compile(r"\d{1,7}")
_BEHIND = re.compile(
    rf"(?:第\s*)?{_NUMBER}\s*(?:[-~〜～到至から]{{1,2}}\s*(?:第\s*)?{_NUMBER}\s*)?"
    r"(?:行目|行|번째\s*줄|번\s*줄|줄|行め)"
)
_ROWS = re.compile(r"\d\s*行\s*\d\s*列|\d\s*行\s*[x×]\s*")
"""A matrix's rows, not lines of code."""


def check_lines_named(place: str, text: str | None, lines: int) -> Iterator[Fault]:
    """Check that every line that a text names is one that the code has."""
    if text and any(not 1 <= number <= max(1, lines) for number in lines_named(text)):
        yield must(
            place, f"names a line that does not exist; the code has {lines}", "Name only lines that exist."
        )


def lines_named(text: str) -> list[int]:
    """Return the numbers of the lines that a text names: "line 3", "lines 3 to 5", "第5行"."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST_LOOK])
    named = [number for match in _NAMED.finditer(plain) for number in (match[1], *_MORE.findall(match[2]))]
    if _ROWS.search(plain) is None:
        named += [number for pair in _BEHIND.findall(plain) for number in pair if number]
    return [int(number) for number in named]
