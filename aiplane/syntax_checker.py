"""The program that finds syntax errors with tree-sitter, in a process of its own.

Not a module to import: :mod:`aiplane.syntax` runs it, and asks it again and again. Some 100,000 brackets
make the grammars of Java and C++ take gigabytes or crash, and no thread can be stopped inside C code. A
process can. It is confined (:mod:`aiplane.confinement`), as all are that read what strangers wrote.
"""

from __future__ import annotations

import importlib
import resource
from functools import cache
from typing import TYPE_CHECKING, Any

from tree_sitter import Language, Parser

from aiplane.code_languages import EXTENSIONS
from aiplane.standby_program import answer_questions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Tree

_MEMORY_BYTES = 512 * 1024 * 1024
"""Three times what ordinary code of 200,000 characters takes. Past it tree-sitter ends the process."""

_MOST_FAULTS = 200
"""So many are counted; code with more is not code."""

_TYPESCRIPT = "typescript"


@cache
def _parser(language: str) -> Parser:
    grammar = importlib.import_module(f"tree_sitter_{language}")
    make = grammar.language_typescript if language == _TYPESCRIPT else grammar.language
    return Parser(Language(make()))


def faults(language: str, code: str) -> list[int]:
    """Return the line of each place where the code does not parse, counted from 1, in order."""
    # A lone carriage return and its like are no line breaks for us; tree-sitter counts line feeds only too.
    tree = _parser(language).parse(code.encode(errors="replace"))
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
