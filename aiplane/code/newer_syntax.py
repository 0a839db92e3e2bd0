"""Syntax that a language has and its grammar has not, rewritten into older syntax of the same form.

Grammars follow their languages by years. Each rewriting keeps the lines as they are and turns nothing that
is wrong into something that is right; what comes out is parsed and shown to nobody.
"""

from __future__ import annotations

import re
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_C_FAMILY = (
    (r"\b__attribute__\s*\(\([^\n;{}]{0,200}?\)\)", ""),
    (r"\b_BitInt\s*\(\s*\w+\s*\)", "int"),
    (r"\b(case\s[^\n:;]{1,80}?)\s\.\.\.\s[^\n:;]{1,80}:", r"\1:"),  # a range, as GCC and C2y have it
    (r"(?m)(?:^|(?<=[;{}]))([ \t]*\w+[ \t]*:)(?=\s*\})", r"\1;"),  # a label that ends a block
)

_TYPESCRIPT = (
    (r"([<,]\s*)(?:in\s+out|in|out)(?=\s+[A-Z]\w*\s*[,>=]|\s+[A-Z]\w*\s+extends\b)", r"\1"),
    (r"\bimport(\s+)(?:defer|source)(?=\s+[\w*$])", r"import\1"),
    (r"\b(for(?:\s+await)?\s*\(\s*)(?:await\s+)?using(?=\s+[\w$]+\s+of\b)", r"\1const"),
    (r"\b(export\s+default\s+abstract\s+class)(?=\s*(?:[{<]|(?:extends|implements)\b))", r"\1 Unnamed"),
)

_REWRITINGS: Mapping[str, Sequence[tuple[str, str]]] = {
    "c": _C_FAMILY,
    "cpp": (
        *_C_FAMILY,
        (r"\bif\s+!?\s*consteval\b", "if (1)"),
        (r"\(\s*this\s+(?=[A-Za-z_])", "("),
        (r"\)\s*static(?=\s*(?:\{|->|noexcept|mutable))", ")"),
        (r"(?m)^[ \t]*(?:export[ \t]+)?(?:module|import)\b[^;\n]*;", ""),
        (r"(?m)^[ \t]*export\b(?=\s*[\w{])", ""),
        (r"\b(\w+)\s*\.\.\.\s*\[", r"\1["),  # one of a pack
        (r",\s*\.\.\.(?=\s*\w+\s*\])", ", "),
        (r"\]\s*\[\[[^\]\n]*\]\]", "]"),
        (r"\b(using\s[^\n;{}]{1,200}?)\s*\.\.\.(?=\s*;)", r"\1"),  # of every base in a pack
        (r"\](\s*)(?=(?:mutable|noexcept|constexpr|static)\b)", r"]\1()"),
    ),
    "java": (
        (r"\b(case|instanceof)(\s+)final\b", r"\1\2"),
        (r"([(,]\s*)final(?=\s+[\w.<>]+\s+\w+\s*[,)])", r"\1"),
        (r"(?<![\w.])(?:[A-Za-z_]\w*\s*\.\s*)+(?=[A-Z]\w*\s*(?:<[^<>()]*>\s*)?\()", ""),
        (r"\bimport(\s+)module\b", r"import\1"),
        (r"(\bcase\s+[\w.]+\s+_)(?:\s*,\s*[\w.]+\s+_)+(?=\s*(?:->|:|when\b))", r"\1"),
        (r"\b(?:super|this)(?=\s*\()", "prologue"),
    ),
    "rust": (
        (r"\bsafe(?=\s+(?:fn|static)\b)", ""),
        (r"\+\s*use\s*<[^<>]*>|\buse\s*<[^<>]*>\s*\+", ""),
    ),
    "go": ((r"\bnew(?=\()", "made"),),
    "python": (
        # Defaults of type parameters; the parameters themselves are known.
        (r"\b((?:class|def|type)\s+\w+)\s*\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]", r"\1"),
        (r"\bt(?=r?[\"'])", "f"),
    ),
    "javascript": (
        (r"\baccessor(?=[ \t]+[\w#\[$])", ""),
        (r"\bimport(\s+)(?:defer|source)(?=\s+[\w*$])", r"import\1"),
    ),
    "typescript": _TYPESCRIPT,
    "tsx": _TYPESCRIPT,
}

_COMPILED: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = MappingProxyType(
    {
        language: tuple((re.compile(pattern), older) for pattern, older in rewritings)
        for language, rewritings in _REWRITINGS.items()
    }
)


def in_older_syntax(language: str, code: str) -> str:
    """Return the code with what the language's grammar does not know rewritten, line by line the same."""
    for pattern, older in _COMPILED.get(language, ()):
        code = pattern.sub(partial(_same_lines, older), code)
    return code


def _same_lines(older: str, match: re.Match[str]) -> str:
    written = match.expand(older)
    return written + "\n" * (match[0].count("\n") - written.count("\n"))
