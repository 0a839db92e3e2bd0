"""The offline coach's reviews: scores from tests, measurements and findings, and none where it knows nothing.

Correctness is what the tests say, or a fault that a pattern found. Readability is what can be measured of it.
Where no pattern fits, that is no praise: the category is not judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from aiplane.coaching.answers import (
    CategoryAnswer,
    CodeSignalAnswer,
    EvidenceAnswer,
    ReviewAnswer,
    SuggestionAnswer,
)
from aiplane.code.rows import Source
from aiplane.providers.llm.offline.findings import findings_in
from aiplane.providers.llm.offline.voice import SIGNATURE, voice_of
from aiplane.text.measures import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.coaching.cases import ReviewCase
    from aiplane.contracts import ExecutionSummary, Severity
    from aiplane.providers.llm.offline.findings import Finding
    from aiplane.providers.llm.offline.voice import Voice

_COSTS: Mapping[Severity, int] = {"info": 1, "minor": 2, "major": 3, "critical": 6}
"""What a finding takes off its category's 10 points."""

_LEAST = 1
"""No finding of a pattern is worth a 0."""

_MEASURED = 8
"""What code is worth whose measurements are in order: names and comments were not read."""

_NOT_JUDGED = 5
_MOST_SUGGESTIONS = 5

_MEANINGS: tuple[tuple[str, str], ...] = (
    (
        "nothing",
        r"communicat|explain|discuss|collaborat|attitude|\bplan|\bask|\btalk|teamwork|\btest|docu",
    ),
    ("efficiency", r"efficien|complex|perform|\btime\b|\bspace\b|\bmemory\b|\bfast|\bspeed|\bcost"),
    ("readability", r"read|\bnam(?:e|ing)|\bstyle|\bclean|struct|maintain|\bclear"),
    ("edge_cases", r"\bedge|bound|valid|robust|\berror|\bempty|\bcorner"),
    ("correctness", r"correct|\bworks?\b|\bright\b|\bresults?\b|functional|solves"),
)
"""Words that tell which of the usual categories a line of a rubric is about; nothing where none does."""

_NO_RULE = "The offline coach has no rule for this and does not judge it."
_NO_PATTERN = (
    "The offline coach knows a handful of patterns here and none of them fits; that is no praise, so it does "
    "not judge this."
)


class _Judgement(NamedTuple):
    score: int
    feedback: str
    evidence: list[EvidenceAnswer]
    judged: bool = True


def write_review(case: ReviewCase) -> ReviewAnswer:
    """Review the code of the case."""
    found = [
        finding
        for finding in findings_in(Source(case.payload.code, case.payload.language, case.metrics))
        if any(finding.start_line in lines and finding.end_line in lines for lines in case.lines_shown)
        # What every test bears out is no fault, whatever a pattern says.
        and not (finding.rule.category == "correctness" and _all_pass(case.payload.execution))
    ]
    voice = voice_of(case.payload.response_language)
    return ReviewAnswer(
        categories=[_category(name, case, found, voice) for name in case.categories],
        suggestions=[] if voice else [_suggest(each, case.categories) for each in found[:_MOST_SUGGESTIONS]],
        summary=_in_short(case, found, voice) if voice else _summary(case, found),
        weakness_signals=_weaknesses(found),
    )


def _all_pass(run: ExecutionSummary | None) -> bool:
    return run is not None and run.pass_share == 1


def _meaning(name: str) -> str:
    text = name.casefold().replace("_", " ")
    return next(
        (meaning.replace(" ", "_") for meaning, words in _MEANINGS if re.search(words, text)), "nothing"
    )


def _category(name: str, case: ReviewCase, found: Sequence[Finding], voice: Voice | None) -> CategoryAnswer:
    judgement = _judge(_meaning(name), case, found)
    feedback, observed = judgement.feedback, ""
    if voice:
        found_none = not any(finding.rule.category == _meaning(name) for finding in found)
        observed = voice.measured if found_none else voice.judged
        told = voice.tested(case.payload.execution) if _meaning(name) == "correctness" else observed
        feedback = told if judgement.judged else voice.unjudged
    evidence = [
        each.model_copy(update={"observation": observed}) if voice else each for each in judgement.evidence
    ]
    return CategoryAnswer(
        name=name, evidence=evidence, judged=judgement.judged, feedback=feedback, score=judgement.score
    )


def _judge(meaning: str, case: ReviewCase, found: Sequence[Finding]) -> _Judgement:
    here = [finding for finding in found if finding.rule.category == meaning]
    remarks = " ".join(finding.rule.remark for finding in here)
    evidence = [_quote(finding) for finding in here]
    score = max(_LEAST, 10 - sum(_COSTS[finding.rule.severity] for finding in here))
    run = case.payload.execution
    if meaning == "correctness" and run is not None and (run.fails or run.pass_share is not None):
        share = 0.9 if run.pass_share is None else run.pass_share
        score = min(score, int(round(10 * share, 6)))
        return _Judgement(score, " ".join(part for part in (_standing(run), remarks) if part), evidence)
    if here:
        return _Judgement(score, remarks, evidence)
    if meaning == "readability" and (measured := _measured(case)) is not None:
        return measured
    return _Judgement(_NOT_JUDGED, _NO_RULE if meaning == "nothing" else _NO_PATTERN, [], judged=False)


def _measured(case: ReviewCase) -> _Judgement | None:
    """Judge readability by what was measured, on the header of the function that was the most to read."""
    metrics, source = case.metrics, Source(case.payload.code, case.payload.language, case.metrics)
    if metrics is None:
        return None
    function = metrics.deepest
    line = function.start_line
    is_shown = any(line in lines for lines in case.lines_shown)
    if not function.name or not is_shown or not source.listing.has(line, line) or not source.text_of(line):
        return None
    told = (
        f"Blocks inside one another at the deepest place: {function.nesting}. Paths: {function.complexity}."
    )
    quote = EvidenceAnswer(quote=source.text_of(line), start_line=line, end_line=line, observation=told)
    feedback = (
        "What can be measured is in order: length, nesting and paths. Names and comments were not read."
    )
    return _Judgement(_MEASURED, feedback, [quote])


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
    if run is not None and run.pass_share is not None and run.passed is not None:
        return f"Of {run.total} tests {run.passed} pass, that is {percent(run.pass_share)}."
    if _all_pass(run):
        return "All tests pass."
    return "Some tests do not pass." if run is not None and run.fails else "The tests were not run."


def _summary(case: ReviewCase, found: Sequence[Finding]) -> str:
    sentences = [SIGNATURE, *_broken(case), _standing(case.payload.execution)]
    if found:
        sentences.append(f"What its rules found first is at {found[0].place}: {found[0].rule.remark}")
        sentences.append(found[0].rule.advice)
    else:
        sentences.append("Its rules found nothing in the code, and they look for little.")
    return " ".join(sentences)


def _in_short(case: ReviewCase, found: Sequence[Finding], voice: Voice) -> str:
    """Say what was measured, in a language that no remark is written in."""
    look = [voice.look.format(line=found[0].start_line)] if found else []
    return " ".join((voice.who, voice.tested(case.payload.execution), *look))


def _broken(case: ReviewCase) -> list[str]:
    if not case.syntax_errors:
        return []
    return [f"A parser is unsure at line {case.syntax_errors[0]}; the code may not be complete there."]
