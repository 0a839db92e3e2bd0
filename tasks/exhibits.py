"""What prompts show and say: the exhibits from outside, and the facts that were measured of them.

What is of rank 0 is shortened first when a prompt is too long, and the problem last.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiplane.code_metrics import EXTENSIONS
from aiplane.listing import Listing
from tasks.prompting import Exhibit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiplane.code_metrics import CodeMetrics
    from aiplane.contracts import ExecutionSummary, HistoricalWeakness, Turn
    from aiplane.contracts.shared import PastHint

_SPEAKERS = {"user": "candidate", "assistant": "interviewer", "system": "a note in the record"}


def problem(text: str) -> Exhibit:
    """Show the problem."""
    return Exhibit("problem", (text,), rank=9)


def code(text: str) -> Exhibit:
    """Show the code with the numbers of its lines."""
    numbered = Listing(text).numbered() if text.strip() else ""
    return Exhibit("the candidate's code, with line numbers", (numbered,), rank=8)


def words(label: str, text: str | None) -> Exhibit:
    """Show what somebody wrote just now."""
    return Exhibit(label, (text or "",), rank=7)


def conversation(turns: Iterable[Turn]) -> Exhibit:
    """Show what was said, one JSON object a line, so that no turn can pretend to be two."""
    pieces = (_line(**{_SPEAKERS[turn.role]: turn.content}) for turn in turns)
    return Exhibit("conversation so far, oldest first", tuple(pieces) or ("",), rank=0)


def hints(past: Iterable[PastHint]) -> Exhibit:
    """Show the hints that the candidate already has."""
    pieces = (_line(hint=hint.hint) for hint in past)
    return Exhibit("hints given so far, oldest first", tuple(pieces) or ("",), rank=1)


def weaknesses(known: Iterable[HistoricalWeakness]) -> Exhibit:
    """Show what the candidate struggled with before."""
    pieces = (_line(category=weakness.category, description=weakness.description or "") for weakness in known)
    return Exhibit("weaknesses seen in earlier sessions", tuple(pieces) or ("",), rank=2)


def language(name: str | None) -> Exhibit:
    """Show the name of a programming language that we do not know: such a name may be any text."""
    return Exhibit("name of the programming language", ("" if name in EXTENSIONS else name or "",), rank=7)


def _line(**content: str) -> str:
    return json.dumps(content, ensure_ascii=False)


def execution(run: ExecutionSummary | None) -> list[str]:
    """Say how the tests went, in numbers."""
    if run is None or (run.pass_share is None and run.status is None):
        return ["The tests have not been run."]
    if run.pass_share is None:
        return [f"The test run is {run.status}; how many tests pass is not known."]
    if run.passed_test_cases is None:
        return ["All tests pass."]
    return [f"Tests that pass: {run.passed_test_cases}, a share of {run.pass_share:.0%}."]


def measurements(name: str | None, metrics: CodeMetrics | None) -> list[str]:
    """Say what was measured of the code, in numbers, and its language where it is one that we know."""
    facts = [f"The code is {name}."] if name in EXTENSIONS else []
    if metrics is None:
        return [*facts, "The code's complexity was not measured."]
    worst = metrics.deepest
    size = f"Measured: {metrics.code_lines} lines of code, cyclomatic complexity {metrics.complexity}"
    place = f"the deepest nesting is {worst.nesting}, in lines {worst.start_line} to {worst.end_line}."
    return [*facts, f"{size}; {place}"]


def response_language(tag: str | None) -> list[str]:
    """Say which human language to write in; the tag was checked to be one."""
    return [f"Write every text in the language with the BCP-47 tag {tag}."] if tag else []
