"""The interview task: one reply of the interviewer, or a silence.

The tier and the follow-up types that go with it are decided by rule (:mod:`tasks.difficulty`) before the
model is asked. What the model writes past them is mended where that is safe: another follow-up type becomes
the usual one of the tier, remarks at lines that do not exist are dropped (and those past the fifth), and so
are weaknesses without evidence (:mod:`tasks.weaknesses`). A silence where somebody asked, a reply without
words, and what breaks a rule that must hold (:mod:`tasks.interviewing`) is an invalid answer.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from aiplane.celery import app
from aiplane.coaching.answers import InterviewAnswer
from aiplane.coaching.cases import InterviewCase
from aiplane.coaching.conversation import mood_of
from aiplane.code.listing import Listing
from aiplane.code.metrics import METERS, measuring
from aiplane.contracts import (
    CodeAnnotation,
    InterviewPayload,
    InterviewResult,
    Turn,
)
from aiplane.errors import NotAvailableInModeError
from aiplane.queues import QUEUES
from aiplane.text.measures import shortened
from tasks import exhibits
from tasks.asking import Question, ask
from tasks.claims import check_claims
from tasks.difficulty import decide
from tasks.earlier_sessions import check_secrecy
from tasks.faults import Checked, Fault, checked, must
from tasks.ideas_told import check_ideas
from tasks.interviewing import check_length, check_question, check_remarks, most_words, public
from tasks.kept_back import check_kept_back, check_value
from tasks.known import Known
from tasks.manners import check_manners
from tasks.named_lines import check_lines_named
from tasks.praise import check_praise
from tasks.prompting import session_of
from tasks.right_language import candidates_language, check_language, check_own_language, expected_language
from tasks.role import check_role
from tasks.runs_told import check_runs
from tasks.sections import Exhibit, lay_out
from tasks.signals import read_signals
from tasks.speaking import with_speech
from tasks.spoilers import check_no_code
from tasks.steps_told import REPLIES_ALLOWED, SMALL_STEPS_ALLOWED, check_steps
from tasks.techniques import check_technique
from tasks.weaknesses import proven_in_interview

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.coaching.answers import AnnotationAnswer
    from aiplane.providers.llm import LLM
from tasks.difficulty import Verdict

log = logging.getLogger(__name__)

MOST_REMARKS, LONGEST_REMARK = 5, 300
"""So many remarks at lines, and characters of each."""


@app.task(name=QUEUES["interview"].task, programs=[METERS])
def reply_to_candidate(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write the reply that a job asks for: its payload in, its result out, both as on the wire.

    Raises:
        JobError: one of its leaves.
    """
    job = InterviewPayload.parse(payload)
    is_spoken = job.voice and app.settings.tts_provider != "none"
    result = reply(job, app.providers.llm, is_spoken=is_spoken)
    return with_speech(result, job, app.providers).to_wire()


def reply(payload: InterviewPayload, llm: LLM, *, is_spoken: bool = False) -> InterviewResult:
    """Decide the tier, ask the model for a reply within it, and check that.

    Args:
        payload: the job's.
        llm: who answers.
        is_spoken: whether the reply is read aloud, and so has to be short.

    Raises:
        NotAvailableInModeError: the job is of a room of two people.
        LLMError: the call failed, or the answer broke a rule twice.
    """
    if payload.room_mode == "peer":
        raise NotAvailableInModeError("The interviewer is not available in a room of two people.")
    with measuring(payload.current_code, payload.language or "") as measured:
        sheet = lay_out(_shown(payload))
        metrics = measured()
    verdict = decide(read_signals(payload, metrics), payload.current_difficulty)
    _tell(verdict)
    case = InterviewCase(
        payload,
        verdict.difficulty,
        verdict.follow_up_types,
        metrics,
        mood=mood_of(payload.user_message, f"{payload.problem_description}\n{payload.current_code}"),
        most_words=most_words(is_spoken=is_spoken),
    )
    tag = expected_language(payload.response_language, llm)
    spoken = expected_language(candidates_language(_own_turns(payload)), llm)
    question = Question(
        kind="interview",
        shape=InterviewAnswer,
        case=case,
        sheet=sheet,
        facts=_facts(case),
        check=lambda answer: _checked(answer, case, tag, spoken),
        session=session_of(payload, "interview"),
    )
    return ask(llm, question)


def _checked(
    answer: InterviewAnswer, case: InterviewCase, tag: str | None, spoken: str | None
) -> Checked[InterviewResult]:
    payload, listing = case.payload, Listing(case.payload.current_code)
    signals = tuple(proven_in_interview(answer.weakness_signals, listing, _turns(payload)))
    message, follow_up = answer.message, answer.follow_up_question
    if message is None and answer.should_respond:  # then the question is all that there is to say
        message, follow_up = follow_up, None
    if not answer.should_respond and payload.trigger == "proactive":
        return checked(
            InterviewResult(should_respond=False, difficulty=case.difficulty, weakness_signals=signals), ()
        )
    if not answer.should_respond or message is None:
        return checked(None, [must("message", "is missing", "Somebody waits for a reply: write one.")])
    remarks = _remarks(answer.code_annotations, listing)
    allowed = answer.follow_up_type in case.follow_up_types
    result = InterviewResult(
        message=message,
        follow_up_question=follow_up,
        follow_up_type=answer.follow_up_type if allowed else case.follow_up_types[0],
        difficulty=case.difficulty,
        code_annotations=remarks,
        code_context=payload.code_context,
        weakness_signals=signals,
    )
    texts = _shown_texts(result)
    faults = [
        *_faults(result, texts, answer.diagnosis.keep_back, case),
        *(
            fault
            for place, text in texts.items()
            for fault in check_lines_named(place, text, len(listing.lines))
        ),
        *(check_language(texts, tag) if tag else check_own_language(texts, spoken)),
    ]
    return checked(result, faults)


def _shown_texts(result: InterviewResult) -> dict[str, str | None]:
    remarks = enumerate(result.code_annotations or (), start=1)
    return {
        "message": result.message,
        "followUpQuestion": result.follow_up_question,
        **{f"codeAnnotations {at}": remark.comment for at, remark in remarks},
    }


def _faults(
    result: InterviewResult, texts: Mapping[str, str | None], kept_back: str, case: InterviewCase
) -> Iterator[Fault]:
    payload, message, follow_up = case.payload, result.message or "", result.follow_up_question
    said = _own_turns(payload)
    known = Known(payload.current_code, payload.problem_description, _had(payload))
    may_help = "hint" in case.follow_up_types
    yield from check_no_code(texts, known)
    yield from check_steps(
        "reply", texts.values(), said, SMALL_STEPS_ALLOWED if may_help else REPLIES_ALLOWED
    )
    if not may_help:
        yield from check_technique("reply", texts, known, kept_back)
        yield from check_ideas("reply", texts, known)
        yield from check_kept_back(texts, kept_back, known)
        yield from check_value(texts, kept_back, known)
        yield from check_remarks(texts)
    yield from check_secrecy(texts, payload.historical_weaknesses, public(payload))
    yield from check_role(texts)
    yield from check_manners(texts)
    yield from check_praise(texts, payload.execution)
    yield from check_runs(texts, payload.execution, public(payload))
    yield from check_claims(texts, payload.problem_description, payload.current_code, payload.execution)
    yield from check_length([message, follow_up or ""], case.most_words)
    yield from check_question(message, follow_up, payload)


def _own_turns(payload: InterviewPayload) -> list[str]:
    return [turn.content for turn in _turns(payload) if turn.role == "user"]


def _had(payload: InterviewPayload) -> list[str]:
    """Return what the candidate said and was told."""
    place = payload.code_context.code_snippet if payload.code_context else None
    turns = [turn.content for turn in _turns(payload) if turn.role != "system"]
    return [*turns, *(hint.hint for hint in payload.recent_hints), place or ""]


def _remarks(given: Sequence[AnnotationAnswer], listing: Listing) -> tuple[CodeAnnotation, ...]:
    """Keep the first few remarks at lines that exist, each cut at a word to a length that helps."""
    there = [remark for remark in given if listing.has(remark.line, remark.line)]
    return tuple(
        CodeAnnotation(line=remark.line, comment=shortened(remark.comment, LONGEST_REMARK))
        for remark in there[:MOST_REMARKS]
    )


def _turns(payload: InterviewPayload) -> list[Turn]:
    """Return the conversation as the model is shown it: the candidate's latest words are its last turn."""
    latest = [] if payload.user_message is None else [Turn(role="user", content=payload.user_message)]
    return [*payload.conversation_history, *latest]


def _tell(verdict: Verdict) -> None:
    """Put the tier, its reason and the signals on the span and into the log."""
    measured = {name: value for name, value in asdict(verdict.signals).items() if value is not None}
    span = trace.get_current_span()
    span.set_attribute("ai.interview.difficulty", verdict.difficulty)
    span.set_attribute("ai.interview.difficulty_reason", verdict.reason)
    span.set_attributes({f"ai.interview.signal.{name}": value for name, value in measured.items()})
    log.info("interview tier %s", verdict.reason)


def _shown(payload: InterviewPayload) -> list[Exhibit]:
    context, signals = payload.code_context, payload.interaction_signals
    return [
        exhibits.problem(payload.problem_description),
        exhibits.language(payload.language),
        exhibits.weaknesses(payload.historical_weaknesses),
        exhibits.conversation(payload.conversation_history, payload.user_message),
        exhibits.hints(payload.recent_hints),
        exhibits.code(payload.current_code),
        exhibits.words(
            "the place in the code that is talked about",
            context.code_snippet if context else None,
            is_code=True,
        ),
        exhibits.words("why the interviewer is asked now", signals.reason if signals else None),
    ]


def _facts(case: InterviewCase) -> list[str]:
    payload = case.payload
    return [
        *([] if payload.current_code.strip() else ["Nothing is written yet."]),
        *exhibits.measurements(payload.language, case.metrics, payload.current_code),
        *exhibits.execution(payload.execution),
        *_place(payload),
        *_timing(payload),
        f"The tier of this reply is {case.difficulty}.",
        f"Follow-up types that are allowed: {', '.join(case.follow_up_types)}.",
        f"Message and follow-up question together have {case.most_words} words at most.",
        *exhibits.response_language(payload.response_language),
        _order(payload),
    ]


def _timing(payload: InterviewPayload) -> list[str]:
    """Say how long the interview has gone on, and how long the candidate has said nothing."""
    signals = payload.interaction_signals
    if signals is None:
        return []
    elapsed, silence = signals.elapsed_seconds, signals.seconds_since_last_user_message
    facts = [] if elapsed is None else [f"The interview began {elapsed:.0f} s ago."]
    if silence is not None and payload.user_message is None:
        facts.append(f"The candidate last said something {silence:.0f} s ago.")
    return facts


def _place(payload: InterviewPayload) -> list[str]:
    """Say which lines the candidate is at, if they are lines of the code."""
    context = payload.code_context
    first = (context.start_line or context.cursor_line) if context else None
    if context is None or first is None:
        return []
    last = context.end_line or first
    if last > len(Listing(payload.current_code).lines):
        return []
    return [f"The candidate is at {f'lines {first} to {last}' if last > first else f'line {first}'}."]


def _order(payload: InterviewPayload) -> str:
    if payload.trigger == "proactive":
        return "Nobody asked: decide whether to speak at all, and if so, reply."
    if payload.user_message is None and not payload.conversation_history:
        return "The interview begins: you speak first."
    if payload.user_message is None:
        return "The candidate said nothing new: reply to where the work stands."
    return "Reply to the candidate, whose latest words are the last turn."
