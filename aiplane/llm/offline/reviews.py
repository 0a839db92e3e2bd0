"""The offline coach's reviews: scores from tests and findings, each finding with the line it quotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.llm.answers import (
    CategoryAnswer,
    CodeSignalAnswer,
    EvidenceAnswer,
    ReviewAnswer,
    SuggestionAnswer,
)
from aiplane.llm.offline.findings import findings_in
from aiplane.source import Source
from aiplane.wording import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.contracts import ExecutionSummary, Severity
    from aiplane.llm.cases import ReviewCase
    from aiplane.llm.offline.findings import Finding

_COSTS: Mapping[Severity, int] = {"info": 1, "minor": 2, "major": 3, "critical": 6}
"""What a finding takes off its category's 10 points."""

_LEAST = 1
"""No finding of a pattern is worth a 0."""

_MOST_SUGGESTIONS = 5

_MEANINGS: tuple[tuple[str, str], ...] = (
    ("efficiency", r"efficien|complex|perform|\btime\b|\bspace\b|\bmemory\b|\bfast|\bspeed|\bcost"),
    ("readability", r"read|\bnam(?:e|ing)|\bstyle|\bclean|struct|maintain|\bclear|document"),
    ("edge_cases", r"\bedge|bound|valid|robust|\berror|\bempty|\bcorner"),
)
"""Words that tell which of the usual categories a line of a rubric is about; correctness where none does."""


def write_review(case: ReviewCase) -> ReviewAnswer:
    """Review the code of the case."""
    payload = case.payload
    found = [
        finding
        for finding in findings_in(Source(payload.code, payload.language, case.metrics))
        if any(finding.start_line in lines and finding.end_line in lines for lines in case.lines_shown)
    ]
    return ReviewAnswer(
        categories=[_judge(name, found, payload.execution) for name in case.categories],
        suggestions=[_suggest(finding, case.categories) for finding in found[:_MOST_SUGGESTIONS]],
        summary=_summary(case, found),
        weakness_signals=_weaknesses(found),
    )


def _meaning(name: str) -> str:
    text = name.casefold()
    return next((meaning for meaning, words in _MEANINGS if re.search(words, text)), "correctness")


def _judge(name: str, found: Sequence[Finding], run: ExecutionSummary | None) -> CategoryAnswer:
    meaning = _meaning(name)
    here = [finding for finding in found if finding.rule.category == meaning]
    score = max(_LEAST, 10 - sum(_COSTS[finding.rule.severity] for finding in here)) if here else 10
    remarks = [finding.rule.remark for finding in here]
    if meaning == "correctness" and run is not None and (run.fails or run.pass_share is not None):
        score = min(score, 9 if run.pass_share is None else int(10 * run.pass_share))
        remarks.insert(0, _standing(run))
    return CategoryAnswer(
        name=name,
        evidence=[_quote(finding) for finding in here],
        feedback=" ".join(remarks) or "The rules of the offline coach find nothing to object to here.",
        score=score,
    )


def _quote(finding: Finding) -> EvidenceAnswer:
    return EvidenceAnswer(
        quote=finding.quote,
        start_line=finding.start_line,
        end_line=finding.end_line,
        observation=finding.rule.remark,
    )


def _suggest(finding: Finding, names: Sequence[str]) -> SuggestionAnswer:
    category = next((name for name in names if _meaning(name) == finding.rule.category), names[0])
    return SuggestionAnswer(
        start_line=finding.start_line,
        end_line=finding.end_line,
        severity=finding.rule.severity,
        category=category,
        message=f"{finding.rule.remark} {finding.rule.advice}",
    )


def _weaknesses(found: Sequence[Finding]) -> list[CodeSignalAnswer]:
    return [
        CodeSignalAnswer(
            weakness=finding.rule.weakness,
            quote=finding.quote,
            start_line=finding.start_line,
            end_line=finding.end_line,
        )
        for finding in found
        if finding.rule.weakness
    ]


def _standing(run: ExecutionSummary | None) -> str:
    """Say how the tests went."""
    if run is not None and run.pass_share is not None:
        return f"{percent(run.pass_share)} of the tests pass."
    return "Some tests fail." if run is not None and run.fails else "The tests were not run."


def _summary(case: ReviewCase, found: Sequence[Finding]) -> str:
    sentences = [*_broken(case), _standing(case.payload.execution)]
    if found:
        sentences.append(f"What matters most is in {found[0].place}: {found[0].rule.remark}")
        sentences.append(found[0].rule.advice)
    else:
        sentences.append("The rules of the offline coach find nothing to object to in the code itself.")
    known = {weakness.category for weakness in case.payload.historical_weaknesses}
    if known & {finding.rule.weakness for finding in found}:
        sentences.append("Some of this came up in earlier sessions too, so it is worth practising.")
    return " ".join(sentences)


def _broken(case: ReviewCase) -> list[str]:
    if not case.syntax_errors:
        return []
    return [f"A parser is unsure at line {case.syntax_errors[0]}; the code may not be complete there."]
