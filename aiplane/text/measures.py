"""Measures of a text that need no understanding: its length, how hard it reads, what it repeats.

And how a number is put into one.

Words are counted alike in every language: a run of letters and digits is one, whatever stands in backticks
is one, and where a script writes no spaces (Chinese, Japanese, Thai and their neighbours) two characters are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set

_LONGEST_LOOK = 20_000
"""Characters of a text that are read; the wire's limit of one turn."""

_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_INLINE = re.compile(r"`[^`\n]*`")
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+(?:['\u2019.-][^\W_{_UNSPACED}]+)*")
_SENTENCE_END = re.compile(r"[.!?:;](?=\s|$)|\n")
_STOP = re.compile(r"(?<=[.!?\u3002\uff01\uff1f\u061f\n])")
_ASKS = ("?", "\uff1f", "\u061f")
"""The question mark, the full-width and the Arabic one."""
_SAYS_SOMETHING = re.compile(r"[^\W_]")
_VOWELS = re.compile(r"[aeiouy]+")

_RUN = 4
"""Words in a row that are one repetition; fewer are idiom."""


def _prose(text: str) -> str:
    """Take the code out: a block is nothing, a name in backticks is one word of one syllable."""
    return _INLINE.sub(" it ", _FENCED.sub("\n", text[:_LONGEST_LOOK]))


def percent(share: float) -> str:
    """Write a share as a whole per cent, rounded down: only what is whole is 100%."""
    # The product of 0.29 and 100 is a little less than 29.
    return f"{int(round(share * 100, 6))}%"


def shortened(text: str, most: int) -> str:
    """Cut a text to so many characters, at the end of a word, with a sign that something is missing."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    return (kept[: kept.rfind(" ")] if " " in kept[most // 2 :] else kept).rstrip() + "\u2026"


def count_words(text: str) -> int:
    """Count the words of a text, blocks of code left out."""
    prose = _prose(text)
    return len(_WORD.findall(prose)) + (len(_UNSPACED_CHARACTER.findall(prose)) + 1) // 2


def reading_grade(text: str, plain: Set[str] = frozenset()) -> float:
    """Return the US school grade at which English reads easily: the Flesch-Kincaid grade level.

    0.39 * words per sentence + 11.8 * syllables per word - 15.59 (Kincaid and others, 1975). Syllables are
    counted as groups of vowels, a silent final e left out. Blocks of code are left out, names in backticks
    count as one syllable. 0 for a text without words.

    Args:
        text: in English.
        plain: words in small letters that are easy for who reads this, however long: they count as two
            syllables at most.
    """
    prose = _prose(text)
    words = _WORD.findall(prose.lower())
    if not words:
        return 0.0
    sentences = sum(bool(_WORD.search(piece)) for piece in _SENTENCE_END.split(prose))
    syllables = sum(min(2, _syllables(word)) if word in plain else _syllables(word) for word in words)
    return 0.39 * len(words) / max(1, sentences) + 11.8 * syllables / len(words) - 15.59


@lru_cache(maxsize=2_048)  # a hint is made of few words, and every hint of the same ones
def _syllables(word: str) -> int:
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith("le") and groups > 1
    return max(1, groups - silent)


def repeated_share(text: str, earlier: str) -> float:
    """Return the share of a text, 0 to 1, that stands in an earlier one too, by runs of four words."""
    runs, known = _runs(text), _runs(earlier)
    return len(runs & known) / len(runs) if runs else 0.0


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+", text[:_LONGEST_LOOK].casefold())
    size = min(_RUN, len(words)) or 1
    return {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}


def questions(text: str) -> list[str]:
    """Return the sentences of a text that ask, in order, code left out."""
    prose = _INLINE.sub("it", _FENCED.sub("\n", text[:_LONGEST_LOOK]))
    sentences = (sentence.strip() for sentence in _STOP.split(prose))
    return [each for each in sentences if each.endswith(_ASKS) and _SAYS_SOMETHING.search(each)]
