"""Complexity, nesting and size of a candidate's code: facts for a prompt, a review and a tier.

The numbers are lizard's (:mod:`aiplane.code.metrics_program`), taken in a process that is killed when it does
not answer. No metrics are an answer too: whoever asks must do without them.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from aiplane.code.cache import Remembered
from aiplane.code.languages import EXTENSIONS
from aiplane.code.listing import Listing
from aiplane.context.deadline import remaining
from aiplane.sandbox.pool import Answer, HelperPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

TIME_LIMIT_SECONDS = 3.0
"""Six times what ordinary code of 200,000 characters takes, the most that is ever sent."""

METERS = HelperPool(Path(__file__).with_name("metrics_program.py"))
"""The processes that measure. Starting one takes 20 times as long as asking one that is there."""

LONGEST_NAME = 80
"""Characters of a function's name. It is the candidate's text, and stands in prompts and findings."""

_TOP_LEVEL = "*global*"
"""lizard's name for the code outside functions."""


@dataclass(frozen=True, slots=True)
class FunctionMetrics:
    """One function, or the code outside all functions.

    Attributes:
        name: the function's name, up to 80 characters of the candidate's text; empty at the top level.
        start_line, end_line: where it stands, counted from 1. At the top level: the whole code.
        length: its lines, blank ones included; at the top level the lines with code on them.
        parameters: how many it takes; ``self`` and ``cls`` do not count.
        complexity: cyclomatic complexity, 1 or more.
        nesting: how many control structures stand inside one another at the deepest place; 0 for none.
    """

    name: str
    start_line: int
    end_line: int
    length: int
    parameters: int
    complexity: int
    nesting: int


@dataclass(frozen=True, slots=True)
class CodeMetrics:
    """Metrics of a candidate's code.

    Attributes:
        code_lines: lines that hold code, not only blanks or a comment.
        functions: in the order in which they end. The code outside them is the last one, where it decides
            anything or where there is nothing else.
    """

    code_lines: int
    functions: tuple[FunctionMetrics, ...]

    @property
    def complexity(self) -> int:
        """The cyclomatic complexity of the whole: 1, and 1 for each decision in any function."""
        return 1 + sum(function.complexity - 1 for function in self.functions)

    @property
    def max_complexity(self) -> int:
        """The cyclomatic complexity of the most complex function."""
        return max(function.complexity for function in self.functions)

    @property
    def max_nesting(self) -> int:
        """The deepest nesting of control structures."""
        return self.deepest.nesting

    @property
    def deepest(self) -> FunctionMetrics:
        """The function with the deepest nesting; of several, the most complex one."""
        return max(self.functions, key=lambda function: (function.nesting, function.complexity))

    @property
    def longest(self) -> FunctionMetrics:
        """The function with the most lines."""
        return max(self.functions, key=lambda function: function.length)


_Count = Annotated[int, Field(ge=0)]


class _Row(Answer):
    """One function as the meter tells of it; the last is the code outside all functions."""

    name: str
    start_line: _Count
    end_line: _Count
    code_lines: int
    parameters: _Count
    complexity: _Count
    nesting: _Count


class _Rows(Answer):
    """An answer of the meter; without functions where lizard could not read the code."""

    lines: _Count = 0
    functions: tuple[_Row, ...] = ()


_MEASURED: Remembered[CodeMetrics] = Remembered()


def measure(code: str, language: str) -> CodeMetrics | None:
    """Measure code, and wait for it: :func:`measuring`, with nothing to do meanwhile."""
    with measuring(code, language) as metrics:
        return metrics()


@contextmanager
def measuring(code: str, language: str) -> Iterator[Callable[[], CodeMetrics | None]]:
    """Have code measured while something else is done in the block.

    The code may be complete or not; it is measured in one of the languages of :data:`EXTENSIONS`.

    Yields:
        What waits for the metrics, for :data:`TIME_LIMIT_SECONDS` at most and not past the deadline of the
        work at hand. It returns ``None`` for any other language, and for code that lizard cannot read in
        time.
    """
    extension = EXTENSIONS.get(language)
    known = _MEASURED.find(code, language)
    if extension is None or known is not None:
        yield lambda: known
        return
    question = {"extension": extension, "code": code}
    with METERS.asked(question, min(TIME_LIMIT_SECONDS, remaining()), _Rows) as rows:
        yield lambda: _MEASURED.keep(code, language, _measured(rows, code, language))


def _measured(rows: Callable[[], _Rows], code: str, language: str) -> CodeMetrics | None:
    try:
        found = rows()
    except TimeoutError:
        log.warning("measuring %d characters of %s took too long; no code metrics", len(code), language)
        return None
    except OSError as error:
        log.warning("the code meter does not work (%s); no code metrics", type(error).__name__)
        return None
    if not found.functions:
        log.warning("lizard cannot read %d characters of %s; no code metrics", len(code), language)
        return None
    return _read_metrics(found, code)


def _read_metrics(rows: _Rows, code: str) -> CodeMetrics:
    *functions, top_level = rows.functions
    metrics = [_read_function(function) for function in functions]
    if top_level.complexity > 1 or not metrics:
        # lizard counts one line too many here: its top level begins on a line of its own.
        lines = max(0, top_level.code_lines - 1)
        metrics.append(
            FunctionMetrics(
                "", 1, max(1, len(Listing(code).lines)), lines, 0, top_level.complexity, top_level.nesting
            )
        )
    return CodeMetrics(code_lines=rows.lines, functions=tuple(metrics))


def _read_function(row: _Row) -> FunctionMetrics:
    return FunctionMetrics(
        name=row.name[:LONGEST_NAME],
        start_line=row.start_line,
        end_line=row.end_line,
        length=row.end_line - row.start_line + 1,
        parameters=row.parameters,
        complexity=row.complexity,
        nesting=row.nesting,
    )
