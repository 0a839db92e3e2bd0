"""The program that finds syntax errors with tree-sitter, in a process of its own: a request a line.

Not a module to import: :mod:`aiplane.syntax` runs it, and asks it again and again. Some 100,000 brackets
make the grammars of Java and C++ take gigabytes or crash, and no thread can be stopped inside C code. A
process can. It is confined (:mod:`aiplane.confinement`), as all are that read what strangers wrote.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from tree_sitter import Language, Parser

from aiplane.code_languages import EXTENSIONS
from aiplane.confinement import confine, limit_cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Tree

_MEMORY_BYTES = 512 * 1024 * 1024
"""Three times what ordinary code of 200,000 characters takes. Past it tree-sitter ends the process."""

_CPU_SECONDS = 10
"""For one request: far more than the caller waits."""

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


def answer(line: bytes) -> dict[str, Any]:
    """Answer one request, ``{"language", "code"}`` as JSON."""
    limit_cpu(_CPU_SECONDS)
    return {"lines": faults(**json.loads(line))}


def main() -> None:
    """Answer requests until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for language in EXTENSIONS:
        faults(language, "")
    confine()
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
