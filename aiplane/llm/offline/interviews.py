"""The offline coach as an interviewer: the next probe that was not used yet, from what the code calls for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from aiplane.conversation import asked_before, is_no_answer, is_repeated, read_exchanges
from aiplane.llm.answers import AnnotationAnswer, DiagnosisAnswer, InterviewAnswer, SignalAnswer
from aiplane.llm.offline.findings import RULES, findings_in
from aiplane.llm.offline.topics import topic_of
from aiplane.llm.offline.voice import SIGNATURE, voice_of
from aiplane.source import Source
from aiplane.wording import percent, questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.contracts import Difficulty, FollowUpType, InterviewPayload
    from aiplane.conversation import Mood
    from aiplane.llm.cases import InterviewCase
    from aiplane.llm.offline.findings import Finding
    from aiplane.llm.offline.topics import Topic
    from aiplane.llm.offline.voice import Voice

PATIENCE_SECONDS = 120
"""How long a candidate with an open question is left alone."""

_MANY = 2
"""So many times without an answer, among the latest exchanges, say something about communication."""

_LATEST = 4

_QUOTED = 200
"""Characters of a turn that are quoted."""


class Probe(NamedTuple):
    """What leads to a question, and the question.

    A room may keep only what was said before the question, so the lead tells as well that it was asked.

    Attributes:
        lead: what is said before the question, different for each one.
        finding: what in the code it is about, if anything.
    """

    lead: str
    question: str
    finding: Finding | None = None

    @property
    def words(self) -> str:
        """The lead with the place that it is about."""
        return f"{self.lead}: {self.finding.place}." if self.finding else self.lead


_WELCOME = Probe(
    "Hello!",
    "In your own words, what is being asked, and what would you like to clarify first?",
)
_EASY = (
    Probe("Let us make it smaller.", "What is the smallest input, and what should come out for it?"),
    Probe(
        "Let us go through an example by hand.",
        "Which value would you look at first, and what would you note down?",
    ),
    Probe("Let us take a single line.", "What is the very next line that you would write?"),
    Probe(
        "Let us begin with what is clear.",
        "Which part of the problem could you explain to somebody else already?",
    ),
)
_MEDIUM = (
    Probe("Let us talk about your approach.", "Which steps does your solution take, from input to output?"),
    Probe("Let us take an example.", "Can you walk through your code with a small input?"),
    Probe("Let us talk about cost.", "How do the time and the memory grow with the input?"),
    Probe(
        "Let us think about unusual inputs.", "Which inputs could break this, and what should happen then?"
    ),
    Probe("Let us think about tests.", "Which three tests would you write first, and why these?"),
)
_HARD = (
    Probe("Let us be precise about cost.", "What is the lower bound for this problem, and do you reach it?"),
    Probe("Suppose that the input does not fit into memory.", "What would you change?"),
    Probe(
        "Let us weigh it against another way.",
        "What would you give up, and what would you gain, with another data structure?",
    ),
    Probe("Let us make sure that it is right.", "Which statement is true before every round of your loop?"),
    Probe("Suppose that the input arrives as a stream.", "How would you keep the answer up to date?"),
    Probe(
        "Suppose that several threads use this at once.", "What could go wrong, and how would you prevent it?"
    ),
)
_BY_TIER: Mapping[Difficulty, Sequence[Probe]] = {"easy": _EASY, "medium": _MEDIUM, "hard": _HARD}

_OF_CODE = re.compile(r"\b(?:code|loop|here)\b")
"""What a question holds that makes no sense before a line is written."""

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
            for probe in _probes(case, found)
            if probe.lead not in said and not is_repeated(probe.question, asked)
        ),
        None,
    )
    kind, standing = _kind(case, said)
    words = [_name(said), _opening(case, said), standing, probe.words if probe else _CLOSING]
    if probe is _WELCOME:
        words = [_WELCOME.lead, _name(said), standing]
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


def _probes(case: InterviewCase, found: Sequence[Finding]) -> Iterator[Probe]:
    """Yield what could be asked, in the order in which it matters in this tier, and in this mood."""
    payload = case.payload
    if not payload.conversation_history and payload.user_message is None:
        yield _WELCOME
    about_code = [
        Probe(f"Let us talk about {finding.rule.concept}", finding.rule.question, finding)
        for finding in found
    ]
    wrong = [each for each in about_code if each.finding and each.finding.rule.category == "correctness"]
    known = {weakness.category for weakness in payload.historical_weaknesses}
    from_history = [
        Probe("Let us look at your code from another side.", rule.question)
        for rule in RULES
        if rule.weakness in known and not any(finding.rule.weakness == rule.weakness for finding in found)
    ]
    topic = topic_of(payload.problem_description)
    if case.difficulty == "easy" or case.mood == "stuck":
        probes = (_thought(topic.thought), *_EASY, *_about(topic), *about_code, *_MEDIUM)
    else:
        probes = (
            *wrong,
            *from_history[:1],
            *about_code,
            *_about(topic),
            *_BY_TIER[case.difficulty],
            *_MEDIUM,
        )
    written = bool(payload.current_code.strip())
    yield from (probe for probe in probes if written or not _OF_CODE.search(probe.question))


def _about(topic: Topic) -> tuple[Probe, ...]:
    """Ask about the idea of a family of problems; nothing where the problem is of none."""
    return (Probe("Let us think about the idea behind it.", topic.question),) if topic.words else ()


def _thought(thought: str) -> Probe:
    """Make a probe of a thought: what it says leads to the first thing that it asks."""
    asked = questions(thought)
    lead = thought
    for question in asked:
        lead = lead.replace(question, "")
    return Probe(lead.strip() or "Let us look at it from another side.", asked[0])


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
