"""The idea of a technique told in everyday words: what it does, without its name.

"Check each closing one against the latest that is still open" is a stack to whoever hears it. No phrase tells
it: what does is that certain things are said together, in one sentence. So a sentence is read for what it
says (``everyday_words.toml``), and each technique has sets of what comes to it. A question, a task for pencil
and paper and what is said of the candidate's own code tell nothing, and neither does an idea that they have.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.folding import folded
from aiplane.written_in import english_share
from tasks.faults import Fault, must
from tasks.steps_told import ENGLISH_ENOUGH, tells_nothing
from tasks.techniques import techniques_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasks.known import Known

_IDEAS: Mapping[str, tuple[frozenset[str], ...]] = MappingProxyType(
    {
        technique: tuple(frozenset(each.split(" + ")) for each in ideas)
        for technique, ideas in {
            "stack": ("latest + waiting + settle", "latest + waiting + keep", "latest + waiting + drop"),
            "hash map": ("look + seen + partner", "keep + seen + partner"),
            "sliding window": ("grow + drop + side", "drop + side + until", "grow + drop + until"),
            "binary search": ("middle + drop", "half + drop", "middle + half", "middle + settle + side"),
            "two pointers": ("both ends + advance", "both ends + inward", "lesser + inward"),
            "tortoise and hare": ("fast + slow + catch",),
            "heap": ("k of them + keep", "least + drop + new", "free + firstly"),
            "sort": ("in order + arrange",),
            "dynamic programming": ("small first + answer", "one more + answer + from less"),
            "cache": ("keep + answer + reuse", "keep + again + reuse"),
            "prefix sums": ("total + up to + keep", "total + up to + minus", "total + seen + minus"),
            "bit mask": ("cancel + same",),
            "breadth first": ("ring + neighbour + from start",),
            "flood fill": ("joined + mark",),
            "topological sort": ("waits + none + take",),
            "running best": ("negative + restart",),
            "reversal": ("keep + next node + previous + point",),
            "backtracking": ("choice + take back",),
            "recursion": ("itself + of the parts",),
            "union find": ("merge + head of group",),
        }.items()
    }
)
"""What is said together where a technique is told."""

_CODE = re.compile(r"`[^`\n]{0,400}`|\"[^\"\n]{0,80}\"")
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]{2,600}[.!?\u3002\uff01\uff1f]?")
_LONGEST_LOOK = 8_000
_INDIRECT = re.compile(
    r"^\W*(?:think|consider|ask yourself|imagine|notice|find out|uberleg\w*|denk\w*|frag\w* dich"
    r"|stell\w* dir|piensa|preguntate|imagina|reflechi\w*|demande toi|pense|pergunte se|pensa|chiediti"
    r"|подума\w*"
    r"|представь\w*)\b"
    r"[^,;:]{0,30}?\b(?:which|what|how|why|whether|where|who|when|welche\w*|was|wie|warum|ob|wo|que|cual\w*"
    r"|como"
    r"|donde|quel\w*|comment|pourquoi|ou|o que|qual|quale|come|perche|как\w*|что|почему|где|когда)\b"
    r"|想一想|想想|考えて|か\W*$"
)
"""A question that stands in an order, or is asked without its mark."""


def check_ideas(place: str, texts: Mapping[str, str | None], known: Known) -> Iterator[Fault]:
    """Look for a technique that is told in everyday words, and that the candidate does not have.

    Args:
        place: "hint", "reply": how the answer is named in the fault.
        texts: what the model wrote, by the field that it stands in.
        known: what the candidate has.
    """
    told = {idea for text in texts.values() if text for idea in ideas_told(text)}
    if told and told - techniques_known(known):
        yield must(
            place,
            "tells in everyday words how the solution works",
            "Say what to look at, or ask; how it is solved the candidate is to find.",
        )


def ideas_told(text: str) -> set[str]:
    """Return the techniques whose idea a sentence of a text tells."""
    words = _words(is_english=english_share(text) >= ENGLISH_ENOUGH)
    return {
        technique
        for sentence in _SENTENCE.findall(folded(_CODE.sub(" it ", text[-_LONGEST_LOOK:])))
        if not tells_nothing(sentence.strip()) and _INDIRECT.search(sentence) is None
        for technique in _told_in(sentence, words)
    }


def _told_in(sentence: str, words: Mapping[str, re.Pattern[str]]) -> Iterator[str]:
    says = {name for name, pattern in words.items() if pattern.search(sentence)}
    for technique, ideas in _IDEAS.items():
        if any(idea <= says for idea in ideas):
            yield technique


@cache
def _words(*, is_english: bool) -> Mapping[str, re.Pattern[str]]:
    """Return the patterns of what can be said: of English, or of all languages."""
    table = tomllib.loads(resources.files("tasks").joinpath("everyday_words.toml").read_text("utf-8"))
    return MappingProxyType({name: _pattern(words, is_english=is_english) for name, words in table.items()})


def _pattern(words: Mapping[str, list[str]], *, is_english: bool) -> re.Pattern[str]:
    spaced = words["english"] if is_english else [*words["english"], *words["latin"], *words["cyrillic"]]
    return re.compile("|".join([rf"\b(?:{'|'.join(spaced)})\b", *words["unspaced"]]))
