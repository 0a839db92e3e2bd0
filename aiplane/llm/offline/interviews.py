"""The offline coach as an interviewer: the next probe that was not used yet, from what the code calls for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aiplane.conversation import asked_before, is_no_answer, is_repeated, read_exchanges
from aiplane.llm.answers import AnnotationAnswer, DiagnosisAnswer, InterviewAnswer, SignalAnswer
from aiplane.llm.offline.findings import RULES, findings_in
from aiplane.llm.offline.topics import topic_of
from aiplane.source import Source
from aiplane.wording import percent, questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.contracts import Difficulty, FollowUpType, InterviewPayload
    from aiplane.conversation import Mood
    from aiplane.llm.cases import InterviewCase
    from aiplane.llm.offline.findings import Finding

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
    "Hello! Let us look at this problem together, at your pace.",
    "In your own words, what is being asked, and what would you like to clarify first?",
)
_EASY = (
    Probe("Let us make it smaller.", "What is the smallest input, and what should come out for it?"),
    Probe(
        "Let us go by hand for a moment.",
        "Which value would you look at first, and what would you note down?",
    ),
    Probe("One line at a time is fine.", "What is the very next line that you would write?"),
    Probe(
        "You do not need the whole solution to go on.",
        "Which part of the problem feels clear to you already?",
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

_ANSWERS: Mapping[Mood, str] = {
    "stuck": "That is a fair place to be; one small step is enough.",
    "wants_the_answer": "I leave the finding of it to you, but I help you to the next step.",
    "rude": "I can tell that this is frustrating. Let us take it calmly, one step at a time.",
    "off_topic": "That is a talk for another day; let us come back to the problem.",
}
_ACKNOWLEDGEMENTS = ("I see.", "Thanks, I can follow that.", "Understood.", "All right, noted.")
_CLOSING = "I have asked what I wanted to ask. Go on with your code, and tell me when something changes."


def write_reply(case: InterviewCase) -> InterviewAnswer:
    """Write the next reply, or keep silent where nobody asked and a question is still open."""
    payload = case.payload
    source = Source(payload.current_code, payload.language, case.metrics)
    found = () if source.is_empty else findings_in(source)
    signals = _weaknesses(payload, found)
    if payload.trigger == "proactive" and _is_thinking(payload):
        return InterviewAnswer(should_respond=False, weakness_signals=signals)
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
    words = [_opening(case, said), standing, probe.words if probe else _CLOSING]
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
        weakness_signals=signals,
    )


def _is_thinking(payload: InterviewPayload) -> bool:
    signals = payload.interaction_signals
    silence = signals.seconds_since_last_user_message if signals else None
    turns = payload.conversation_history
    has_open_question = bool(turns) and turns[-1].role == "assistant"
    return has_open_question and (silence is None or silence < PATIENCE_SECONDS)


def _probes(case: InterviewCase, found: Sequence[Finding]) -> Iterator[Probe]:
    """Yield what could be asked, in the order in which it matters in this tier."""
    payload = case.payload
    topic = topic_of(payload.problem_description)
    if not payload.conversation_history and payload.user_message is None:
        yield _WELCOME
    about_code = [
        Probe(f"Let us talk about {finding.rule.concept}", finding.rule.question, finding)
        for finding in found
    ]
    known = {weakness.category for weakness in payload.historical_weaknesses}
    from_history = [
        Probe("Let us step back from the code for a moment.", rule.question)
        for rule in RULES
        if rule.weakness in known and not any(finding.rule.weakness == rule.weakness for finding in found)
    ]
    about_topic = Probe("Let us think about the idea behind it.", topic.question)
    if case.difficulty == "easy":
        yield _thought(topic.thought)
        yield from (*_EASY, about_topic, *about_code, *_MEDIUM)
    else:
        yield from (*from_history[:1], *about_code, about_topic, *_BY_TIER[case.difficulty], *_MEDIUM)


def _thought(thought: str) -> Probe:
    """Make a probe of a thought: what it says leads to what it asks."""
    question = questions(thought)[0]
    return Probe(thought.replace(question, "").strip() or "Let us look at it from another side.", question)


def _kind(case: InterviewCase, said: str) -> tuple[FollowUpType, str]:
    """Choose among the allowed types, with what is said for it: comfort for no answer, how the tests went."""
    payload = case.payload
    usual = case.follow_up_types[0]
    if case.mood is not None:
        return ("encouragement" if "encouragement" in case.follow_up_types else usual), _ANSWERS[case.mood]
    run = payload.execution
    standing = "As it stands, some tests fail." if run is not None and run.fails else ""
    if run is not None and run.pass_share is not None:
        standing = f"As it stands, {percent(run.pass_share)} of the tests pass."
    if standing and standing not in said:
        return ("evaluation" if "evaluation" in case.follow_up_types else usual), standing
    return usual, ""


def _opening(case: InterviewCase, said: str) -> str:
    payload = case.payload
    if payload.trigger == "proactive" and payload.user_message is None:
        return "Let me come in for a moment." if said else ""
    if payload.user_message is None or case.mood is not None:
        return ""
    if payload.user_message.rstrip().endswith("?"):
        return "Good that you ask; let us find out together."
    answers = sum(turn.role == "user" for turn in payload.conversation_history)
    return _ACKNOWLEDGEMENTS[answers % len(_ACKNOWLEDGEMENTS)]


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
