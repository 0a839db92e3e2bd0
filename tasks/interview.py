"""The interview task: one reply of the interviewer, or a silence.

The tier and the follow-up types that go with it are decided by rule (:mod:`tasks.difficulty`) before the
model is asked. What the model writes past them is mended where that is safe: another follow-up type becomes
the usual one of the tier, remarks at lines that do not exist are dropped, and so are weaknesses that this job
cannot show. A silence where somebody asked, or a reply without words, is an invalid answer.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from aiplane.app import app
from aiplane.code_metrics import measure
from aiplane.contracts import (
    CODE_WEAKNESSES,
    CONVERSATION_WEAKNESSES,
    CodeAnnotation,
    InterviewPayload,
    InterviewResult,
)
from aiplane.errors import LLMInvalidResponseError, NotAvailableInModeError
from aiplane.listing import Listing
from aiplane.llm.answers import InterviewAnswer
from aiplane.llm.cases import InterviewCase
from aiplane.queues import QUEUES
from tasks import exhibits
from tasks.difficulty import decide
from tasks.prompting import Exhibit, ask
from tasks.signals import read_signals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.contracts import Weakness
    from aiplane.llm import LLM
    from tasks.difficulty import Verdict

log = logging.getLogger(__name__)


@app.task(name=QUEUES["interview"].task)
def reply_to_candidate(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write the reply that a job asks for: its payload in, its result out, both as on the wire.

    Raises:
        JobError: one of its leaves.
    """
    return reply(InterviewPayload.parse(payload), app.providers.llm).to_wire()


def reply(payload: InterviewPayload, llm: LLM) -> InterviewResult:
    """Decide the tier, ask the model for a reply within it, and check that.

    Raises:
        NotAvailableInModeError: the job is of a room of two people.
        LLMError: the call failed, or the answer failed a check.
    """
    if payload.room_mode == "peer":
        raise NotAvailableInModeError("The interviewer is not available in a room of two people.")
    metrics = measure(payload.current_code, payload.language or "")
    verdict = decide(read_signals(payload, metrics), payload.current_difficulty)
    _tell(verdict)
    case = InterviewCase(payload, verdict.difficulty, verdict.follow_up_types, metrics)
    answer = ask(llm, "interview", InterviewAnswer, case, exhibits=_shown(payload), facts=_facts(case))
    signals = _weaknesses(answer, payload)
    if not answer.should_respond and payload.trigger == "proactive":
        return InterviewResult(should_respond=False, difficulty=verdict.difficulty, weakness_signals=signals)
    if not answer.should_respond or answer.message is None:
        raise LLMInvalidResponseError("The model was asked for a reply and wrote none.")
    allowed = answer.follow_up_type in verdict.follow_up_types
    return InterviewResult(
        message=answer.message,
        follow_up_question=answer.follow_up_question,
        follow_up_type=answer.follow_up_type if allowed else verdict.follow_up_types[0],
        difficulty=verdict.difficulty,
        code_annotations=_annotations(answer, payload),
        code_context=payload.code_context,
        weakness_signals=signals,
    )


def _tell(verdict: Verdict) -> None:
    """Put the tier, its reason and the signals on the span and into the log."""
    measured = {name: value for name, value in asdict(verdict.signals).items() if value is not None}
    span = trace.get_current_span()
    span.set_attribute("ai.interview.difficulty", verdict.difficulty)
    span.set_attribute("ai.interview.difficulty_reason", verdict.reason)
    span.set_attributes({f"ai.interview.signal.{name}": value for name, value in measured.items()})
    log.info("interview tier %s", verdict.reason)


def _weaknesses(answer: InterviewAnswer, payload: InterviewPayload) -> tuple[Weakness, ...]:
    """Keep what can be concluded: from code if there is any, from talk if the candidate said anything."""
    spoke = payload.user_message or any(turn.role == "user" for turn in payload.conversation_history)
    known = (CODE_WEAKNESSES if payload.current_code.strip() else frozenset()) | (
        CONVERSATION_WEAKNESSES if spoke else frozenset()
    )
    return tuple(name for name in answer.weakness_signals if name in known)


def _annotations(answer: InterviewAnswer, payload: InterviewPayload) -> tuple[CodeAnnotation, ...]:
    listing = Listing(payload.current_code)
    return tuple(
        CodeAnnotation(line=remark.line, comment=remark.comment)
        for remark in answer.code_annotations
        if listing.has(remark.line, remark.line)
    )


def _shown(payload: InterviewPayload) -> list[Exhibit]:
    context, signals = payload.code_context, payload.interaction_signals
    return [
        exhibits.problem(payload.problem_description),
        exhibits.code(payload.current_code),
        exhibits.language(payload.language),
        exhibits.weaknesses(payload.historical_weaknesses),
        exhibits.hints(payload.recent_hints),
        exhibits.words(
            "the place in the code that is talked about", context.code_snippet if context else None
        ),
        exhibits.words("why the interviewer is asked now", signals.reason if signals else None),
        exhibits.conversation(payload.conversation_history),
        exhibits.words("what the candidate just said", payload.user_message),
    ]


def _facts(case: InterviewCase) -> list[str]:
    payload = case.payload
    return [
        *([] if payload.current_code.strip() else ["Nothing is written yet."]),
        *exhibits.measurements(payload.language, case.metrics),
        *exhibits.execution(payload.execution),
        *_place(payload),
        f"The tier of this reply is {case.difficulty}.",
        f"Follow-up types that are allowed: {', '.join(case.follow_up_types)}.",
        *exhibits.response_language(payload.response_language),
        _order(payload),
    ]


def _place(payload: InterviewPayload) -> list[str]:
    context = payload.code_context
    if context is None or (context.start_line is None and context.cursor_line is None):
        return []
    first = context.start_line or context.cursor_line
    return [f"The candidate is at lines {first} to {context.end_line or first}."]


def _order(payload: InterviewPayload) -> str:
    if payload.trigger == "proactive":
        return "Nobody asked: decide whether to speak at all, and if so, reply."
    if payload.user_message is None and not payload.conversation_history:
        return "The interview begins: you speak first."
    return "Reply to the candidate."
