"""Sameness of two questions: by what they are about, not by how they ask.

Words that most questions of an interview hold ("your solution", "what would happen") tell nothing apart. Two
questions ask for the same where at least two things are shared, and these are most of what the shorter one
is about and half of what both are. One in which a single word stands for another (an outer loop for an inner
one), or that names the other side of the matter (space for time), asks for something else, however much the
rest is alike.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.content_words import content_words
from aiplane.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_SHARED = 2
MOST_OF_THE_SHORTER = 0.75
HALF_OF_BOTH = 0.5

_LONGEST_LOOK = 2_000

_SAME_THING = (
    (re.compile(r"\b(?:run ?time|running time|runtime complexity|big[ -]?o)\b"), "time complexity"),
    (
        re.compile(r"\b(?:memory|space) (?:usage|use|consumption|cost|footprint|requirements?)\b"),
        "space complexity",
    ),
    (re.compile(r"\bhow (?:long|much time) (?=(?:do|does|did|would|will)\b)"), "time "),
    (re.compile(r"\b(?:corner|boundary|special) cases?\b"), "edge case"),
)

_COMMON = frozenset(
    content_words(
        "solution code approach function program algorithm implementation problem question answer idea "
        "plan think tell explain say describe walk talk happen would could look see use make take give "
        "get want please now next here thing way exactly actually expressed express together "
        "lösung verhält macht machen wäre "
        "ansatz funktion aufgabe frage passieren würde erklären solución código enfoque función "
        "problema explicar pasa pasaría haría estuviera fuera sería solution approche fonction problème "
        "expliquer passerait solução função problema explicar acontece soluzione codice approccio "
        "funzione problema spiegare succede решение код подход функция задача объяснить произойдет"
    )
)
_FACETS: tuple[Mapping[str, str], ...] = tuple(
    MappingProxyType({stem: name for name, words in group.items() for stem in content_words(words)})
    for group in (
        {
            "time": "time runtime speed fast slow laufzeit zeit tiempo temps tempo время",
            "space": "space memory storage extra platz speicher espacio memoria espace mémoire espaço "
            "memória spazio память",
        },
        {
            "best": "best besten mejor meilleur melhor migliore лучший",
            "worst": "worst schlechtesten schlimmsten peor pire pior peggiore худший",
            "average": "average typical durchschnitt promedio moyenne média media средний",
        },
        {
            "first": "first erste primero premier primeiro primo первый",
            "last": "last letzte último dernier ultimo последний",
        },
        {
            "more": "more larger bigger longer größer mayor plus maior",
            "less": "less fewer smaller shorter kleiner menor moins",
        },
    )
)


def asks_the_same(one: str, other: str) -> bool:
    """Tell whether two questions ask for the same thing."""
    first, second = _key(one), _key(other)
    if first == second:
        return True
    about, about_too = _about(first), _about(second)
    if _contrast(about, about_too):
        return False
    shared = len(about & about_too)
    return (
        shared >= LEAST_SHARED
        and shared >= MOST_OF_THE_SHORTER * min(len(about), len(about_too))
        and shared >= HALF_OF_BOTH * len(about | about_too)
    )


def _key(question: str) -> str:
    text = re.sub(r"[\W_]+", " ", folded(question[:_LONGEST_LOOK])).strip()
    for words, name in _SAME_THING:
        text = words.sub(name, text)
    return text


def _about(text: str) -> frozenset[str]:
    return frozenset(content_words(text)) - _COMMON


def _contrast(about: frozenset[str], about_too: frozenset[str]) -> bool:
    """Tell whether one names what the other does not, where there is only one of the two to be named."""
    if len(about - about_too) == len(about_too - about) == 1:
        return True
    for facets in _FACETS:
        named = [{facets[word] for word in words if word in facets} for words in (about, about_too)]
        if named[0] and named[1] and not named[0] & named[1]:
            return True
    return False
