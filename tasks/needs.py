"""What kind of help a candidate needs, found from facts before any hint is written.

===========  ==================================================================================
need         when (the first row that holds)
===========  ==================================================================================
start        nothing stands there that an empty template would not have, and no test passes
syntax       a parser finds errors, and no run has shown that the language reads the code all the same
cost         all tests pass, and loops stand inside one another or the complexity is above 10
done         all tests pass, and nothing of that kind was measured
failing      some test fails
next_step    the tests were not run, or the run says nothing
===========  ==================================================================================

Hints of high-level words alone were useless, or misled, where a novice needed the next step or had a syntax
error (arXiv 2404.02213); so the need is settled first, and the level of the hint is applied within it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.code_metrics import CodeMetrics
    from aiplane.contracts import HintPayload
    from aiplane.llm.cases import Need

COMPLEX = 10
"""The cyclomatic complexity of a function that is worth one: McCabe's own bound."""

ORDERS: Mapping[Need, str] = MappingProxyType(
    {
        "start": "Nothing is written yet. Help to understand the problem and to take a first step.",
        "syntax": "A parser stumbles over the code. If something is wrong with its form there, help to find "
        "that fault and leave everything else alone; if not, help with the one step that comes next.",
        "failing": "Some tests fail. Help to find one case that fails and why; no second fault.",
        "next_step": "The code is on its way and not tested. Help with the one step that comes next.",
        "cost": "All tests pass. Help to see what the solution costs; nothing is wrong with it.",
        "done": "All tests pass. Turn to unusual inputs, or to what the cost depends on; nothing is wrong.",
    }
)
"""What each need asks of a hint, in words for the model."""


def find_need(payload: HintPayload, metrics: CodeMetrics | None, syntax_errors: tuple[int, ...]) -> Need:
    """Find the kind of help that the facts call for, by the table of this module."""
    source, run = Source(payload.current_code, payload.language, metrics), payload.execution
    if source.is_empty and (not source.rows or run is None or not run.some_pass):
        return "start"
    if syntax_errors and not payload.code_was_read:
        return "syntax"
    if run is not None and run.fails:
        return "failing"
    if run is None or run.pass_share is None:
        return "next_step"
    nested = any(row.is_loop and row.loops for row in source.rows)
    return "cost" if nested or (metrics is not None and metrics.max_complexity > COMPLEX) else "done"
