"""The hint task: one next step for a candidate who is stuck, at the level that was asked for.

Rules decide first what kind of help the facts call for (:mod:`tasks.needs`); the model writes the hint within
it. What it wrote is held to its level (:mod:`tasks.spoilers`) and to what makes a hint teach
(:mod:`tasks.teaching`) before anyone sees it. A gentle hint has no ``suggestedApproach``: naming the strategy
is what the level forbids.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from aiplane.celery import app
from aiplane.coaching.answers import HintAnswer
from aiplane.coaching.cases import HintCase
from aiplane.code.listing import Listing
from aiplane.code.metrics import METERS, measuring
from aiplane.code.syntax import CHECKERS, syntax_errors
from aiplane.contracts import HintPayload, HintResult
from aiplane.queues import QUEUES
from tasks import exhibits
from tasks.asking import Question, ask
from tasks.claims import check_claims
from tasks.earlier_sessions import check_mentions
from tasks.faults import Checked, Fault, checked
from tasks.ideas_told import check_ideas
from tasks.kept_back import check_kept_back, check_value
from tasks.known import Known
from tasks.manners import check_manners
from tasks.named_lines import check_lines_named
from tasks.needs import ORDERS, find_need
from tasks.praise import check_praise
from tasks.prompting import session_of
from tasks.right_language import check_language, expected_language
from tasks.runs_told import check_runs
from tasks.sections import lay_out
from tasks.spoilers import check_code
from tasks.steps_told import HINTS_ALLOWED, check_steps, check_suggested
from tasks.teaching import check_form, check_new, terms
from tasks.techniques import check_technique

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.providers.llm import LLM
    from tasks.sections import Exhibit

log = logging.getLogger(__name__)


@app.task(name=QUEUES["hint"].task, programs=[METERS, CHECKERS])
def generate_hint(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write the hint that a job asks for: its payload in, its result out, both as on the wire.

    Raises:
        JobError: one of its leaves.
    """
    return write_hint(HintPayload.parse(payload), app.providers.llm).to_wire()


def write_hint(payload: HintPayload, llm: LLM) -> HintResult:
    """Ask the model for a hint and check it.

    Raises:
        LLMError: the call failed, or the answer broke a rule twice.
    """
    code, language = payload.current_code, payload.language
    with measuring(code, language) as measured:
        errors = () if payload.code_was_read else syntax_errors(code, language) or ()
        sheet = lay_out(_shown(payload))
        metrics = measured()
    case = HintCase(payload, metrics, find_need(payload, metrics, errors), errors)
    trace.get_current_span().set_attribute("ai.hint.need", case.need)
    log.debug("a %s hint for the need %s", payload.hint_level, case.need)
    question = Question(
        kind="hint",
        shape=HintAnswer,
        case=case,
        sheet=sheet,
        facts=_facts(case),
        check=lambda answer: _checked(answer, payload, expected_language(payload.response_language, llm)),
        session=session_of(payload, "hint"),
    )
    return ask(llm, question)


def _checked(answer: HintAnswer, payload: HintPayload, tag: str | None) -> Checked[HintResult]:
    level = payload.hint_level
    concepts = terms(answer.related_concepts)
    result = HintResult(
        hint=answer.hint,
        hint_level=level,
        suggested_approach=None if level == "gentle" else answer.suggested_approach,
        related_concepts=concepts,
        reflection_prompt=answer.reflection_prompt,
    )
    texts = {
        "hint": result.hint,
        "suggestedApproach": result.suggested_approach,
        "reflectionPrompt": result.reflection_prompt,
        **{f"relatedConcepts {number}": concept for number, concept in enumerate(concepts, start=1)},
    }
    said = _said(payload)
    known = Known(payload.current_code, payload.problem_description, said)
    lines = len(Listing(payload.current_code).lines)
    faults = [
        *check_code(level, texts, known),
        *(_check_told(texts, answer.diagnosis.keep_back, known, said) if level == "gentle" else ()),
        *(check_value(texts, answer.diagnosis.keep_back, known) if level != "direct" else ()),
        *(fault for place, text in texts.items() for fault in check_lines_named(place, text, lines)),
        *check_language(texts, tag),
        *check_manners(texts),
        *check_praise(texts, payload.execution),
        *check_runs(texts, payload.execution, said),
        *check_mentions(texts, said, topic=f"{payload.problem_description}\n{payload.current_code}"),
        *check_claims(texts, payload.problem_description, payload.current_code, payload.execution),
        *check_form(level, answer.hint, is_english=exhibits.is_english(tag), known_words=known.words),
        *check_new(answer.hint, payload.hints_so_far),
    ]
    return checked(result, faults)


def _check_told(
    texts: Mapping[str, str | None], kept_back: str, known: Known, said: Sequence[str]
) -> Iterator[Fault]:
    """Hold a gentle hint to its level in prose: no name, no way, nothing of what is kept back."""
    yield from check_technique("gentle hint", texts, known, kept_back)
    yield from check_steps("hint", texts.values(), said, HINTS_ALLOWED)
    yield from check_suggested("hint", texts.values())
    yield from check_ideas("hint", texts, known)
    yield from check_kept_back(texts, kept_back, known)


def _said(payload: HintPayload) -> list[str]:
    """Return what the candidate said, and the hints that they have."""
    turns = [turn.content for turn in payload.conversation_history if turn.role == "user"]
    return [*turns, payload.reflection_response or "", *(hint.hint for hint in payload.hints_so_far)]


def _shown(payload: HintPayload) -> list[Exhibit]:
    return [
        exhibits.problem(payload.problem_description),
        exhibits.language(payload.language),
        exhibits.weaknesses(payload.historical_weaknesses),
        exhibits.hints(payload.hints_so_far),
        exhibits.conversation(payload.conversation_history),
        exhibits.code(payload.current_code),
        exhibits.words("the candidate's answer to the latest hint", payload.reflection_response),
    ]


def _facts(case: HintCase) -> list[str]:
    payload = case.payload
    return [
        *exhibits.measurements(payload.language, case.metrics, payload.current_code),
        *exhibits.syntax(case.syntax_errors, was_read=payload.code_was_read),
        *exhibits.execution(payload.execution),
        *_earlier(payload),
        *exhibits.response_language(payload.response_language),
        f"The need: {ORDERS[case.need]}",
        f"Write the hint at the level {payload.hint_level}.",
    ]


def _earlier(payload: HintPayload) -> list[str]:
    """Say which hint this is, and that an answer to the latest one is owed a word."""
    number = max(payload.hint_iteration or 1, len(payload.hints_so_far) + 1)
    facts = [f"This is hint number {number} for this problem."]
    if payload.hints_so_far:
        facts.append("Go on from the latest hint, and repeat none of them.")
    if (payload.reflection_response or "").strip():
        facts.append("The candidate answered the latest hint: take that answer up in your first sentence.")
    return facts
