"""What of a written reply is read aloud: its words, without Markdown, code, addresses and pictures.

A block of code has no sound. A name in the middle of a sentence (`two_sum`, `nums[i]`) is a word of that
sentence and stays, as words; an expression does not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.token import Token

_NAME = re.compile(r"[\w.,()\[\] '\"]{1,40}")
_BIG_O = re.compile(r"[OΘΩ]\([^()]{1,20}\)")
_ADDRESS = re.compile(r"\b(https?://|www\.)\S*")
_SPACE_BEFORE_POINT = re.compile(r"\s+(?=[.,;:!?])")
# A sentence may also end as it does in Chinese and Japanese, where no space follows.
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”»)\]]*(?=\s)|[。！？]+[」』”]*")  # noqa: RUF001
_ENDS = tuple(".!?…:;,。！？：；，")  # noqa: RUF001

_NOT_SPOKEN = {"So", "Sk", "Cc", "Cs", "Co", "Cn"}
"""Unicode's categories of what has no sound: pictures, their modifiers, controls, and no characters."""

_PICTURE_STYLE = "\N{VARIATION SELECTOR-16}"


def read_aloud(markdown: str) -> str:
    """Return the words of a text; empty if there are none."""
    blocks = (_words(token.children or ()) for token in _parser().parse(markdown) if token.type == "inline")
    return " ".join(_closed(block) for block in blocks if block)


def cut_at_sentence(text: str, max_bytes: int) -> str:
    """Return as many whole sentences from the start as have room in so many bytes of UTF-8.

    Where not even one has, it is cut between words, and a single word that is too long within.
    """
    room = text.encode()[:max_bytes].decode(errors="ignore")
    if room == text:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text[: len(room) + 1])]
    end = max((end for end in ends if end <= len(room)), default=0)
    return room[:end] or room.rpartition(" ")[0] or room


@cache
def _parser() -> MarkdownIt:
    # Nobody writes HTML into a reply, and code that is not marked as such (a<b) looks like it.
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _words(tokens: Iterable[Token]) -> str:
    """Return what of the parts of one block is spoken."""
    parts: list[str] = []
    for token in tokens:
        if token.type == "text":
            parts.append(token.content)
        elif token.type == "code_inline":
            parts.append(_name(token.content))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    text = _ADDRESS.sub("", "".join(parts)).replace(_PICTURE_STYLE, "")
    heard = "".join(" " if unicodedata.category(each) in _NOT_SPOKEN else each for each in text)
    return _SPACE_BEFORE_POINT.sub("", " ".join(heard.split()))


def _name(code: str) -> str:
    if _BIG_O.fullmatch(code):
        return code
    return " ".join(re.findall(r"[^\W_]+", code)) if _NAME.fullmatch(code) else ""


def _closed(block: str) -> str:
    """Give a heading or an item of a list the pause that its line break was."""
    return block if block.endswith(_ENDS) else f"{block}."
