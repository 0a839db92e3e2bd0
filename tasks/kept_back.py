"""What a model itself wrote down, in private, as the idea that must not be told: is it told?

Before it answers, a model names the idea that would give the solution away (``diagnosis.keepBack``). Its
words, without those that the problem, the code and the candidate use anyway, are looked for in what it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.content_words import content_words
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasks.known import Known

LEAST_WORDS = 2
"""Fewer words of their own name no idea that could be recognised."""

MOST = 0.7
"""The share of them, in one text, that tells the idea."""


def check_kept_back(texts: Mapping[str, str | None], kept_back: str, known: Known) -> Iterator[Fault]:
    """Look for the idea in each text of an answer."""
    idea = set(content_words(kept_back)) - set(content_words(known.words))
    if len(idea) < LEAST_WORDS:
        return
    for place, text in texts.items():
        if text and len(idea & set(content_words(text))) >= max(LEAST_WORDS, MOST * len(idea)):
            yield must(
                place,
                "tells the idea that the diagnosis keeps back",
                "Point at what leads to it; the candidate is to find it.",
            )
