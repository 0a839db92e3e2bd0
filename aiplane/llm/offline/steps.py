"""What the offline coach can tell a candidate to do next, each in three strengths, and how to go about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.contracts import HintLevel
    from aiplane.llm.offline.findings import Finding
    from aiplane.llm.offline.topics import Topic


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


BEGIN = Step(
    gentle="Begin with the examples: which input leads to which output, and why? Solve one of them by hand, "
    "as slowly as you can.",
    moderate="Begin with one example on paper: write down each value that you look at, in order, and note "
    "what you had to keep in mind to get to the answer.",
    direct="Write the simplest program that could be right, even a slow one: go through every possibility, "
    "and return the first that fits. You can make it faster once it works.",
    reflection="Which values did you have to keep in mind while you solved the example by hand?",
    concepts=("examples first",),
)
TRACE = Step(
    gentle="Choose one input for which your program is wrong or unsure, and be the computer: what does each "
    "line do to each variable?",
    moderate="Trace your code by hand with the smallest failing input. Write a table with one column for "
    "each variable and one row for each round, and find the first row that surprises you.",
    direct="Print the variables at the start of each round for the smallest failing input, compare them with "
    "what you expect, and change the line just before the first difference.",
    reflection="What is the first moment at which the program does something that you did not expect?",
    concepts=("debugging", "tracing by hand"),
)
FAILING_KINDS = Step(
    gentle="Some inputs work and some do not. What do the ones that do not work have in common?",
    moderate="Put the failing cases into kinds: empty, one element, repeated values, negative values, very "
    "large ones. One kind is usually behind most failures.",
    direct="Try four inputs by hand: an empty one, one with a single element, one where all values are the "
    "same, and one with the extreme values that the problem allows. Fix the first that is wrong.",
    reflection="Which kind of input did you not think of when you wrote the code?",
    concepts=("edge cases", "testing"),
)
UNUSUAL = Step(
    gentle="The tests only try what somebody thought of. Which input would you send if you wanted to break "
    "your own program?",
    moderate="Go through the unusual inputs, one kind after the other: nothing at all, a single element, all "
    "the same, the largest allowed. Say for each what should come out.",
    direct="Add three tests of your own: one with nothing in it, one with a single element, and one with the "
    "largest values that the problem allows. Run them and look at each result.",
    reflection="Which input came closest to breaking your program?",
    concepts=("edge cases", "testing"),
)
COST = Step(
    gentle="If the input were a thousand times longer, which line would you begin to worry about?",
    moderate="Look at what it costs: say for each loop how often it runs, and multiply where "
    "they stand inside each other.",
    direct="Write the cost of each line beside it, find the one that dominates, and ask whether "
    "something that you remember could replace that work.",
    reflection="What are the time and the space that your solution needs?",
    concepts=("time complexity", "space complexity"),
)
SMALLEST = Step(
    gentle="Make the problem so small that you can see the answer at once. What has to change when you add "
    "one more element to it?",
    moderate="Solve the problem for one element, then for two, then for three. Note what each answer takes "
    "from the one before it: that link is the heart of your solution.",
    direct="Write down the answer for one element and for two. Then write the line of code that gets the "
    "second answer from the first, and put it into your loop.",
    reflection="What does one more element change?",
    concepts=("problem decomposition",),
)
TRUTHS = Step(
    gentle="Stop in the middle of your loop in your mind. What do you know for sure at that moment, whatever "
    "the input was?",
    moderate="Find one statement that is true before every round of your loop. If a line breaks it, that is "
    "the line to look at.",
    direct="Write one comment above your loop that is true before each round. Then read the body line by "
    "line, and mend the first line that makes the comment false.",
    reflection="Which statement stays true in every round?",
    concepts=("invariants",),
)
NAMES = Step(
    gentle="Read your code aloud as a story about the data. At which word would a listener stop you?",
    moderate="Give each variable the name of what it holds, not of its type. A name that is hard to find is "
    "a sign that the variable does two jobs.",
    direct="Take the variable whose name says the least and rename it after what it holds. If that needs an "
    "`and`, make two variables out of it.",
    reflection="Which name was the hardest to find?",
    concepts=("naming",),
)
REREAD = Step(
    gentle="Go back to the text of the problem and read it as if it were new. Which sentence have you not "
    "used yet?",
    moderate="Compare the problem with your code, sentence by sentence. Each promise and each limit in the "
    "text should have its place in the code, or a reason why it needs none.",
    direct="Mark every limit and every promise in the problem's text. Then point at the line of your code "
    "that deals with it; write the first line that is missing.",
    reflection="Which sentence of the problem has no line in your code?",
    concepts=("reading requirements",),
)
EXPLAIN = Step(
    gentle="Explain your solution aloud as if to a friend. Where do you begin to hesitate?",
    moderate="Explain your solution aloud, one sentence for each part of the code. The part that needs two "
    "sentences is the one to work on.",
    direct="Write one comment above each part of your code that says what is true when the part is done. "
    "Where you cannot write that comment, the code is not finished.",
    reflection="Which part of your solution is the hardest to explain?",
    concepts=("explaining code", "invariants"),
)
ANYTIME: tuple[Step, ...] = (TRACE, SMALLEST, REREAD, TRUTHS, COST, UNUSUAL, NAMES, EXPLAIN)
"""Steps that help whatever is in the way, the more telling ones first."""

HABITS: tuple[str, ...] = (
    "Take a minute with that before you change anything; what you notice says where to go on.",
    "Keep the example short, so that you can follow each value with a finger.",
    "Write down what you expect first, and only then look at what comes out.",
    "Change one thing at a time, run your code, and look at what is new.",
    "If a change brings nothing, undo it at once: then the cause is somewhere else.",
    "Say what you see in plain words; the code can come later.",
    "Draw the data as boxes on paper and move through them as your code does.",
    "It is fine to be slow here; a clear thought now saves many tries later.",
    "When you are sure of one part, leave it alone and look at the next.",
    "Ask yourself what you would tell a friend who sat in front of this.",
    "Note the first thing that surprises you, however small it seems.",
    "Try it on the smallest example first, then on a larger one, and see if both agree.",
    "Do only this step for now; what comes after will be easier to see from there.",
    "Trust what you can check, and check what you only think you know, one claim at a time.",
    "Read each line as if somebody else had written it, and ask what it is there for.",
    "If two things puzzle you at once, put the second one on a list and stay with the first.",
    "A small example that fails is worth more than a large one that works.",
    "Look at the first moment where things go another way than you had in mind.",
    "Give yourself three minutes for this, then look at what you have found.",
    "You can be wrong here at no cost; a wrong guess that you test tells you a lot.",
    "Put your finger on the place in the code that this is about before you go on.",
    "Compare what you have with the examples in the text, word by word.",
    "Use numbers that are easy to tell apart, so that you see which one went where.",
    "Once you see it, say in one sentence why it is so; then it will stay with you.",
    "Begin at the end, if that is easier: what must be true for the result to be right?",
    "Leave the clever ideas for later; the plain one shows you what matters.",
    "Write the question on paper, and write what you know about it below.",
)
"""How to go about a step. Each hint takes a few of them, the next ones each time."""


def family_step(topic: Topic) -> Step:
    """Make a step of what is known about a problem's family."""
    return Step(topic.thought, topic.idea, topic.step, topic.question, topic.concepts)


def finding_step(finding: Finding) -> Step:
    """Make a step of something that was found in the code."""
    rule = finding.rule
    return Step(
        gentle=rule.nudge,
        moderate=f"Look at {finding.place}. {rule.remark}",
        direct=f"Look at {finding.place}. {rule.remark} {rule.advice}",
        reflection=rule.question,
        concepts=(rule.concept,),
    )


def syntax_step(line: int) -> Step:
    """Make a step of code that may not parse; the parser stumbles at the line."""
    return Step(
        gentle="Something in the form of the code may not be complete yet. Is there a sign that was opened "
        "and never closed, or left out at the end of a line?",
        moderate=f"A parser is unsure at line {line}. Read that line and the one before it, sign by sign: "
        "each bracket, quote and block that opens has to close.",
        direct=f"Go to line {line}, where a parser is unsure. Count the brackets and quotes in it and in the "
        "line before it, write in the one that is missing if one is, and run the code.",
        reflection="What did the language expect to find at that place?",
        concepts=("syntax",),
    )
