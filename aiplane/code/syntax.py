"""Syntax errors of a candidate's code in the eight languages, and whether a replacement still parses.

tree-sitter's grammars find them (:mod:`aiplane.code.syntax_program`), in a process that is killed when it
does not answer. A grammar knows the form of a language only: names, types and imports are nothing to it. It
lags behind its language, and it is no compiler: what it objects to is a doubt.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from aiplane.code.cache import Remembered
from aiplane.code.languages import EXTENSIONS
from aiplane.context.deadline import remaining
from aiplane.sandbox.pool import Answer, HelperPool

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

TIME_LIMIT_SECONDS = 1.0
"""Ten times what ordinary code of 200,000 characters takes, the most that is ever sent."""

CHECKERS = HelperPool(Path(__file__).with_name("syntax_program.py"))


class _Faults(Answer):
    lines: tuple[int, ...]


_CHECKED: Remembered[tuple[int, ...]] = Remembered()


def syntax_errors(code: str, language: str | None) -> tuple[int, ...] | None:
    """Find the lines where a parser stumbles over code: none for code that it can read.

    Blocks for :data:`TIME_LIMIT_SECONDS` at most, and not past the deadline of the work at hand.

    Returns:
        The line of each error, counted from 1, in order. ``None`` where that is not known: another language
        than those of :data:`aiplane.code.languages.EXTENSIONS`, or code that cannot be parsed in time.
    """
    if language is None or language not in EXTENSIONS:
        return None
    known = _CHECKED.find(code, language)
    return known if known is not None else _CHECKED.keep(code, language, _checked(code, language))


def _checked(code: str, language: str) -> tuple[int, ...] | None:
    try:
        question = {"language": language, "code": code}
        answer = CHECKERS.ask(question, min(TIME_LIMIT_SECONDS, remaining()), _Faults)
    except OSError as error:
        log.warning("parsing %d characters of %s failed (%s)", len(code), language, type(error).__name__)
        return None
    last = code.count("\n") + (not code.endswith("\n"))
    return tuple(max(1, min(line, last)) for line in answer.lines)


def still_parses(
    lines: Sequence[str], language: str, *, start_line: int, end_line: int, replacement: str
) -> bool:
    """Tell whether code has no more syntax errors than before once some lines are replaced.

    Args:
        lines: the code.
        language: what it is written in.
        start_line: the first line that goes, counted from 1.
        end_line: the last one, included.
        replacement: what stands there instead.

    Returns:
        True as well where no parser is at hand or it does not answer in time: nothing speaks against it.
    """
    changed = "\n".join((*lines[: start_line - 1], replacement, *lines[end_line:]))
    found = syntax_errors(changed, language)
    if not found:
        return True
    before = syntax_errors("\n".join(lines), language)
    return before is None or len(found) <= len(before)
