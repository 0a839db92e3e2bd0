"""What a model itself wrote down, in private, as the idea that must not be told: is it told?

Before it answers, a model names the idea that would give the solution away (``diagnosis.keepBack``). Its
words, without those that the problem, the code and the candidate use anyway, are looked for in what it says;
words for one thing ("maximum", "larger") are one. A clause that says when the idea applies names the
situation, which is the subject of every hint, and does not count. Some of its words in a row, and a value
spelled out of it ("mid plus one"), tell it too.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.content_words import content_words
from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasks.known import Known

LEAST_WORDS = 2
"""Fewer words of their own name no idea that could be recognised."""

MOST = 0.65
"""The share of them, in one text, that tells the idea."""

RUN = 5
"""Words in a row, whatever they are."""

_SITUATION = re.compile(
    r"\b(?:when(?:ever)?|if|where|because|since|although|wenn|falls|sobald|weil|cuando|porque|quand|lorsque"
    r"|quando|se|когда|если)\b[^,;.]*"
)
_NOTHING = re.compile(r"\s*(?:nothing|none|no idea|nichts|nada|rien|niente|ничего)\b")
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]+[.!?\u3002\uff01\uff1f]?")
_ASKS = ("?", "\uff1f", "\u061f")
_SAME: Mapping[str, str] = MappingProxyType(
    {
        stem: group[0]
        for words in (
            "maximum max larger largest greater greatest bigger biggest größer mayor plus grand",
            "minimum min smaller smallest lesser least kleiner menor",
            "remember store save cache memoize keep record merken speichern guardar stocker",
            "before first beforehand vorher zuerst antes avant",
            "after afterwards behind nachher danach después après",
            "both two pair zwei beide dos deux",
            "start begin beginning front head",
        )
        for group in [content_words(words)]
        for stem in group
    }
)
"""Words for one thing, each by its stem."""

_PLAIN = frozenset(
    content_words(
        "all every number list array string text value element item character letter word input output "
        "result index position place line loop code function case example problem "
        "alle zahl liste wert zeichen element eingabe ergebnis stelle zeile schleife "
        "todos numero lista valor caracter elemento resultado tous toda nombre liste valeur caractere "
        "resultat tutti valore numeri carattere все число список значение символ результат"
    )
)
"""What every hint speaks of, whatever the idea, and whatever language the problem is told in."""

_SPOKEN = (
    (re.compile(r"\b(?:plus|added to|increased by|mas|mais|плюс)\b"), "+"),
    (re.compile(r"\b(?:minus|less|decreased by|menos|moins|meno|минус)\b"), "-"),
    (re.compile(r"\b(?:times|multiplied by|mal|por|fois)\b"), "*"),
    (re.compile(r"\b(?:divided by|geteilt durch)\b"), "/"),
    (re.compile(r"\b(?:one|eins|uno|une?|um|один)\b"), "1"),
    (re.compile(r"\b(?:two|zwei|dos|deux|dois|due|два)\b"), "2"),
)
_VALUE = re.compile(r"(?<![\w.])[a-z_]\w{0,30}\s?(?:[-+*/%])\s?[a-z0-9_]\w{0,30}(?!\w)")


def check_kept_back(texts: Mapping[str, str | None], kept_back: str, known: Known) -> Iterator[Fault]:
    """Look for the idea in each text of an answer."""
    if _NOTHING.match(folded(kept_back)):
        return
    idea = _idea(kept_back, known)
    runs = _runs(kept_back) - _runs(known.words)
    for place, text in texts.items():
        if not text:
            continue
        told = len(idea & _about(text))
        if (len(idea) >= LEAST_WORDS and told >= max(LEAST_WORDS, MOST * len(idea))) or (
            runs and any(runs & _runs(sentence) for sentence in _statements(text))
        ):
            yield must(
                place,
                "tells the idea that the diagnosis keeps back",
                "Point at what leads to it; the candidate is to find it.",
            )


def check_value(texts: Mapping[str, str | None], kept_back: str, known: Known) -> Iterator[Fault]:
    """Look for a value of the idea, as an expression of the language or in words ("mid plus one")."""
    values = _values(kept_back) - _values(known.code)
    for place, text in texts.items():
        if text and any(values & _values(sentence) for sentence in _statements(text)):
            yield must(
                place,
                "spells out the value that the diagnosis keeps back",
                "Say what is wrong with the value that stands there; the candidate is to find the right one.",
            )


def _idea(kept_back: str, known: Known) -> set[str]:
    without = _SITUATION.sub(" ", folded(kept_back))
    return _about(without) - _about(known.words) - _PLAIN


def _about(text: str) -> set[str]:
    return {_SAME.get(stem, stem) for stem in content_words(text)}


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(folded(text))
    return set(zip(*(words[start:] for start in range(RUN)), strict=False))


def _values(text: str) -> set[str]:
    plain = folded(text).replace("`", "")
    for words, sign in _SPOKEN:
        plain = words.sub(sign, plain)
    return {re.sub(r"\s", "", value) for value in _VALUE.findall(plain)}


def _statements(text: str) -> Sequence[str]:
    return [sentence for sentence in _SENTENCE.findall(text) if not sentence.rstrip().endswith(_ASKS)]
