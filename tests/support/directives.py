"""Directives by which a job under test tells the provider what to do, in whatever text reaches it.

``[[case: some-id]]`` names the case that a call counts for. ``[[provider: word word=value …]]`` asks for a
behaviour, of these words:

=====================  =====================================================================================
``status=503``         answer with that status; its error body repeats the key and the prompt
``code=…``, ``param=…``  what that body says under these names
``retry-after=7``      a header of that name, with so many seconds
``delay=2.5``          wait so many seconds first
``hang``               never answer
``hold``               answer once :meth:`tests.support.provider.FakeProvider.release` is called for the case
``drip=0.2``           send the body byte by byte, with so many seconds between them
``drip-headers=0.2``   the same from the first byte of the headers
``reset``              send half of the body, then reset the connection
``close``              close the connection without a word
``huge=50000000``      send a body of so many bytes
``gzip``               compress the body, though nobody asked for it
``answer=…``           one of :func:`tests.support.answers.strange_choices`, or ``html`` for a page of HTML;
                       ``fresh`` for a good one that repeats no other case's;
                       of speech ``empty``, ``garbage`` or ``truncated``
``times=2``            do all this for the first two calls of the case only
=====================  =====================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# A prompt may put marks of its own between the words of what a candidate wrote.
_DIRECTIVE: Final = re.compile(r"\[\[\W*(case|provider)\b(.{0,300}?)\]\]", re.DOTALL)
_CASE: Final = re.compile(r"[\w.:-]*\w")
_WORD: Final = re.compile(r"([a-z][a-z-]*)(?:\W*=\W*([\w.-]+))?")

UNNAMED: Final = "unnamed"


@dataclass(frozen=True)
class Behaviour:
    """Behaviour that the text of one request asks for. ``words`` is empty for a plain good answer."""

    case: str = UNNAMED
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def seconds(self, word: str) -> float:
        """Return the pause that a word asks for; 0 where it does not stand."""
        return float(self.words.get(word, 0))

    def at_call(self, number: int) -> Behaviour:
        """Return what the case's call of that number gets: the first is 1."""
        over = "times" in self.words and number > int(self.words["times"])
        return Behaviour(self.case) if over else self


def read_behaviour(text: str) -> Behaviour:
    """Read the first case and all words of behaviour in ``text``."""
    case, words = UNNAMED, {}
    for name, body in _DIRECTIVE.findall(text):
        if name == "provider":
            words.update(_WORD.findall(body))
        elif case == UNNAMED and (named := _CASE.search(body.lstrip(": "))):
            case = named[0]
    return Behaviour(case, MappingProxyType(words))
