"""The program that finds syntax errors with tree-sitter, in a process of its own.

Not a module to import: :mod:`aiplane.code.syntax` runs it, and asks it again and again. Some 100,000 brackets
make the grammars of Java and C++ take gigabytes or crash, and no thread can be stopped inside C code. A
process can. It is confined (:mod:`aiplane.sandbox.seccomp`), as all are that read what strangers wrote.
"""

from __future__ import annotations

import importlib
import re
import resource
from contextlib import suppress
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tree_sitter import Language, Parser

from aiplane.code.languages import EXTENSIONS
from aiplane.code.macros import Macros, TooMuchError
from aiplane.code.newer_syntax import in_older_syntax
from aiplane.sandbox.program import answer_questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tree_sitter import Tree

_MEMORY_BYTES = 512 * 1024 * 1024
"""Three times what ordinary code of 200,000 characters takes. Past it tree-sitter ends the process."""

_MOST_FAULTS = 200
"""So many are counted; code with more is not code."""

_GRAMMARS: Mapping[str, Sequence[str]] = MappingProxyType(
    {"typescript": ("typescript", "tsx"), "c": ("c", "cpp")}
)
"""The grammars of a language that has more than its own. Whether TypeScript holds markup is told by a file's
name, which nobody sends; C of 2023 has taken from C++ what its own grammar does not know yet."""

_PACKAGES: Mapping[str, str] = MappingProxyType({"typescript": "typescript", "tsx": "typescript"})
"""The grammars that come two in a package."""

_PREPROCESSED = frozenset({"c", "cpp"})

_LONGEST_LINE = 400
"""Characters of a line in which a macro is looked for."""

_FOREIGN_MACRO = re.compile(r"\s*[A-Z][A-Z0-9_]{2,}\s*(?:\(.*\)\s*\{?\s*)?")
"""A line that is nothing but a name in capitals, called or not: a macro of some header, as far as we know."""


@cache
def _parser(grammar: str) -> Parser:
    module = importlib.import_module(f"tree_sitter_{_PACKAGES.get(grammar, grammar)}")
    make = module.language if grammar not in _PACKAGES else getattr(module, f"language_{grammar}")
    return Parser(Language(make()))


def faults(language: str, code: str) -> list[int]:
    """Return the line of each place where the code does not parse, counted from 1, in order.

    Of all the ways to read the code (:func:`_readings`) the one with the fewest faults counts.
    """
    macros = Macros(code) if language in _PREPROCESSED else None
    fewest: list[int] | None = None
    for grammar, text in _readings(language, code, macros):
        found = _faults(grammar, text)
        if macros is not None and found:
            found = _not_of_macros(found, code, macros)
        if not found:
            return []
        fewest = found if fewest is None else min(fewest, found, key=len)
    return fewest or []


def _readings(language: str, code: str, macros: Macros | None) -> Iterator[tuple[str, str]]:
    """Yield the grammars that may know the code, each with a text to parse: the code, or what equals it."""
    for grammar in _GRAMMARS.get(language, (language,)):
        texts = [code, in_older_syntax(grammar, code)]
        if macros is not None:
            with suppress(TooMuchError):
                texts.append(in_older_syntax(grammar, macros.expanded()))
        for text in dict.fromkeys(texts):
            yield grammar, text


def _not_of_macros(found: list[int], code: str, macros: Macros) -> list[int]:
    """Leave out the faults on lines that use a macro: what such a line says, no grammar knows."""
    lines = code.split("\n")
    return [line for line in found if not _uses_macro(lines[min(line, len(lines)) - 1], macros)]


def _uses_macro(line: str, macros: Macros) -> bool:
    read = line[:_LONGEST_LINE]
    return bool(_FOREIGN_MACRO.fullmatch(read)) or not macros.names.isdisjoint(re.findall(r"\w+", read))


def _faults(grammar: str, code: str) -> list[int]:
    # A lone carriage return and its like are no line breaks for us; tree-sitter counts line feeds only too.
    tree = _parser(grammar).parse(code.encode(errors="replace"))
    return sorted(line for line, _ in zip(_fault_lines(tree), range(_MOST_FAULTS), strict=False))


def _fault_lines(tree: Tree) -> Iterator[int]:
    """Walk to the nodes that are errors, or were made up; what has no error in it is not entered."""
    open_nodes = [tree.root_node]
    while open_nodes:
        node = open_nodes.pop()
        if node.is_error or node.is_missing:
            yield node.start_point.row + 1
        elif node.has_error:
            open_nodes.extend(reversed(node.children))


def answer(language: str, code: str) -> dict[str, Any]:
    """Find the faults of ``code``."""
    return {"lines": faults(language, code)}


def main() -> None:
    """Load every grammar, and answer."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for language in EXTENSIONS:
        faults(language, "")
    answer_questions(answer)


if __name__ == "__main__":
    main()
