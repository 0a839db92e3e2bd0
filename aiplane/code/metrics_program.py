"""The program that measures code with lizard, in a process of its own.

Not a module to import: :mod:`aiplane.code.metrics` runs it, and asks it again and again. lizard reads code
with regular expressions of which some take exponential time on the right 100 characters (an unfinished
docstring with backslashes is enough), and no thread can be stopped inside one. A process can. It is confined
(:mod:`aiplane.sandbox.seccomp`), as all are that read what strangers wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lizard

from aiplane.code.languages import EXTENSIONS
from aiplane.sandbox.program import answer_questions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _code_only(tokens: Iterable[str], reader: Any) -> Iterator[str]:
    """Leave comments out, but for their line breaks.

    lizard's own filter obeys comments ("#lizard forgives", "GENERATED CODE"), and so whoever wrote the
    code could choose what is measured.
    """
    for token in tokens:
        comment = reader.get_comment_from_token(token)
        if comment is None:
            yield token
        else:
            yield from "\n" * comment.count("\n")


def _nesting(tokens: Iterable[str], reader: Any) -> Iterator[str]:
    """Note how deep the control structures of each function are nested.

    lizard's nesting counters each know braces or indentation only; its cognitive complexity knows both. A
    structure adds 1 to that for itself and 1 for each structure around it, so the largest step is the depth.
    """
    context = reader.context
    before: dict[Any, int] = {}
    for token in tokens:
        function = context.current_function
        step = function.cognitive_complexity - before.get(function, 0)
        before[function] = function.cognitive_complexity
        function.depth = max(step, getattr(function, "depth", 0))
        yield token


def analyze(extension: str, code: str) -> dict[str, Any]:
    """Measure ``code``, a file whose name ends in ``extension``; raises whatever lizard raises."""
    context = lizard.FileInfoBuilder(f"code.{extension}")
    reader = lizard.get_reader_for(f"code.{extension}")(context)
    processors = lizard.get_extensions(["cognitive", _nesting])
    processors[processors.index(lizard.comment_counter)] = _code_only
    tokens = reader.generate_tokens(code)
    for process in processors:
        tokens = process(tokens, reader)
    for _ in reader(tokens, reader):
        pass
    functions = [*context.fileinfo.function_list, context.global_pseudo_function]
    return {"lines": context.fileinfo.nloc, "functions": [_row(function) for function in functions]}


def _row(function: Any) -> dict[str, Any]:
    return {
        "name": function.unqualified_name,
        "start_line": function.start_line,
        "end_line": function.end_line,
        "code_lines": function.nloc,
        "parameters": len([name for name in function.parameters if name not in ("self", "cls")]),
        "complexity": function.cyclomatic_complexity,
        "nesting": getattr(function, "depth", 0),
    }


def answer(extension: str, code: str) -> dict[str, Any]:
    """Measure ``code``; the answer is without ``functions`` if it cannot be read."""
    try:
        return analyze(extension, code)
    except Exception:  # noqa: BLE001 -- lizard raises what it likes, and the next question is another's
        return {}


def main() -> None:
    """Load what lizard loads at its first use, and answer."""
    for extension in EXTENSIONS.values():
        analyze(extension, "")
    answer_questions(answer)


if __name__ == "__main__":
    main()
