"""Marks through text from outside, so that a model can see at every line and word that it is data.

Of the ways to mark untrusted text (fences, marks through it, encoding), fences alone protect least; marks
between the words took the success of injected instructions from over 50 % to under 3 % at no loss of accuracy
(Hines and others, arXiv 2403.14720). Here each line begins with a mark, and in prose one stands at the end of
every word, before the blank. Nothing is taken away for it: without the marks the data is as it came.

Marks keep out of what is no prose: code but for its sentences, data in a text (``nums = [2, 7]``), and what
a problem puts between quotation marks or backticks; so a model never reads a fault into code or data that it
was shown. Format characters, which nobody sees and a model reads, become a mark each time; blanks of other
kinds than the usual one get a mark in addition.

The mark is chosen among characters that do not occur in the text, so nobody can write it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Nature: TypeAlias = Literal["prose", "code", "problem"]

_SYMBOLS = ("¤¦¶†‡", "⁂⁑℥⁜⟁")
"""In no grammar and few people's prose. One token each by o200k, two for the second row. What
stands in Japanese texts, in board games and in patterns of stars (``※●★``) is not among them."""

_PRIVATE = tuple(map(chr, range(0xE000, 0xF900)))
"""What is left when a text holds all of the above: characters that mean nothing to anybody."""

_UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u17b4\u17b5"
    "\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Control and format characters, and selectors of variants that only few texts need."""

_JOINING = "\u0600-\u08ff\u0900-\u0dff\u1000-\u17ff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"
"""Letters and emoji behind which a joiner has a use."""

_BLANK = " \t\u00a0\u115f\u1160\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0"
"""What looks like a blank, whatever Unicode calls it. Line ends are not among them."""

_UNSEEN_RUN = re.compile(
    rf"[{_UNSEEN}]+|(?<![{_JOINING}])[\u200c\u200d]+"
    r"|[\u200c\u200d]{2,}|[\ufe00-\ufe0f]{2,}"
)
_BLANKS = re.compile(f"([{_BLANK}]+)")
_USUAL = re.compile(r" +|\t+")
_OTHER_LINE_ENDS = re.compile("[\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
_QUOTED = re.compile(r"\"[^\"]{1,80}\"|`[^`]{1,80}`|\u201c[^\u201d]{1,80}\u201d")
_HELD = "\x00"
"""Stands for a blank within data; no text holds one, because nobody sees it."""

_FULL_STOP = re.compile(r"[\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f](?=[^\W_])")
"""Where a sentence ends in scripts that write no blanks between words."""

_ENDS_A_WORD = re.compile(r"[^\W_](?:['\u2019][^\W\d_]+)?[.,:;!?\u2026)\"'\u201d\u2019\u00bb`*_]{0,4}\Z")
_BEGINS_A_WORD = re.compile(r"[\"'(\u201c\u2018\u00ab\u00bf\u00a1`*_]{0,3}[^\W\d_]")
_LONGEST_WORD = 100
"""Characters of a word of prose; what is longer is data, however it is made up."""

_DATUM = re.compile(r"[-+]?\d+[,;]\Z|\(*[\"'`].*[\"'`][\"'`),;:.]*\Z|[^=]*[=<>\[\]{}|\\].*\Z", re.DOTALL)
_OPERATOR = re.compile(r"(?:[-+*/%&|^:=!<>]?=|->|=>)")
"""What makes data of the words beside it: ``nums = [2, 7]``."""

_WORD = re.compile(r"[^\W\d_][^\W\d_'\u2019-]+")
_LISTED = re.compile(r"[,:;)]\Z")
"""How a word of code ends behind which a list or a type goes on, and no sentence."""

_COMMENT = re.compile(r"#(?![A-Za-z])|//|/\*|<!--|--\Z|'{3}|\"{3}")
_IMPORT = re.compile(r"(?:import|from|using|use|package|include|#include)\Z")
_KEYWORDS = """
abstract and as assert async auto await bool boolean break byte case catch char class const constexpr
continue def default defer del delete do double dyn elif else end enum except export extends extern
false final finally float fn for foreach from func function global go goto if impl implements import in
inline instanceof int interface is lambda let long loop match mod module mut mutable namespace new nil
none nonlocal not null of operator or override package pass private protected pub public raise range ref
register return select self short signed sizeof static str string struct super switch template then this
throw throws trait true try type typedef typename typeof undefined unless unsafe unsigned until use
using val var virtual void volatile when where while with xor yield
"""
_GRAMMAR = frozenset(_KEYWORDS.split())
_SENTENCE = 3
"""Words in a row that are no keywords and make a sentence of what might be code."""


def choose_mark(texts: Sequence[str], seed: bytes) -> str:
    """Choose a mark that occurs in none of the texts: for one seed and the same texts always the same.

    Only a text that was written to hold every candidate leaves none; then one is taken all the same, and
    :func:`spotlight` takes it out of that text.

    Args:
        texts: what the mark will stand in.
        seed: eight bytes or more that nobody outside can know.
    """
    used = set().union(*texts)
    for symbols in (*_SYMBOLS, _PRIVATE):
        if free := [symbol for symbol in symbols if symbol not in used]:
            return free[int.from_bytes(seed) % len(free)]
    return _PRIVATE[int.from_bytes(seed) % len(_PRIVATE)]


def spotlight(text: str, mark: str, *, nature: Nature = "prose") -> str:
    """Put the mark at the start of every line and, in prose, at the end of every word.

    Args:
        text: from outside.
        mark: one character.
        nature: of ``code`` only the sentences are prose; in a ``problem`` what is quoted is data.
    """
    lines = text.replace(mark, "?").replace("\r\n", "\n").split("\n")
    return "\n".join(mark + _spotlight_line(line, mark, nature) for line in lines)


def _spotlight_line(line: str, mark: str, nature: Nature) -> str:
    if not line:
        return line
    seen = _UNSEEN_RUN.sub(mark, _OTHER_LINE_ENDS.sub(lambda ends: ends[0] + mark, line))
    if nature == "problem":
        seen = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _HELD), seen)
    pieces = _BLANKS.split(_FULL_STOP.sub(lambda stop: stop[0] + mark, seen))
    words, blanks = pieces[::2], pieces[1::2]
    prose = set(_sentences(words) if nature == "code" else _prose(words))
    marked = [
        f"{word}{mark if gap in prose or not _USUAL.fullmatch(blank) else ''}{blank}"
        for gap, (word, blank) in enumerate(zip(words, blanks, strict=False))
    ]
    return "".join((*marked, words[-1])).replace(_HELD, " ")


def _prose(words: Sequence[str]) -> Iterator[int]:
    """Yield the gaps between two words, each by the number of the word before it. Data is no word."""
    seen = [_look_at(word) for word in words]
    for gap in range(len(words) - 1):
        if seen[gap].ends and seen[gap + 1].begins:
            around = (seen[max(0, gap - 1)], seen[min(gap + 2, len(words) - 1)])
            if not any(word.is_operator for word in around):
                yield gap


class _Look(NamedTuple):
    """Whether prose may go on behind a word, and before it, and whether its neighbours are data."""

    ends: bool
    begins: bool
    is_operator: bool = False


_PLAIN_WORD = _Look(ends=True, begins=True)


def _look_at(word: str) -> _Look:
    if word.isalpha():
        return _PLAIN_WORD
    if len(word) > _LONGEST_WORD:
        return _Look(ends=False, begins=False)
    if _DATUM.match(word):
        return _Look(ends=False, begins=False, is_operator=_OPERATOR.fullmatch(word) is not None)
    return _Look(_ENDS_A_WORD.search(word) is not None, _BEGINS_A_WORD.match(word) is not None)


def _sentences(words: Sequence[str]) -> Iterator[int]:
    """Yield the gaps of prose in a line of code: in comments, and in rows of words that no grammar has."""
    comment = next((place for place, word in enumerate(words) if _COMMENT.match(word)), len(words))
    start = end = 0
    for gap in (*_prose(words), len(words)):
        is_list = start < gap < comment and _LISTED.search(words[gap])
        if gap != end or is_list:
            if end > start and _is_sentence(words[start : end + 1], is_comment=start >= comment):
                yield from range(start, end)
            start = gap + bool(is_list)
        end = gap + 1


def _is_sentence(words: Sequence[str], *, is_comment: bool) -> bool:
    found = [_WORD.search(word) for word in words]
    plain = sum(word is not None and word[0].lower() not in _GRAMMAR for word in found)
    if is_comment:
        return plain > 0
    return plain >= _SENTENCE and 2 * plain > len(words) and not _IMPORT.match(words[0])


def unmark(text: str, mark: str) -> str:
    """Take the marks out of what a model wrote as JSON, as themselves or escaped, with line numbers of ours.

    One that was written for the blank between two words becomes that blank.
    """
    sign = rf"(?:{re.escape(mark)}|\\u{ord(mark):04x})"
    text = re.sub(rf"(?<=[\"n]) *\d{{1,7}} ?\|{sign}", "", text, flags=re.IGNORECASE)
    text = re.sub(rf"(?<=[^\W_]){sign}(?=[^\W_])", " ", text, flags=re.IGNORECASE)
    return re.sub(sign, "", text, flags=re.IGNORECASE)
