"""What prompts show and say: the exhibits from outside, and the facts that were measured of them.

What is of rank 0 is shortened first when a prompt is too long, and the problem last. What an answer cannot do
without is never shortened away: some of the code, and what somebody said last. Of what may be without end
(turns, hints), no more is written out than a prompt could hold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from aiplane.code.languages import EXTENSIONS
from aiplane.code.listing import Listing
from aiplane.contracts import Turn
from aiplane.contracts.shared import PastHint
from aiplane.providers.speech.languages import language_name
from aiplane.text.measures import percent
from tasks.sections import BUDGET_CHARACTERS, Exhibit, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiplane.code.metrics import CodeMetrics, FunctionMetrics
    from aiplane.contracts import ExecutionSummary, HistoricalWeakness

_MOST_FUNCTIONS = 8
"""So many functions are told of, the most complex ones: more would drown the rest."""

_MOST_ERRORS = 3
"""So many syntax errors: those after the first are often its echo."""

_LEAST_WORDS = 2_000
"""Characters that are kept of what was said or written last: more than nearly anybody does at once."""

_LEAST_CODE = 10_000
"""Characters that are kept of the code, its numbers included: some 250 lines."""

_SPEAKERS = {"user": "candidate", "assistant": "interviewer", "system": "note"}

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?:Arab|Beng|Cans|Cyrl|Deva|Ethi|Grek|Guru|Hans|Hant|Hebr|Jpan|Kore|Latn|Mong"
    r"|Mtei|Nkoo|Olck|Orya|Syrc|Tfng|Tibt|Vaii))?(?:-(?:[a-z]{2}|\d{3}))?(?![a-z0-9])",
    re.IGNORECASE,
)
"""Language, script and region of a BCP-47 tag; more of it would be words of a stranger's among our orders."""

_NUMBERED = re.compile(r"\s*(?:[(#]?\d{1,2}\s?[.):\]\u2013-]|[A-Za-z][.):])\s")
"""The number that a line of a rubric may bring itself."""


def problem(text: str) -> Exhibit:
    """Show the problem."""
    return Exhibit("problem", (Row(text),), rank=9, nature="problem")


def code(text: str) -> Exhibit:
    """Show the code with the numbers of its lines."""
    lines = Listing(text).lines if text.strip() else ()
    rows = tuple(Row(line, f"{number}|", number) for number, line in enumerate(lines, start=1))
    return Exhibit("the candidate's code", rows, rank=8, least=_LEAST_CODE, nature="code", left_out="middle")


def words(label: str, text: str | None, *, is_code: bool = False) -> Exhibit:
    """Show what somebody wrote just now."""
    return Exhibit(
        label, (Row(text or ""),), rank=7, least=_LEAST_WORDS, nature="code" if is_code else "prose"
    )


def rubric(lines: Sequence[str]) -> Exhibit:
    """Show what the answer has to name: the whole of it, always, each line with one number."""
    have_numbers = any(map(_NUMBERED.match, lines))
    rows = tuple(
        Row(line, "" if have_numbers else f"{number}|") for number, line in enumerate(lines, start=1)
    )
    return Exhibit("rubric", rows, rank=7, least=sum(row.size for row in rows))


def conversation(turns: Sequence[Turn], message: str | None = None) -> Exhibit:
    """Show what was said, each turn under its number and who spoke: no turn can pretend to be two.

    Args:
        turns: oldest first, numbered from 1.
        message: what the candidate just said: one turn more.
    """
    rows = [Row(turn.content, f"{number} {_SPEAKERS[turn.role]}|") for number, turn in _newest(turns)]
    if message is not None:
        rows.append(Row(message, f"{len(turns) + 1} candidate|"))
    return Exhibit("conversation so far, oldest first", tuple(rows), rank=0, least=_LEAST_WORDS)


def hints(past: Sequence[PastHint]) -> Exhibit:
    """Show the hints that the candidate already has."""
    rows = tuple(Row(hint.hint, f"{number}|") for number, hint in _newest(past))
    return Exhibit("hints given so far, oldest first", rows, rank=1, least=_LEAST_WORDS)


def weaknesses(known: Iterable[HistoricalWeakness]) -> Exhibit:
    """Show what the candidate struggled with before."""
    rows = (Row(f"{weakness.category}: {weakness.description or '-'}") for weakness in known)
    return Exhibit("weaknesses seen in earlier sessions", tuple(rows), rank=2)


def language(name: str | None) -> Exhibit:
    """Show the name of a programming language that we do not know: such a name may be any text."""
    text = "" if name in EXTENSIONS else name or ""
    return Exhibit("name of the programming language", (Row(text),), rank=7, least=len(text) + 1)


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


def execution(run: ExecutionSummary | None) -> list[str]:
    """Say how the tests went: how many there are and pass, and how the others end."""
    if run is None or (run.pass_share is None and run.status is None and not run.fails):
        return ["The tests have not been run."]
    counts = list(_not_passing(run))
    if run.pass_share is None and run.fails:
        return [f"Some tests do not pass{_listed(counts)}; how many pass is not known."]
    if run.pass_share is None:
        return [f"The test run is {run.status}; how many tests pass is not known."]
    if run.pass_share == 1:
        return [f"All tests pass{f': {run.passed}' if run.passed is not None else ''}."]
    return [f"Of {run.total} tests {run.passed} pass ({percent(run.pass_share)}){_listed(counts)}."]


def _listed(counts: Sequence[str]) -> str:
    return f"; {', '.join(counts)}" if counts else ""


def _not_passing(run: ExecutionSummary) -> Iterator[str]:
    """Yield how many tests end in each other way: a wrong result is another fault than a crash."""
    late = run.timed_out_test_cases
    if run.failed_test_cases:
        yield f"{run.failed_test_cases} give a wrong result"
    if run.error_test_cases:
        yield f"{run.error_test_cases} break off with an error{' or a time-out' if late is None else ''}"
    if late:
        yield f"{late} run out of time"


def measurements(name: str | None, metrics: CodeMetrics | None, code: str) -> list[str]:
    """Say what was measured of the code, in numbers, and its language where it is one that we know.

    Functions are told by their lines: a name is a candidate's text.

    Args:
        name: of the language.
        metrics: of the code; ``None`` where it was not measured.
        code: itself; nothing is said of code that is not there.
    """
    facts = [f"The language is {name}."] if name in EXTENSIONS else []
    if not code.strip():
        return facts
    lines = len(Listing(code).lines)
    if metrics is None:
        return [*facts, f"The code has {lines} lines; its complexity was not measured."]
    total = f"The code has {lines} lines; its cyclomatic complexity is {metrics.complexity}."
    most_complex_first = sorted(metrics.functions, key=lambda function: -function.complexity)
    told = [function for function in most_complex_first if function.name or function.complexity > 1]
    return [*facts, total, *(_function(function, lines) for function in told[:_MOST_FUNCTIONS])]


def _function(function: FunctionMetrics, lines: int) -> str:
    place = "Outside functions"
    if function.name:
        place = f"The function in {_lines(function.start_line, min(function.end_line, lines))}"
    return f"{place}: complexity {function.complexity}, nesting {function.nesting}."


def _lines(first: int, last: int) -> str:
    return f"lines {first} to {last}" if last > first else f"line {first}"


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
    """Say which human language to write in, by its name and by the subtags that say which it is."""
    found = _TAG.match(tag or "")
    if found is None:
        return []
    name = language_name(found["language"])
    return [f"Write every text in {f'{name} ({found[0]})' if name else f'the language {found[0]}'}."]


def is_english(tag: str | None) -> bool:
    """Tell whether the person reads English: the language of answers where no other is asked for."""
    return tag is None or tag.lower().split("-")[0] == "en"
