"""Content words of a sentence: those that carry meaning, each reduced to its stem.

The stems are rough (an ending cut off, the first letters kept): they tell whether two sentences of one
language speak of the same, and are shown to nobody. Where a script writes no spaces, pairs of characters
stand for words.
"""

from __future__ import annotations

import re
from functools import lru_cache

from aiplane.text.folding import folded
from aiplane.text.stop_words import ANY_STOP_WORD

_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_KANA = re.compile("[\u3040-\u309f]")
_PARTICLES = re.compile("[的了吗呢会怎样如果什么你我他它这那是在有话把被和与就也都还请吧啊哪个]")
"""What is in nearly every sentence of Chinese, and ends words there as blanks do elsewhere."""

_APOSTROPHE = re.compile("['\u2019`\u00b4]")
_LONGEST_STEM = 6
_ENDING = re.compile(
    r"(?<=[^\W_]{3})(?:ations?|ities|ity|ments?|ing|edly|ed|ies|es|(?<!s)s|ly|en|er|em|e|ung|ungen|os|as|a|o|ou|ам|ах|ов|ы|и|а|я|у|е)$"
)
_UNLIKE = {
    "leaves": "leaf",
    "indices": "index",
    "indexes": "index",
    "vertices": "vertex",
    "matrices": "matrix",
}


def content_words(text: str) -> list[str]:
    """Return the stems of a text's words, in order, without the words that say nothing."""
    return [stem for token in _TOKEN.findall(_APOSTROPHE.sub(" ", folded(text))) for stem in _stems(token)]


def stem(word: str) -> str:
    """Reduce a folded word to what its forms have in common, roughly."""
    whole = _UNLIKE.get(word, word)
    if whole.isdecimal() or len(whole) <= 3:
        return whole
    return _ENDING.sub("", whole)[:_LONGEST_STEM]


@lru_cache(maxsize=8_192)
def _stems(token: str) -> tuple[str, ...]:
    if _IS_UNSPACED.match(token):
        pieces = [piece for piece in _PARTICLES.split(token) if piece]
        pairs = [piece[at : at + 2] for piece in pieces for at in range(max(1, len(piece) - 1))]
        return tuple(pair for pair in pairs if len(_KANA.findall(pair)) < len(pair))
    if token in ANY_STOP_WORD or (len(token) == 1 and not token.isdecimal()):
        return ()
    return (stem(token),)
