"""Human language of a text, as far as its letters and its commonest words show it.

Scripts tell most languages from most others, and words without meaning of their own tell those that share the
Latin or the Cyrillic letters: a dozen words hold several. Code, names in backticks and quotations are left
out. Nothing is said of a text that is short, or of languages that this knows nothing of: where a mistake
would cost an answer, silence is better.
"""

from __future__ import annotations

import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from aiplane.text.stop_words import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_LOOK = 8_000
_FEW_LETTERS = 40
"""Fewer letters than these say nothing about a script; half as many where each is a syllable or a word."""

_FEW_HITS = 5
_CLEARLY = 2.5
"""So many times as many words of another language as of the one that was asked for."""

_SURELY = 1.5
"""So much more weight for one language than for any other, in what a person wrote; a word that several
languages have in common weighs less."""

_MOSTLY = 0.3
"""A share of common words that only a text of that language has."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]{0,200}\"|https?://\S+", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+")
_NOT_PROSE = re.compile(r"\w*[_(){}\[\]=<>]\w*")

_SCRIPTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "kana": re.compile("[\u3040-\u30ff]"),
        "han": re.compile("[\u3400-\u9fff\uf900-\ufaff]"),
        "hangul": re.compile("[\u1100-\u11ff\uac00-\ud7a3]"),
        "cyrillic": re.compile("[\u0400-\u052f]"),
        "greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
        "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
        "hebrew": re.compile("[\u0590-\u05ff]"),
        "devanagari": re.compile("[\u0900-\u097f]"),
        "bengali": re.compile("[\u0980-\u09ff]"),
        "tamil": re.compile("[\u0b80-\u0bff]"),
        "telugu": re.compile("[\u0c00-\u0c7f]"),
        "thai": re.compile("[\u0e00-\u0e7f]"),
        "georgian": re.compile("[\u10a0-\u10ff]"),
        "armenian": re.compile("[\u0530-\u058f]"),
        "latin": re.compile("[a-zA-Z\u00c0-\u024f\u1e00-\u1eff]"),
    }
)
_DENSE = frozenset({"kana", "han", "hangul"})

_SCRIPT_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ja": ("kana", "han"),
        "zh": ("han",),
        "yue": ("han",),
        "ko": ("hangul",),
        **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg"), ("cyrillic",)),
        "sr": ("cyrillic", "latin"),
        "el": ("greek",),
        **dict.fromkeys(("ar", "fa", "ur", "ps", "ckb"), ("arabic",)),
        **dict.fromkeys(("he", "yi"), ("hebrew",)),
        **dict.fromkeys(("hi", "mr", "ne"), ("devanagari",)),
        "bn": ("bengali",),
        "ta": ("tamil",),
        "te": ("telugu",),
        "th": ("thai",),
        "ka": ("georgian",),
        "hy": ("armenian",),
    }
)
"""The scripts of languages that are not written in Latin letters."""

_OTHER_SCRIPTS = frozenset(
    {"pa", "gu", "kn", "ml", "si", "my", "km", "lo", "am", "ti", "bo", "dv", "or", "as"}
)
"""Languages whose letters are not known here."""


def is_written_in(text: str, tag: str) -> bool | None:
    """Tell whether a text is in the language of a tag; ``None`` where that cannot be told.

    Args:
        text: prose, with code in it or not.
        tag: BCP-47: language, script, region.
    """
    language, *rest = tag.lower().split("-")
    prose = _NOT_PROSE.sub(" ", _CODE.sub(" ", text[:_LONGEST_LOOK]))
    letters = {name: len(letter.findall(prose)) for name, letter in _SCRIPTS.items()}
    if language in _OTHER_SCRIPTS:
        return None
    scripts = ("latin",) if "latn" in rest else _SCRIPT_OF.get(language, ("latin",))
    all_letters = sum(letters.values())
    own = sum(letters[name] for name in scripts)
    weight = sum(count * (3 if name in _DENSE else 1) for name, count in letters.items())
    if weight < _FEW_LETTERS:
        return None
    if own < all_letters * (0.15 if _DENSE & set(scripts) else 0.4):
        return False
    if language == "ja":
        return letters["kana"] >= 0.1 * own
    if language in ("zh", "yue") and letters["kana"] > 0.2 * letters["han"]:
        return False
    return _by_words(prose, language)


def language_of(text: str) -> str | None:
    """Return the tag of the language that a text is surely written in; ``None`` where that cannot be told."""
    prose = _NOT_PROSE.sub(" ", _CODE.sub(" ", text[:_LONGEST_LOOK]))
    letters = {name: len(letter.findall(prose)) for name, letter in _SCRIPTS.items()}
    for script, tag in (("kana", "ja"), ("hangul", "ko"), ("han", "zh")):
        if 3 * letters[script] >= _FEW_LETTERS:
            return tag
    weights = dict.fromkeys(STOP_WORDS, 0.0)
    for word in _WORD.findall(folded(prose)):
        for name in (shared := [name for name, common in STOP_WORDS.items() if word in common]):
            weights[name] += 1 / len(shared)
    (most, surest), (next_most, _) = sorted(
        ((weight, name) for name, weight in weights.items()), reverse=True
    )[:2]
    sure = _hits(prose)[surest] >= _FEW_HITS and most >= _SURELY * next_most
    return surest if sure else None


def english_share(text: str) -> float:
    """Return the share of a text's words that are common ones of English."""
    words = _WORD.findall(folded(text[:_LONGEST_LOOK]))
    return sum(word in STOP_WORDS["en"] for word in words) / len(words) if words else 0.0


def _hits(prose: str) -> Counter[str]:
    """Count the common words of each language."""
    words = Counter(_WORD.findall(folded(prose)))
    return Counter({name: sum(words[word] for word in common) for name, common in STOP_WORDS.items()})


def _by_words(prose: str, language: str) -> bool | None:
    words = Counter(_WORD.findall(folded(prose)))
    hits = _hits(prose)
    other, most = max(((name, hits[name]) for name in hits if name != language), key=lambda pair: pair[1])
    if language in STOP_WORDS:
        if most >= _FEW_HITS and most >= _CLEARLY * hits[language]:
            return False
        return True if hits[language] >= _FEW_HITS and hits[language] >= most else None
    if other == "en" and most >= _FEW_HITS and most >= _MOSTLY * words.total():
        return False
    return None
