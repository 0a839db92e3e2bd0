"""Questions that the offline coach can ask in an interview, in their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from aiplane.providers.llm.offline.findings import RULES
from aiplane.providers.llm.offline.topics import topic_of
from aiplane.text.measures import questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.coaching.cases import InterviewCase
    from aiplane.contracts import Difficulty
    from aiplane.providers.llm.offline.findings import Finding
    from aiplane.providers.llm.offline.topics import Topic


class Probe(NamedTuple):
    """A question, and what leads to it.

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


WELCOME = Probe(
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


def probes_for(case: InterviewCase, found: Sequence[Finding]) -> Iterator[Probe]:
    """Yield what could be asked, in the order in which it matters in this tier, and in this mood."""
    payload = case.payload
    if not payload.conversation_history and payload.user_message is None:
        yield WELCOME
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
