"""What prompts show and say: the exhibits from outside, and the facts that were measured of them.

What is of rank 0 is shortened first when a prompt is too long, and the problem last. What an answer cannot do
without is never shortened away: some of the code, and what somebody said last. Of what may be without end
(turns, hints), no more is written out than a prompt could hold.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from aiplane.code_languages import EXTENSIONS
from aiplane.contracts import Turn
from aiplane.contracts.shared import PastHint
from aiplane.listing import Listing
from aiplane.wording import percent
from tasks.prompting import BUDGET_CHARACTERS, Exhibit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiplane.code_metrics import CodeMetrics, FunctionMetrics
    from aiplane.contracts import ExecutionSummary, HistoricalWeakness

_MOST_FUNCTIONS = 8
"""So many functions are told of, the most complex ones: more would drown the rest."""

_MOST_ERRORS = 3
"""So many syntax errors: those after the first are often its echo."""

_LEAST_WORDS = 2_000
"""Characters that are kept of what was said or written last: more than nearly anybody does at once."""

_LEAST_CODE = 10_000
"""Characters that are kept of the code, its numbers included: some 250 lines."""

_SPEAKERS = {"user": "candidate", "assistant": "interviewer", "system": "a note in the record"}


def problem(text: str) -> Exhibit:
    """Show the problem."""
    return Exhibit("problem", (text,), rank=9)


def code(text: str) -> Exhibit:
    """Show the code with the numbers of its lines."""
    numbered = Listing(text).numbered() if text.strip() else ""
    return Exhibit(
        "the candidate's code, with line numbers", (numbered,), rank=8, least=_LEAST_CODE, numbered=True
    )


def words(label: str, text: str | None) -> Exhibit:
    """Show what somebody wrote just now."""
    return Exhibit(label, (text or "",), rank=7, least=_LEAST_WORDS)


def names(label: str, text: str) -> Exhibit:
    """Show what the answer has to name or to fit: the whole of it, always."""
    return Exhibit(label, (text,), rank=7, least=len(text))


def conversation(turns: Sequence[Turn], message: str | None = None) -> Exhibit:
    """Show what was said, one numbered JSON object a line, so that no turn can pretend to be two.

    Args:
        turns: oldest first, numbered from 1.
        message: what the candidate just said: one turn more.
    """
    pieces = [
        _line(turn=str(number), **{_SPEAKERS[turn.role]: turn.content}) for number, turn in _newest(turns)
    ]
    if message is not None:
        pieces.append(_line(turn=str(len(turns) + 1), candidate=message))
    return Exhibit("conversation so far, oldest first", tuple(pieces) or ("",), rank=0, least=_LEAST_WORDS)


def hints(past: Sequence[PastHint]) -> Exhibit:
    """Show the hints that the candidate already has."""
    pieces = tuple(_line(hint=hint.hint) for _, hint in _newest(past))
    return Exhibit("hints given so far, oldest first", pieces or ("",), rank=1, least=_LEAST_WORDS)


def weaknesses(known: Iterable[HistoricalWeakness]) -> Exhibit:
    """Show what the candidate struggled with before."""
    pieces = (_line(category=weakness.category, description=weakness.description or "") for weakness in known)
    return Exhibit("weaknesses seen in earlier sessions", tuple(pieces) or ("",), rank=2)


def language(name: str | None) -> Exhibit:
    """Show the name of a programming language that we do not know: such a name may be any text."""
    return names("name of the programming language", "" if name in EXTENSIONS else name or "")


S = TypeVar("S", Turn, PastHint)


def _newest(spoken: Sequence[S]) -> list[tuple[int, S]]:
    """Return as many of the latest as a prompt could hold, with their numbers, oldest first."""
    kept: list[tuple[int, S]] = []
    room = BUDGET_CHARACTERS
    for number in range(len(spoken), 0, -1):
        if room <= 0:
            break
        one = spoken[number - 1]
        room -= len(one.hint if isinstance(one, PastHint) else one.content)
        kept.append((number, one))
    return kept[::-1]


def _line(**content: str) -> str:
    return json.dumps(content, ensure_ascii=False)


def execution(run: ExecutionSummary | None) -> list[str]:
    """Say how the tests went, in numbers."""
    if run is not None and run.pass_share is None and run.fails:
        return ["Some tests fail; how many pass is not known."]
    if run is None or (run.pass_share is None and run.status is None):
        return ["The tests have not been run."]
    if run.pass_share is None:
        return [f"The test run is {run.status}; how many tests pass is not known."]
    if run.passed is None:
        return ["All tests pass."]
    return [f"Tests that pass: {run.passed}, a share of {percent(run.pass_share)}."]


def measurements(name: str | None, metrics: CodeMetrics | None) -> list[str]:
    """Say what was measured of the code, in numbers, and its language where it is one that we know.

    Functions are told by their lines: a name is a candidate's text.
    """
    facts = [f"The code is {name}."] if name in EXTENSIONS else []
    if metrics is None:
        return [*facts, "The code's complexity was not measured."]
    total = f"Measured: {metrics.code_lines} lines of code, cyclomatic complexity {metrics.complexity}."
    most_complex_first = sorted(metrics.functions, key=lambda function: -function.complexity)
    return [*facts, total, *map(_function, most_complex_first[:_MOST_FUNCTIONS])]


def _function(function: FunctionMetrics) -> str:
    return (
        f"The function in lines {function.start_line} to {function.end_line}: complexity "
        f"{function.complexity}, nesting {function.nesting}, {function.length} lines, "
        f"{function.parameters} parameters."
    )


def syntax(errors: Sequence[int], *, was_read: bool | None) -> list[str]:
    """Say where a parser stumbles over the code, and that it is no more than that.

    Args:
        errors: the lines; none where a run has shown that the language reads the code.
        was_read: what the test runs say of it; see :attr:`aiplane.contracts.ExecutionSummary.code_was_read`.
    """
    if not errors:
        return []
    lines = ", ".join(str(line) for line in dict.fromkeys(errors[:_MOST_ERRORS]))
    place = f"A parser is unsure at line {lines}"
    if was_read is False:
        return [f"{place}, or just before, and the run gave no test a result: the code may not be readable."]
    return [f"{place}, or just before. It does not know every macro or all new syntax: look for yourself."]


def response_language(tag: str | None) -> list[str]:
    """Say which human language to write in; the tag was checked to be one."""
    return [f"Write every text in the language with the BCP-47 tag {tag}."] if tag else []


def is_english(tag: str | None) -> bool:
    """Tell whether the person reads English: the language of answers where no other is asked for."""
    return tag is None or tag.lower().split("-")[0] == "en"


def in_language(tag: str | None, words: Mapping[str, str]) -> str:
    """Return the words for the language of a tag; the English ones where there are no others."""
    return words.get((tag or "en").lower().split("-")[0], words["en"])
