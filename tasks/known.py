"""What a candidate has in front of them already: saying it again gives nothing away.

That is what stands in the problem, in their own code, and in what was said: as a quotation, as a name, as a
value of an example. Whatever is put together of their own names alone is talk about their code, as long as it
is no statement.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from aiplane.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST_LOOK = 200_000
_LONGEST_TALK = 100_000
_LONGEST_SPAN = 400

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BLANKS = re.compile(r"(?<=\W)[^\S\n]+|[^\S\n]+(?=\W)")
_NUMBERED = re.compile(r"^\s*\d{1,5}\s*[|:]\s*")
_LEFT_OUT = re.compile(r"\.\.\.|\u2026")
_TOKEN = re.compile(
    r"""\s*(?: (?P<name>[A-Za-z_$][\w$]*) | (?P<value>\d[\w.]*|"[^"\n]*"|'[^'\n]*')
    | (?P<path>->|::|[.\[\](),{}:]|'s) | (?P<sum>//|\*\*|[-+*/%^!](?!=)) | (?P<equals>[=!]==?)
    | (?P<is>=) )""",
    re.VERBOSE,
)
_EVERYBODYS = frozenset(
    {"len", "size", "length", "count", "self", "this", "n", "m", "i", "j", "k", "log", "O"}
    | {"null", "None", "NULL", "nil", "nullptr", "undefined", "True", "False", "true", "false"}
)
"""Names that give nothing away whoever wrote them."""

_KEYWORDS = frozenset(
    {"return", "if", "else", "elif", "for", "while", "do", "switch", "case", "break", "continue", "in", "not"}
    | {"and", "or", "is", "new", "let", "const", "var", "def", "fn", "func", "function", "lambda", "yield"}
)
"""Words of a language, in which a statement shows whoever's names it holds."""


class Known:
    """The texts that a candidate has.

    Args:
        code: their own.
        problem: its description.
        said: what they said and were told, oldest first; of very much the latest.
    """

    def __init__(self, code: str, problem: str, said: Sequence[str] = ()) -> None:
        self.code = code[:_LONGEST_LOOK]
        self._said = (*_latest(said),)
        self._texts = (self.code, problem[:_LONGEST_LOOK], *self._said)

    def quotes(self, span: str) -> bool:
        """Tell whether a span of code stands in one of the texts, whatever its white space."""
        pieces = [_squeezed(piece.strip()) for piece in _LEFT_OUT.split(_NUMBERED.sub("", span))]
        return any(pieces) and all(self._holds(piece.strip(";`")) for piece in pieces)

    def only_talks(self, span: str, *, strictly: bool) -> bool:
        """Tell whether a span is a name, a value, or put together of known names without being a statement.

        Args:
            span: one line of code.
            strictly: whether it may not compute with several names either.
        """
        tokens = _tokens(span) if len(span) <= _LONGEST_SPAN else None
        if tokens is None or any(token.word in _KEYWORDS for token in tokens):
            return False
        kinds = [token.kind for token in tokens]
        if len(kinds) > 1 and set(kinds) == {"name"}:
            return True  # words in backticks
        if any(token.kind == "name" and token.word not in self._names | _EVERYBODYS for token in tokens):
            return False
        if "is" in kinds or "equals" in kinds:
            return _says_values(kinds, between_names=not strictly)
        return not (strictly and "sum" in kinds and _operands(tokens) > 1)

    @cached_property
    def words(self) -> str:
        """All texts in folded form, names of several words taken apart."""
        apart = (_HUMP.sub(" ", text).replace("_", " ") for text in self._texts)
        return folded("\n".join(apart))

    @cached_property
    def said(self) -> str:
        """What was said alone, in folded form."""
        return folded("\n".join(self._said))

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


def _latest(said: Sequence[str]) -> Iterator[str]:
    room = _LONGEST_TALK
    for text in reversed(said):
        if room <= 0:
            return
        yield text[-room:]
        room -= len(text)


class _Token(NamedTuple):
    kind: str
    word: str


def _tokens(span: str) -> list[_Token] | None:
    """Take a line of code apart; ``None`` where it holds what only a statement does."""
    found, at, text = [], 0, span.strip().rstrip(";")
    if "++" in text or "--" in text:
        return None
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            return None
        found.append(_Token(token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


def _operands(tokens: Sequence[_Token]) -> int:
    """Count the names that something is computed with: not those within brackets, and a path as one."""
    depth = count = 0
    for before, token in pairwise([_Token("", ""), *tokens]):
        depth += (token.word == "[") - (token.word == "]")
        count += token.kind == "name" and depth == 0 and before.word not in (".", "->", "::")
    return count


def _says_values(kinds: Sequence[str], *, between_names: bool) -> bool:
    """Tell whether names are said to have values (``k = 2``, ``a = [1], b = 3``), and nothing is computed.

    Args:
        kinds: of the tokens.
        between_names: whether two names may be said to be equal (``lo == hi``).
    """
    if "is" not in kinds and between_names:
        return True
    behind = kinds[min(at for at, kind in enumerate(kinds) if kind in ("is", "equals")) + 1 :]
    last = len(behind) - 1
    return "sum" not in kinds[: len(kinds) - len(behind)] and all(
        kind != "name" or (at < last and behind[at + 1] in ("is", "equals")) for at, kind in enumerate(behind)
    )
