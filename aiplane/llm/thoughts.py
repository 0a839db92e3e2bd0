"""Thoughts in front of an answer: they are nobody's to see, and no rule is for them.

Servers without a reasoning parser put what a model thinks into the answer itself, between tags or with the
last tag only. What stands behind the last of these tags is the answer.
"""

from __future__ import annotations

import re

_END_OF_THOUGHTS = re.compile(
    r"</(?:[a-z]{1,12}:)?(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis)\s*>"
    r"|\[/THINK\]|◁/think▷|<\|/think\|>|<\|end_of_thought\|>"
    r"|<\|channel\|>\s*final\b[^<]{0,40}<\|message\|>",
    re.IGNORECASE,
)


def without_thoughts(text: str) -> str:
    """Return what stands behind the thoughts, all of the text where there are none.

    Where the text begins as an object, a tag is something that the answer talks about.
    """
    if text.lstrip().startswith("{"):
        return text
    ends = [match.end() for match in _END_OF_THOUGHTS.finditer(text)]
    return text[ends[-1] :] if ends else text
