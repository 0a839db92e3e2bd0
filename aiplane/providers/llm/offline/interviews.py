"""The offline coach as an interviewer: the next probe that was not used yet, from what the code calls for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.coaching.answers import AnnotationAnswer, DiagnosisAnswer, InterviewAnswer, SignalAnswer
from aiplane.coaching.conversation import asked_before, is_no_answer, is_repeated, read_exchanges
from aiplane.code.rows import Source
from aiplane.providers.llm.offline.findings import findings_in
from aiplane.providers.llm.offline.probes import WELCOME, probes_for
from aiplane.providers.llm.offline.voice import SIGNATURE, voice_of
from aiplane.text.measures import percent, questions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.coaching.cases import InterviewCase
    from aiplane.coaching.conversation import Mood
    from aiplane.contracts import FollowUpType, InterviewPayload
    from aiplane.providers.llm.offline.findings import Finding
    from aiplane.providers.llm.offline.probes import Probe
    from aiplane.providers.llm.offline.voice import Voice

PATIENCE_SECONDS = 120
"""How long a candidate with an open question is left alone."""

_MANY = 2
"""So many times without an answer, among the latest exchanges, say something about communication."""

_LATEST = 4

_QUOTED = 200
"""Characters of a turn that are quoted."""


_GUESS = re.compile(r"\W*(?:maybe|perhaps|probably|i (?:think|guess)|something like)\b", re.IGNORECASE)
"""How an answer begins that only sounds like a question."""

_NAME = "Offline coach:"
"""What each of its messages begins with; the first one says more of it."""

_ANSWERS: Mapping[Mood, str] = {
    "stuck": "Then let us take a smaller step.",
    "wants_the_answer": "I leave the finding of it to you.",
    "rude": "I can tell that this is frustrating. Let us stay with the problem.",
    "off_topic": "That is not for this interview; let us come back to the problem.",
}
_CANNOT_ANSWER = "I go by rules and cannot answer questions; a language model could."
_CANNOT_JUDGE = "I go by rules and cannot judge what you said."
_CLOSING = "I have no further question for this code. Tell me when it changes."


def write_reply(case: InterviewCase) -> InterviewAnswer:
    """Write the next reply, or keep silent where nobody asked and a question is still open."""
    payload = case.payload
    source = Source(payload.current_code, payload.language, case.metrics)
    found = () if source.is_empty else findings_in(source)
    signals = _weaknesses(payload, found)
    if payload.trigger == "proactive" and _is_thinking(payload):
        return InterviewAnswer(should_respond=False, weakness_signals=signals)
    voice = voice_of(payload.response_language)
    answer = _in_short(case, voice) if voice else _in_english(case, found)
    return answer.model_copy(update={"weakness_signals": signals})


def _in_english(case: InterviewCase, found: Sequence[Finding]) -> InterviewAnswer:
    payload = case.payload
    said = "\n".join(turn.content for turn in payload.conversation_history if turn.role == "assistant")
    asked = asked_before(payload)
    probe = next(
        (
            probe
            for probe in probes_for(case, found)
            if probe.lead not in said and not is_repeated(probe.question, asked)
        ),
        None,
    )
    kind, standing = _kind(case, said)
    words = [_name(said), _opening(case, said), standing, probe.words if probe else _CLOSING]
    if probe is WELCOME:
        words = [WELCOME.lead, _name(said), standing]
    return InterviewAnswer(
        diagnosis=DiagnosisAnswer(
            fault="; ".join(finding.rule.concept for finding in found),
            next_step=probe.question if probe else "",
        ),
        should_respond=True,
        message=" ".join(part for part in words if part),
        follow_up_type=kind,
        follow_up_question=probe.question if probe else None,
        code_annotations=_remarks(probe),
    )


def _in_short(case: InterviewCase, voice: Voice) -> InterviewAnswer:
    """Say what was measured, in a language that no question but one is written in."""
    asked = asked_before(case.payload)
    said = any(voice.who in turn.content for turn in case.payload.conversation_history)
    return InterviewAnswer(
        should_respond=True,
        message=f"{voice.name if said else voice.who} {voice.tested(case.payload.execution)}",
        follow_up_type=case.follow_up_types[0],
        follow_up_question=None if is_repeated(voice.question, asked) else voice.question,
    )


def _name(said: str) -> str:
    return _NAME if said else SIGNATURE


def _is_thinking(payload: InterviewPayload) -> bool:
    signals = payload.interaction_signals
    silence = signals.seconds_since_last_user_message if signals else None
    turns = payload.conversation_history
    has_open_question = bool(turns) and turns[-1].role == "assistant"
    return has_open_question and (silence is None or silence < PATIENCE_SECONDS)


def _kind(case: InterviewCase, said: str) -> tuple[FollowUpType, str]:
    """Choose among the allowed types, with what is said for it: how the tests went, where that is news."""
    usual = case.follow_up_types[0]
    if case.mood is not None:
        return ("encouragement" if "encouragement" in case.follow_up_types else usual), ""
    run = case.payload.execution
    standing = "As it stands, some tests do not pass." if run is not None and run.fails else ""
    if run is not None and run.pass_share is not None:
        share = "all" if run.pass_share == 1 else percent(run.pass_share)
        standing = f"As it stands, {share} of the tests pass."
    if standing and standing not in said:
        return ("evaluation" if "evaluation" in case.follow_up_types else usual), standing
    return usual, ""


def _opening(case: InterviewCase, said: str) -> str:
    """Take up what was said: the coach understands none of it, and says so."""
    payload = case.payload
    if payload.user_message is None:
        return (
            "" if not said else "You have been quiet for a while." if payload.trigger == "proactive" else ""
        )
    if case.mood is not None:
        return _ANSWERS[case.mood]
    if questions(payload.user_message) and not _GUESS.match(payload.user_message):
        return _CANNOT_ANSWER
    return "" if _CANNOT_JUDGE in said else _CANNOT_JUDGE


def _remarks(probe: Probe | None) -> list[AnnotationAnswer]:
    if probe is None or probe.finding is None:
        return []
    return [AnnotationAnswer(line=probe.finding.start_line, comment=probe.finding.rule.remark)]


def _weaknesses(payload: InterviewPayload, found: Sequence[Finding]) -> list[SignalAnswer]:
    signals = [
        SignalAnswer(
            weakness=finding.rule.weakness,
            quote=finding.quote,
            start_line=finding.start_line,
            end_line=finding.end_line,
        )
        for finding in found
        if finding.rule.weakness
    ]
    answers = [exchange for exchange in read_exchanges(payload)[-_LATEST:] if exchange.answer is not None]
    if sum(is_no_answer(exchange.answer or "") for exchange in answers) >= _MANY:
        signals += _communication(payload)
    return signals


def _communication(payload: InterviewPayload) -> list[SignalAnswer]:
    """Cite the latest turn in which the candidate had no answer."""
    said = [(turn.role, turn.content) for turn in payload.conversation_history]
    if payload.user_message is not None:
        said.append(("user", payload.user_message))
    for number in range(len(said), 0, -1):
        role, words = said[number - 1]
        if role == "user" and words.strip() and is_no_answer(words):
            return [
                SignalAnswer(weakness="communication", quote=words.strip()[:_QUOTED].strip(), turn=number)
            ]
    return []
