"""The offline coach's hints: the need is known, and its next step is said at the level asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.coaching.answers import DiagnosisAnswer, HintAnswer
from aiplane.coaching.conversation import is_no_answer
from aiplane.code.rows import Source
from aiplane.providers.llm.offline.findings import findings_in
from aiplane.providers.llm.offline.steps import (
    ANYTIME,
    BEGIN,
    BREAKING,
    COST,
    FAILING_KINDS,
    TRACE,
    UNUSUAL,
    Step,
    family_step,
    finding_step,
    syntax_step,
)
from aiplane.providers.llm.offline.topics import ANY_PROBLEM, topic_of
from aiplane.providers.llm.offline.voice import SIGNATURE, voice_of
from aiplane.text.measures import percent, repeated_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiplane.coaching.cases import HintCase
    from aiplane.contracts import ExecutionSummary, PreviousHint
    from aiplane.providers.llm.offline.findings import Finding
    from aiplane.providers.llm.offline.voice import Voice

_TOO_SIMILAR = 0.45
"""A little less than what is taken for a repetition, by :func:`aiplane.text.measures.repeated_share`."""

_RECENT = 8


def write_hint(case: HintCase) -> HintAnswer:
    """Write the next hint: the first step that is in the way and was not given before."""
    voice = voice_of(case.payload.response_language)
    return _in_short(case, voice) if voice else _in_english(case)


def _in_english(case: HintCase) -> HintAnswer:
    payload, given = case.payload, case.payload.hints_so_far
    step, hint = _next(case, given)
    topic = topic_of(payload.problem_description)
    # The concepts of a problem's family are the idea that a gentle hint leads to.
    hidden = topic.concepts if payload.hint_level == "gentle" else ()
    concepts = [name for name in (*step.concepts, topic.concepts[0]) if name not in hidden]
    return HintAnswer(
        diagnosis=DiagnosisAnswer(fault=_standing(case), next_step=step.gentle, keep_back=", ".join(hidden)),
        hint=hint,
        suggested_approach=None if payload.hint_level == "gentle" else step.approach or step.moderate,
        related_concepts=list(dict.fromkeys(concepts)) or ["problem decomposition"],
        reflection_prompt=step.reflection,
    )


def _in_short(case: HintCase, voice: Voice) -> HintAnswer:
    """Say what was measured, in a language that no step is written in."""
    found = next(iter(_findings(case)), None)
    line = case.syntax_errors[0] if case.need == "syntax" else found.start_line if found else None
    told = line is not None and case.payload.hint_level != "gentle"
    parts = [voice.who, voice.tested(case.payload.execution), voice.try_example]
    return HintAnswer(
        hint=" ".join([*parts[:2], *([voice.look.format(line=line)] if told else []), parts[2]]),
        related_concepts=[voice.concept],
        reflection_prompt=voice.question,
    )


def _next(case: HintCase, given: Sequence[PreviousHint]) -> tuple[Step, str]:
    """Choose a step that no hint had, or at least words that are new enough."""
    said = "\n".join(past.hint for past in given)
    steps = list(dict.fromkeys((*_steps(case), *ANYTIME)))
    fresh = [step for step in steps if step.at(case.payload.hint_level) not in said]
    written = [(step, _compose(case, step)) for step in fresh or steps]
    recent = given[-_RECENT:]
    return next(
        (
            pair
            for pair in written
            if all(repeated_share(pair[1], past.hint) < _TOO_SIMILAR for past in recent)
        ),
        written[len(given) % len(written)],
    )


def _compose(case: HintCase, step: Step) -> str:
    """Write the whole hint: who speaks, what was answered, where the work stands, the step, and its trial."""
    parts = (
        SIGNATURE,
        _acknowledgement(case),
        _standing(case),
        step.at(case.payload.hint_level),
        step.trial,
    )
    return " ".join(part for part in parts if part)


def _acknowledgement(case: HintCase) -> str:
    response = case.payload.reflection_response
    if not response or not response.strip():
        return ""
    if is_no_answer(response):
        return "You had no answer to the last question, so here is something smaller to do."
    return "It cannot judge your answer to the last hint: hold that answer against what you find now."


def _standing(case: HintCase) -> str:
    """Say where the candidate stands, from the facts."""
    if case.need == "start":
        return "Nothing of a solution is written yet."
    return _tested(case.payload.execution)


def _tested(run: ExecutionSummary | None) -> str:
    share = run.pass_share if run is not None else None
    if run is None or (share is None and not run.fails):
        return "It knows of no test that was run."
    if share is None or run.passed is None:
        return "All tests pass." if share == 1 else "Some tests do not pass."
    if share == 1:
        return f"All {run.passed} tests pass." if run.passed > 1 else "The one test passes."
    if share == 0:
        return f"None of {run.total} tests passes, so look for something that is off for every input."
    return f"Of {run.total} tests {run.passed} pass, that is {percent(share)}."


def _findings(case: HintCase) -> tuple[Finding, ...]:
    payload = case.payload
    source = Source(payload.current_code, payload.language, case.metrics)
    return () if case.need == "start" else findings_in(source)


def _steps(case: HintCase) -> Iterator[Step]:
    """Yield what could be said, in the order in which it matters for the need."""
    payload = case.payload
    by_category: dict[str, list[Step]] = {}
    for finding in _findings(case):
        by_category.setdefault(finding.rule.category, []).append(finding_step(finding))
    wrong, costly, edges, unclear = (
        by_category.get(category, [])
        for category in ("correctness", "efficiency", "edge_cases", "readability")
    )
    topic = topic_of(payload.problem_description)
    family = [family_step(topic)] if topic != ANY_PROBLEM or case.need == "start" else []
    match case.need:
        case "start":
            yield from (BEGIN, *family)
        case "syntax":
            yield syntax_step(case.syntax_errors[0])
        case "breaking":
            yield from (*wrong, BREAKING, *edges, *costly, TRACE)
        case "failing":
            nothing_passes = payload.execution is not None and payload.execution.pass_share == 0
            usual = (TRACE, *family) if nothing_passes else (*edges, FAILING_KINDS, TRACE)
            yield from (*wrong, *usual)
        case "cost":
            yield from (*costly, COST, *family, *edges, UNUSUAL, *unclear)
        case "done":
            # What tests do not bear out is no fault to send somebody after.
            yield from (*costly, *edges, UNUSUAL, *unclear, COST)
        case "next_step":
            yield from (*wrong, *costly, *edges, TRACE, *family)
