"""Whole solutions in a review: a suggestion mends a place, and what replaces all of the code mends none.

A replacement that stands for nearly all of a program of some length is left out; its suggestion stays. What
announces a finished solution ("copy it over") goes back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEAST_LINES = 10
"""Lines of a program that a place can be told from; a shorter one may be replaced as it is."""

NEARLY_ALL = 0.8

_SENTENCE = re.compile(r"[^.!?;\u3002\uff01\uff1f\n]+[.!?;\u3002\uff01\uff1f]?")
_ANNOUNCES = re.compile(
    r"\bhere(?:'s| is| comes| you (?:have|find)) (?:the|a|your|my) (?:\w+ )?(?:whole|complete|entire|full"
    r"|finished|final|corrected|ready-made) (?:\w+ )?(?:solution|program|function|code|implementation"
    r"|version)\b(?! of (?:line|this|the (?:loop|check|condition|test|bound)))"
    r"|\bi(?:'ve| have)? (?:completely |fully )?(?:rewr(?:ote|itten)|replaced|redone)"
    r" (?:it|everything|all of it|your (?:code|solution|function|program)|the (?:whole|entire|code|solution"
    r"|function|program))"
    r"|\byou can (?:\w+ )?(?:submit|hand in|paste|copy) (?:it|this|that|the code) "
    r"(?:in |over )?(?:as (?:it )?(?:is|stands)|unchanged)"
    r"|(?:^|[,;] )\W*(?:(?:just|simply|then|and|only|please) )*(?:copy|paste) (?:it|this|that|the code)"
    r" (?:over|in)(?= and\b|[.,!]|$)"
    r"|\bhier ist (?:die|deine) (?:ganze|vollstandige|komplette|fertige) (?:losung|funktion)"
    r"|\bich habe (?:es|deinen code|die losung|alles) (?:komplett|vollstandig|ganz) (?:neu|um)ge\w+"
    r"|\baqui (?:tienes|esta) la solucion (?:completa|entera)|\bvoici la solution (?:complete|entiere)"
    r"|\baqui esta a solucao completa|\becco la soluzione completa"
    r"|(?:这是|以下是)完整的?(?:解答|代码|解法)|(?:完全な|全部の)(?:解答|コード)(?:です|を示)"
)


def is_rewrite(lines: Sequence[str], start: int, end: int) -> bool:
    """Tell whether a replacement of some lines, counted from 1, stands for nearly all of the code."""
    written = [number for number, line in enumerate(lines, start=1) if line.strip()]
    replaced = sum(start <= number <= end for number in written)
    return len(written) >= LEAST_LINES and replaced >= NEARLY_ALL * len(written)


def check_rewritten(texts: Mapping[str, str | None]) -> Iterator[Fault]:
    """Look for a finished solution that a review announces."""
    for place, text in texts.items():
        if any(_ANNOUNCES.search(sentence) for sentence in _SENTENCE.findall(folded(text or ""))):
            yield must(
                place,
                "hands over a finished solution",
                "Mend one place at a time, and leave the solution to the person.",
            )
