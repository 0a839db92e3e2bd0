"""Thoughts in front of an answer: they are nobody's to see, and no rule is for them.

Servers without a reasoning parser put what a model thinks into the answer itself, between tags or with the
last tag only. What stands behind the last of these tags is the answer; where nothing does, the tag is one too
many, and the answer is what stands before it outside of thoughts.
"""

from __future__ import annotations

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis"

_END_OF_THOUGHTS = re.compile(
    rf"</(?:[a-z]{{1,12}}:)?(?:{_NAMES})\s*>"
    r"|\[/THINK\]|◁/think▷|<\|/think\|>|<\|end_of_thought\|>"
    r"|<\|channel\|>\s*final\b[^<]{0,40}<\|message\|>",
    re.IGNORECASE,
)
_BEGINNING = re.compile(
    rf"<(?:[a-z]{{1,12}}:)?(?:{_NAMES})\s*>"
    r"|\[THINK\]|◁think▷|<\|think\|>|<\|begin_of_thought\|>"
    r"|<\|channel\|>\s*(?:analysis|commentary)\b[^<]{0,40}<\|message\|>",
    re.IGNORECASE,
)
_ANSWER_AT_ONCE = re.compile(r'\s*(?:```\w*\s*)?[{"]')
"""The beginning of a text that is the answer from its first character."""


def without_thoughts(text: str) -> str:
    """Return what stands behind the thoughts, all of the text where there are none.

    Where the text begins as an object, a tag is something that the answer talks about.
    """
    if text.lstrip().startswith(("{", '"{')):
        return text
    ends = list(_END_OF_THOUGHTS.finditer(text))
    if not ends:
        return text
    behind = text[ends[-1].end() :]
    return behind if "{" in behind else _before_the_last(text, ends) or behind


def _before_the_last(text: str, ends: list[re.Match[str]]) -> str:
    """Return the last stretch between tags that holds an object and is no thought; empty if there is none."""
    found, start, open_tags = "", 0, 0
    for end in ends:
        beginning = _BEGINNING.search(text, start, end.start())
        said = text[start : beginning.start() if beginning else end.start()]
        is_told = start > 0 or beginning is not None or _ANSWER_AT_ONCE.match(said)
        if open_tags <= 0 and is_told and "{" in said:
            found = said
        open_tags += len(_BEGINNING.findall(text, start, end.start())) - 1
        open_tags = max(open_tags, 0)
        start = end.end()
    return found


def is_all_thoughts(text: str) -> bool:
    """Return whether a text begins with thoughts that come to no end."""
    return _BEGINNING.match(text) is not None
