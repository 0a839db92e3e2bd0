"""What a candidate has in front of them already: saying it again gives nothing away.

That is what stands in the problem, in their own code, and in what was said: as a quotation, as a name, as a
value of an example. Whatever is put together of their own names alone is talk about their code, as long as it
is no statement.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from aiplane.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_LOOK = 200_000
_LONGEST_SPAN = 400

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BLANKS = re.compile(r"(?<=\W)[^\S\n]+|[^\S\n]+(?=\W)")
_LEFT_OUT = re.compile(r"\.\.\.|\u2026")
_TOKEN = re.compile(
    r"""\s*(?: (?P<name>[A-Za-z_$][\w$]*) | (?P<value>\d[\w.]*|"[^"\n]*"|'[^'\n]*')
    | (?P<path>->|::|[.\[\](),{}:]|'s) | (?P<sum>//|\*\*|[-+*/%]) | (?P<is>===?|=) )""",
    re.VERBOSE,
)
_EVERYBODYS = frozenset(
    {"len", "size", "length", "count", "self", "this", "n", "i", "j", "k"}
    | {"null", "None", "NULL", "nil", "nullptr", "undefined", "True", "False", "true", "false"}
)
"""Names that give nothing away whoever wrote them."""

_KEYWORDS = frozenset(
    {"return", "if", "else", "elif", "for", "while", "do", "switch", "case", "break", "continue", "in", "not"}
    | {"and", "or", "is", "new", "let", "const", "var", "def", "fn", "func", "function", "lambda", "yield"}
)
"""Words of a language, in which a statement shows whoever's names it holds."""


class Known:
    """The texts that a candidate has."""

    def __init__(self, code: str, problem: str, said: Iterable[str] = ()) -> None:
        self._texts = tuple(text[:_LONGEST_LOOK] for text in (code, problem, *said))

    def quotes(self, span: str) -> bool:
        """Tell whether a span of code stands in one of the texts, whatever its white space."""
        pieces = [_squeezed(piece.strip()) for piece in _LEFT_OUT.split(span)]
        return any(pieces) and all(self._holds(piece.strip(";`")) for piece in pieces)

    def only_talks(self, span: str, *, strictly: bool) -> bool:
        """Tell whether a span is a name, a value, or put together of known names without being a statement.

        Args:
            span: one line of code.
            strictly: whether it may not compute with several names either.
        """
        if len(span) > _LONGEST_SPAN:
            return False
        kinds: list[str] = []
        depth = names = 0
        at, text = 0, span.strip().rstrip(";")
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None or token.lastgroup is None:
                return False
            at, kind, word = token.end(), token.lastgroup, token[token.lastgroup]
            if word in _KEYWORDS:
                return False
            if kind == "name" and word not in self._names and word not in _EVERYBODYS:
                return False
            depth += (word == "[") - (word == "]")
            names += (
                kind == "name"
                and depth == 0
                and not (kinds and kinds[-1] == "path" and _is_step(text, token.start()))
            )
            kinds.append(kind)
        if "is" in kinds:
            return _says_a_value(kinds)
        return not (strictly and "sum" in kinds and names > 1)

    @cached_property
    def words(self) -> str:
        """All texts in folded form, names of several words taken apart."""
        apart = (_HUMP.sub(" ", text).replace("_", " ") for text in self._texts)
        return folded("\n".join(apart))

    def _holds(self, piece: str) -> bool:
        if not piece:
            return True
        start = r"(?<!\w)" if re.match(r"\w", piece) else ""
        end = r"(?!\w)" if re.search(r"\w\Z", piece) else ""
        return re.search(f"{start}{re.escape(piece)}{end}", self._all) is not None

    @cached_property
    def _all(self) -> str:
        return "\n".join(map(_squeezed, self._texts))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name for text in self._texts for name in _NAME.findall(text))


def _squeezed(text: str) -> str:
    """Take out the blanks that a formatter might put or take, and no line break."""
    return _BLANKS.sub("", text)


def _is_step(text: str, start: int) -> bool:
    """Tell whether what begins here belongs to the name before it: ``next`` in ``node->next``."""
    return text[:start].rstrip().endswith((".", "->", "::"))


def _says_a_value(kinds: list[str]) -> bool:
    """Tell whether the tokens are a name, an equals sign and values only: ``k = 2``, not a statement."""
    equals = kinds.index("is")
    return "name" not in kinds[equals:] and "sum" not in kinds[:equals] and kinds.count("is") == 1
