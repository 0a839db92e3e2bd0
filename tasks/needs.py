"""What kind of help a candidate needs, found from facts before any hint is written.

===========  ==================================================================================
need         when (the first row that holds)
===========  ==================================================================================
start        nothing stands there that an empty template would not have, and no test passes
syntax       a parser finds errors, and no run has shown that the language reads the code all the same
breaking     some test does not pass, and more of these break off (an error, a time-out) than give a wrong
             result
failing      some test does not pass
next_step    the tests were not run, or the run says nothing
cost         all tests pass, and loops stand inside one another or the complexity is above 10
done         all tests pass, and nothing of that kind was measured
===========  ==================================================================================

Hints of high-level words alone were useless, or misled, where a novice needed the next step or had a syntax
error (arXiv 2404.02213); so the need is settled first, and the level of the hint is applied within it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.code.rows import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.coaching.cases import Need
    from aiplane.code.metrics import CodeMetrics
    from aiplane.contracts import ExecutionSummary, HintPayload

COMPLEX = 10
"""The cyclomatic complexity of a function that is worth one: McCabe's own bound."""

ORDERS: Mapping[Need, str] = MappingProxyType(
    {
        "start": "Nothing of a solution is written. Help to understand the problem and begin.",
        "syntax": "A parser stumbles over the code. If something is wrong with its form there, help to find "
        "that fault and leave everything else alone; if not, help with the one step that comes next.",
        "breaking": "Tests break off before they give a result. Help to find an input on which the code ends "
        "in an error or takes too long, and why; no second fault.",
        "failing": "Tests get a wrong result. Help to find one case that fails and why; no second fault.",
        "next_step": "Nothing is known of tests. Help with the one step that comes next.",
        "cost": "All tests pass. Help to see what the solution costs; no fault is known.",
        "done": "All tests pass. Turn to unusual inputs or to what the cost depends on; no fault is known.",
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
        return "breaking" if _breaks_off(run) else "failing"
    if run is None or run.pass_share is None:
        return "next_step"
    nested = any(row.is_loop and row.loops for row in source.rows)
    return "cost" if nested or (metrics is not None and metrics.max_complexity > COMPLEX) else "done"


def _breaks_off(run: ExecutionSummary) -> bool:
    """Tell whether more tests break off than give a wrong result."""
    broken = max(run.error_test_cases or 0, run.timed_out_test_cases or 0)
    wrong = run.failed_test_cases or 0
    # Producers count a test that broke off as failed, too, or they do not.
    if run.total is not None and run.passed is not None and wrong + broken > run.total - run.passed:
        wrong -= broken
    return broken > wrong
