"""The offline coach's hints: what is in the way is found from facts, and then said at the level asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiplane.llm.answers import HintAnswer
from aiplane.llm.offline.findings import findings_in
from aiplane.llm.offline.source import Source
from aiplane.llm.offline.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiplane.contracts import HintLevel
    from aiplane.llm.cases import HintCase
    from aiplane.llm.offline.findings import Finding
    from aiplane.llm.offline.topics import Topic

_CLOSINGS: Mapping[HintLevel, str] = {
    "gentle": "Take a minute with that before you change anything; what you notice says where to go on.",
    "moderate": "Try it on the smallest example of the problem first, then on a larger one, and say to "
    "yourself why it works for both.",
    "direct": "Do only this step, run your code, and look at what has changed before you go on. If nothing "
    "has, undo it: then the cause is somewhere else.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next, in three strengths."""

    gentle: str
    moderate: str
    direct: str
    reflection: str
    concepts: tuple[str, ...]

    def at(self, level: HintLevel) -> str:
        """Return the words for a level."""
        words: Mapping[HintLevel, str] = {
            "gentle": self.gentle,
            "moderate": self.moderate,
            "direct": self.direct,
        }
        return words[level]


_BEGIN = Step(
    gentle="Begin with the examples: which input leads to which output, and why? Solve one of them by hand, "
    "as slowly as you can.",
    moderate="Begin with one example on paper: write down each value that you look at, in order, and note "
    "what you had to keep in mind to get to the answer.",
    direct="Write the simplest program that could be right, even a slow one: go through every possibility, "
    "and return the first that fits. You can make it faster once it works.",
    reflection="Which values did you have to keep in mind while you solved the example by hand?",
    concepts=("examples first",),
)
_TRACE = Step(
    gentle="Choose one input for which your program is wrong or unsure, and be the computer: what does each "
    "line do to each variable?",
    moderate="Trace your code by hand with the smallest failing input. Write a table with one column for "
    "each variable and one row for each round, and find the first row that surprises you.",
    direct="Print the variables at the start of each round for the smallest failing input, compare them with "
    "what you expect, and change the line just before the first difference.",
    reflection="What is the first moment at which the program does something that you did not expect?",
    concepts=("debugging", "tracing by hand"),
)
_EDGES = Step(
    gentle="Some inputs work and some do not. What do the ones that do not work have in common?",
    moderate="Sort the failing cases into kinds: empty, one element, repeated values, negative values, very "
    "large ones. One kind is usually behind most failures.",
    direct="Try four inputs by hand: an empty one, one with a single element, one where all values are the "
    "same, and one with the extreme values that the problem allows. Fix the first that is wrong.",
    reflection="Which kind of input did you not think of when you wrote the code?",
    concepts=("edge cases", "testing"),
)
_COST = Step(
    gentle="If the input were a thousand times longer, which line would you begin to worry about?",
    moderate="Look at what it costs: say for each loop how often it runs, and multiply where "
    "they stand inside each other.",
    direct="Write the cost of each line beside it, find the one that dominates, and ask whether "
    "something that you remember could replace that work.",
    reflection="What are the time and the space that your solution needs?",
    concepts=("time complexity", "space complexity"),
)
_EXPLAIN = Step(
    gentle="Explain your solution aloud as if to a friend. Where do you begin to hesitate?",
    moderate="Explain your solution aloud, one sentence for each part of the code. The part that needs two "
    "sentences is the one to work on.",
    direct="Write one comment above each part of your code that says what is true when the part is done. "
    "Where you cannot write that comment, the code is not finished.",
    reflection="Which part of your solution is the hardest to explain?",
    concepts=("explaining code", "invariants"),
)


def write_hint(case: HintCase) -> HintAnswer:
    """Write the next hint: the first step that is in the way and was not given before."""
    payload = case.payload
    topic = topic_of(payload.problem_description)
    given = "\n".join(past.hint for past in payload.hints_so_far)
    steps = list(_steps(case, topic))
    step = next((step for step in steps if step.at(payload.hint_level) not in given), steps[-1])
    return HintAnswer(
        hint=" ".join((_standing(case), step.at(payload.hint_level), _CLOSINGS[payload.hint_level])),
        suggested_approach=None if payload.hint_level == "gentle" else topic.idea,
        related_concepts=list(dict.fromkeys((*step.concepts, topic.concepts[0]))),
        reflection_prompt=step.reflection,
    )


def _standing(case: HintCase) -> str:
    """Say where the candidate stands, from the facts."""
    payload = case.payload
    pass_share = payload.execution.pass_share if payload.execution else None
    if Source(payload.current_code, payload.language, case.metrics).is_empty:
        return "Nothing is written yet, which is the best moment to think."
    if pass_share is None:
        return "Your code has not been through the tests yet, so check it with your own eyes first."
    if pass_share == 1:
        return "All tests pass, so the idea is right, and what is left is to make it better."
    if pass_share == 0:
        return "No test passes yet, so one thing is off for every input, and one change may mend them all."
    return f"{pass_share:.0%} of the tests pass, so your idea carries some of the way."


def _steps(case: HintCase, topic: Topic) -> Iterator[Step]:
    """Yield what could be said, in the order in which it matters."""
    payload = case.payload
    source = Source(payload.current_code, payload.language, case.metrics)
    pass_share = payload.execution.pass_share if payload.execution else None
    findings = findings_in(source)
    wrong = [_about(finding) for finding in findings if finding.rule.category == "correctness"]
    other = [_about(finding) for finding in findings if finding.rule.category != "correctness"]
    family = _family(topic)
    if source.is_empty:
        yield from (_BEGIN, family, _EDGES)
    elif pass_share == 1:
        yield from (*wrong, *other, _COST, family)
    elif pass_share == 0:
        yield from (*wrong, _TRACE, family, *other, _EDGES)
    elif pass_share is not None:
        yield from (*wrong, _EDGES, _TRACE, *other, family)
    else:
        yield from (*wrong, *other, _TRACE, family, _EDGES)
    yield _EXPLAIN


def _family(topic: Topic) -> Step:
    return Step(topic.thought, topic.idea, topic.step, topic.question, topic.concepts)


def _about(finding: Finding) -> Step:
    rule = finding.rule
    return Step(
        gentle=rule.nudge,
        moderate=f"Look at {finding.place}. {rule.remark}",
        direct=f"Look at {finding.place}. {rule.remark} {rule.advice}",
        reflection=rule.question,
        concepts=(rule.concept,),
    )
