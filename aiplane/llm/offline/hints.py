"""The offline coach's hints: the need is known, and its next step is said at the level asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.conversation import is_no_answer
from aiplane.llm.answers import DiagnosisAnswer, HintAnswer
from aiplane.llm.offline.findings import findings_in
from aiplane.llm.offline.steps import (
    ANYTIME,
    BEGIN,
    COST,
    FAILING_KINDS,
    HABITS,
    TRACE,
    UNUSUAL,
    Step,
    family_step,
    finding_step,
    syntax_step,
)
from aiplane.llm.offline.topics import topic_of
from aiplane.source import Source
from aiplane.wording import count_words, percent, repeated_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiplane.contracts import ExecutionSummary, PreviousHint
    from aiplane.llm.cases import HintCase

_ENOUGH_WORDS = 84
"""A little more than the shortest hint that is let through."""

_TOO_SIMILAR = 0.4
"""A little less than what is refused as a repetition, by :func:`aiplane.wording.repeated_share`."""

_RECENT = 8

_HABITS_A_HINT = 3
"""With 27 habits, eight hints in a row share one at most."""


def write_hint(case: HintCase) -> HintAnswer:
    """Write the next hint: the first step that is in the way and was not given before."""
    payload, given = case.payload, case.payload.hints_so_far
    step, hint = _next(case, given)
    topic = topic_of(payload.problem_description)
    # The concepts of a problem's family are the idea that a gentle hint leads to.
    hidden = topic.concepts if payload.hint_level == "gentle" else ()
    concepts = [name for name in (*step.concepts, topic.concepts[0]) if name not in hidden]
    return HintAnswer(
        diagnosis=DiagnosisAnswer(fault=_standing(case), next_step=step.gentle, keep_back=", ".join(hidden)),
        hint=hint,
        suggested_approach=None if payload.hint_level == "gentle" else step.moderate,
        related_concepts=list(dict.fromkeys(concepts)) or ["problem decomposition"],
        reflection_prompt=step.reflection,
    )


def _next(case: HintCase, given: Sequence[PreviousHint]) -> tuple[Step, str]:
    """Choose a step that no hint had, or at least words that are new enough."""
    said = "\n".join(past.hint for past in given)
    steps = list(dict.fromkeys((*_steps(case), *ANYTIME)))
    fresh = [step for step in steps if step.at(case.payload.hint_level) not in said]
    written = [(step, _compose(case, step, len(given))) for step in fresh or steps]
    recent = given[-_RECENT:]
    return next(
        (
            pair
            for pair in written
            if all(repeated_share(pair[1], past.hint) < _TOO_SIMILAR for past in recent)
        ),
        written[len(given) % len(written)],
    )


def _compose(case: HintCase, step: Step, turn: int) -> str:
    """Write the whole hint: what was answered, where the work stands, the step, and how to go about it."""
    parts = [*_acknowledgement(case), _standing(case), step.at(case.payload.hint_level)]
    start = turn * _HABITS_A_HINT
    for offset in range(len(HABITS)):
        if count_words(" ".join(parts)) >= _ENOUGH_WORDS:
            break
        parts.append(HABITS[(start + offset) % len(HABITS)])
    return " ".join(parts)


def _acknowledgement(case: HintCase) -> Iterator[str]:
    response = case.payload.reflection_response
    if response and response.strip():
        if is_no_answer(response):
            yield "You have no answer to the last question yet, and that is fine; this step is smaller."
        else:
            yield "Thank you for your answer; keep it in mind, because this step starts from there."


def _standing(case: HintCase) -> str:
    """Say where the candidate stands, from the facts."""
    if case.need == "start":
        return "Nothing is written yet, which is the best moment to think."
    if case.need == "syntax":
        return "A parser is unsure about the form of your code, so have a look at that before all else."
    return _tested(case.payload.execution)


def _tested(run: ExecutionSummary | None) -> str:
    share = run.pass_share if run is not None else None
    if share is None and run is not None and run.fails:
        return "Some tests do not pass yet, so one of the cases that fail is the place to look at."
    if share is None:
        return "Your code has not been through the tests yet, so check it with your own eyes first."
    if share == 1:
        return "All tests pass, so the idea is right, and what is left is to make it better."
    if share == 0:
        return "No test passes yet, so one thing is off for every input, and one change may mend them all."
    return f"{percent(share)} of the tests pass, so your idea carries some of the way."


def _steps(case: HintCase) -> Iterator[Step]:
    """Yield what could be said, in the order in which it matters for the need."""
    payload = case.payload
    findings = findings_in(Source(payload.current_code, payload.language, case.metrics))
    by_category = {
        category: [finding_step(finding) for finding in findings if finding.rule.category == category]
        for category in ("correctness", "efficiency", "edge_cases", "readability")
    }
    wrong, costly = by_category["correctness"], by_category["efficiency"]
    edges, unclear = by_category["edge_cases"], by_category["readability"]
    family = family_step(topic_of(payload.problem_description))
    match case.need:
        case "start":
            yield from (BEGIN, family)
        case "syntax":
            yield syntax_step(case.syntax_errors[0])
        case "failing":
            nothing_passes = payload.execution is not None and payload.execution.pass_share == 0
            usual = (TRACE, family) if nothing_passes else (*edges, FAILING_KINDS, TRACE)
            yield from (*wrong, *usual)
        case "cost":
            yield from (*costly, COST, family, *edges, UNUSUAL, *unclear)
        case "done":
            yield from (*wrong, *costly, *edges, UNUSUAL, *unclear, COST)
        case "next_step":
            yield from (*wrong, *costly, *edges, TRACE, family)
