"""Marks through text from outside, so that a model can see at every word that it is data.

Of the ways to mark untrusted text (fences, marks through it, encoding), fences alone protect least; marks
between the words took the success of injected instructions from over 50 % to under 3 % at no loss of accuracy
(Hines and others, arXiv 2403.14720). Here the spaces between words become marks, each line begins with one,
and long runs without spaces (an identifier, a script that writes none) are broken by them. Indentation and
line numbers stay as they are.

The mark is drawn for each prompt among characters that do not occur in its text, so nobody can write it.
"""

from __future__ import annotations

import re
import secrets

_SYMBOLS = "¤¦¬¶†※●■☆★"
"""In no language's grammar and few people's prose, and one or two tokens each: by cl100k, the prompts of
``evals/`` have 20 to 24 % more tokens with them, and 66 % more with characters of the private use area."""

_PRIVATE = tuple(map(chr, range(0xE000, 0xF900)))
"""What is left when a text holds all of the above: characters that mean nothing to anybody."""

_LONGEST_RUN = 32
"""Characters without a space that are left unbroken: longer than nearly every name in code."""

_LONGEST_UNSPACED = 6
"""The same in scripts that write no spaces, where it is two or three words."""

_LINE_NUMBER = re.compile(r" *\d+ \| ")
_GAP = re.compile(r"(?<=\S) (?=\s*\S)")
_RUN = re.compile(
    rf"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef]{{{_LONGEST_UNSPACED}}}(?=\S)"
    rf"|\S{{{_LONGEST_RUN}}}(?=\S)"
)
_OTHER_LINE_ENDS = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")


def draw_mark(texts: list[str]) -> str:
    """Choose a mark that occurs in none of the texts.

    Only a text that was written to hold every candidate leaves none; then one is taken all the same, and
    :func:`spotlight` takes it out of that text.
    """
    used = set().union(*texts)
    free = [symbol for symbol in _SYMBOLS if symbol not in used]
    free = free or [symbol for symbol in _PRIVATE if symbol not in used]
    return secrets.choice(free or _PRIVATE)


def spotlight(text: str, mark: str, *, numbered: bool = False) -> str:
    """Put the mark at the start of every line and between all words.

    Args:
        text: from outside.
        mark: one character.
        numbered: whether each line begins with a number of ours, which stays in front of the mark.
    """
    return "\n".join(_spotlight_line(line, mark, numbered) for line in text.replace(mark, "?").split("\n"))


def _spotlight_line(line: str, mark: str, numbered: bool) -> str:
    number = _LINE_NUMBER.match(line) if numbered else None
    prefix, rest = (number[0], line[number.end() :]) if number else ("", line)
    rest = _GAP.sub(mark, _RUN.sub(lambda run: run[0] + mark, rest))
    return prefix + mark + _OTHER_LINE_ENDS.sub(lambda ends: ends[0] + mark, rest)


def unmark(text: str, mark: str) -> str:
    """Take the mark out of what a model wrote as JSON, as itself or escaped: it stood for a space."""
    return re.sub(rf"{re.escape(mark)}|\\u{ord(mark):04x}", " ", text, flags=re.IGNORECASE)
