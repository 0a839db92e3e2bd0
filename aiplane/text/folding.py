"""Text as rules on words read it: whatever letters look the same are the same, and what is not seen is gone.

Width, case, ligatures and marks over letters are folded (NFKC, NFD without marks, case), characters of format
(soft hyphens, joiners, zero-width blanks, directions) are dropped, and letters of other alphabets that look
like Latin ones are those where a word mixes both.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_KEPT = 8_000
"""Characters of a text whose folded form is worth keeping: an answer's texts are read by several rules."""

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[a-z]")
_LOOKALIKES = str.maketrans(
    "авеѕіјкмнорстухԁѡһӏԛⅼαβγεικνορτυχωɑɡɩʏ",
    "abesijkmhopctyxdwhlqlabyeikvoptuxwagiy",
)


def folded(text: str) -> str:
    """Return the text in folded form. Line breaks and blanks stay, each as it is."""
    return _kept(text) if len(text) <= LONGEST_KEPT else _folded(text)


@lru_cache(maxsize=256)
def _kept(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    return _WORD.sub(_as_it_looks, _without_marks(_UNSEEN.sub("", plain)))


def _without_marks(text: str) -> str:
    """Take the marks off Latin letters and their lookalikes; other scripts need theirs."""
    apart = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", apart)


def _as_it_looks(word: re.Match[str]) -> str:
    return word[0].translate(_LOOKALIKES) if _LATIN.search(word[0]) else word[0]
